"""The registers of grants and of single uses."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.tree import below as seal_below
from seals.model import SealGrant, SealUnknown, SealUse, UseSpent, UseState
from seals.store.tables import COUNTS, grant_table, seal_table, use_table

# -- grants


def add_grant(db: sa.Connection, grant: SealGrant) -> None:
    """Enter a grant."""
    values = {name: getattr(grant, name) for name in grant_table.c.keys()}  # noqa: SIM118  a column set, not a dict
    lists = {"purposes": list(grant.purposes), "kinds": list(grant.kinds)}
    db.execute(grant_table.insert().values(**values | lists))


def grants(db: sa.Connection, seal: str, *, locked: bool = False) -> list[SealGrant]:
    """All grants of a seal, also those that have ended; `locked` until the transaction ends, so that limits hold."""
    query = sa.select(grant_table).where(grant_table.c.seal == seal).order_by(grant_table.c.since, grant_table.c.id)
    return [_grant(row) for row in db.execute(query.with_for_update() if locked else query)]


def end_grant(db: sa.Connection, id: str, now: datetime) -> SealGrant | None:
    """Take a grant back; None if there is none in force of that id."""
    query = grant_table.update().where(grant_table.c.id == id, grant_table.c.revoked_at.is_(None))
    if not db.execute(query.values(revoked_at=now)).rowcount:
        return None
    return _grant(db.execute(sa.select(grant_table).where(grant_table.c.id == id)).one())


def _grant(row: Any) -> SealGrant:
    values = row._asdict()
    return SealGrant(**values | {"purposes": tuple(values["purposes"]), "kinds": tuple(values["kinds"])})


def grant(db: sa.Connection, id: str) -> SealGrant | None:
    """One grant, also one that has ended."""
    row = db.execute(sa.select(grant_table).where(grant_table.c.id == id)).one_or_none()
    return None if row is None else _grant(row)


def grants_to(db: sa.Connection, scope: str, names: Iterable[str], officer: str) -> list[SealGrant]:
    """The grants, of seals of a scope, that name one of these programs or bodies, or this officer."""
    query = sa.select(grant_table).join(seal_table, seal_table.c.id == grant_table.c.seal)
    named: sa.ColumnElement[bool] = grant_table.c.grantee.in_(list(names))
    if officer:
        named = sa.or_(named, grant_table.c.officer == officer)
    where = (named, grant_table.c.revoked_at.is_(None), seal_below(seal_table.c.place, scope))
    return [_grant(row) for row in db.execute(query.where(*where).order_by(grant_table.c.since, grant_table.c.id))]


# -- uses


def add_use(db: sa.Connection, use: SealUse) -> None:
    """Enter a reserved use."""
    values = {name: getattr(use, name) for name in use_table.c.keys()}  # noqa: SIM118  a column set, not a dict
    db.execute(use_table.insert().values(**values | {"state": use.state.value}))


def use(db: sa.Connection, id: str) -> SealUse:
    """One use. Raises SealUnknown."""
    row = db.execute(sa.select(use_table).where(use_table.c.id == id)).one_or_none()
    if row is None:
        raise SealUnknown("There is no use %(id)s", id=id)
    return _use(row)


def use_of(db: sa.Connection, seal: str, record_digest: bytes) -> SealUse | None:
    """The use of a seal for a record, unless it is void."""
    where = (use_table.c.seal == seal, use_table.c.record_digest == record_digest, COUNTS)
    row = db.execute(sa.select(use_table).where(*where)).one_or_none()
    return None if row is None else _use(row)


def uses(db: sa.Connection, seal: str, *, before: datetime | None = None, limit: int = 50) -> list[SealUse]:
    """The newest uses of a seal, newest first."""
    query = sa.select(use_table).where(use_table.c.seal == seal)
    if before is not None:
        query = query.where(use_table.c.at < before)
    return [_use(row) for row in db.execute(query.order_by(use_table.c.at.desc(), use_table.c.id).limit(limit))]


def uses_since(db: sa.Connection, seal: str, since: datetime) -> list[SealUse]:
    """The uses of a seal that were reserved or ended from a moment on, void ones left out, oldest first."""
    late = sa.or_(use_table.c.at >= since, use_table.c.ended_at >= since)
    query = sa.select(use_table).where(use_table.c.seal == seal, late, COUNTS)
    return [_use(row) for row in db.execute(query.order_by(use_table.c.at, use_table.c.id))]


def every_use(db: sa.Connection) -> Iterator[SealUse]:
    """Each use of each seal, for whoever checks the books."""
    for row in db.execute(sa.select(use_table).order_by(use_table.c.id)).yield_per(1000):
        yield _use(row)


def count_uses(db: sa.Connection, grants: Iterable[str], since: datetime) -> int:
    """How many uses these grants have had since then; void ones do not count."""
    query = sa.select(sa.func.count()).where(use_table.c.grant.in_(list(grants)), use_table.c.at > since, COUNTS)
    return db.execute(query).scalar_one()


def end_use(db: sa.Connection, use: SealUse) -> None:
    """Keep the end of a reserved use. Raises UseSpent if it has ended already."""
    where = (use_table.c.id == use.id, use_table.c.state == UseState.reserved.value)
    values = {
        "state": use.state.value,
        "sealed_digest": use.sealed_digest,
        "level": use.level,
        "ended_at": use.ended_at,
        "reason": use.reason,
    }
    if db.execute(use_table.update().where(*where).values(**values)).rowcount != 1:
        raise UseSpent("The use %(id)s has ended already", id=use.id)


def _use(row: Any) -> SealUse:
    values = row._asdict()
    sealed = values["sealed_digest"]
    return SealUse(
        **values
        | {
            "state": UseState(values["state"]),
            "record_digest": bytes(values["record_digest"]),
            "sealed_digest": None if sealed is None else bytes(sealed),
        }
    )


def uses_by_certificate(db: sa.Connection) -> dict[str, tuple[int, datetime]]:
    """How many documents were sealed under each certificate, and when the last one was."""
    table = use_table.c
    query = sa.select(table.certificate, sa.func.count(), sa.func.max(table.at))
    rows = db.execute(query.where(table.state == UseState.sealed.value).group_by(table.certificate))
    return {row[0]: (row[1], row[2]) for row in rows}
