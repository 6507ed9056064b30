"""The pictures of services, as they were read once at their addresses: one row a service, a small one."""

from dataclasses import dataclass

import sqlalchemy as sa

from hub.db import metadata, unless_there

logo_table = sa.Table(
    "idp_client_logo",
    metadata,
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("media", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_l = logo_table.c


@dataclass(frozen=True)
class Logo:
    """A picture: what kind it is, its bytes, their SHA-256."""

    media: str
    data: bytes
    digest: str


def logo(db: sa.Connection, client: str) -> Logo | None:
    """The picture of a service."""
    row = db.execute(sa.select(logo_table).where(_l.client == client)).one_or_none()
    return None if row is None else Logo(row.media, row.data, row.digest)


def keep(db: sa.Connection, client: str, found: Logo | None) -> None:
    """Store a picture in place of the one before; None: there is none any more."""
    if found is None:
        db.execute(logo_table.delete().where(_l.client == client))
        return
    values = {"digest": found.digest, "media": found.media, "data": found.data}
    db.execute(unless_there(db, logo_table).values(client=client, **values))
    db.execute(logo_table.update().where(_l.client == client).values(**values))


def wished(client: str) -> str:
    """Under which name the picture stands that a service wishes to be shown; no service is called so."""
    return f"{client}{WISHED}"


WISHED = ":wished"


def forget(db: sa.Connection, living: sa.Select[tuple[str]]) -> int:
    """Drop the pictures of services that are not among these; gives how many."""
    return db.execute(logo_table.delete().where(sa.func.replace(_l.client, WISHED, "").not_in(living))).rowcount
