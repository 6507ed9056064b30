"""Which lines of the ledger say that a service was told about a person: found by person, where the ledger is found by service."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Id, Instant, Ready, metadata

release_table = sa.Table(
    "idp_release",
    metadata,
    sa.Column("event", Id, primary_key=True, autoincrement=False),  # the id of the ledger's event
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_idp_release_person", "person", "event"),
)
_r = release_table.c
_ADD = Ready(release_table.insert())


def add(db: sa.Connection, event: int, person: str, client: str, at: datetime) -> None:
    """Note that this event tells a service about a person."""
    _ADD(db, event=event, person=person, client=client, at=at)


def of_person(db: sa.Connection, person: str, *, before: int | None = None, limit: int = 50) -> list[int]:
    """The ids of the newest events of a person, newest first; `before` is the one from which to page on."""
    query = sa.select(_r.event).where(_r.person == person)
    if before is not None:
        query = query.where(_r.event < before)
    return list(db.execute(query.order_by(_r.event.desc()).limit(limit)).scalars())


def is_of(db: sa.Connection, event: int, person: str) -> bool:
    """Whether this event is about this person."""
    return db.execute(sa.select(_r.event).where(_r.event == event, _r.person == person)).first() is not None


def last_of(db: sa.Connection, person: str) -> dict[str, datetime]:
    """When each service was told last, by its id."""
    query = sa.select(_r.client, sa.func.max(_r.at)).where(_r.person == person).group_by(_r.client)
    return {row[0]: row[1] for row in db.execute(query)}


def forget_of(db: sa.Connection, person: str) -> None:
    """Drop the way from a person to the lines about him; the lines themselves stay in the ledger."""
    db.execute(release_table.delete().where(_r.person == person))
