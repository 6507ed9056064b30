"""Services that register themselves, and look after what they registered (RFC 7591, RFC 7592, OpenID Connect Registration 1.0).

An initial access token lets a service in at once. Without one its registration waits for two persons of service management,
and until then nothing works. Only the setting of a demo lets anybody in.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hub import lanes, limits, tree
from hub.addresses import AddressRefused
from hub.digest import digest_of
from hub.fetch import NotReachable
from hub.house import House
from hub.limits import Limit
from hub.problems import TooMany
from idp.model import metadata, wish
from idp.model.client import Client, ClientAuth, ClientWrong
from idp.model.flow import Refused
from idp.model.registration import OURS, Registration
from idp.provider import clients, discovery, logos
from idp.store import clients as store
from idp.store import logos as logo_store
from idp.store import registration_tokens as tokens
from idp.store.registration_tokens import Allowance

PATH = "/oidc/register"
BY = "registration"  # who did it, in the ledger
WAITING = Limit("client-waits", times=5, seconds=3600)  # registrations without a token, of one network
OPEN = Limit("client-open", times=600, seconds=3600)
CHANGED = Limit("client-changed", times=60, seconds=3600)  # each is written down, and may read an address
MOST_WAITING = 500  # of an installation; nobody reads more
MOST_OF_NETWORK = 20  # so that one network cannot fill the list for the others
WAITS = timedelta(days=30)  # then an approval will not come, and it is forgotten
SECTOR_BYTES = 65_536
SECTOR_SECONDS = 3.0


@dataclass(frozen=True)
class Registered:
    """A registered service, and what is told about it only now."""

    client: Client
    secret: str = ""
    token: str = ""  # the registration access token


class NotTheirs(Exception):
    """The token is not the one that manages this service; whether there is such a service is not told (RFC 7592 2)."""


def register(house: House, said: Mapping[str, Any], token: str | None, net: str, now: datetime) -> Registered:
    """Register the service that `said` describes (RFC 7591 3). Raises Refused, NotTheirs for a bad token, TooMany."""
    _may_call(said)
    digest = digest_of(token) if token is not None else ""
    given = _allowance(house, digest, now) if token is not None else _without_token(house, net)
    waiting, manage = token is None and not house.settings.open_registration, secrets.token_urlsafe(32)
    ours = Registration(
        registration_access_digest=digest_of(manage),
        network_digest=house.vault.blind("registration", net) if waiting else "",
    )
    base = Client(
        id=secrets.token_hex(16),
        name="",
        name_en="",
        agency=given.agency,
        agency_name=given.agency_name,
        agency_name_en=given.agency_name_en,
        place=given.place,
        auth=ClientAuth.none,
        waiting=waiting,
        registered=ours,
    )
    made, secret = _with_secret(_described(house, said, base), None)
    logo = logos.read(house, made)
    made = replace(made, registered=replace(made.registered, logo_digest=logo.digest if logo else ""))
    with house.database.write() as db:
        if token is not None and not tokens.use(db, digest, now):  # a unique act: two at once use up two
            raise NotTheirs
        if made.waiting:
            _has_room(store.waiting(db), made)
        _keep(db, made, now)
        logo_store.keep(db, made.id, logo)
    return Registered(replace(made, created=now), secret, manage)


def read(house: House, client_id: str, token: str) -> Registered:
    """What is registered (RFC 7592 2.1). The secret is not told again: we do not have it. Raises NotTheirs."""
    with house.database.read() as db:
        return Registered(_theirs(db, client_id, token))


def change(house: House, client_id: str, token: str, said: Mapping[str, Any], now: datetime) -> Registered:
    """Replace what is registered by `said`, all of it (RFC 7592 2.2). Raises NotTheirs, Refused, TooMany.

    What people see of a service that was let in, and the hosts to which it leads them, stay until service management agrees.
    """
    _may_call(said)
    with house.database.read() as db:
        old = _theirs(db, client_id, token)
    limits.check(house.shared, CHANGED, client_id)
    if said.get("client_id") != client_id or FIXED & said.keys():
        raise Refused("invalid_client_metadata", "client_id must be given as it is; what we gave out cannot be changed")
    own = said.get("client_secret")
    if own is not None and not (isinstance(own, str) and clients.secret_fits(old, own, now)):
        raise Refused("invalid_client_metadata", "A client cannot choose its secret")
    kept: dict[str, Any] = {name: getattr(old.registered, name) for name in OURS}
    made, secret = _with_secret(_described(house, said, replace(old, registered=replace(_NOTHING, **kept))), old)
    logo = logos.read(house, made)
    made = replace(made, registered=replace(made.registered, logo_digest=logo.digest if logo else "", wished=""))
    wished: wish.Wish = {}
    if not old.waiting and not house.settings.open_registration:  # who waits is read as a whole by who lets it in
        made, wished = wish.apart(old, made)
    with house.database.write() as db:
        clients.hold(db, client_id)
        if _theirs(db, client_id, token) != old:
            raise Refused("invalid_client_metadata", "It was changed meanwhile; read it and try again")
        _keep(db, made, now)
        waits = "logo_digest" in wished
        logo_store.keep(db, logo_store.wished(made.id), logo if waits else None)
        if not waits:
            logo_store.keep(db, made.id, logo)
    house.cache.get("idp-clients", {}).pop(client_id, None)
    return Registered(made, secret)


def remove(house: House, client_id: str, token: str, now: datetime) -> None:
    """End a service at its own wish, with every token of it (RFC 7592 2.3). Raises NotTheirs.

    What still waited was nothing to anybody: of it the lines of the ledger stay.
    """
    with house.database.write() as db:
        waited = _theirs(db, client_id, token).waiting
        clients.close(house, db, client_id, by=BY, now=now)
        if waited:
            store.drop(db, client_id)
            logo_store.keep(db, client_id, None)
    house.cache.get("idp-clients", {}).pop(client_id, None)


def answer(house: House, done: Registered) -> dict[str, Any]:
    """What the service is told (RFC 7591 3.2.1): what we use, and, only now, its secret and token."""
    said = metadata.description(done.client)
    if done.client.created:
        said["client_id_issued_at"] = int(done.client.created.timestamp())
    if done.secret:
        said |= {"client_secret": done.secret, "client_secret_expires_at": 0}
    if done.token:
        said["registration_access_token"] = done.token
    if waiting := wish.members(done.client):
        said["waiting_for_approval"] = waiting
    said["registration_client_uri"] = f"{house.settings.issuer_url}{PATH}/{done.client.id}"
    return said


def allow(house: House, given: Allowance, *, by: str, now: datetime) -> str:
    """Make an initial access token; it is shown once, only its digest is kept. Raises NotFound for a place that is none."""
    token = secrets.token_urlsafe(32)
    with house.database.write() as db:
        tree.get(db, given.place)
        tokens.add(db, digest_of(token), given, by=by, now=now)
    return token


# -- inside

FIXED = {
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
}  # RFC 7592 2.2: a client must not send them
_NOTHING = Registration()


def _may_call(said: Mapping[str, Any]) -> None:
    if said.get("sector_identifier_uri") or said.get("logo_uri"):
        lanes.calls_out()


def _described(house: House, said: Mapping[str, Any], base: Client) -> Client:
    settings = house.settings
    taken = discovery.metadata(settings.issuer_url) | discovery.by_certificate(settings)
    made = metadata.described_by(said, base, taken)
    if made.registered.sector_identifier_uri:
        _sector_names(house, made)
    return made


def _sector_names(house: House, client: Client) -> None:
    """Read the list of the sector's addresses; each redirect URI must stand in it (OpenID Connect Registration 5)."""
    try:
        answer = house.fetch.get(
            client.registered.sector_identifier_uri,
            seconds=SECTOR_SECONDS,
            most=SECTOR_BYTES,
            outside=client.is_stranger,
        )
        listed = answer.json() if answer.status == 200 else None
    except (NotReachable, AddressRefused) as error:
        raise Refused("invalid_client_metadata", "sector_identifier_uri cannot be read") from error
    if not isinstance(listed, list) or any(uri not in listed for uri in client.redirect_uris):
        raise Refused("invalid_client_metadata", "sector_identifier_uri does not list every redirect URI")


def _with_secret(made: Client, old: Client | None) -> tuple[Client, str]:
    """A new secret for a client that needs one and has none; its old one stays as long as its way of proof."""
    if not made.secret_digest or (old is not None and old.secret_digest):
        return made, ""
    secret = clients.new_secret()
    return replace(made, secret_digest=clients.secret_digest(secret)), secret


def _has_room(waiting: list[Client], made: Client) -> None:
    """Refuse what would fill the list of those that wait: for everybody, or from one network. Raises TooMany."""
    same = [one for one in waiting if one.registered.network_digest == made.registered.network_digest]
    if len(same) >= MOST_OF_NETWORK:
        raise TooMany("Too many registrations from this network wait for approval", extras={"retry_after": 86_400})
    if len(waiting) >= MOST_WAITING:
        raise TooMany("Too many registrations wait for approval", extras={"retry_after": 3600})


def _keep(db: Connection, made: Client, now: datetime) -> None:
    try:
        clients.keep(db, made, by=BY, now=now)
    except ClientWrong as error:
        raise Refused("invalid_client_metadata", error.detail.encode("ascii", "replace").decode()) from error


def _allowance(house: House, digest: str, now: datetime) -> Allowance:
    with house.database.read() as db:
        given = tokens.allowance(db, digest, now)
    if given is None:
        raise NotTheirs
    return given


def _without_token(house: House, net: str) -> Allowance:
    is_open = house.settings.open_registration
    limits.check(house.shared, OPEN if is_open else WAITING, net)
    return _NO_BODY


_NO_BODY = Allowance("", "", "", tree.ROOT, 0, datetime.max.replace(tzinfo=UTC))


def _theirs(db: Connection, client_id: str, token: str) -> Client:
    found = store.client(db, client_id)
    kept = found.registered.registration_access_digest if found and found.ended is None else ""
    if not hmac.compare_digest(kept or "0" * 64, digest_of(token)) or found is None or not kept:
        raise NotTheirs
    return found
