"""The table of registers whose key was pinned at first sight. Only the demo has any; an installation names the key by setting."""

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hub.db import Instant, Json, metadata

register_table = sa.Table(
    "idp_register",
    metadata,
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("jwks", Json, nullable=False),
    sa.Column("pinned", Instant, nullable=False),
)


def pinned(db: sa.Connection, url: str) -> list[dict[str, Any]]:
    """The pinned public keys of a register; none: an empty list."""
    found = db.execute(sa.select(register_table.c.jwks).where(register_table.c.url == url)).scalar_one_or_none()
    return cast("list[dict[str, Any]]", found or [])


def pin(db: sa.Connection, url: str, keys: list[dict[str, Any]], at: datetime) -> None:
    """Keep the keys of a register, unless somebody pinned some before."""
    try:
        with db.begin_nested():
            db.execute(register_table.insert().values(url=url, jwks=keys, pinned=at))
    except IntegrityError:
        return
