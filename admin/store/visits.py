"""Visits to counters as rows. Reason and masked name are sealed for the visitor."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.visit import Document, NoVisit, Visit
from hub.db import Instant, Json, metadata
from hub.tree import ROOT, below
from hub.vault import Erased, Vault

PURPOSE = "visit"
visits = sa.Table(
    "admin_visit",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("acting_for", sa.Text, nullable=False),
    sa.Column("holder_keys", Json, nullable=False),
    sa.Column("officer", sa.Text, nullable=False, index=True),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("opened", Instant, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("ended", Instant),
    sa.Column("how", sa.Text, nullable=False),
)


def add(db: sa.Connection, vault: Vault, visit: Visit) -> None:
    """Keep a new visit."""
    words = json.dumps({"shown": visit.shown, "reason": visit.reason}, ensure_ascii=False)
    values = {column.name: getattr(visit, column.name) for column in visits.columns if column.name != "sealed"}
    values |= {"document": visit.document.value, "holder_keys": list(visit.holder_keys)}
    db.execute(visits.insert().values(**values, sealed=vault.encrypt(db, visit.person, words.encode(), PURPOSE)))


def visit(db: sa.Connection, vault: Vault, id: str) -> Visit:
    """One visit, opened. Raises NoVisit."""
    row = db.execute(sa.select(visits).where(visits.c.id == id)).mappings().one_or_none()
    if row is None:
        raise NoVisit("There is no visit %(id)s", id=id)
    return _visit(db, vault, row)


def running_of(db: sa.Connection, vault: Vault, officer: str) -> list[Visit]:
    """The visits of an officer that nobody has ended."""
    where = sa.and_(visits.c.officer == officer, visits.c.ended.is_(None))
    return [_visit(db, vault, row) for row in db.execute(sa.select(visits).where(where)).mappings()]


def of_person(db: sa.Connection, vault: Vault, person: str) -> list[Visit]:
    """The newest visits of a person, newest first."""
    query = sa.select(visits).where(visits.c.person == person).order_by(visits.c.opened.desc()).limit(50)
    return [_visit(db, vault, row) for row in db.execute(query).mappings()]


def opened_before(db: sa.Connection, vault: Vault, before: datetime) -> list[Visit]:
    """Visits opened before a moment that nobody has ended."""
    where = sa.and_(visits.c.opened <= before, visits.c.ended.is_(None))
    return [_visit(db, vault, row) for row in db.execute(sa.select(visits).where(where).limit(1000)).mappings()]


def end(db: sa.Connection, id: str, how: str, at: datetime) -> bool:
    """Note that a visit has ended. False: it had."""
    where = sa.and_(visits.c.id == id, visits.c.ended.is_(None))
    return db.execute(visits.update().where(where).values(ended=at, how=how)).rowcount == 1


def counts(db: sa.Connection, scope: str = ROOT) -> list[tuple[str, int]]:
    """How many visits of a scope ended how ("": not yet)."""
    query = sa.select(visits.c.how, sa.func.count()).where(below(visits.c.place, scope)).group_by(visits.c.how)
    return [(row[0], row[1]) for row in db.execute(query)]


def _visit(db: sa.Connection, vault: Vault, row: Any) -> Visit:
    try:
        words = json.loads(vault.decrypt(db, row["person"], row["sealed"], PURPOSE))
    except Erased:  # kept long enough, or the visitor has closed his account
        words = {"shown": "", "reason": ""}
    values = {name: row[name] for name in row if name not in ("sealed", "document", "holder_keys")}
    return Visit(**values, **words, document=Document(row["document"]), holder_keys=tuple(row["holder_keys"]))
