"""Data that other bodies hold: asked for with the visitor's permission; and what this department answers others.

joserfc and the provider's public interfaces; nothing of the hub.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

TYPE = "urn:yinxin:data"  # of authorization details (RFC 9396)
QUESTION, ANSWER = "data-request+jwt", "data+jwt"
LEEWAY = 30  # seconds by which two clocks may differ

Book = Callable[[Mapping[str, Any]], dict[str, Any] | None]  # from a question to everything held about its holder


class NotOurs(Exception):
    """A question or an answer that nobody should rely on; the text says why."""


@dataclass(frozen=True)
class Told:
    """What we were told about a visitor, with the way it took."""

    grant: dict[str, Any]
    data: dict[str, Any]
    trace: str
    hops: list[dict[str, Any]]

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Each field by its names, with its value."""
        names = {one["key"]: one for one in self.grant["fields"]}
        return [(names[key]["name_en"], names[key]["name"], str(value or "-")) for key, value in self.data.items()]


def details(grant: str) -> str:
    """The `authorization_details` that ask the visitor for this grant."""
    return json.dumps([{"type": TYPE, "grant": grant}])


def told(answer: dict[str, Any], grant: dict[str, Any], client: str, keys: dict[str, Any], issuer: str) -> Told:
    """The data of an answer, if the hub signed it for us, for this grant, just now. Raises NotOurs."""
    claims = _verified(str(answer["data"]), KeySet.import_key_set(keys), ANSWER)  # type: ignore[arg-type]  # as JSON says
    wanted = {"iss": issuer, "aud": client, "grant": grant["grant"]}
    if any(claims.get(name) != value for name, value in wanted.items()) or claims["exp"] < time.time() - LEEWAY:
        raise NotOurs("the answer is meant for somebody else, or is too old")
    return Told(grant, dict(claims["data"]), str(answer["trace"]), list(answer["hops"]))


def answered(settings: Mapping[str, Any], token: str, book: Book) -> str | None:
    """Our signed answer to a question that the hub signed for us: the fields that it asks for, no others.

    None: we hold nothing about this holder. Raises NotOurs.
    """
    asked = _verified(token, ECKey.import_key(settings["hub_key"]), QUESTION)
    if (asked.get("iss"), asked.get("aud")) != (settings["issuer"], settings["client_id"]):
        raise NotOurs("the question is meant for somebody else")
    if asked["exp"] < time.time() - LEEWAY:
        raise NotOurs("the question is too old")
    held = book(asked)
    if held is None:
        return None
    claims = {
        "iss": settings["client_id"],
        "aud": asked["iss"],
        "iat": int(time.time()),
        "in_reply_to": asked["jti"],
        "data": {key: held[key] for key in asked["fields"] if key in held},
    }
    key = ECKey.import_key(settings["key"])
    header = {"alg": "ES256", "typ": ANSWER, "kid": settings["key"]["kid"]}
    return jws.serialize_compact(header, json.dumps(claims, ensure_ascii=False), key, algorithms=["ES256"])


def _verified(token: str, keys: ECKey | KeySet, typ: str) -> dict[str, Any]:
    try:
        read = jws.deserialize_compact(token, keys, algorithms=["ES256"])
        claims: dict[str, Any] = json.loads(read.payload)
    except (JoseError, LookupError, TypeError, ValueError) as error:
        raise NotOurs("the signature does not fit") from error
    if read.headers().get("typ") != typ:
        raise NotOurs("this is something else")
    return claims
