"""The register of editions, and the list of documents to which evidence is owed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from seals.model.edition import Edition, Lift
from seals.model.paper import Layout, Level

edition_table = sa.Table(
    "seals_edition",
    metadata,
    sa.Column("sealed", sa.LargeBinary, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("layout", sa.Text, nullable=False),
)
lift_table = sa.Table(
    "seals_lift",
    metadata,
    sa.Column("use", sa.Text, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("due", Instant, index=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("named", Json, nullable=False),
)

# -- editions


def editions(db: sa.Connection, sealed: bytes) -> list[Edition]:
    """All editions of a document, oldest first."""
    rows = db.execute(sa.select(edition_table).where(edition_table.c.sealed == sealed).order_by(edition_table.c.number))
    return [_edition(row) for row in rows]


def edition_of(db: sa.Connection, digest: str) -> Edition | None:
    """The edition that is this very file."""
    row = db.execute(sa.select(edition_table).where(edition_table.c.digest == digest)).one_or_none()
    return None if row is None else _edition(row)


def every_edition(db: sa.Connection) -> Iterator[Edition]:
    """Each edition, for whoever checks the books."""
    query = sa.select(edition_table).order_by(edition_table.c.sealed, edition_table.c.number)
    for row in db.execute(query).yield_per(1000):
        yield _edition(row)


def _edition(row: Any) -> Edition:
    values = row._asdict() | {"level": Level(row.level), "layout": Layout(row.layout), "sealed": bytes(row.sealed)}
    return Edition(**values)


# -- what is owed


def owe(db: sa.Connection, use: str, sealed: bytes, now: datetime) -> None:
    """Note that a document shall have evidence."""
    db.execute(lift_table.insert().values(_row(Lift(use, sealed, now))))


def due(db: sa.Connection, now: datetime, limit: int) -> list[Lift]:
    """What is owed by now, longest overdue first."""
    query = sa.select(lift_table).where(lift_table.c.due <= now).order_by(lift_table.c.due, lift_table.c.use)
    return [_lift(row) for row in db.execute(query.limit(limit))]


def count_due(db: sa.Connection, now: datetime) -> int:
    """How many documents wait for evidence: what is owed by now, or was tried in vain."""
    waits = sa.or_(lift_table.c.due <= now, lift_table.c.tries > 0)
    return db.execute(sa.select(sa.func.count()).select_from(lift_table).where(waits)).scalar_one()


def lift_of(db: sa.Connection, use: str) -> Lift:
    """What is owed to the document of one use, as it stands now."""
    return _lift(db.execute(sa.select(lift_table).where(lift_table.c.use == use)).one())


def every_lift(db: sa.Connection) -> Iterator[Lift]:
    """Everything that is or was owed, for whoever checks the books."""
    for row in db.execute(sa.select(lift_table).order_by(lift_table.c.use)).yield_per(1000):
        yield _lift(row)


def in_vain(db: sa.Connection) -> list[Lift]:
    """What was tried and could not be done yet, longest tried first."""
    query = sa.select(lift_table).where(lift_table.c.tries > 0).order_by(lift_table.c.tries.desc(), lift_table.c.use)
    return [_lift(row) for row in db.execute(query.limit(100))]


def change(db: sa.Connection, was: Lift, lift: Lift) -> bool:
    """Keep what became of it; False if somebody else works on it."""
    where = (lift_table.c.use == was.use, lift_table.c.due == was.due)
    return db.execute(lift_table.update().where(*where).values(_row(lift))).rowcount == 1


def keep(db: sa.Connection, edition: Edition) -> None:
    """Enter a new edition."""
    values = {name: getattr(edition, name) for name in edition_table.c.keys()}  # noqa: SIM118  a column set, not a dict
    db.execute(edition_table.insert().values(values | {"level": edition.level.value, "layout": edition.layout.value}))


def _row(lift: Lift) -> dict[str, Any]:
    values = {name: getattr(lift, name) for name in lift_table.c.keys()}  # noqa: SIM118
    return values | {"named": list(lift.named)}


def _lift(row: Any) -> Lift:
    return Lift(**row._asdict() | {"sealed": bytes(row.sealed), "named": tuple(row.named)})
