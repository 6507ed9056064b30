"""Ratings as rows. What a rater wrote, and what is written about it, is sealed by the vault; its owner is the rating."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.case import Channel
from admin.model.rating import DONE, Done, Level, NoRating, Opinion, Rating, Service, Step, Task, TaskState
from hub.db import Id, Instant, Json, metadata
from hub.tree import ROOT, below
from hub.vault import Vault

services_table = sa.Table(  # what may be rated, by the digest of its link
    "admin_rating_service",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("instance", sa.Text, nullable=False, unique=True),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("officer", sa.Text, nullable=False),
    sa.Column("ended", Instant, nullable=False),
)
ratings_table = sa.Table(
    "admin_rating",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("instance", sa.Text, nullable=False, unique=True),  # one rating for one service
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("answers", Json, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("reachable", sa.Boolean, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("excluded", Instant),
)
tasks_table = sa.Table(
    "admin_rating_task",
    metadata,
    sa.Column("rating", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("opened", Instant, nullable=False),
    sa.Column("due", Instant, nullable=False, index=True),
    sa.Column("reachable", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("officer", sa.Text, nullable=False),
    sa.Column("ended", Instant),
)
steps_table = sa.Table(
    "admin_rating_step",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("rating", sa.Text, nullable=False, index=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
_r, _s, _t = ratings_table.c, services_table.c, tasks_table.c


# -- what may be rated


def offer(db: sa.Connection, digest: str, service: Service) -> None:
    """Keep under its link what may be rated. A second time breaks a constraint (`hub.db.Collision`)."""
    values = {
        column.name: getattr(service, column.name) for column in services_table.columns if column.name != "digest"
    }
    db.execute(services_table.insert().values(digest=digest, **values | {"channel": service.channel.value}))


def offered(db: sa.Connection, digest: str) -> Service | None:
    """What a link is for."""
    row = db.execute(sa.select(services_table).where(_s.digest == digest)).mappings().one_or_none()
    return None if row is None else _service(row)


# -- ratings


def add(db: sa.Connection, vault: Vault, rating: Rating, opinion: Opinion) -> None:
    """Keep a rating. A second one of the same service breaks a constraint (`hub.db.Collision`)."""
    contact = opinion.contact if opinion.reachable else ""
    said = json.dumps({"text": opinion.text, "contact": contact}, ensure_ascii=False).encode()
    db.execute(
        ratings_table.insert().values(
            id=rating.id,
            instance=rating.service.instance,
            agency=rating.service.agency,
            item=rating.service.item,
            place=rating.service.place,
            level=int(rating.level),
            version=rating.version,
            answers=dict(rating.answers),
            sealed=vault.encrypt(db, owner(rating.id), said, "rating"),
            reachable=rating.reachable,
            at=rating.at,
        )
    )


def rating(db: sa.Connection, id: str, scope: str = ROOT) -> Rating:
    """One rating of a scope. Raises NoRating."""
    return _one(db, sa.and_(_r.id == id, below(_r.place, scope)))


def of_instance(db: sa.Connection, instance: str) -> Rating | None:
    """The rating of a service, if there is one."""
    try:
        return _one(db, _r.instance == instance)
    except NoRating:
        return None


def opinion(db: sa.Connection, vault: Vault, rating: Rating) -> Opinion:
    """What the rater wrote. Raises NoRating, Erased."""
    sealed = db.execute(sa.select(_r.sealed).where(_r.id == rating.id)).scalar_one()
    if not sealed:  # forgotten: kept long enough
        return Opinion(rating.level, rating.answers, "", "")
    said = json.loads(vault.decrypt(db, owner(rating.id), sealed, "rating"))
    return Opinion(rating.level, rating.answers, said["text"], said["contact"])


def exclude(db: sa.Connection, id: str, at: datetime) -> bool:
    """Keep a rating out of all figures. False: it was so already."""
    where = sa.and_(_r.id == id, _r.excluded.is_(None))
    return db.execute(ratings_table.update().where(where).values(excluded=at)).rowcount == 1


def counts(db: sa.Connection, scope: str = ROOT) -> dict[tuple[str, str, Level], int]:
    """How many ratings that count each item of each agency has at each level."""
    where = sa.and_(below(_r.place, scope), _r.excluded.is_(None))
    query = sa.select(_r.agency, _r.item, _r.level, sa.func.count()).where(where)
    rows = db.execute(query.group_by(_r.agency, _r.item, _r.level))
    return {(agency, item, Level(level)): number for agency, item, level, number in rows}


def excluded(db: sa.Connection, scope: str = ROOT) -> int:
    """How many ratings do not count."""
    where = sa.and_(below(_r.place, scope), _r.excluded.is_not(None))
    return db.execute(sa.select(sa.func.count()).select_from(ratings_table).where(where)).scalar_one()


# -- the work on bad ones


def open_task(db: sa.Connection, task: Task) -> None:
    """Keep a new task."""
    values = {column.name: getattr(task, column.name) for column in tasks_table.columns}
    db.execute(tasks_table.insert().values(**values | {"state": task.state.value}))


def task(db: sa.Connection, id: str, scope: str = ROOT) -> Task:
    """The work on one bad rating of a scope. Raises NoRating."""
    where = sa.and_(_t.rating == id, below(_t.place, scope))
    row = db.execute(sa.select(tasks_table).where(where)).mappings().one_or_none()
    if row is None:
        raise NoRating("There is no bad rating %(id)s", id=id[:40])
    return _task(row)


def tasks(db: sa.Connection, scope: str = ROOT, *, done: bool = False, limit: int = 100) -> list[Task]:
    """The tasks of a scope, those first whose limit comes first; or those that ended last."""
    ended = _t.state.in_([state.value for state in DONE])
    query = sa.select(tasks_table).where(below(_t.place, scope), ended if done else sa.not_(ended))
    order = _t.ended.desc() if done else _t.due
    return [_task(row) for row in db.execute(query.order_by(order, _t.rating).limit(limit)).mappings()]


def every_task(db: sa.Connection, scope: str = ROOT) -> Iterator[Task]:
    """All tasks of a scope, for who counts them."""
    for row in db.execute(sa.select(tasks_table).where(below(_t.place, scope))).mappings():
        yield _task(row)


def move(db: sa.Connection, before: Task, after: Task) -> bool:
    """Write a step of a task. False when it has moved meanwhile."""
    where = sa.and_(_t.rating == before.rating, _t.state == before.state.value, _t.officer == before.officer)
    values = {"state": after.state.value, "officer": after.officer, "ended": after.ended}
    return db.execute(tasks_table.update().where(where).values(**values)).rowcount == 1


def note(db: sa.Connection, vault: Vault, id: str, done: Done) -> None:
    """Keep what was done, with its words."""
    sealed = vault.encrypt(db, owner(id), done.words.encode(), "rating-step")
    values = {"rating": id, "step": done.step.value, "by": done.by, "at": done.at, "sealed": sealed}
    db.execute(steps_table.insert().values(**values))


def done(db: sa.Connection, vault: Vault, id: str) -> list[Done]:
    """What was done about a rating, oldest first."""
    rows = db.execute(sa.select(steps_table).where(steps_table.c.rating == id).order_by(steps_table.c.id)).all()
    said = [vault.decrypt(db, owner(id), row.sealed, "rating-step").decode() if row.sealed else "" for row in rows]
    return [Done(Step(row.step), row.by, row.at, words) for row, words in zip(rows, said, strict=True)]


def fixed(db: sa.Connection, scope: str = ROOT) -> dict[tuple[str, str], tuple[int, int]]:
    """Of the bad ratings of each item of each agency that count: how many there are, and how many were put right."""
    closed = sa.func.sum(sa.case((_t.state == TaskState.closed.value, 1), else_=0))
    query = sa.select(_r.agency, _r.item, sa.func.count(), closed).join(tasks_table, _t.rating == _r.id)
    query = query.where(below(_r.place, scope), _r.excluded.is_(None)).group_by(_r.agency, _r.item)
    return {(agency, item): (number, int(right)) for agency, item, number, right in db.execute(query)}


# -- inside


def owner(id: str) -> str:
    """Whose key in the vault seals the words: the rating itself, so that each can be erased alone."""
    return f"rating:{id}"


def _one(db: sa.Connection, where: sa.ColumnElement[bool]) -> Rating:
    both = ratings_table.join(services_table, _s.instance == _r.instance)
    own = [_r.id, _r.level, _r.version, _r.answers, _r.reachable, _r.at, _r.excluded]
    row = db.execute(sa.select(*own, *_s).select_from(both).where(where)).mappings().one_or_none()
    if row is None:
        raise NoRating("There is no such rating")
    values = {column.name: row[column.name] for column in own}
    return Rating(**values | {"service": _service(row), "level": Level(row["level"])})


def _service(row: Any) -> Service:
    values = {name: row[name] for name in ("instance", "item", "agency", "place", "person", "officer", "ended")}
    return Service(**values, channel=Channel(row["channel"]))


def _task(row: Any) -> Task:
    return Task(**{**row, "state": TaskState(row["state"])})
