"""Initial access tokens: who holds one may register so many services of a body (RFC 7591 3). Only their digests are kept."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, metadata

registration_token_table = sa.Table(
    "idp_registration_token",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("agency_name", sa.Text, nullable=False),
    sa.Column("agency_name_en", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("left", sa.Integer, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("created", Instant, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)
_t = registration_token_table.c


@dataclass(frozen=True)
class Allowance:
    """What an initial access token allows: services of this body, at this place, so many, until then."""

    agency: str
    agency_name: str
    agency_name_en: str
    place: str
    left: int
    until: datetime


def add(db: sa.Connection, digest: str, given: Allowance, *, by: str, now: datetime) -> None:
    """Keep a new token's digest with what it allows."""
    values = {name: getattr(given, name) for name in ("agency", "agency_name", "agency_name_en", "place", "left")}
    db.execute(registration_token_table.insert().values(digest=digest, until=given.until, created=now, by=by, **values))


def allowance(db: sa.Connection, digest: str, now: datetime) -> Allowance | None:
    """What this token allows, unless it has ended or is used up."""
    row = db.execute(sa.select(registration_token_table).where(_t.digest == digest, _in_force(now))).one_or_none()
    if row is None:
        return None
    return Allowance(row.agency, row.agency_name, row.agency_name_en, row.place, row.left, row.until)


def use(db: sa.Connection, digest: str, now: datetime) -> bool:
    """Count one registration, in the transaction that makes it; False if none is left."""
    counted = registration_token_table.update().where(_t.digest == digest, _in_force(now))
    return db.execute(counted.values(left=_t.left - 1)).rowcount == 1


def forget_ended(db: sa.Connection, now: datetime) -> int:
    """Drop what can no longer be used."""
    return db.execute(registration_token_table.delete().where(~_in_force(now))).rowcount


def _in_force(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_t.left > 0, _t.until > now)
