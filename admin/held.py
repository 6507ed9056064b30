"""What this room holds about a person, for his own copy: applications, questions, visits to a counter, uses of his data."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin.store import cases, sharing, tickets, visits
from hub.held import Whose
from hub.house import House
from hub.i18n import N_
from hub.problems import NotFound
from hub.vault import Erased

MOST = 5000  # lines of one list


def applications(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """What he applied for, in his own words, and what became of it."""
    return [
        {"number": one.number, "item": one.item, "agency": one.agency, "submitted": _moment(one.submitted)}
        | {"state": one.state.value, "decided": _moment(one.decided), "reason": one.reason}
        | {"written": _written(house, db, one.key)}
        for one in cases.of_applicant(db, whose.person, None, limit=MOST)
    ]


def questions(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """What he asked and reported while he was signed in."""
    return [
        {"kind": one.kind.value, "asked": _moment(one.asked), "state": one.state.value}
        | {"words": _said(house, db, one.id)}
        for one in tickets.of_person(db, whose.person)
    ]


def at_counters(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """When an officer opened his matters, and why."""
    return [
        {"opened": _moment(one.opened), "ended": _moment(one.ended), "place": one.place, "reason": one.reason}
        for one in visits.of_person(db, house.vault, whose.person)
    ]


def uses(house: House, db: Connection, whose: Whose, now: datetime) -> list[dict[str, Any]]:
    """When data of his were handed over between bodies: by whose question, and which fields."""
    return [
        {"at": _moment(one.at), "service": one.client, "entry": one.entry, "fields": list(one.fields)}
        for one in sharing.uses_of(db, whose.person, "", limit=MOST)
    ]


PARTS = {
    N_("Your applications"): applications,
    N_("Your questions and reports"): questions,
    N_("Your visits to counters"): at_counters,
    N_("Data about you between departments"): uses,
}


def _written(house: House, db: Connection, key: str) -> dict[str, str]:
    try:
        return dict(cases.content(db, house.vault, key).fields)
    except (Erased, NotFound):
        return {}


def _said(house: House, db: Connection, id: str) -> str:
    try:
        return tickets.said(db, house.vault, id, "words")
    except Erased:
        return ""


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
