"""Alerts: raised by a rule, owned by a supervisor, answered by the department concerned, closed with an outcome."""

import re
import secrets
from dataclasses import replace
from datetime import datetime, time

from sqlalchemy import Connection

from admin.model.alert import (
    ANSWER_WORKDAYS,
    WORDS,
    Alert,
    AlertElsewhere,
    AlertState,
    AlertWordsMissing,
    Happened,
    Hours,
    Judge,
    Outcome,
    Rule,
    Severity,
    Signal,
    What,
)
from admin.model.operator import Right
from admin.store import alerts as store
from admin.workdays import add_workdays
from hub import ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest, NotAllowed, NotFound
from seals import store as seals

ID_BYTES = 5
ANSWERING = frozenset({Right.cases, Right.desk, Right.seals})  # who does what alerts are about
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
RULE = "rule"  # who raises an alert


def raised(db: Connection, signal: Signal, now: datetime) -> Alert | None:
    """Let a rule speak: a new alert, or a worse one, or one that is open again; None if there is nothing new but evidence.

    One rule raises one alert on one occasion, however often it looks.
    """
    due = add_workdays(now, ANSWER_WORKDAYS)
    before = store.of_occasion(db, signal.rule, signal.key)
    if before is None:
        alert, what = _fresh(signal, now, due), What.raised
        store.add(db, alert)
    else:
        alert, changed = before.grown(signal, due)
        if alert != before and not store.keep(db, before, alert):
            return None  # somebody answered or closed it at this moment: the next look sees that
        if changed is None:
            store.add_evidence(db, alert.id, signal.events)
            return None
        what = changed
    store.add_evidence(db, alert.id, signal.events)
    store.note(db, alert.id, Happened(what, "", now, alert.severity))
    facts = {"rule": alert.rule.value, "severity": alert.severity.value, "answer_due": due.isoformat()}
    ledger.wrote(db, f"alert.{what}", alert.id, by=RULE, at=now, place=alert.place, facts=facts)
    return alert


def take(house: House, id: str, *, by: Caller, now: datetime) -> Alert:
    """Become the owner of an alert. Raises NoAlert, AboutYourself, AlertElsewhere."""
    with house.database.write() as db:
        before = store.alert(db, id, by.place)
        return _step(db, before, before.taken(by.person or ""), What.taken, "", by, now)


def answer(house: House, id: str, words: str, *, by: Caller, now: datetime) -> Alert:
    """Answer for the department. Raises NoAlert, AboutYourself, Judge, AlertElsewhere, AlertWordsMissing; NotAllowed."""
    if not ANSWERING & by.rights:
        raise NotAllowed("This needs the right %(right)s", right=", ".join(sorted(ANSWERING)))
    if Right.supervision in by.rights:
        raise Judge("The alert %(id)s", id=id[:40])
    words = _words(words)
    with house.database.write() as db:
        before = store.alert(db, id, by.place)
        return _step(db, before, before.answered(by.person or ""), What.answered, words, by, now)


def close(house: House, id: str, outcome: Outcome, words: str, *, by: Caller, now: datetime) -> Alert:
    """Say what was found. Raises NoAlert, AboutYourself, NotTheOwner, AlertElsewhere, AlertWordsMissing."""
    words = _words(words)
    with house.database.write() as db:
        before = store.alert(db, id, by.place)
        return _step(db, before, before.closed(by.person or "", outcome, now), What.closed, words, by, now)


def set_hours(house: House, hours: Hours, *, by: Caller, now: datetime) -> None:
    """Give an agency hours of its own for its seals. Raises AgencyUnknown; BadRequest without a reason."""
    if not 1 <= len(hours.reason.strip()) <= WORDS:
        raise BadRequest("Give a reason of 1 to 500 characters")
    with house.database.write() as db:
        agency = seals.agency(db, hours.agency, by.place)
        store.keep_hours(db, replace(hours, reason=hours.reason.strip(), by=by.person or "", at=now))
        facts = {"opens": f"{hours.opens:%H:%M}", "closes": f"{hours.closes:%H:%M}", "daily": hours.daily}
        ledger.wrote(db, "seal-hours.set", agency.code, by=by.label, at=now, place=agency.place, facts=facts)


def drop_hours(house: House, agency: str, *, by: Caller, now: datetime) -> None:
    """Let the usual hours hold again. Raises AgencyUnknown, NotFound."""
    with house.database.write() as db:
        found = seals.agency(db, agency, by.place)
        if not store.drop_hours(db, agency):
            raise NotFound("This agency has the usual hours")
        ledger.wrote(db, "seal-hours.dropped", agency, by=by.label, at=now, place=found.place)


def hours_of(agency: str, opens: str, closes: str, *, daily: bool, reason: str, now: datetime) -> Hours:
    """Hours from what a form says, such as 07:30. Raises BadRequest."""
    read = [CLOCK.fullmatch(text.strip()) for text in (opens, closes)]
    clocks = [time(int(found[1]), int(found[2])) for found in read if found]
    if len(clocks) != len(read) or clocks[0] > clocks[1]:
        raise BadRequest("Give the hours as 08:30 and 18:00")
    return Hours(agency, clocks[0], clocks[1], daily, reason, "", now)


def figures(db: Connection, scope: str, now: datetime) -> dict[str, int]:
    """The figures of the board; `docs/figures/supervision.py` counts the same from the ledger."""
    found = store.in_scope(db, scope)
    late = sum(one.state is AlertState.open and now >= one.answer_due for one in found)
    return {
        "alerts": len(found),
        **{severity.value: sum(one.severity is severity for one in found) for severity in Severity},
        **{state.value: sum(one.state is state for one in found) for state in AlertState},
        "late": late,
        **{outcome.value: sum(one.outcome is outcome for one in found) for outcome in Outcome},
        **{rule.value: sum(one.rule is rule for one in found) for rule in Rule},
    }


def _fresh(signal: Signal, now: datetime, due: datetime) -> Alert:
    return Alert(
        id=f"W-{secrets.token_hex(ID_BYTES).upper()}",
        rule=signal.rule,
        key=signal.key,
        subject=signal.subject,
        place=signal.place,
        severity=signal.severity,
        concerns=signal.concerns,
        facts=signal.facts,
        raised=now,
        answer_due=due,
    )


def _step(db: Connection, before: Alert, after: Alert, what: What, words: str, by: Caller, now: datetime) -> Alert:
    if not store.keep(db, before, after):
        raise AlertElsewhere("The alert %(id)s", id=before.id)
    store.note(db, after.id, Happened(what, by.person or "", now, after.severity, words))
    facts = {"rule": after.rule.value} | ({"outcome": after.outcome.value} if after.outcome else {})
    ledger.wrote(db, f"alert.{what}", after.id, by=by.label, at=now, place=after.place, facts=facts)
    return after


def _words(words: str) -> str:
    if not 1 <= len(words.strip()) <= WORDS:
        raise AlertWordsMissing
    return words.strip()
