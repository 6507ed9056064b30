"""What was counted, as rows: by the minute for an hour's look, by the hour for longer ones."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, metadata

counts = sa.Table(
    "admin_count",
    metadata,
    sa.Column("span", sa.Integer, primary_key=True),  # seconds that the row stands for
    sa.Column("at", Instant, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)
WORDS = ("kind", "subject", "part", "language", "device")
Words = tuple[str, str, str, str, str]


def add(db: sa.Connection, span: int, at: datetime, more: Mapping[Words, int]) -> None:
    """Add to the rows of one span. One process at a time does this; two at once collide, and one of them tries again."""
    this = sa.and_(counts.c.span == span, counts.c.at == at)
    known = {tuple(row) for row in db.execute(sa.select(*(counts.c[word] for word in WORDS)).where(this))}
    old = [words for words in more if words in known]
    new = [words for words in more if words not in known]
    for words in old:
        where = sa.and_(this, *(counts.c[name] == word for name, word in zip(WORDS, words, strict=True)))
        db.execute(counts.update().where(where).values(number=counts.c.number + more[words]))
    if new:
        rows = [dict(zip(WORDS, words, strict=True)) | {"number": more[words]} for words in new]
        db.execute(counts.insert(), [{"span": span, "at": at, **row} for row in rows])


def sums(
    db: sa.Connection, span: int, since: datetime, until: datetime, *, language: str = "", device: str = ""
) -> dict[Words, int]:
    """Everything that was counted in rows of this span from `since` to before `until`. Answers have no language or device."""
    query = (
        sa.select(*(counts.c[word] for word in WORDS), sa.func.sum(counts.c.number))
        .where(_within(span, since, until), _chosen(language, device))
        .group_by(*(counts.c[word] for word in WORDS))
    )
    return {(row[0], row[1], row[2], row[3], row[4]): int(row[5]) for row in db.execute(query)}


def over_time(
    db: sa.Connection, span: int, since: datetime, until: datetime, kind: str, *, language: str = "", device: str = ""
) -> list[tuple[datetime, str, int]]:
    """The counts of one kind by moment and part, oldest first."""
    query = (
        sa.select(counts.c.at, counts.c.part, sa.func.sum(counts.c.number))
        .where(_within(span, since, until), counts.c.kind == kind, _chosen(language, device))
        .group_by(counts.c.at, counts.c.part)
        .order_by(counts.c.at)
    )
    return [(row[0], row[1], int(row[2])) for row in db.execute(query)]


def forget(db: sa.Connection, span: int, before: datetime) -> int:
    """Delete rows of a span that nobody looks at any more."""
    return db.execute(counts.delete().where(counts.c.span == span, counts.c.at < before)).rowcount


def _within(span: int, since: datetime, until: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(counts.c.span == span, counts.c.at >= since, counts.c.at < until)


def _chosen(language: str, device: str) -> sa.ColumnElement[bool]:
    chosen = [counts.c[name] == word for name, word in (("language", language), ("device", device)) if word]
    return sa.or_(sa.and_(*chosen), counts.c.kind == "answer") if chosen else sa.true()
