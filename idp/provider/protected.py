"""The provider's own resources behind access tokens: who is let in, and how others are answered (RFC 6750 3, RFC 9449 7.1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hub import access, callers, dpop, tokens
from hub.access import Denied, Shown
from hub.house import House
from idp.model.client import Client
from idp.model.flow import LEVELS, acr, level_of
from idp.model.grant import Grant
from idp.provider import client_keys, clients, token_status
from idp.provider.programs import NO_STORE, Answer
from idp.provider.tokens import sign
from idp.provider.tokens.read import Claims

RECEIPT = "/oidc/consent-receipt"
TEST_RESOURCE = "/api/test-resource"
LONGEST_AGE = 10  # digits


def admitted(
    house: House,
    given: Shown,
    now: datetime,
    *,
    audiences: Sequence[str],
    scope: str = "",
    level: int = 0,
    max_age: int | None = None,
) -> tuple[Client, Claims, Grant | None]:
    """The client and what its token says, if the token is ours, for here, unrevoked, and comes with its key. Raises Denied.

    `level`, `max_age`: how surely the person must be known, and how long ago at most he signed in (RFC 9470 3).
    """
    if not given.token:
        raise Denied("", access.MISSING)
    found = token_status.look_up(house, given.token, now)
    client = clients.known(house, found.client, now) if found else None
    if found is None or client is None or found.claims is None:
        raise Denied("invalid_token", access.REVOKED)
    client_keys.at_hand(house, client, now)
    issuer, moment = house.settings.issuer_url, now.timestamp()
    access.current(found.claims, issuer=issuer, audiences=audiences, now=moment)
    tokens.held(house, given, found.claims, now)
    enough = [acr(one) for one in LEVELS if one >= level] if level else ()
    access.allows(found.claims, now=moment, scope=scope, acr_values=enough, max_age=max_age)
    return client, found.claims, found.grant


def of_person(house: House, given: Shown, now: datetime, *, scope: str = "") -> tuple[Client, Claims, Grant]:
    """The same for a token that a person granted, at the resources that tell of him. Raises Denied."""
    client, claims, grant = admitted(house, given, now, audiences=(sign.userinfo_audience(house),), scope=scope)
    if grant is None:
        raise Denied("invalid_token", access.FOR_ANOTHER)
    return client, claims, grant


def refused(house: House, denied: Denied, given: Shown, now: datetime, *, path: str) -> Answer:
    """The refusal at one of these resources."""
    headers = tokens.challenges(house, denied, given, now, metadata=tokens.described(house, path))
    body = {"error": denied.error, "error_description": denied.why} if denied.error else {}
    return Answer(denied.status, body, NO_STORE | headers)


def test_resource(house: House, given: Shown, asked: Mapping[str, str], now: datetime) -> Answer:
    """Tell a client what its token allows. Takes every token of ours, so that a client can be tried out without any data.

    With `acr_values` and `max_age` in the address it demands them, so that a client can try how it answers (RFC 9470 4).
    """
    levels = [found for one in asked.get("acr_values", "").split() if (found := level_of(one))]
    age = asked.get("max_age", "")
    demands: dict[str, Any] = {
        "level": min(levels, default=0),
        "max_age": int(age) if age.isascii() and age.isdigit() and len(age) < LONGEST_AGE else None,
    }
    audiences = (sign.userinfo_audience(house), callers.audience(house), house.settings.home_url + TEST_RESOURCE)
    try:
        client, claims, _ = admitted(house, given, now, audiences=audiences, **demands)
    except Denied as denied:
        return refused(house, denied, given, now, path=TEST_RESOURCE)
    body = {"client_id": client.id, "scope": claims["scope"], "bound": sorted(claims.get("cnf", {}))}
    return Answer(200, body | {"sub": claims["sub"]}, NO_STORE)


def described(house: House, path: str) -> dict[str, Any] | None:
    """What a resource of ours says of itself (RFC 9728 2), or None where there is none."""
    if path not in RESOURCES:
        return None
    origin, name = RESOURCES[path]
    settings = house.settings
    at = {"issuer": settings.issuer_url, "home": settings.home_url}[origin]
    return {
        "resource": at + path,
        "authorization_servers": [settings.issuer_url],
        "resource_name": name,
        "bearer_methods_supported": ["header", "body"] if path == sign.USERINFO else ["header"],
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": bool(settings.mtls_url),
    }


RESOURCES = {
    "/api": ("home", "Yinxin API"),
    TEST_RESOURCE: ("home", "Yinxin test resource"),
    sign.USERINFO: ("issuer", "Yinxin userinfo"),
}
