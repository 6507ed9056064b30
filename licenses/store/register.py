"""The register of licenses and of their changes."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.tree import ROOT, below
from licenses.model import Change, License, LicenseUnknown, Operation, Status
from licenses.store.lists import grown
from licenses.store.tables import changes, licenses


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
    grown(db, after.status_list)
    return True


def history(db: sa.Connection, identifier: str) -> list[Change]:
    """The changes of a license, oldest first."""
    rows = db.execute(sa.select(changes).where(changes.c.identifier == identifier).order_by(changes.c.id))
    return [Change(Operation(r.operation), r.reason, r.legal_basis, r.decision, r.by, r.at) for r in rows]


def every_license(db: sa.Connection) -> Iterator[License]:
    """The whole register, for whoever checks the books."""
    for row in db.execute(sa.select(licenses).order_by(licenses.c.identifier)).yield_per(1000):
        yield _license(row)


def every_change(db: sa.Connection) -> Iterator[tuple[str, Operation]]:
    """Each change of a license, in the order in which they happened."""
    for row in db.execute(sa.select(changes.c.identifier, changes.c.operation).order_by(changes.c.id)).yield_per(1000):
        yield row.identifier, Operation(row.operation)


def _values(license: License) -> dict[str, Any]:
    return asdict(license) | {"status": license.status.value}


def _license(row: Any) -> License:
    return License(**row._asdict() | {"status": Status(row.status)})
