"""What the token endpoint hands out for a grant: an access token for one API, and an ID token where the person signed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hub.house import House
from idp.model.client import Client
from idp.model.grant import Grant, Tokens
from idp.model.mandate import Mandate
from idp.provider import binding, release, sandbox
from idp.provider.tokens import encrypt, sign
from idp.store import data as data_store


def tokens(
    house: House,
    client: Client,
    grant: Grant,
    scopes: Sequence[str],
    refresh_token: str | None,
    now: datetime,
    *,
    nonce: str | None = None,
    keys: Sequence[str] = (),
    mandates: Sequence[Mandate] = (),
    reader: Client | None = None,
) -> Tokens:
    """Sign what the token endpoint hands out. No transaction is open."""
    details = () if reader else _details(house, grant, now)  # data are read at our own API
    told = sandbox.mandates(client, mandates)
    access = sign.access_token(
        house, client, grant, scopes=scopes, holder_keys=keys, now=now, details=details, mandates=told, reader=reader
    )
    identity = None
    if "openid" in scopes:
        more = _named(house, client, grant, now) if grant.claims else None
        plain = sign.id_token(house, client, grant, nonce=nonce, access=access, now=now, mandates=told, more=more)
        identity = encrypt.id_token(house, client, plain, now)
    left = int((grant.ends - now).total_seconds())
    return Tokens(
        access_token=access,
        expires_in=min(house.settings.access_seconds, left),
        scope=" ".join(scopes),
        refresh_token=refresh_token,
        id_token=identity,
        details=details,
        token_type=binding.token_type(grant.cnf),
    )


def _named(house: House, client: Client, grant: Grant, now: datetime) -> dict[str, Any]:
    """The claims that stand in an ID token because they were asked for by name (OpenID Connect Core 5.5)."""
    with house.database.read() as db:
        return release.named(house, db, client, grant, "id_token", now)


def _details(house: House, grant: Grant, now: datetime) -> tuple[dict[str, Any], ...]:
    """What the tokens of a grant say of data: only what is still permitted, and still allowed by the person (RFC 9396 6)."""
    if not grant.data:
        return ()
    with house.database.read() as db:
        agreed = {one.permission for one in data_store.standing(db, grant.person, grant.acting_for or "")}
        permissions = data_store.permissions(db, grant.data)
    return tuple(one.detail for one in permissions if one.id in agreed and one.in_force_at(now))
