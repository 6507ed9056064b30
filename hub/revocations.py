"""What was revoked before its time: each token that names it is refused until all of them have expired."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, metadata

revocation_table = sa.Table(
    "hub_revocation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # a token's jti, a grant's id, a session's sid or a client's id
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False, index=True),  # afterwards every token of it has expired anyway
)
# Every request asks this: built once, it costs half as much.
_REVOKED = (
    sa.select(revocation_table.c.id).where(revocation_table.c.id.in_(sa.bindparam("ids", expanding=True))).limit(1)
)


def revoke(db: sa.Connection, what: str, at: datetime, until: datetime) -> None:
    """Refuse every token that names `what` (jti, grant, sid or client) until all of them have expired."""
    found = db.execute(sa.select(revocation_table.c.id).where(revocation_table.c.id == what)).one_or_none()
    if found is None:
        db.execute(revocation_table.insert().values(id=what, at=at, until=until))
    else:
        db.execute(revocation_table.update().where(revocation_table.c.id == what).values(until=until))


def is_revoked(db: sa.Connection, what: list[str | None]) -> bool:
    """Whether one of these ids was revoked."""
    ids = [one for one in what if one]
    return db.execute(_REVOKED, {"ids": ids}).first() is not None


def forget(db: sa.Connection, now: datetime) -> int:
    """Delete revocations whose tokens have all expired."""
    return db.execute(revocation_table.delete().where(revocation_table.c.until < now)).rowcount
