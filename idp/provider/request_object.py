"""A request that the client signed as a whole: by value or by reference (RFC 9101, OpenID Connect Core 6).

What stands in the object counts; what stands beside it does not, but for what OpenID Connect Core 6.1 asks to be repeated
outside. Unsigned objects are taken of nobody, and encrypted ones are not offered.
"""

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from hub import lanes
from hub.addresses import AddressRefused
from hub.digest import digest_of
from hub.fetch import NotReachable
from hub.house import House
from idp.model.client import Client
from idp.model.flow import Refused
from idp.provider.tokens import read

TYPES = {"jwt", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt"}  # RFC 9101 10.8
LONGEST_ADDRESS = 512  # OpenID Connect Core 6.2
MOST_SECONDS = 3600  # from nbf to exp (FAPI 2.0 Message Signing 5.3.1)
ABOUT_ITSELF = {"iss", "aud", "exp", "nbf", "iat", "jti", "sub"}
FETCHING_SECONDS = 3.0  # a person waits for it
PAUSE_SECONDS = 15  # after a failure: nobody else waits for an address that is known to be down
CANNOT_READ = "The request object cannot be read"
OUTSIDE = ("response_type", "scope")  # OAuth 2.0 wants them outside, so they may be missing inside (Core 6.1)
TEXTS = {"claims", "authorization_details"}  # objects inside, JSON outside


def opened(
    house: House,
    client: Client,
    params: Mapping[str, str],
    now: datetime,
    *,
    repeated: Collection[str] = (),
) -> dict[str, str]:
    """The parameters that count of a request that comes with an object. Raises Refused.

    `params` are those outside, `repeated` the names of those that came more than once.
    """
    if {"request", "request_uri"} & {*repeated} or {"request", "request_uri"} <= params.keys():
        raise Refused("invalid_request", "One request or one request_uri is enough")
    value = _fetched(house, client, params["request_uri"]) if "request_uri" in params else params["request"]
    inside = _values(_claims(house, client, value, now))
    if inside.get("client_id", client.id) != client.id:
        raise _wrong("client_id is not the client that asks")
    for name in ("request", "request_uri"):
        if name in inside:
            raise _wrong(f"{name} inside a request object")
    outside = {} if client.policy.par_required else {name: params[name] for name in OUTSIDE if name in params}
    if inside.get("response_type", outside.get("response_type")) != outside.get(
        "response_type", inside.get("response_type")
    ):
        raise Refused("invalid_request", "response_type is not the same outside and inside")
    return outside | inside | {"client_id": client.id}


def _fetched(house: House, client: Client, address: str) -> str:
    """Read an object where the client registered that it can be read, and nowhere else (RFC 9101 10.4)."""
    if len(address) > LONGEST_ADDRESS or address not in client.registered.request_uris:
        raise Refused("invalid_request_uri", "This request_uri is not registered for the client")
    down = f"idp:request-uri-down:{digest_of(f'{client.id} {address}')}"
    if house.shared.peek(down) is not None:
        raise Refused("invalid_request_uri", CANNOT_READ)
    lanes.calls_out()
    try:  # kept nowhere, so its fragment, which tells caches apart, decides nothing (OpenID Connect Core 6.2)
        answer = house.fetch.get(
            address.partition("#")[0], seconds=FETCHING_SECONDS, most=read.LONGEST, outside=client.is_stranger
        )
    except (NotReachable, AddressRefused) as error:
        house.shared.put(down, b"1", PAUSE_SECONDS)
        raise Refused("invalid_request_uri", CANNOT_READ) from error
    if answer.status != 200:
        raise Refused("invalid_request_uri", CANNOT_READ)
    return answer.text.strip()


def _claims(house: House, client: Client, token: str, now: datetime) -> dict[str, Any]:
    """The claims of an object, each that is about itself checked."""
    wanted = client.registered.request_object_signing_alg
    algorithms = [one for one in client.policy.assertion_algorithms if wanted in ("", one)]
    try:
        header, claims = read.request_object(house, client, token, algorithms, now)
    except read.NotAToken as error:
        raise _wrong("The request object is not signed by the client as it should") from error
    if str(header.get("typ", "jwt")).lower() not in TYPES:
        raise _wrong("typ is not that of a request object")
    if claims.get("sub") == client.id:  # a client assertion shown as a request (RFC 9101 10.8)
        raise _wrong("sub is the client: this is no request object")
    strict = client.policy.par_required
    _is_from_and_for(claims, client.id, house.settings.issuer_url, strict=strict)
    _is_of_now(claims, now.timestamp(), strict=strict)
    return claims


def _is_from_and_for(claims: Mapping[str, Any], client: str, issuer: str, *, strict: bool) -> None:
    """Said by the client, to us (RFC 9101 4). `strict`: it must be said; else what is said must be true."""
    audience = claims.get("aud")
    if ("iss" in claims or strict) and claims.get("iss") != client:
        raise _wrong("iss is not the client")
    named = audience if isinstance(audience, list) and len(audience) <= 5 and not strict else [audience]
    if ("aud" in claims or strict) and issuer not in named:
        raise _wrong("aud is not this provider")


def _is_of_now(claims: Mapping[str, Any], moment: float, *, strict: bool) -> None:
    """In force now, and not for long (FAPI 2.0 Message Signing 5.3.1). A clock may run ahead by a minute."""
    times = {name: _number(claims, name) for name in ("exp", "nbf", "iat") if name in claims}
    if strict and not {"exp", "nbf"} <= times.keys():
        raise _wrong("exp and nbf are needed")
    if times.get("exp", moment) <= moment - read.LATE:
        raise _wrong("expired")
    if any(times[name] > moment + read.SKEW for name in ("nbf", "iat") if name in times):
        raise _wrong("from the future")
    if strict and (times["exp"] > times["nbf"] + MOST_SECONDS or times["nbf"] < moment - MOST_SECONDS):
        raise _wrong("in force for more than an hour")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(f"{name} is not a time")
    return value


def _values(claims: Mapping[str, Any]) -> dict[str, str]:
    """The parameters inside an object, as a form would have brought them (RFC 9101 4)."""
    found = {}
    for name, value in claims.items():
        if name in ABOUT_ITSELF or value is None or value == "":
            continue
        if isinstance(value, str):
            found[name] = _text(value)
        elif isinstance(value, dict | list) and name in TEXTS:
            found[name] = json.dumps(value)
        elif isinstance(value, list) and name == "resource" and all(isinstance(one, str) for one in value):
            found[name] = " ".join(value)
        elif isinstance(value, int) and not isinstance(value, bool):  # max_age
            found[name] = str(value)
        elif name in READ:
            raise _wrong(f"{name} is of the wrong kind")
    return found


def _text(value: str) -> str:
    """A text as a form could have brought it: JSON knows halves of pairs of UTF-16, which no address can hold."""
    if HALVES.search(value):
        raise _wrong("A text holds what is no character")
    return value


HALVES = re.compile("[\ud800-\udfff]")
READ = {
    *("response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt", "max_age"),
    *("code_challenge", "code_challenge_method", "acr_values", "id_token_hint", "login_hint", "ui_locales", "claims"),
    *("authorization_details", "resource", "dpop_jkt", "request", "request_uri", "registration"),
}  # what we would have read; of the rest anything may be of any kind


def _wrong(why: str) -> Refused:
    return Refused("invalid_request_object", why)
