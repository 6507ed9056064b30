"""Notices to persons: that something about his matters or his account happened, and where to look.

A notice holds no personal data: names of services and numbers of cases, yes; of people, no.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.db import Id, Instant, Json, metadata

notice_table = sa.Table(
    "hub_notice",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("values", Json, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("seen", Instant),
    sa.Column("mailed", Instant),  # when it was decided whether a copy goes out by mail
    sa.Index("ix_hub_notice_mailed", "mailed", "id"),
)
_n = notice_table.c


@dataclass(frozen=True)
class Notice:
    """`title` is a message id, `values` what stands in it, `link` a path of this site."""

    id: int
    person: str
    title: str
    values: dict[str, str]
    link: str
    at: datetime
    seen: datetime | None = None
    mailed: datetime | None = None


def tell(db: sa.Connection, person: str, title: str, *, link: str, at: datetime, **values: str) -> None:
    """Leave a person a notice, in the transaction of what it tells."""
    db.execute(notice_table.insert().values(person=person, title=title, values=values, link=link, at=at))


def of_person(db: sa.Connection, person: str, *, limit: int = 50) -> list[Notice]:
    """The newest notices of a person, newest first."""
    query = sa.select(notice_table).where(_n.person == person).order_by(_n.id.desc()).limit(limit)
    return [Notice(**row) for row in db.execute(query).mappings()]


def unseen(db: sa.Connection, person: str) -> int:
    """How many notices a person has not looked at."""
    where = sa.and_(_n.person == person, _n.seen.is_(None))
    return db.execute(sa.select(sa.func.count()).where(where)).scalar_one()


def forget_of(db: sa.Connection, person: str) -> int:
    """Delete every notice to a person who is here no more; say how many."""
    return db.execute(notice_table.delete().where(_n.person == person)).rowcount


def seen(db: sa.Connection, person: str, at: datetime) -> None:
    """Note that a person has looked at his notices."""
    where = sa.and_(_n.person == person, _n.seen.is_(None))
    db.execute(notice_table.update().where(where).values(seen=at))


def one(db: sa.Connection, id: int) -> Notice | None:
    """A notice by its id."""
    row = db.execute(sa.select(notice_table).where(_n.id == id)).mappings().one_or_none()
    return None if row is None else Notice(**row)


def not_mailed(db: sa.Connection, limit: int) -> list[Notice]:
    """Notices of which nobody has decided yet whether a copy goes out by mail, oldest first."""
    query = sa.select(notice_table).where(_n.mailed.is_(None)).order_by(_n.id).limit(limit)
    return [Notice(**row) for row in db.execute(query).mappings()]


def mailed(db: sa.Connection, id: int, at: datetime) -> None:
    """Note that it was decided whether a copy goes out."""
    db.execute(notice_table.update().where(_n.id == id).values(mailed=at))
