"""What programs send to the provider's endpoints, and how they are answered: plain values, before any HTTP."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from hub import limits
from hub.house import House
from idp.model.flow import Refused

FORM = "application/x-www-form-urlencoded"
LONGEST_FORM = 65_536  # bytes
MOST_FIELDS = 64
SEVERAL = "resource"  # the one parameter that may be given more than once (RFC 8707 2); no address holds a space
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 5.1


@dataclass(frozen=True)
class Form:
    """A request at an endpoint for programs: the fields of its form, each given once, and its Authorization header."""

    house: House
    fields: Mapping[str, str]
    authorization: str
    now: datetime
    path: str = "/oidc/token"  # of the endpoint, below our issuer: what a proof must name (RFC 9449 4.3)
    dpop: tuple[str, ...] = ()  # the DPoP headers, as many as came
    address: str = ""  # from which it came
    accept: str = ""  # in which form the answer is wanted
    certificate: bytes = b""  # the client's TLS certificate (DER), if it showed one (RFC 8705)

    def needed(self, name: str) -> str:
        """A field that must be there. Raises Refused."""
        if name not in self.fields:
            raise Refused("invalid_request", f"{name} is missing")
        return self.fields[name]

    @property
    def network(self) -> str:
        """The network from which it came."""
        return limits.network(self.address)

    @property
    def scopes(self) -> tuple[str, ...] | None:
        """The scopes asked for, or None if none are named."""
        return tuple(self.fields["scope"].split()) if "scope" in self.fields else None


@dataclass(frozen=True)
class Answer:
    """What such an endpoint answers; the web side only has to write it out."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""  # instead of `body`, where the answer is a token
    media: str = "application/json"


def fields_of(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form, without the empty ones, which count as omitted (RFC 6749 3.2).

    Raises Refused.
    """
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise Refused("invalid_request", f"Send a form: Content-Type {FORM}")
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Refused("invalid_request", "The form cannot be read") from error
    if any(count > 1 for count in Counter(name for name, _ in pairs if name != SEVERAL).values()):
        raise Refused("invalid_request", "A parameter is repeated")
    several = [value for name, value in pairs if name == SEVERAL]
    return dict(pairs) | ({SEVERAL: " ".join(several)} if several else {})


def refused(refusal: Refused) -> Answer:
    """The error answer (RFC 6749 5.2). A client that failed to prove itself always gets 401."""
    body = {"error": refusal.error} | ({"error_description": refusal.description} if refusal.description else {})
    if refusal.error != "invalid_client":
        return Answer(400, body, NO_STORE)
    return Answer(401, body, NO_STORE | {"WWW-Authenticate": 'Basic realm="yinxin", error="invalid_client"'})
