"""Registered services: know them, add them, load them from a file, end them."""

import hmac
import secrets
import tomllib
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from hub import callers, ledger, tree
from hub.db import alone
from hub.digest import digest_of
from hub.house import House
from hub.problems import NotFound
from idp.model.client import POLICIES, Basis, Client, ClientAuth, ClientWrong, GrantType, Policy, Registration, is_id
from idp.model.registration import DIGESTS, NAMES
from idp.provider import revoke
from idp.provider.tokens import read
from idp.store import client_keys as key_store
from idp.store import clients as store

CACHE_SECONDS = 1  # a changed client is used within a second by every process; revocation must take effect as fast
FIRST_PARTY = {  # our own relying parties, by their names
    "wallet": ("证照夹", "License wallet"),
    "my": ("我的办事", "My matters"),
    "console": ("管理台", "Console"),
}


def known(house: House, client_id: str, now: datetime) -> Client | None:
    """The registered service of this id, unless it was ended or waits for approval. From memory, at most a second old."""
    cache: dict[str, tuple[Client, datetime]] = house.cache.setdefault("idp-clients", {})
    kept = cache.get(client_id)
    if kept is not None and abs(now - kept[1]) < timedelta(seconds=CACHE_SECONDS):
        return kept[0]
    if not is_id(client_id):  # from an assertion or a header: no database takes every character
        return None
    with house.database.read() as db:
        client = store.client(db, client_id)
    if client is None or client.ended is not None or client.waiting:
        cache.pop(client_id, None)
        return None
    if kept is not None and kept[0] == client:
        client = kept[0]  # the same object: what was computed for it stays good
    cache[client_id] = (client, now)
    return client


def add(house: House, client: Client, *, by: str, now: datetime) -> Client:
    """Register a service, or change one. Raises ClientWrong; NotFound for a place that is not in the tree."""
    with house.database.write() as db:
        keep(db, client, by=by, now=now)
    house.cache.get("idp-clients", {}).pop(client.id, None)
    return client


def end(house: House, client_id: str, *, by: str, now: datetime) -> None:
    """Close a service's access: no new sign-in, every token of it refused. Raises NotFound."""
    with house.database.write() as db:
        close(house, db, client_id, by=by, now=now)
    house.cache.get("idp-clients", {}).pop(client_id, None)


def hold(db: Connection, client_id: str) -> None:
    """Let nobody else look at a service to change it until this transaction ends: each writes it as a whole."""
    alone(db, f"client {client_id}")


def close(house: House, db: Connection, client_id: str, *, by: str, now: datetime) -> None:
    """What `end` does, in the transaction of what leads there. Raises NotFound."""
    client = store.client(db, client_id)
    if client is None:
        raise NotFound("There is no service %(id)s", id=client_id)
    store.keep(db, replace(client, ended=now))
    key_store.forget(db, client_id)
    revoke.of_ended(db, client_id, now=now)
    callers.revoke(db, client_id, now, now + timedelta(seconds=house.settings.access_seconds))
    ledger.wrote(db, "client.ended", client_id, by=by, at=now, place=client.place)


def move(house: House, client_id: str, policy: Policy, *, by: str, now: datetime) -> Client:
    """Put a service under another policy; it must keep every rule of it. Raises NotFound, ClientWrong."""
    with house.database.write() as db:
        client = store.client(db, client_id)
        if client is None or client.ended is not None:
            raise NotFound("There is no service %(id)s", id=client_id)
        moved = client.moved_to(policy)
        keep(db, moved, by=by, now=now)
    house.cache.get("idp-clients", {}).pop(client_id, None)
    return moved


def ensure_from_file(house: House, now: datetime) -> None:
    """Register the services of the file that the settings name, at the start. One that was ended stays so."""
    if house.settings.clients_file is not None:
        load(house, house.settings.clients_file, by="file", now=now, revive=False)


def load(house: House, path: Path, *, by: str, now: datetime, revive: bool = True) -> list[Client]:
    """Register the services of a TOML file ([[client]] tables), all or none. Raises ClientWrong."""
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8")).get("client", [])
    except (OSError, ValueError) as error:
        raise ClientWrong("%(path)s cannot be read: %(why)s", path=path.name, why=type(error).__name__) from error
    found = [described_by(entry, path.parent) for entry in described]
    with house.database.write() as db:
        alone(db, "clients of a file")  # each process loads it at its start
        ended = {one.id for one in store.clients(db) if one.ended is not None} if not revive else set()
        for client in found:
            if client.id not in ended:
                keep(db, client, by=by, now=now)
    house.cache.pop("idp-clients", None)
    return found


def described_by(entry: dict[str, Any], folder: Path) -> Client:
    """A service from one table of the file. Raises ClientWrong with the first field that is wrong."""
    values = dict(entry)
    secret = _secret_of(values, folder)
    registered = {name: values.pop(name) for name in NAMES - _OURS if name in values}
    unknown = set(values) - ({field.name for field in fields(Client)} - _OURS)
    if unknown:
        raise ClientWrong("%(name)s is not a field of a service", name=min(unknown))
    missing = [name for name in ("id", "name", "name_en", "agency", "place") if name not in values]
    if missing:
        raise ClientWrong("%(name)s is missing or repeated", name=missing[0])
    try:
        for name in ("redirect_uris", "post_logout_uris", "scopes", "keys"):
            if name in values:
                values[name] = tuple(values[name])
        if "grant_types" in values:
            values["grant_types"] = tuple(GrantType(value) for value in values["grant_types"])
        values["auth"] = ClientAuth(values.get("auth", "client_secret_basic"))
        values["basis"] = Basis(values.get("basis", "consent"))
        values["policy"] = policy = POLICIES[values.get("policy", "standard")]
        values.setdefault("id_token_algorithm", policy.id_token_algorithm)
        values["registered"] = Registration.of(registered)
        return Client(**values, secret_digest=secret).checked()
    except (KeyError, TypeError, ValueError) as error:
        raise ClientWrong("A field is missing or has the wrong form: %(why)s", why=str(error)) from error


_OURS = {
    *("first_party", "secret_digest", "created", "ended", "sandbox", "testers", "registered", "waiting"),
    *("old_secret_digest", "old_secret_until", "wished", *DIGESTS),
}  # never given from outside


def _secret_of(values: dict[str, Any], folder: Path) -> str:
    """The digest of the secret that a file gives as its digest, as a path, or in clear."""
    plain, path, digest = (values.pop(name, "") for name in ("secret", "secret_file", "secret_sha256"))
    if path:
        try:
            plain = (folder / str(path)).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ClientWrong("%(path)s cannot be read", path=str(path)) from error
    if plain and len(str(plain)) < 32:
        raise ClientWrong("A secret needs 32 characters; `yinxin client secret` makes one")
    return secret_digest(str(plain)) if plain else str(digest).lower()


def new_secret() -> str:
    """A fresh secret of 256 bits for a service. Shown once; only its digest is kept."""
    return secrets.token_urlsafe(32)


def secret_digest(secret: str) -> str:
    """How a secret is kept: it is long and random, so one SHA-256 is enough (a password hash would cost 300 ms a call)."""
    return digest_of(secret)


def secret_fits(client: Client | None, secret: str, now: datetime) -> bool:
    """Compare a secret in constant time, with the one before it too while that still works; as long for an unknown client."""
    given = secret_digest(secret)
    fits = hmac.compare_digest(client.secret_digest if client and client.secret_digest else "0" * 64, given)
    old = client.old_secret_digest if client and client.old_secret_until and now < client.old_secret_until else ""
    return (hmac.compare_digest(old or "0" * 64, given) or fits) and client is not None


def new_secret_of(house: House, client_id: str, *, hours: int, by: str, now: datetime) -> str:
    """Give a service a new secret; the old one works for some hours more. Raises NotFound, ClientWrong if it has none."""
    secret = new_secret()
    with house.database.write() as db:
        client = store.client(db, client_id)
        if client is None or client.ended is not None:
            raise NotFound("There is no service %(id)s", id=client_id)
        if not client.secret_digest:
            raise ClientWrong("This service proves itself without a secret")
        keep(db, renewed(client, secret_digest(secret), hours, now), by=by, now=now)
    house.cache.get("idp-clients", {}).pop(client_id, None)
    return secret


def renewed(client: Client, digest: str, hours: int, now: datetime) -> Client:
    """This service with another secret; the one of now works for some hours more."""
    return replace(
        client,
        secret_digest=digest,
        old_secret_digest=client.secret_digest if hours else "",
        old_secret_until=now + timedelta(hours=hours) if hours else None,
    )


def first_party_secret(house: House, client_id: str) -> str:
    """The secret of a site of our own, which both sides of the house derive from its keys."""
    return house.keys.secret(f"client-{client_id}").hex()


def ensure_first_party_clients(house: House, now: datetime) -> None:
    """Register the provider's own relying parties. A second call changes nothing."""
    home = house.settings.home_url
    with house.database.write() as db:
        for client_id, (name, name_en) in FIRST_PARTY.items():
            client = Client(
                id=client_id,
                name=name,
                name_en=name_en,
                agency="",  # the installation itself
                place=tree.ROOT,
                auth=ClientAuth.secret_basic,
                redirect_uris=(f"{home}/{client_id}/callback",),
                post_logout_uris=(f"{home}/", f"{home}/{client_id}", f"{home}/{client_id}/"),
                scopes=("openid", "profile", "realname", "company"),
                secret_digest=secret_digest(first_party_secret(house, client_id)),
                id_token_algorithm="ES256",
                pairwise=False,
                first_party=True,
                registered=Registration(initiate_login_uri=f"{home}/{client_id}/sign-in"),
            )
            keep(db, client, by="installation", now=now)


def keep(db: Connection, client: Client, *, by: str, now: datetime) -> None:
    """What `add` does, in the transaction of what leads there. Raises ClientWrong, NotFound.

    What was granted at a lower level than the service needs from now on is revoked: its next request begins anew.
    """
    client.checked()
    try:
        read.public_keys(client.keys)
    except read.NotAToken as error:
        raise ClientWrong("A key is not a public JWK of type EC, RSA or OKP") from error
    tree.get(db, client.place)  # raises NotFound: a service stands somewhere
    if client.registered.resource and store.of_resource(db, client.registered.resource) not in (None, client.id):
        raise ClientWrong("Another service has this resource: its tokens would be good at both")
    old = store.client(db, client.id)
    kept = replace(client, created=old.created if old else now, ended=None)
    if old == kept:
        return
    if old and old.sandbox != kept.sandbox:
        raise ClientWrong("A sandbox stays one; what is in production has an id of its own")
    store.keep(db, kept)
    if old and client.registered.jwks_uri != old.registered.jwks_uri:
        key_store.forget(db, client.id)
    if old and client.level > old.level:
        revoke.below(db, client.id, client.level, now=now)
    if old and set(old.testers) - set(kept.testers):
        revoke.of_clients(db, [client.id], why="a tester left", now=now)
    facts = {"agency": client.agency, "auth": client.auth.value, "scopes": list(client.scopes)}
    kind = "client.changed" if old else "client.added"
    ledger.wrote(db, kind, client.id, by=by, at=now, place=client.place, facts=facts)
