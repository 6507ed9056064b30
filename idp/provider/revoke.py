"""Revoking what was granted: each grant with every token of it, and a line in the ledger. Whoever ends something calls here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub import callers, ledger
from hub.house import House
from idp.model.grant import Grant
from idp.store import grants as store


def grants(house: House, given: Sequence[Grant], *, why: str, now: datetime) -> None:
    """Revoke grants with every token of theirs, in a step of its own."""
    with house.database.write() as db:
        _revoke(db, given, why=why, now=now)


def of_client(db: Connection, person: str, client_id: str, *, why: str, now: datetime) -> None:
    """Revoke what a person granted to one client."""
    _revoke(db, store.living(db, now, person=person, client=client_id), why=why, now=now)


def of_clients(db: Connection, client_ids: Sequence[str], *, why: str, now: datetime) -> None:
    """Revoke everything that was granted to these clients."""
    for client_id in client_ids:
        _revoke(db, store.living(db, now, client=client_id), why=why, now=now)


def below(db: Connection, client_id: str, level: int, *, now: datetime) -> None:
    """Revoke what was granted to a client by persons who were known less surely than it needs now."""
    given = [grant for grant in store.living(db, now, client=client_id) if grant.level < level]
    _revoke(db, given, why="level raised", now=now)


def of_person(db: Connection, person: str, *, why: str, now: datetime) -> None:
    """Revoke everything that a person granted, offline access too: the account was locked, or a factor was reset."""
    _revoke(db, store.living(db, now, person=person), why=why, now=now)


def acting(db: Connection, person: str, organization: str, *, why: str, now: datetime) -> None:
    """Revoke what a person granted while acting for an organisation, offline access too: the mandate has ended."""
    given = store.living(db, now, person=person)
    _revoke(db, [grant for grant in given if grant.acting_for == organization], why=why, now=now)


def of_principal(db: Connection, principal: str, client_id: str, *, why: str, now: datetime) -> None:
    """Revoke what anybody granted one client while acting for this principal."""
    given = store.living(db, now, principal=principal)  # few, where those of a service may be millions
    _revoke(db, [grant for grant in given if grant.client == client_id], why=why, now=now)


def on_data(db: Connection, permission: str, *, why: str, now: datetime, person: str | None = None) -> None:
    """Revoke what was granted on one data permission: by one person, or by all."""
    given = store.living(db, now, person=person, data=permission)
    _revoke(db, given, why=why, now=now)


def of_logins(db: Connection, sids: Sequence[str], *, why: str, now: datetime) -> None:
    """Revoke what was granted in these logins; what was granted for offline access stays (Back-Channel Logout 2.7)."""
    _revoke(db, [grant for grant in store.living(db, now, sids=sids) if not grant.offline], why=why, now=now)


def _revoke(db: Connection, given: Sequence[Grant], *, why: str, now: datetime) -> None:
    for grant in given:
        if store.revoke(db, grant.id, why=why, at=now):  # of many at once, one does the rest
            callers.revoke(db, grant.id, now, now + timedelta(hours=1))  # no access token lives longer (settings)
            facts = {"grant": grant.id, "why": why}
            ledger.wrote(db, "grant.revoked", f"client:{grant.client}", by=grant.label, at=now, facts=facts)
