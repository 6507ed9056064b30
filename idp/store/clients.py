"""The table of registered services."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from hub.tree import ROOT, below
from idp.model.client import POLICIES, Basis, Client, ClientAuth, GrantType, Registration

client_table = sa.Table(
    "idp_client",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("auth", sa.Text, nullable=False),
    sa.Column("redirect_uris", Json, nullable=False),
    sa.Column("post_logout_uris", Json, nullable=False),
    sa.Column("backchannel_logout_uri", sa.Text, nullable=False),
    sa.Column("events_uri", sa.Text, nullable=False, server_default=""),
    sa.Column("grant_types", Json, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("secret_digest", sa.Text, nullable=False),
    sa.Column("keys", Json, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("id_token_algorithm", sa.Text, nullable=False),
    sa.Column("pairwise", sa.Boolean, nullable=False),
    sa.Column("sector", sa.Text, nullable=False),
    sa.Column("native", sa.Boolean, nullable=False),
    sa.Column("first_party", sa.Boolean, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("purpose_en", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False, server_default="consent"),
    sa.Column("citation", sa.Text, nullable=False, server_default=""),
    sa.Column("sandbox", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("testers", Json, nullable=False, server_default="[]"),
    sa.Column("registered", Json, nullable=False, server_default="{}"),
    sa.Column("agency_name", sa.Text, nullable=False, server_default=""),
    sa.Column("agency_name_en", sa.Text, nullable=False, server_default=""),
    sa.Column("waiting", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("old_secret_digest", sa.Text, nullable=False, server_default=""),
    sa.Column("old_secret_until", Instant),
    sa.Column("created", Instant),
    sa.Column("ended", Instant),
)
_c = client_table.c


def client(db: sa.Connection, id: str) -> Client | None:
    """One registered service, ended or not."""
    row = db.execute(sa.select(client_table).where(_c.id == id)).one_or_none()
    return None if row is None else _client(row)


def clients(db: sa.Connection, scope: str = ROOT) -> list[Client]:
    """The registered services of a scope of the tree, by id."""
    return [_client(row) for row in db.execute(sa.select(client_table).where(below(_c.place, scope)).order_by(_c.id))]


def of_resource(db: sa.Connection, address: str) -> str | None:
    """The id of the service whose API has this address, or None. Of two, which nobody should register, neither."""
    named = sa.type_coerce(_c.registered, sa.Text).contains(
        f'"resource":{json.dumps(address, ensure_ascii=False)}', autoescape=True
    )
    query = sa.select(_c.id, _c.registered).where(named, _c.ended.is_(None), sa.not_(_c.waiting)).limit(3)
    found = [row.id for row in db.execute(query) if row.registered.get("resource") == address]
    return str(found[0]) if len(found) == 1 else None


def waiting(db: sa.Connection, scope: str = ROOT) -> list[Client]:
    """The services that registered themselves and wait for approval, oldest first."""
    mine = sa.select(client_table).where(_c.waiting, _c.ended.is_(None), below(_c.place, scope))
    return [_client(row) for row in db.execute(mine.order_by(_c.created, _c.id))]


def wishing(db: sa.Connection, scope: str = ROOT) -> list[Client]:
    """The services that look after themselves and wish what service management has to agree to, by id."""
    said = sa.type_coerce(_c.registered, sa.Text).contains('"wished":', autoescape=True)
    mine = sa.select(client_table).where(said, _c.ended.is_(None), sa.not_(_c.waiting), below(_c.place, scope))
    return [found for found in map(_client, db.execute(mine.order_by(_c.id))) if found.registered.wished]


def living() -> sa.Select[tuple[str]]:
    """The ids of the services that have not ended."""
    return sa.select(_c.id).where(_c.ended.is_(None))


def forget_waiting(db: sa.Connection, before: datetime) -> int:
    """Drop registrations that have waited since before this moment, and those that ended while they waited."""
    old = sa.or_(_c.created < before, _c.ended.is_not(None))
    return db.execute(client_table.delete().where(_c.waiting, old)).rowcount


def drop(db: sa.Connection, id: str) -> None:
    """Delete the row of a service that never worked."""
    db.execute(client_table.delete().where(_c.id == id, _c.waiting))


def keep(db: sa.Connection, client: Client) -> None:
    """Store a service, in place of what was known of it."""
    values = {
        "id": client.id,
        "name": client.name,
        "name_en": client.name_en,
        "agency": client.agency,
        "place": client.place,
        "auth": client.auth.value,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_uris": list(client.post_logout_uris),
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "events_uri": client.events_uri,
        "grant_types": [grant_type.value for grant_type in client.grant_types],
        "scopes": list(client.scopes),
        "secret_digest": client.secret_digest,
        "keys": list(client.keys),
        "policy": client.policy.name,
        "id_token_algorithm": client.id_token_algorithm,
        "pairwise": client.pairwise,
        "sector": client.sector,
        "native": client.native,
        "first_party": client.first_party,
        "level": client.level,
        "purpose": client.purpose,
        "purpose_en": client.purpose_en,
        "basis": client.basis.value,
        "citation": client.citation,
        "sandbox": client.sandbox,
        "testers": list(client.testers),
        "registered": client.registered.said(),
        "agency_name": client.agency_name,
        "agency_name_en": client.agency_name_en,
        "waiting": client.waiting,
        "old_secret_digest": client.old_secret_digest,
        "old_secret_until": client.old_secret_until,
        "created": client.created,
        "ended": client.ended,
    }
    if db.execute(client_table.update().where(_c.id == client.id).values(**values)).rowcount == 0:
        db.execute(client_table.insert().values(**values))


def _client(row: Any) -> Client:
    return Client(
        id=row.id,
        name=row.name,
        name_en=row.name_en,
        agency=row.agency,
        place=row.place,
        auth=ClientAuth(row.auth),
        redirect_uris=tuple(row.redirect_uris),
        post_logout_uris=tuple(row.post_logout_uris),
        backchannel_logout_uri=row.backchannel_logout_uri,
        events_uri=row.events_uri,
        grant_types=tuple(GrantType(value) for value in row.grant_types),
        scopes=tuple(row.scopes),
        secret_digest=row.secret_digest,
        keys=tuple(row.keys),
        policy=POLICIES[row.policy],
        id_token_algorithm=row.id_token_algorithm,
        pairwise=row.pairwise,
        sector=row.sector,
        native=row.native,
        first_party=row.first_party,
        level=row.level,
        purpose=row.purpose,
        purpose_en=row.purpose_en,
        basis=Basis(row.basis),
        citation=row.citation,
        sandbox=row.sandbox,
        testers=tuple(row.testers),
        registered=Registration.of(row.registered),
        agency_name=row.agency_name,
        agency_name_en=row.agency_name_en,
        waiting=row.waiting,
        old_secret_digest=row.old_secret_digest,
        old_secret_until=row.old_secret_until,
        created=row.created,
        ended=row.ended,
    )
