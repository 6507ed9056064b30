"""The claims parameter: what a service asks for by name beside its scopes (OpenID Connect Core 5.5).

It is kept in one form, `Asked.claims`, with only what we know and the service may learn. What of it is told in an ID token or
at the userinfo endpoint is decided here too, so that consent page and tokens cannot differ.
"""

import json
from collections.abc import Collection
from functools import lru_cache
from typing import Any

LONGEST = 8192  # bytes as it is sent
MOST_VALUES = 20  # of one claim
LONGEST_VALUE = 200  # characters
PARTS = ("id_token", "userinfo")
# Which registered scope allows a service to ask for a claim by its name; with `openid` alone come those about the sign-in.
OF_SCOPE = {
    "name": ("profile", "realname"),
    "number": ("realname",),
    "number_type": ("realname",),
    "company": ("company",),
}
OF_SIGN_IN = ("sub", "acr", "amr", "auth_time", "sid")
VERIFIED = "verified_claims"  # OpenID Connect for Identity Assurance; what stands in it is read where it is told
# How a claim that is asked for by name stands in an agreement, unless a scope that tells it stands there already.
AGREED_AS = {"name": "claim:name", "number": "claim:number", "number_type": "claim:number", "company": "claim:company"}
TELLS = {
    "profile": ("claim:name",),
    "realname": ("claim:name", "claim:number"),
    "company": ("claim:company",),
}

Spec = dict[str, Any] | None


class ClaimsWrong(ValueError):
    """The claims parameter is not what OpenID Connect Core 5.5 describes; the reason is plain ASCII."""


def parsed(text: str, scopes: Collection[str]) -> str:
    """The claims parameter in one form, without what nobody knows or this service may not learn. Raises ClaimsWrong.

    `scopes` are those for which it is registered. Nothing is left: an empty text.
    """
    if len(text.encode("utf-8", "replace")) > LONGEST:
        raise ClaimsWrong("claims is too long")
    try:
        given = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ClaimsWrong("claims is not JSON") from error
    if not isinstance(given, dict):
        raise ClaimsWrong("claims is not an object")
    kept = {part: _part(given[part], scopes) for part in PARTS if given.get(part) is not None}
    kept = {part: some for part, some in kept.items() if some}
    try:
        json.dumps(kept, ensure_ascii=False).encode()  # JSON knows halves of pairs of UTF-16, which are kept nowhere
        return json.dumps(kept, sort_keys=True, separators=(",", ":")) if kept else ""
    except UnicodeEncodeError as error:
        raise ClaimsWrong("A text in claims holds what is no character") from error
    except RecursionError as error:  # it could just be read, and not be written
        raise ClaimsWrong("claims is nested too deep") from error


@lru_cache(maxsize=256)
def _of(claims: str) -> dict[str, dict[str, Spec]]:
    found: dict[str, dict[str, Spec]] = json.loads(claims)
    return found


def asked_in(claims: str, part: str) -> dict[str, Spec]:
    """Each claim that is asked for in an `id_token` or at `userinfo`, and how: None, or essential, value, values."""
    return _of(claims).get(part, {}) if claims else {}


def released(claims: str, part: str) -> frozenset[str]:
    """The names of the claims to tell in this part because they were asked for by name. Voluntary ones are told like
    essential ones: the person agreed to both (OpenID Connect Core 5.5.1).
    """
    return frozenset(asked_in(claims, part))


def agreed_as(claims: str, scopes: Collection[str] = ()) -> tuple[str, ...]:
    """What a person must have agreed to beside the scopes, so that these claims may be told."""
    named = {AGREED_AS[name] for part in PARTS for name in asked_in(claims, part) if name in AGREED_AS}
    return tuple(sorted(named - told_by(scopes)))


def told_by(scopes: Collection[str]) -> frozenset[str]:
    """Which claims an agreement to these scopes covers as well."""
    return frozenset(one for scope in scopes for one in TELLS.get(scope, ()))


def values(claims: str, name: str) -> tuple[str, ...]:
    """The values that are asked of a claim, in either part (`value` or `values`)."""
    found: list[str] = []
    for part in PARTS:
        spec = asked_in(claims, part).get(name) or {}
        found += [spec["value"]] if "value" in spec else spec.get("values", [])
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str)))


def is_essential(claims: str, name: str) -> bool:
    """True if a claim is asked for as essential in either part."""
    return any((asked_in(claims, part).get(name) or {}).get("essential") is True for part in PARTS)


# -- inside


def _part(given: object, scopes: Collection[str]) -> dict[str, Spec]:
    if not isinstance(given, dict):
        raise ClaimsWrong("A part of claims is not an object")
    kept: dict[str, Any] = {}
    for name, spec in given.items():
        if spec is not None and not isinstance(spec, dict | list):
            raise ClaimsWrong("A claim is asked for by null or by an object")
        if name == VERIFIED:
            kept[name] = spec
        elif isinstance(spec, list):
            raise ClaimsWrong("A claim is asked for by null or by an object")
        elif name in OF_SIGN_IN or set(OF_SCOPE.get(name, ())) & set(scopes):
            kept[name] = _spec(spec)
    return kept


def _spec(spec: Spec) -> Spec:
    """How one claim is asked for; members that nobody knows are left out (OpenID Connect Core 5.5.1)."""
    if spec is None:
        return None
    kept: dict[str, Any] = {}
    if "essential" in spec:
        if not isinstance(spec["essential"], bool):
            raise ClaimsWrong("essential is true or false")
        kept["essential"] = spec["essential"]
    if "value" in spec:
        kept["value"] = _value(spec["value"])
    if "values" in spec:
        if not isinstance(spec["values"], list) or len(spec["values"]) > MOST_VALUES:
            raise ClaimsWrong("values is a list of few values")
        kept["values"] = [_value(one) for one in spec["values"]]
    return kept or None


def _value(value: object) -> object:
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        raise ClaimsWrong("A value is too long")
    if not isinstance(value, str | int | None):
        raise ClaimsWrong("A value is a text, a whole number, true or false")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A member that stands twice means two things at once: nobody should guess which counts."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("repeated")
    return dict(pairs)


def _no_number(name: str) -> float:
    raise ValueError(name)
