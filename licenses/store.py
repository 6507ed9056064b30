"""The register of licenses: numbers given out, licenses, their changes. Gives and takes the nouns of `model`."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.db import Id, Instant, Json, metadata
from hub.tree import ROOT, below
from hub.vault import Vault
from licenses.model import Application, Change, Intent, License, LicenseUnknown, Operation, Paper, Status

LIST_SIZE = 131_072  # entries of one status list: 32 KiB unpacked, enough to hide one license among many
PROBES = 12  # so many taken places in a row mean that the list is about half full: a new one begins

counters = sa.Table(
    "licenses_counter",
    metadata,
    sa.Column("agency", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
intents = sa.Table(
    "licenses_intent",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("asker", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # digest of the application, to tell a retry from another one
    sa.Column("sealed", sa.LargeBinary),  # the application and its salt, encrypted; erased with the license
    sa.Column("client", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("status_list", sa.Integer, nullable=False),
    sa.Column("status_index", sa.Integer, nullable=False),
    sa.Column("papers", Json, nullable=False),  # every file that is kept, or about to be kept, under this number
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("leased", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.UniqueConstraint("asker", "key"),
    sa.UniqueConstraint("status_list", "status_index"),
)
licenses = sa.Table(
    "licenses_license",
    metadata,
    sa.Column("identifier", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("kind_version", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("holder_key", sa.Text, nullable=False, index=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("issued", Instant, nullable=False, index=True),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_until", sa.Date),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False, unique=True),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("use", sa.Text, nullable=False),
    sa.Column("status_list", sa.Integer, nullable=False, index=True),
    sa.Column("status_index", sa.Integer, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("changed", Instant),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
)
changes = sa.Table(
    "licenses_change",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("identifier", sa.Text, nullable=False, index=True),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
status_lists = sa.Table(
    "licenses_status_list",
    metadata,
    sa.Column("list", sa.Integer, primary_key=True),
    sa.Column("counter", sa.Integer, nullable=False),
)

# -- numbers


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


def free_place(db: sa.Connection) -> tuple[int, int]:
    """A free random place in the newest status list: neighbours tell nothing about each other."""
    newest = db.scalar(sa.select(sa.func.max(status_lists.c.list))) or 0
    for _ in range(PROBES if newest else 0):
        index = secrets.randbelow(LIST_SIZE)
        where = sa.and_(intents.c.status_list == newest, intents.c.status_index == index)
        if db.execute(sa.select(intents.c.identifier).where(where)).first() is None:
            return newest, index
    db.execute(status_lists.insert().values(list=newest + 1, counter=1))
    return newest + 1, secrets.randbelow(LIST_SIZE)


# -- intents


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
        _grown(db, intent.status_list)
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


# -- licenses


def keep(db: sa.Connection, license: License) -> None:
    """Add a license to the register."""
    db.execute(licenses.insert().values(**_values(license)))


def license(db: sa.Connection, identifier: str, scope: str = ROOT) -> License:
    """One license of a scope. Raises LicenseUnknown."""
    query = sa.select(licenses).where(licenses.c.identifier == identifier, below(licenses.c.place, scope))
    row = db.execute(query).one_or_none()
    if row is None:
        raise LicenseUnknown("There is no license %(number)s", number=identifier)
    return _license(row)


def by_sealed(db: sa.Connection, digest: str) -> License | None:
    """The license whose sealed revision has this SHA-256 (hex)."""
    row = db.execute(sa.select(licenses).where(licenses.c.sealed == digest)).one_or_none()
    return None if row is None else _license(row)


def by_record(db: sa.Connection, digest: str) -> License | None:
    """The license whose record has this SHA-256 (hex)."""
    row = db.execute(sa.select(licenses).where(licenses.c.record == digest)).one_or_none()
    return None if row is None else _license(row)


def held_by(db: sa.Connection, holder_keys: Iterable[str]) -> list[License]:
    """The licenses of the holders behind these blind indexes, newest first."""
    where = licenses.c.holder_key.in_(list(holder_keys))
    return [_license(row) for row in db.execute(sa.select(licenses).where(where).order_by(licenses.c.issued.desc()))]


def found(
    db: sa.Connection,
    scope: str,
    *,
    agency: str = "",
    kind: str = "",
    status: str = "",
    holder_key: str = "",
    before: datetime | None = None,
    limit: int = 50,
) -> list[License]:
    """The newest licenses of a scope, newest first; `before` pages on."""
    query = sa.select(licenses).where(below(licenses.c.place, scope))
    for column, value in (
        (licenses.c.agency, agency),
        (licenses.c.kind, kind),
        (licenses.c.status, status),
        (licenses.c.holder_key, holder_key),
    ):
        if value:
            query = query.where(column == value)
    if before:
        query = query.where(licenses.c.issued < before)
    return [_license(row) for row in db.execute(query.order_by(licenses.c.issued.desc()).limit(limit))]


def change(db: sa.Connection, before: License, after: License, why: Change) -> bool:
    """Write a change of state, its history, the next counter of its status list. False when the state changed meanwhile."""
    where = sa.and_(licenses.c.identifier == before.identifier, licenses.c.status == before.status.value)
    if not db.execute(licenses.update().where(where).values(**_values(after))).rowcount:
        return False
    db.execute(changes.insert().values(identifier=after.identifier, **asdict(why)))
    _grown(db, after.status_list)
    return True


def history(db: sa.Connection, identifier: str) -> list[Change]:
    """The changes of a license, oldest first."""
    rows = db.execute(sa.select(changes).where(changes.c.identifier == identifier).order_by(changes.c.id))
    return [Change(Operation(r.operation), r.reason, r.legal_basis, r.decision, r.by, r.at) for r in rows]


# -- status lists


def counter(db: sa.Connection, list_number: int) -> int | None:
    """How often a status list has changed; None if there is no such list."""
    found = db.scalar(sa.select(status_lists.c.counter).where(status_lists.c.list == list_number))
    return None if found is None else int(found)


def list_numbers(db: sa.Connection) -> list[int]:
    """All status lists."""
    return list(db.scalars(sa.select(status_lists.c.list).order_by(status_lists.c.list)))


def not_valid(db: sa.Connection, list_number: int) -> list[tuple[int, Status]]:
    """The places of a status list whose licenses are not simply valid. A void number counts as revoked."""
    changed = sa.select(licenses.c.status_index, licenses.c.status).where(
        licenses.c.status_list == list_number, licenses.c.status != Status.valid.value
    )
    void = sa.select(intents.c.status_index, sa.literal(Status.revoked.value)).where(
        intents.c.status_list == list_number, intents.c.state == "void"
    )
    return [(index, Status(status)) for index, status in db.execute(changed.union_all(void))]


# -- inside


def _grown(db: sa.Connection, list_number: int) -> None:
    """A status list has changed: verifiers notice an older one by its counter."""
    mine = status_lists.c.list == list_number
    db.execute(status_lists.update().where(mine).values(counter=status_lists.c.counter + 1))


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


def _values(license: License) -> dict[str, Any]:
    return asdict(license) | {"status": license.status.value}


def _license(row: Any) -> License:
    return License(**row._asdict() | {"status": Status(row.status)})
