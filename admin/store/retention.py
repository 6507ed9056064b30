"""What is old enough to be forgotten, and forgetting it: what a person wrote goes, what happened stays countable."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.case import OPEN, CaseState
from admin.model.ticket import WAITING
from admin.store import cases, ratings, sharing, tickets, visits
from hub.vault import Vault
from verification.model.suspicion import owner

SOME = 200  # in one transaction: the next turn takes the next ones
_case, _ticket, _rating = cases.cases_table.c, tickets.tickets.c, ratings.ratings_table.c
_visit, _call = visits.visits.c, sharing.call_table.c


def forget_cases(db: sa.Connection, vault: Vault, before: datetime) -> int:
    """Throw away what was written and handed in for applications that ended before a moment, and who applied."""
    unissued = sa.and_(_case.state == CaseState.approved.value, _case.license == "")
    ended = sa.and_(_case.state.not_in([state.value for state in OPEN]), sa.not_(unissued), _case.person != "")
    rows = db.execute(
        sa.select(_case.number, _case.key)
        .where(ended, sa.func.coalesce(_case.decided, _case.due) < before)
        .order_by(_case.number)
        .limit(SOME)
    ).all()
    for number, key in rows:
        for one in (key, f"{key}.answer"):
            cases.erase(db, vault, one)
        nobody: dict[str, Any] = {"person": "", "acting_for": None, "holder_keys": []}
        db.execute(cases.cases_table.update().where(_case.number == number).values(**nobody))
    return len(rows)


def forget_tickets(db: sa.Connection, vault: Vault, before: datetime) -> int:
    """Throw away the words of tickets that ended before a moment, and who asked."""
    ended = sa.and_(_ticket.state.not_in([state.value for state in WAITING]), _ticket.words != b"")
    replied = sa.func.coalesce(_ticket.replied, _ticket.asked) < before
    ids = list(db.scalars(sa.select(_ticket.id).where(ended, replied).order_by(_ticket.id).limit(SOME)))
    for id in ids:
        vault.erase(db, owner(id))
    nobody = {"words": b"", "contact": b"", "person": ""}
    db.execute(tickets.tickets.update().where(_ticket.id.in_(ids)).values(**nobody))
    db.execute(tickets.steps.update().where(tickets.steps.c.ticket.in_(ids)).values(text=b""))
    return len(ids)


def forget_opinions(db: sa.Connection, vault: Vault, before: datetime) -> int:
    """Throw away what raters wrote before a moment, and who they were. The level stays: it is counted."""
    old = sa.and_(_rating.at < before, _rating.sealed != b"")
    rows = db.execute(sa.select(_rating.id, _rating.instance).where(old).order_by(_rating.id).limit(SOME)).all()
    ids = [row.id for row in rows]
    for id in ids:
        vault.erase(db, ratings.owner(id))
    db.execute(ratings.ratings_table.update().where(_rating.id.in_(ids)).values(sealed=b"", reachable=False))
    db.execute(ratings.steps_table.update().where(ratings.steps_table.c.rating.in_(ids)).values(sealed=b""))
    _forget_raters(db, before)
    return len(ids)


def forget_visits(db: sa.Connection, _vault: Vault, before: datetime) -> int:
    """Throw away who came to a counter, and why, before a moment."""
    old = sa.and_(_visit.ended < before, _visit.person != "")
    nobody = {"person": "", "acting_for": "", "holder_keys": [], "sealed": b""}
    return db.execute(visits.visits.update().where(old).values(**nobody)).rowcount


def forget_calls(db: sa.Connection, _vault: Vault, before: datetime) -> int:
    """Throw away whose data were called for before a moment. That they were called for is counted on."""
    old = sa.and_(_call.at < before, _call.person != "")
    return db.execute(sharing.call_table.update().where(old).values(person="", acting_for="")).rowcount


def _forget_raters(db: sa.Connection, before: datetime) -> None:
    services = ratings.services_table
    db.execute(services.update().where(services.c.ended < before, services.c.person != "").values(person=""))
