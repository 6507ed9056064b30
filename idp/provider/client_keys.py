"""The public keys of a service: registered with it, or read at its `jwks_uri` (OpenID Connect Core 10.1.1).

What was read is kept as long as the answer allows, never longer than a day. It is read again when a key is named that is not
there, or a signature does not fit; not oftener than `REREAD` allows, whoever asks. While the address is down, what was read
within the last day goes on being believed.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from hub import lanes, limits
from hub.addresses import AddressRefused
from hub.fetch import Answer, NotReachable
from hub.house import House
from hub.limits import Limit
from hub.problems import TooMany
from idp.model.client import Client
from idp.model.client_key import refusal
from idp.store import client_keys as store
from idp.store.client_keys import Held

Jwk = dict[str, Any]
Jwks = tuple[Jwk, ...]

MOST_BYTES = 65_536  # of a key set; ours has 1 000
MOST_KEYS = 32
SECONDS = 3.0  # a person may wait behind the call
DAY = timedelta(hours=24)  # the longest that keys are believed without being read again
PLAIN = 3600  # seconds that keys are kept if the answer does not say
SHORTEST = 60  # seconds that they are kept at least: an answer of "no-store" must not make us read at each request
PAUSE = timedelta(seconds=15)  # after a failure; nobody waits behind an address that is known to be down
REREAD = Limit("client-keys", times=5, seconds=10)  # forged key names must not make us call on and on
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def keys_of(
    house: House, client: Client, now: datetime, *, kid: str | None = None, use: str = "sig", again: bool = False
) -> Jwks:
    """The public keys of a service for signatures (`use` "sig") or encryption ("enc").

    `kid`: the key that is needed; if it is not there, the address is read again. `again`: what is known did not fit. The
    same tuple is given as long as nothing changed, so that what was made of it can be kept.
    """
    if client.keys or not client.registered.jwks_uri:
        return _for_use(house, client.id, client.keys, use)
    known = _held(house, client)
    if known is None or now >= known.until or again or not _has(known.keys, kid):
        lanes.calls_out()
        known = _read_again(house, client, known, now, kid=kid, again=again)
    if known.read is None or now - known.read >= DAY:
        return ()
    return _for_use(house, client.id, known.keys, use)


def at_hand(house: House, client: Client, now: datetime) -> None:
    """Read a service's keys now if they must be read at all: later in the request others would wait behind it (`hub.lanes`)."""
    if client.registered.jwks_uri:
        keys_of(house, client, now)


def status(house: House, client: Client) -> Held | None:
    """What was read last at the address of a service's keys, for those who look after it."""
    with house.database.read() as db:
        found = store.held(db, client.id)
    return found if found and found.uri == client.registered.jwks_uri else None


# -- inside


def _held(house: House, client: Client) -> Held | None:
    """What this process knows, unless the address was changed since."""
    known: Held | None = _cache(house).get(client.id)
    return known if known and known.uri == client.registered.jwks_uri else None


def _cache(house: House) -> dict[str, Held]:
    found: dict[str, Held] = house.cache.setdefault("idp-client-jwks", {})
    return found


def _read_again(
    house: House, client: Client, known: Held | None, now: datetime, *, kid: str | None, again: bool
) -> Held:
    """What another process has read meanwhile, or what the address answers now. One thread of a process calls, others wait."""
    locks: dict[str, Lock] = house.cache.setdefault("idp-client-jwks-locks", {})
    with locks.setdefault(client.id, Lock()):
        newest = _held(house, client) or known
        if newest is None or newest == known:
            newest = status(house, client) or known
        if newest is not None and newest != known and now < newest.until and _has(newest.keys, kid):
            _cache(house)[client.id] = newest
            return newest
        if newest is not None and newest.problem and now < newest.until:
            return newest  # it was down a moment ago
        if not _may_call(house, client):
            return newest or Held(client.id, client.registered.jwks_uri, (), None, now, now, "asked too often")
        found = _read(house, client, newest, now)
        _cache(house)[client.id] = found
    with house.database.write() as db:
        store.keep(db, found)
    return found


def _may_call(house: House, client: Client) -> bool:
    try:
        limits.check(house.shared, REREAD, client.id)
    except TooMany:
        return False
    return True


def _read(house: House, client: Client, known: Held | None, now: datetime) -> Held:
    uri = client.registered.jwks_uri
    known = known or Held(client.id, uri, (), None, now, now)
    try:
        answer = house.fetch.get(
            uri, headers={"accept": ACCEPT}, seconds=SECONDS, most=MOST_BYTES, outside=client.is_stranger
        )
        found = _keys_in(answer)
    except (NotReachable, AddressRefused) as error:
        return known.failed(error.detail or type(error).__name__, now, now + PAUSE)
    if found == known.keys:
        found = known.keys  # the same object: what was made of it stays good
    return Held(client.id, uri, found, now, now + timedelta(seconds=_seconds(answer)), now)


ACCEPT = "application/jwk-set+json, application/json"


def _keys_in(answer: Answer) -> Jwks:
    """The keys of a set, without those of kinds that we do not know (RFC 7517 5), and none with a private part."""
    if answer.status != 200:
        raise NotReachable("The address answered %(status)s", status=answer.status)
    given = answer.json()
    keys = given.get("keys") if isinstance(given, dict) else None
    if not isinstance(keys, list):
        raise NotReachable("The answer is not a JWK Set")
    return tuple(key for key in keys[:MOST_KEYS] if not refusal(key))


def _seconds(answer: Answer) -> int:
    said = answer.headers.get("cache-control", "").lower()
    found = _MAX_AGE.search(said)
    asked = 0 if "no-store" in said or "no-cache" in said else int(found[1]) if found else PLAIN
    return min(max(asked, SHORTEST), int(DAY.total_seconds()))


def _has(keys: Sequence[Jwk], kid: str | None) -> bool:
    return kid is None or any(key.get("kid") == kid for key in keys)


def _for_use(house: House, client: str, keys: Jwks, use: str) -> Jwks:
    """The keys that may be used so; the same tuple while `keys` is the same."""
    cache: dict[tuple[str, str], tuple[Jwks, Jwks]] = house.cache.setdefault("idp-client-jwks-use", {})
    kept = cache.get((client, use))
    if kept is None or kept[0] is not keys:
        kept = cache[client, use] = (keys, tuple(key for key in keys if key.get("use", use) == use))
    return kept[1]
