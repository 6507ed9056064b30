"""How the parts of the service have been, as rows."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from admin.model.status import DAYS, Day, Part, Turn
from hub.db import Id, Instant, metadata

day_table = sa.Table(
    "admin_status_day",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("good", sa.Integer, nullable=False),
    sa.Column("bad", sa.Integer, nullable=False),
)
turn_table = sa.Table(
    "admin_status_turn",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("good", sa.Boolean, nullable=False),
)
_d, _t = day_table.c, turn_table.c


def add(db: sa.Connection, day: date, part: Part, *, good: bool) -> None:
    """Count one sample."""
    where = sa.and_(_d.day == day.isoformat(), _d.part == part.value)
    more = {"good": _d.good + 1} if good else {"bad": _d.bad + 1}
    if db.execute(day_table.update().where(where).values(**more)).rowcount == 0:
        db.execute(day_table.insert().values(day=day.isoformat(), part=part.value, good=int(good), bad=int(not good)))


def last(db: sa.Connection, part: Part) -> bool:
    """How a part was at its last turn; good before the first."""
    query = sa.select(_t.good).where(_t.part == part.value).order_by(_t.id.desc()).limit(1)
    found = db.execute(query).scalar_one_or_none()
    return True if found is None else bool(found)


def turned(db: sa.Connection, part: Part, at: datetime, *, good: bool) -> None:
    """Note that a part stopped or started to work."""
    db.execute(turn_table.insert().values(at=at, part=part.value, good=good))


def days(db: sa.Connection, since: date) -> dict[Part, dict[date, Day]]:
    """The samples of each part by day."""
    found: dict[Part, dict[date, Day]] = {part: {} for part in Part}
    for row in db.execute(sa.select(day_table).where(_d.day >= since.isoformat())):
        day = date.fromisoformat(row.day)
        found[Part(row.part)][day] = Day(day, row.good, row.bad)
    return found


def turns(db: sa.Connection, *, limit: int = 20) -> list[Turn]:
    """The newest turns, newest first."""
    query = sa.select(turn_table).order_by(_t.id.desc()).limit(limit)
    return [Turn(row.at, Part(row.part), row.good) for row in db.execute(query)]


def forget(db: sa.Connection, today: date, now: datetime) -> None:
    """Delete what is older than the days that are kept."""
    db.execute(day_table.delete().where(_d.day <= (today - timedelta(days=DAYS)).isoformat()))
    db.execute(turn_table.delete().where(_t.at < now - timedelta(days=DAYS)))
