"""Numbers that were given out, and what became of each."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.vault import Vault
from licenses.model import Application, Intent, LicenseUnknown, Number, Paper
from licenses.store.lists import grown
from licenses.store.tables import counters, intents


def next_serial(db: sa.Connection, agency: str, kind: str, year: int) -> int:
    """The next number of an agency, kind and year. Without gaps: it falls with its transaction."""
    mine = sa.and_(counters.c.agency == agency, counters.c.kind == kind, counters.c.year == year)
    last = db.execute(
        counters.update().where(mine).values(last=counters.c.last + 1).returning(counters.c.last)
    ).scalar()
    if last is None:
        db.execute(counters.insert().values(agency=agency, kind=kind, year=year, last=1))
        return 1
    return int(last)


def intend(
    db: sa.Connection, vault: Vault, intent: Intent, *, asker: str, key: str, body: str, lease: timedelta
) -> None:
    """Write an intent. A second one with the same asker and key breaks a constraint (IntegrityError)."""
    sealed = vault.encrypt(db, _owner(intent.identifier), _packed(intent), "application")
    db.execute(
        intents.insert().values(
            identifier=intent.identifier,
            asker=asker,
            key=key,
            body=body,
            sealed=sealed,
            client=intent.client,
            person=intent.person,
            place=intent.place,
            at=intent.at,
            status_list=intent.status_list,
            status_index=intent.status_index,
            papers=[],
            fence=intent.fence,
            leased=intent.at + lease,
            state=intent.state,
            reason="",
        )
    )


def earlier(db: sa.Connection, asker: str, key: str) -> tuple[str, str, str, str] | None:
    """What the key of an asker stands for: (identifier, digest of the application, state, reason)."""
    found = db.execute(
        sa.select(intents.c.identifier, intents.c.body, intents.c.state, intents.c.reason).where(
            intents.c.asker == asker, intents.c.key == key
        )
    ).one_or_none()
    return None if found is None else (found.identifier, found.body, found.state, found.reason)


def take_over(db: sa.Connection, vault: Vault, identifier: str, now: datetime, lease: timedelta) -> Intent | None:
    """Take a pending intent whose worker has let its lease run out; the old worker's fence is void from now on."""
    where = sa.and_(intents.c.identifier == identifier, intents.c.state == "pending", intents.c.leased <= now)
    taken = db.execute(intents.update().where(where).values(fence=intents.c.fence + 1, leased=now + lease))
    if not taken.rowcount:
        return None
    return _intent(db, vault, db.execute(sa.select(intents).where(intents.c.identifier == identifier)).one())


def let_go(db: sa.Connection, intent: Intent, until: datetime) -> None:
    """Give up the lease of an intent that cannot be finished just now; from `until` on anybody may take it."""
    db.execute(intents.update().where(_mine(intent)).values(leased=until))


def pending(db: sa.Connection, now: datetime, limit: int = 100) -> list[str]:
    """The identifiers of intents that nobody works on."""
    where = sa.and_(intents.c.state == "pending", intents.c.leased <= now)
    return list(db.scalars(sa.select(intents.c.identifier).where(where).order_by(intents.c.at).limit(limit)))


def forget_keys(db: sa.Connection, before: datetime) -> int:
    """Let idempotency keys of old applications be used again; the numbers themselves stay."""
    old = sa.and_(intents.c.at < before, intents.c.state != "pending", intents.c.key != intents.c.identifier)
    return db.execute(intents.update().where(old).values(key=intents.c.identifier)).rowcount


def name_paper(db: sa.Connection, intent: Intent, paper: Paper) -> bool:
    """Name one more file that will be kept under a number. False when another worker has taken the intent over."""
    named = [asdict(one) for one in (*intent.papers, paper)]
    return bool(db.execute(intents.update().where(_mine(intent)).values(papers=named)).rowcount)


def end_intent(db: sa.Connection, intent: Intent, state: str, reason: str = "") -> bool:
    """End an intent as issued or void. False when another worker has taken it over."""
    if not db.execute(intents.update().where(_mine(intent)).values(state=state, reason=reason)).rowcount:
        return False
    if state == "void":
        grown(db, intent.status_list)
    return True


def state(db: sa.Connection, identifier: str) -> str:
    """What became of a number: pending, issued or void."""
    return str(db.scalar(sa.select(intents.c.state).where(intents.c.identifier == identifier)))


def application_of(db: sa.Connection, vault: Vault, identifier: str) -> Intent:
    """The application behind a number. Raises LicenseUnknown."""
    row = db.execute(sa.select(intents).where(intents.c.identifier == identifier)).one_or_none()
    if row is None:
        raise LicenseUnknown("No number %(number)s was given out", number=identifier)
    return _intent(db, vault, row)


# -- all of them, for whoever checks the books


def last_serials(db: sa.Connection) -> dict[tuple[str, str, int], int]:
    """How far each agency, kind and year has counted."""
    return {(row.agency, row.kind, row.year): row.last for row in db.execute(sa.select(counters))}


def every_number(db: sa.Connection) -> Iterator[Number]:
    """Each number that was given out."""
    for row in db.execute(sa.select(intents).order_by(intents.c.identifier)).yield_per(1000):
        papers = tuple(Paper(**paper) for paper in row.papers)
        yield Number(row.identifier, row.state, row.leased, papers, row.status_list, row.status_index)


# -- inside


def _owner(identifier: str) -> str:
    return f"license:{identifier}"


def _mine(intent: Intent) -> sa.ColumnElement[bool]:
    """The row of a pending intent, as long as nobody else has taken it over."""
    return sa.and_(
        intents.c.identifier == intent.identifier, intents.c.fence == intent.fence, intents.c.state == "pending"
    )


def _packed(intent: Intent) -> bytes:
    return json.dumps({"salt": intent.salt.hex(), "application": asdict(intent.application)}, default=str).encode()


def _intent(db: sa.Connection, vault: Vault, row: Any) -> Intent:
    packed = json.loads(vault.decrypt(db, _owner(row.identifier), row.sealed, "application"))
    given = packed["application"]
    application = Application(
        kind=given["kind"],
        fields=given["fields"],
        agency=given["agency"],
        valid_from=date.fromisoformat(given["valid_from"]) if given["valid_from"] else None,
        valid_until=date.fromisoformat(given["valid_until"]) if given["valid_until"] else None,
    )
    return Intent(
        identifier=row.identifier,
        application=application,
        salt=bytes.fromhex(packed["salt"]),
        at=row.at,
        client=row.client,
        person=row.person,
        place=row.place,
        status_list=row.status_list,
        status_index=row.status_index,
        fence=row.fence,
        papers=tuple(Paper(**paper) for paper in row.papers),
        state=row.state,
        reason=row.reason,
    )
