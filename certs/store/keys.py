"""The keys that the trust list names."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from certs.model import ListedKey
from hub.db import Instant, Json, metadata

key_table = sa.Table(
    "certs_listed_key",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("use", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("jwk", Json, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
)


def listed_keys(db: sa.Connection) -> list[ListedKey]:
    """Every key that was ever listed, oldest first: a retired key still proves what it signed in its time."""
    rows = db.execute(sa.select(key_table).order_by(key_table.c.since, key_table.c.kid))
    return [ListedKey(row.kid, row.use, row.name, row.jwk, row.since, row.until) for row in rows]


def list_keys(db: sa.Connection, keys: Iterable[ListedKey]) -> None:
    """Add keys to the list; one that stands there already stays as it is."""
    known = set(db.scalars(sa.select(key_table.c.kid)))
    for key in keys:
        if key.kid not in known:
            row = {
                "kid": key.kid,
                "use": key.use,
                "name": key.name,
                "jwk": key.jwk,
                "since": key.since,
                "until": key.until,
            }
            db.execute(key_table.insert().values(**row))


def retire_key(db: sa.Connection, kid: str, until: datetime) -> None:
    """A key signs nothing after `until`; what it signed before stays good."""
    db.execute(key_table.update().where(key_table.c.kid == kid, key_table.c.until.is_(None)).values(until=until))
