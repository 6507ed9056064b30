"""The table of who may act for whom."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from idp.model.mandate import PERSON, Mandate, Role

mandate_table = sa.Table(
    "idp_mandate",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("principal", sa.Text, nullable=False, index=True),  # a unified code, or person:<internal id>
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("matters", Json, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("granted_by", sa.Text),
    sa.Column("ended", Instant),
    sa.Column("why_ended", sa.Text, nullable=False),
    sa.Column("suspended", Instant),
    sa.Column("warned", Instant),
    sa.Column(
        "basis", sa.Text, nullable=False, server_default=""
    ),  # number of a court order, id of a visit to a counter
)
_m = mandate_table.c


def add(db: sa.Connection, mandate: Mandate) -> None:
    """Keep a new mandate."""
    values = vars(mandate) | {"role": mandate.role.value, "matters": list(mandate.matters)}
    db.execute(mandate_table.insert().values(**values))


def end(db: sa.Connection, mandate: Mandate) -> bool:
    """Write that a mandate is over; False if it was before."""
    still = mandate_table.update().where(_m.id == mandate.id, _m.ended.is_(None))
    return db.execute(still.values(ended=mandate.ended, why_ended=mandate.why_ended)).rowcount == 1


def mandate(db: sa.Connection, id: str) -> Mandate | None:
    """A mandate by its id, over or not."""
    row = db.execute(sa.select(mandate_table).where(_m.id == id)).mappings().one_or_none()
    return _mandate(row) if row else None


def of_person(db: sa.Connection, person: str, now: datetime) -> list[Mandate]:
    """By which mandates a person may act now, oldest first."""
    return _running(db, _m.person == person, now)


def for_principal(db: sa.Connection, principal: str, now: datetime) -> list[Mandate]:
    """Who may act for a principal now, oldest first."""
    return _running(db, _m.principal == principal, now)


def below(db: sa.Connection, mandate: str, now: datetime) -> list[Mandate]:
    """What was granted by the holder of this one and is not over: running, suspended, or yet to begin."""
    return _left(db, _m.granted_by == mandate, now)


def not_over(db: sa.Connection, principal: str, now: datetime) -> list[Mandate]:
    """What was granted for a principal and is not over: running, suspended, or yet to begin."""
    return _left(db, _m.principal == principal, now)


def held_by(db: sa.Connection, person: str, now: datetime) -> list[Mandate]:
    """What a person was granted that is not over: running, suspended, or yet to begin."""
    return _left(db, _m.person == person, now)


def of_roles(db: sa.Connection, roles: Sequence[Role], now: datetime) -> list[Mandate]:
    """Every running mandate of these roles."""
    return _running(db, _m.role.in_([role.value for role in roles]), now)


def pass_on(db: sa.Connection, entry: str, person: str) -> None:
    """Let what may be done for an entry, and by it, stand under the account of the same person."""
    db.execute(mandate_table.update().where(_m.principal == f"{PERSON}{entry}").values(principal=f"{PERSON}{person}"))
    db.execute(mandate_table.update().where(_m.person == entry).values(person=person))


def over(db: sa.Connection, principal: str, now: datetime, *, limit: int = 50) -> list[Mandate]:
    """What was granted for a principal and is over, the latest first."""
    gone = sa.or_(_m.ended <= now, _m.until <= now)
    latest = sa.func.coalesce(_m.ended, _m.until).desc()
    query = sa.select(mandate_table).where(_m.principal == principal, gone).order_by(latest, _m.id).limit(limit)
    return [_mandate(row) for row in db.execute(query).mappings()]


def run_out(db: sa.Connection, now: datetime, *, limit: int = 200) -> list[Mandate]:
    """What is over by its day, and of which nobody has written that it ended."""
    query = sa.select(mandate_table).where(_m.until <= now, _m.ended.is_(None)).order_by(_m.until, _m.id).limit(limit)
    return [_mandate(row) for row in db.execute(query).mappings()]


def to_warn(db: sa.Connection, now: datetime, before: datetime, *, limit: int = 200) -> list[Mandate]:
    """What will be over by itself before a moment and has not been told of yet, the next first."""
    soon = sa.and_(_m.until > now, _m.until <= before, _m.ended.is_(None), _m.warned.is_(None))
    query = sa.select(mandate_table).where(soon).order_by(_m.until, _m.id).limit(limit)
    return [_mandate(row) for row in db.execute(query).mappings()]


def warned(db: sa.Connection, mandate: str, at: datetime) -> bool:
    """Write that the end of a mandate was told of; False if somebody else did."""
    first = mandate_table.update().where(_m.id == mandate, _m.warned.is_(None))
    return db.execute(first.values(warned=at)).rowcount == 1


def suspend(db: sa.Connection, mandate: str, at: datetime) -> None:
    """Write that a mandate does not count until it is confirmed."""
    db.execute(mandate_table.update().where(_m.id == mandate, _m.suspended.is_(None)).values(suspended=at))


def confirm(db: sa.Connection, mandate: str, *, by: str) -> bool:
    """Let a suspended mandate count again, by the mandate of whoever confirms it; False if it is not suspended."""
    waits = sa.and_(_m.id == mandate, _m.suspended.is_not(None), _m.ended.is_(None))
    return db.execute(mandate_table.update().where(waits).values(suspended=None, granted_by=by)).rowcount == 1


def _running(db: sa.Connection, whose: sa.ColumnElement[bool], now: datetime) -> list[Mandate]:
    return _left(db, sa.and_(whose, _m.since <= now, _m.suspended.is_(None)), now)


def _left(db: sa.Connection, whose: sa.ColumnElement[bool], now: datetime) -> list[Mandate]:
    # Over is over, whatever the clocks of two processes say: nobody who came a moment before its end uses it after.
    left = sa.and_(sa.or_(_m.until.is_(None), _m.until > now), _m.ended.is_(None))
    rows = db.execute(sa.select(mandate_table).where(whose, left).order_by(_m.since, _m.id))
    return [_mandate(row) for row in rows.mappings()]


def _mandate(row: sa.RowMapping) -> Mandate:
    return Mandate(**{**row, "role": Role(row["role"]), "matters": tuple(row["matters"])})
