"""For which API a token is (RFC 8707): for one at a time, and only for one that is registered here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub import callers
from hub.house import House
from idp.model.client import Client, GrantType
from idp.model.flow import Refused
from idp.provider import clients
from idp.provider.tokens import sign
from idp.store import clients as store

CACHE_SECONDS = 1  # as long as services themselves
MOST_KEPT = 1000  # addresses that somebody made up must not fill the memory
MOST = 8  # addresses in one request


def checked(house: House, client: Client, asked: Sequence[str], now: datetime) -> None:
    """Refuse a request that names an address which is no API here, or none for this client (RFC 8707 2). Raises Refused."""
    if len(asked) > MOST:
        raise Refused("invalid_target", "Too many resources")
    for address in asked:
        if address != sign.userinfo_audience(house):
            _in_a_persons_name(house, client, address, now)


def others(house: House, client: Client, asked: Sequence[str], now: datetime) -> tuple[str, ...]:
    """The services beside the client itself that are called in the person's name: he must agree to each. Raises Refused.

    Those whose APIs were asked for, and those that the client, or one of these, reaches by an exchange (RFC 8693).
    """
    ours = sign.userinfo_audience(house)
    found = {client.id: client}
    found |= {one.id: one for one in (_in_a_persons_name(house, client, at, now) for at in asked if at != ours)}
    waiting = list(found.values())
    while waiting:
        for one in reached(house, waiting.pop(0), now):
            if one.id not in found:
                found[one.id] = one
                waiting.append(one)
    return tuple(id for id in found if id != client.id)


def reached(house: House, client: Client, now: datetime) -> list[Client]:
    """The services for whose APIs a client may exchange a person's token: those that its registration names."""
    if client.sandbox or not client.may(GrantType.exchange):
        return []
    named = (clients.known(house, id, now) for id in client.registered.exchanges_for if id != client.id)
    return [one for one in named if one and one.registered.resource and not one.sandbox]


def of_person(house: House, client: Client, asked: str | None, granted: Sequence[str], now: datetime) -> Client | None:
    """Whose API a token is for that a person granted; None: the userinfo endpoint, as if nothing had been asked.

    Of several that were granted the client must name one (RFC 8707 2.2). Raises Refused.
    """
    if asked is None and len(granted) > 1:
        raise Refused("invalid_target", "Name the one resource that this token is for")
    address = asked or (granted[0] if granted else sign.userinfo_audience(house))
    if address == sign.userinfo_audience(house):
        return None
    if address not in granted:
        raise Refused("invalid_target", "The person was not asked for this resource")
    return _in_a_persons_name(house, client, address, now)


def of_client(house: House, client: Client, asked: str | None, now: datetime) -> Client | None:
    """Whose API a token is for that a client gets in its own name; None: ours. Raises Refused."""
    return None if asked in (None, callers.audience(house)) else _reader(house, client, asked or "", now)


def _in_a_persons_name(house: House, client: Client, address: str, now: datetime) -> Client:
    """The service that is this API, if it is the client itself or one that the client's registration names. Raises Refused.

    Such a token says what that service calls the person and opens what it keeps of him, so nobody decides it for himself.
    """
    found = _reader(house, client, address, now)
    if found.id not in (client.id, *client.registered.exchanges_for):
        raise Refused("invalid_target", "This client may not reach such an API in the name of a person")
    return found


def _reader(house: House, client: Client, address: str, now: datetime) -> Client:
    """The service that is this API. Raises Refused."""
    cache: dict[str, tuple[str | None, datetime]] = house.cache.setdefault("idp-resources", {})
    kept = cache.get(address)
    if kept is None or abs(now - kept[1]) >= timedelta(seconds=CACHE_SECONDS):
        with house.database.read() as db:
            kept = (store.of_resource(db, address), now)
        if len(cache) >= MOST_KEPT:
            cache.clear()
        cache[address] = kept
    found = clients.known(house, kept[0], now) if kept[0] else None
    if found is None or found.sandbox or client.sandbox:
        raise Refused("invalid_target", "There is no such resource here")
    return found
