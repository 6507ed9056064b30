"""Signed statements in JOSE: the ones a check rests on are read here, and the receipt of a check is made here.

A receipt says: this was asked, this was the answer at that moment, on evidence of that age. It ends forged green pages and
proves due care. It names no one who asked.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hub.problems import Problem
from verification.model import Report

if TYPE_CHECKING:
    from hub.house import House

KEY = "receipt"
TYPE = "verification-receipt+jwt"
HEADER = {"alg", "typ", "kid"}
MOST_BYTES = 4_000_000  # of one statement; a status list of 131,072 entries has at most 45 kB
Jwk = Mapping[str, Any]


class _Registry(jws.JWSRegistry):
    """joserfc's limits are made for tokens; a trust list has its certificates in the header, a status list is long."""

    max_header_length = 16_000
    max_payload_length = MOST_BYTES


_REGISTRY = _Registry(algorithms=["ES256", "ES384"])


class NotGenuine(Problem):
    """A statement is not signed by a key that may sign it, or is not of the expected type."""

    title = "This statement is not genuine"
    advice = "Get it again from its own address."


def read_signed(
    token: str, typ: str, keys: Iterable[Jwk], *, also: frozenset[str] = frozenset(), algorithm: str = "ES256"
) -> dict[str, Any]:
    """The claims of a compact JWS of that type, signed with one algorithm by one of these keys. Raises NotGenuine.

    No header member decides anything but which of the given keys is tried; members besides `also` are refused.
    """
    if len(token) > MOST_BYTES:
        raise NotGenuine("It is larger than any of ours")
    try:
        header = header_of(token)
        if set(header) - HEADER - also or header.get("alg") != algorithm or header.get("typ") != typ:
            raise NotGenuine("It is not of the type %(typ)s", typ=typ)
        for key in (one for one in keys if one.get("kid") == header.get("kid")):
            claims = json.loads(jws.deserialize_compact(token.strip(), _public(key), registry=_REGISTRY).payload)
            if isinstance(claims, dict):
                return claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotGenuine("It is damaged or forged") from error
    raise NotGenuine("It is signed with a key that is not trusted for this")


def header_of(token: str) -> dict[str, Any]:
    """The header of a statement, unproved. Raises NotGenuine."""
    try:
        part = token.strip().partition(".")[0].encode("ascii")
        header = json.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except ValueError as error:
        raise NotGenuine("It is damaged") from error
    if not isinstance(header, dict):
        raise NotGenuine("It is damaged")
    return header


def unproved(token: str) -> dict[str, Any]:
    """The claims of a statement, unproved: only to say in words what is wrong with it. Raises NotGenuine."""
    head, _, rest = token.strip().partition(".")
    return header_of(rest.partition(".")[0]) if head else {}


def _public(key: Jwk) -> ECKey:
    return ECKey.import_key({name: key[name] for name in ("kty", "crv", "x", "y")})


def make(house: "House", report: Report) -> str:
    """The receipt of a report, signed by the room's one private key."""
    age = report.evidence_age
    claims = {
        "iss": house.settings.verify_url,
        "iat": int(report.at.timestamp()),
        "door": report.door.value,
        "number": report.number,
        "digest": report.digest,
        "verdict": report.verdict.value,
        "reason": report.reason.value,
        "evidence_age": None if age is None else int(age.total_seconds()),
    }
    return house.keys.sign_jws(KEY, TYPE, claims)


def read(receipt: str, keys: Iterable[Jwk]) -> tuple[dict[str, Any], datetime]:
    """What a receipt states, and when it was given. Raises NotGenuine."""
    claims = read_signed(receipt, TYPE, keys)
    try:
        return claims, datetime.fromtimestamp(claims["iat"], UTC)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise NotGenuine("It does not say when it was given") from error
