"""Requests for approval as rows."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.approval import Approval, NoApproval, State
from hub.db import Instant, Json, metadata
from hub.tree import ROOT, below

approvals = sa.Table(
    "admin_approval",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("body", Json, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided", Instant),
    sa.Column("words", sa.Text, nullable=False),
)


def add(db: sa.Connection, approval: Approval) -> None:
    """Keep a new request."""
    values = {column.name: getattr(approval, column.name) for column in approvals.columns}
    db.execute(approvals.insert().values(values | {"state": approval.state.value}))


def approval(db: sa.Connection, id: str, scope: str = ROOT) -> Approval:
    """One request of a scope. Raises NoApproval."""
    where = sa.and_(approvals.c.id == id, below(approvals.c.place, scope))
    row = db.execute(sa.select(approvals).where(where)).mappings().one_or_none()
    if row is None:
        raise NoApproval("There is no request %(id)s", id=id)
    return _approval(row)


def all_approvals(
    db: sa.Connection, scope: str = ROOT, *, state: State | None = None, limit: int = 50
) -> list[Approval]:
    """The requests of a scope, newest first."""
    query = sa.select(approvals).where(below(approvals.c.place, scope))
    if state is not None:
        query = query.where(approvals.c.state == state.value)
    return [_approval(row) for row in db.execute(query.order_by(approvals.c.asked.desc()).limit(limit)).mappings()]


def of_subject(db: sa.Connection, kind: str, subject: str) -> list[Approval]:
    """The requests of one kind about one thing, newest first."""
    where = sa.and_(approvals.c.kind == kind, approvals.c.subject == subject)
    query = sa.select(approvals).where(where).order_by(approvals.c.asked.desc())
    return [_approval(row) for row in db.execute(query).mappings()]


def asked_by(db: sa.Connection, person: str) -> list[Approval]:
    """What a person has asked and nobody has decided yet."""
    query = sa.select(approvals).where(approvals.c.asked_by == person, approvals.c.state == State.open.value)
    return [_approval(row) for row in db.execute(query).mappings()]


def count(db: sa.Connection, scope: str, *, kinds: tuple[str, ...], state: State) -> int:
    """How many requests of some kinds stand in a state."""
    where = sa.and_(below(approvals.c.place, scope), approvals.c.kind.in_(kinds), approvals.c.state == state.value)
    return db.execute(sa.select(sa.func.count()).where(where)).scalar_one()


def end(db: sa.Connection, id: str, state: State, *, by: str, words: str, at: datetime) -> bool:
    """Note how an open request ended. False: somebody else was quicker."""
    where = sa.and_(approvals.c.id == id, approvals.c.state == State.open.value)
    values = {"state": state.value, "decided_by": by, "decided": at, "words": words}
    return db.execute(approvals.update().where(where).values(**values)).rowcount == 1


def _approval(row: Any) -> Approval:
    return Approval(**{**row, "state": State(row["state"])})
