"""Letters from lower rooms to upper ones: nobody calls up, he leaves a row that the upper room reads.

Each kind has one reader. A letter names things by number or internal id; it holds no personal data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Id, Instant, Json, metadata

letter_table = sa.Table(
    "hub_inbox",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("settled", Instant, index=True),
    sa.Index("ix_hub_inbox_open", "kind", "settled", "id"),
)


@dataclass(frozen=True)
class Letter:
    """One row for an upper room: its kind decides what stands in the body."""

    id: int
    kind: str
    body: dict[str, Any]
    at: datetime


def put(db: sa.Connection, kind: str, body: dict[str, Any], at: datetime) -> None:
    """Leave a letter, in the transaction of what it tells."""
    db.execute(letter_table.insert().values(kind=kind, body=body, at=at))


def read(db: sa.Connection, kind: str, *, limit: int = 100) -> list[Letter]:
    """Give the letters of a kind that nobody has settled yet, oldest first."""
    query = sa.select(letter_table).where(letter_table.c.kind == kind, letter_table.c.settled.is_(None))
    rows = db.execute(query.order_by(letter_table.c.id).limit(limit))
    return [Letter(row.id, row.kind, row.body, row.at) for row in rows]


def settle(db: sa.Connection, letter: Letter, at: datetime) -> bool:
    """Mark a letter as dealt with, in the transaction of its consequence. False: somebody else was first."""
    query = letter_table.update().where(letter_table.c.id == letter.id, letter_table.c.settled.is_(None))
    return db.execute(query.values(settled=at)).rowcount == 1


def clean(db: sa.Connection, before: datetime) -> int:
    """Throw away what was settled before a moment; say how many."""
    return db.execute(letter_table.delete().where(letter_table.c.settled < before)).rowcount
