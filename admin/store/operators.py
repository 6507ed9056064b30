"""Operators as rows."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.operator import Operator, Right
from hub.db import Instant, Json, metadata
from hub.tree import ROOT, below

operators = sa.Table(
    "admin_operator",
    metadata,
    sa.Column("invitation", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("rights", Json, nullable=False),
    sa.Column("invited_by", sa.Text, nullable=False),
    sa.Column("invited", Instant, nullable=False),
    sa.Column("person", sa.Text, unique=True),
    sa.Column("ended", Instant),
)


def add(db: sa.Connection, operator: Operator) -> None:
    """Note who was invited to what."""
    db.execute(
        operators.insert().values(
            invitation=operator.invitation,
            label=operator.label,
            place=operator.place,
            rights=sorted(operator.rights),
            invited_by=operator.invited_by,
            invited=operator.invited,
        )
    )


def arrived(db: sa.Connection, invitation: str, person: str) -> None:
    """Note whose account took an invitation."""
    db.execute(operators.update().where(operators.c.invitation == invitation).values(person=person))


def operator_of(db: sa.Connection, person: str) -> Operator | None:
    """The operator behind an account, unless he was dismissed."""
    where = sa.and_(operators.c.person == person, operators.c.ended.is_(None))
    row = db.execute(sa.select(operators).where(where)).one_or_none()
    return None if row is None else _operator(row)


def all_operators(db: sa.Connection, scope: str = ROOT) -> list[Operator]:
    """The operators of a scope, also those who have not come yet."""
    where = sa.and_(below(operators.c.place, scope), operators.c.ended.is_(None))
    return [_operator(row) for row in db.execute(sa.select(operators).where(where).order_by(operators.c.invited))]


def dismiss(db: sa.Connection, invitation: str, scope: str, at: datetime) -> Operator | None:
    """End an operator of a scope; None if there is none."""
    where = sa.and_(operators.c.invitation == invitation, operators.c.ended.is_(None), below(operators.c.place, scope))
    row = db.execute(sa.select(operators).where(where)).one_or_none()
    if row is None:
        return None
    db.execute(operators.update().where(where).values(ended=at))
    return _operator(row)


def _operator(row: Any) -> Operator:
    rights = frozenset(Right(name) for name in row.rights)
    return Operator(row.invitation, row.label, row.place, rights, row.invited_by, row.invited, row.person, row.ended)
