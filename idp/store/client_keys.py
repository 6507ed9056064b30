"""What was read last at the address where a service publishes its keys: one row a service, so its number is bounded."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata, unless_there

client_keys_table = sa.Table(
    "idp_client_keys",
    metadata,
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("uri", sa.Text, nullable=False),
    sa.Column("keys", Json, nullable=False),
    sa.Column("read", Instant),
    sa.Column("until", Instant, nullable=False),
    sa.Column("tried", Instant, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)
_k = client_keys_table.c


@dataclass(frozen=True)
class Held:
    """The keys of a service as they were read at its address. `read` is None if that never succeeded."""

    client: str
    uri: str
    keys: tuple[dict[str, Any], ...]
    read: datetime | None
    until: datetime  # so long they need not be read again
    tried: datetime
    problem: str = ""  # why the last reading failed

    def failed(self, why: str, now: datetime, until: datetime) -> "Held":
        """These keys, which could not be read again."""
        return replace(self, problem=why, tried=now, until=until)


def held(db: sa.Connection, client: str) -> Held | None:
    """What is known of a service's keys."""
    row = db.execute(sa.select(client_keys_table).where(_k.client == client)).one_or_none()
    if row is None:
        return None
    return Held(row.client, row.uri, tuple(row.keys), row.read, row.until, row.tried, row.problem)


def keep(db: sa.Connection, held: Held) -> None:
    """Store what was read, in place of what was known."""
    values = {
        "uri": held.uri,
        "keys": list(held.keys),
        "read": held.read,
        "until": held.until,
        "tried": held.tried,
        "problem": held.problem,
    }
    db.execute(unless_there(db, client_keys_table).values(client=held.client, **values))  # two may read at once
    db.execute(client_keys_table.update().where(_k.client == held.client).values(**values))


def forget(db: sa.Connection, client: str) -> None:
    """Drop what was read: the service has another address, or none."""
    db.execute(client_keys_table.delete().where(_k.client == client))
