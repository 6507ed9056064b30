"""What was revoked before its time: each token that names it is refused until all of them have expired."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Db, Instant, Ready, metadata

revocation_table = sa.Table(
    "hub_revocation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # a token's jti, a grant's id, a session's sid or a client's id
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False, index=True),  # afterwards every token of it has expired anyway
)
MOST = 4  # ids by which one token can be named: jti, grant, login, client
# Every request asks this.
_REVOKED = Ready(
    sa.select(revocation_table.c.id)
    .where(revocation_table.c.id.in_([sa.bindparam(f"id{at}", type_=sa.Text) for at in range(MOST)]))
    .limit(1)
)


def revoke(db: sa.Connection, what: str, at: datetime, until: datetime) -> None:
    """Refuse every token that names `what` (jti, grant, sid or client) until all of them have expired."""
    found = db.execute(sa.select(revocation_table.c.id).where(revocation_table.c.id == what)).one_or_none()
    if found is None:
        db.execute(revocation_table.insert().values(id=what, at=at, until=until))
    else:
        db.execute(revocation_table.update().where(revocation_table.c.id == what).values(until=until))


def is_revoked(db: Db, what: list[str | None]) -> bool:
    """Whether one of these ids was revoked."""
    ids = [one for one in what if one]
    given = {f"id{at}": ids[at] if at < len(ids) else "" for at in range(MOST)}
    return _REVOKED.first(db, **given) is not None


def forget(db: sa.Connection, now: datetime) -> int:
    """Delete revocations whose tokens have all expired."""
    return db.execute(revocation_table.delete().where(revocation_table.c.until < now)).rowcount
