"""The table of sign-outs that somebody may look at: which services had to be told, and by which deliveries."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, Json, metadata

logout_table = sa.Table(
    "idp_logout",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # of the receipt's address, which is not kept
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("services", Json, nullable=False),  # client -> ids of deliveries; none: it has no back channel
    sa.Column("framed", Json, nullable=False),  # the clients that were asked in the browser
)
_l = logout_table.c


def keep(db: sa.Connection, digest: str, at: datetime, services: dict[str, list[str]], framed: list[str]) -> None:
    """Note a sign-out."""
    db.execute(logout_table.insert().values(digest=digest, at=at, services=services, framed=framed))


def find(db: sa.Connection, digest: str) -> tuple[datetime, dict[str, list[str]], list[str]] | None:
    """A sign-out: when, whom it concerned with which deliveries, and who was asked in the browser."""
    row = db.execute(sa.select(logout_table).where(_l.digest == digest)).one_or_none()
    return None if row is None else (row.at, row.services, row.framed)


def forget(db: sa.Connection, before: datetime) -> int:
    """Delete the sign-outs before a moment; gives how many."""
    return db.execute(logout_table.delete().where(_l.at < before)).rowcount
