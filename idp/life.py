"""What becomes of an account, and the one way to end everything that runs in it."""

from datetime import datetime

from sqlalchemy import Connection

from idp import grants, logout, mandates
from idp.model.mandate import PERSON
from idp.store import mandates as mandate_store


def stop(db: Connection, person: str, why: str, now: datetime, *, mandates_too: bool = False) -> None:
    """End every session of a person and revoke everything that he granted, offline access too.

    With `mandates_too` also what he may do for others, what he passed on of it, and what others may do for him: he has died, or
    the account was nobody's. All in the caller's transaction.
    """
    logout.end(db, now, person=person, why=why)
    grants.revoke_of_person(db, person, why=why, now=now)
    if mandates_too:
        _end_mandates(db, person, why, now)


def _end_mandates(db: Connection, person: str, why: str, now: datetime) -> None:
    todo = mandate_store.of_person(db, person, now) + mandate_store.for_principal(db, f"{PERSON}{person}", now)
    seen = set[str]()
    while todo:
        one = todo.pop()
        if one.id not in seen:
            seen.add(one.id)
            todo += mandate_store.below(db, one.id, now)
            mandates.end(db, one, why, now)
