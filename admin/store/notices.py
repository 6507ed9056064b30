"""Notices to persons as rows."""

from datetime import datetime

import sqlalchemy as sa

from admin.model.notice import Notice
from hub.db import Id, Instant, Json, metadata

notices = sa.Table(
    "admin_notice",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("values", Json, nullable=False),
    sa.Column("link", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("seen", Instant),
)


def tell(db: sa.Connection, person: str, title: str, *, link: str, at: datetime, **values: str) -> None:
    """Leave a person a notice, in the transaction of what it tells. `title` is a message id, `link` a path of this site."""
    db.execute(notices.insert().values(person=person, title=title, values=values, link=link, at=at))


def of_person(db: sa.Connection, person: str, *, limit: int = 50) -> list[Notice]:
    """The newest notices of a person, newest first."""
    query = sa.select(notices).where(notices.c.person == person).order_by(notices.c.id.desc()).limit(limit)
    return [Notice(**row) for row in db.execute(query).mappings()]


def unseen(db: sa.Connection, person: str) -> int:
    """How many notices a person has not looked at."""
    where = sa.and_(notices.c.person == person, notices.c.seen.is_(None))
    return db.execute(sa.select(sa.func.count()).where(where)).scalar_one()


def seen(db: sa.Connection, person: str, at: datetime) -> None:
    """Note that a person has looked at his notices."""
    where = sa.and_(notices.c.person == person, notices.c.seen.is_(None))
    db.execute(notices.update().where(where).values(seen=at))
