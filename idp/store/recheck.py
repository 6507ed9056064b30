"""When the register was last asked about whom."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, metadata
from idp.model.person import State
from idp.store.people import person_table

recheck_table = sa.Table(
    "idp_recheck",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
_r, _p = recheck_table.c, person_table.c
LIVING = (State.active.value, State.locked.value, State.suspended.value)


def due(db: sa.Connection, before: datetime, limit: int) -> list[str]:
    """Who has a number and was neither proved nor asked about since, the longest first."""
    last = sa.func.coalesce(_r.at, _p.proved, _p.created)
    joined = person_table.outerjoin(recheck_table, _r.person == _p.id)
    where = sa.and_(_p.holder_key.is_not(None), _p.state.in_(LIVING), last < before)
    return list(db.scalars(sa.select(_p.id).select_from(joined).where(where).order_by(last, _p.id).limit(limit)))


def checked(db: sa.Connection, person: str, at: datetime) -> None:
    """Note that the register was asked."""
    if db.execute(recheck_table.update().where(_r.person == person).values(at=at)).rowcount == 0:
        db.execute(recheck_table.insert().values(person=person, at=at))
