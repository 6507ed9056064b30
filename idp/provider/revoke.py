"""Revoking what was granted: each grant with every token of it, and a line in the ledger. Whoever ends something calls here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub import callers, jobs, ledger
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


def of_ended(db: Connection, client_id: str, *, now: datetime) -> None:
    """Revoke what was granted to a service that has just ended: a first part at once, the rest as a job.

    Nothing works any more from this very commit, since nobody knows the client: the grants may follow in their own time.
    """
    given = store.living(db, now, client=client_id, most=STEP)
    _revoke(db, given, why=ENDED, now=now)
    if len(given) == STEP:
        jobs.add(db, KIND, {"client": client_id}, now)


def finish(house: House, job: jobs.Job, now: datetime) -> dict[str, int]:
    """Revoke the rest of what was granted to a service until it ended, in small steps. Cut off anywhere it goes on from there."""
    done = 0
    while True:
        with house.database.read() as db:
            given = store.living(db, now, client=job.body["client"], made_by=job.at, most=LOOK)
        for first in range(0, len(given), STEP):
            with house.database.write() as db:
                _revoke(db, given[first : first + STEP], why=ENDED, now=now)
        done += len(given)
        if len(given) < LOOK:
            return {"revoked": done}


KIND = "idp.revoke"  # of the job
ENDED = "client ended"
STEP = 200  # grants in one transaction: others wait for some hundredths of a second
LOOK = 10_000  # grants that are read at a time


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
