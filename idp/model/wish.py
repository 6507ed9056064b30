"""What a service that looks after itself (RFC 7592) may not change alone: what people see, and the hosts it leads them to.

Whoever let it in has seen its name and its addresses. A change of these is a wish: until service management has agreed, what
was there before stays in force. Everything else is in force at once.
"""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from idp.model.client import Client
from idp.model.flow import Refused

Wish = dict[str, Any]
NAMES = ("name", "name_en")
SEEN = ("logo_uri", "logo_digest", "policy_uri", "tos_uri")  # of what it registered
LEADS = ("initiate_login_uri", "frontchannel_logout_uri")  # single addresses that a person's browser opens
LISTS = ("redirect_uris", "post_logout_uris")
SECTOR = ("sector_identifier_uri",)
TOLD = {  # the members of a registration that stand for a wish
    "name": "client_name#zh-Hans",
    "name_en": "client_name#en",
    "logo_digest": "logo_uri",
    "post_logout_uris": "post_logout_redirect_uris",
    "sector": "sector_identifier_uri",
}


def apart(old: Client, new: Client) -> tuple[Client, Wish]:
    """What of a change is in force at once, and what is a wish; the wish stands in the registration too. Raises Refused."""
    if new.redirect_uris and not old.redirect_uris:
        raise Refused("invalid_client_metadata", "A service that nobody signed in to registers anew for sign-ins")
    plain, said = _seen(old, new)
    known = {_host(uri) for uri in (*old.redirect_uris, *old.post_logout_uris)}
    for name in LISTS:
        if any(_host(uri) not in known for uri in getattr(new, name)):
            kept = tuple(uri for uri in getattr(new, name) if _host(uri) in known)
            plain[name] = kept or getattr(old, name)
    for name in LEADS:
        uri = getattr(new.registered, name)
        if uri and _host(uri) not in known and uri != getattr(old.registered, name):
            said[name] = getattr(old.registered, name)
    if "redirect_uris" in plain:  # the sector follows the addresses that stand in it
        plain["sector"] = old.sector
        said["sector_identifier_uri"] = old.registered.sector_identifier_uri
    wish = {name: getattr(new, name) for name in plain} | {name: getattr(new.registered, name) for name in said}
    now = replace(new, **plain, registered=replace(new.registered, **said))
    wish = {name: _json(value) for name, value in wish.items() if value != _value(now, name)}
    return replace(now, registered=replace(now.registered, wished=json.dumps(wish) if wish else "")), wish


def of(client: Client) -> Wish:
    """What a service wishes."""
    return dict(json.loads(client.registered.wished)) if client.registered.wished else {}


def members(client: Client) -> list[str]:
    """The members of its registration that wait."""
    return sorted({TOLD.get(name, name) for name in of(client)})


def fulfilled(client: Client, wish: Wish) -> Client:
    """The service as it wishes to be."""
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in wish.items()}
    said: dict[str, Any] = {name: plain.pop(name) for name in (*SEEN, *LEADS, *SECTOR, "wished") if name in plain}
    return replace(client, **plain, registered=replace(client.registered, **said))


def values(client: Client) -> Wish:
    """All that a wish may be about, as it is, ready for JSON."""
    names = (*NAMES, *SEEN, *LEADS, *LISTS, *SECTOR, "sector", "wished")
    return {name: _json(_value(client, name)) for name in names}


# -- inside


def _seen(old: Client, new: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """What people see, as it was: of the client and of its registration. A sign that goes away is seen too."""
    plain = {name: getattr(old, name) for name in NAMES if getattr(old, name) != getattr(new, name)}
    told = [name for name in SEEN if getattr(old.registered, name) != getattr(new.registered, name)]
    return plain, {name: getattr(old.registered, name) for name in told}


def _value(client: Client, name: str) -> Any:
    return getattr(client if hasattr(client, name) else client.registered, name)


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _host(uri: str) -> tuple[str, str | None]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname
