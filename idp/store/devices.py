"""The table of devices from which a person signed in: known by a random cookie, of which only the digest is kept."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, metadata, unless_there

MOST = 20  # of one person; the one that was used longest ago makes room

device_table = sa.Table(
    "idp_device",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("used", Instant, nullable=False, index=True),
)
_d = device_table.c


def known(db: sa.Connection, person: str, digests: list[str]) -> str:
    """The first of these cookies that belongs to a device of the person, or nothing."""
    query = sa.select(_d.digest).where(_d.person == person, _d.digest.in_(digests))
    return db.execute(query.limit(1)).scalar_one_or_none() or ""


def count(db: sa.Connection, person: str) -> int:
    """How many devices of a person are known."""
    return db.execute(sa.select(sa.func.count()).where(_d.person == person)).scalar_one()


def add(db: sa.Connection, person: str, digest: str, label: str, at: datetime) -> None:
    """Know a device from now on."""
    row = unless_there(db, device_table).values(person=person, digest=digest, label=label[:200], since=at, used=at)
    db.execute(row)
    last = sa.select(_d.digest).where(_d.person == person).order_by(_d.used.desc(), _d.digest).limit(MOST)
    db.execute(device_table.delete().where(_d.person == person, _d.digest.not_in(last.scalar_subquery())))


def used(db: sa.Connection, person: str, digest: str, at: datetime) -> None:
    """Note a sign-in from a device that is known."""
    db.execute(device_table.update().where(_d.person == person, _d.digest == digest).values(used=at))


def forget(db: sa.Connection, person: str, digest: str = "") -> None:
    """Know a person's device no more, or none of them."""
    mine = _d.person == person
    db.execute(device_table.delete().where(sa.and_(mine, _d.digest == digest) if digest else mine))


def forget_unused(db: sa.Connection, before: datetime) -> int:
    """Forget the devices that nobody has used for long."""
    return db.execute(device_table.delete().where(_d.used < before)).rowcount
