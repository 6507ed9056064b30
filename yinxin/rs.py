"""Let only those call your API who come with a token for it from the provider. No server of ours, no database.

    from yinxin.rs import Api

    api = Api("https://id.gov.example", "https://api.trade.gov.example/v1")

    @app.get("/v1/records")
    @api.flask(scope="records:read", level=3, max_age=900)
    def records():
        return {"for": api.access.subject}

Every token is checked as RFC 9068 4 wants it: type, signature, issuer, audience, time. A token that is bound to a key counts only
with that key (DPoP, RFC 9449; mutual TLS, RFC 8705). Who signed in too weakly or too long ago is sent back with what is needed
(RFC 9470). `Api.check` is the same without Flask; it raises `Denied`, and `Api.refusal` says how to answer.

A token is believed until it expires, ten minutes at most. Give `introspect` to ask the provider at each call instead.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from time import time
from typing import Any, TypeVar
from urllib.parse import urlsplit

from hub import access as core
from hub.access import Denied, Shown
from yinxin.rs_state import Introspection, Keys, NotReachable, Once, Read, client_cert, read

__all__ = [
    "Access",
    "Api",
    "Denied",
    "Introspection",
    "NotReachable",
    "Refusal",
    "client_cert",
    "levels",
    "read",
]
LEVEL = "urn:yinxin:loa:"
HIGHEST = 4
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """Who is let in, and what he may do."""

    claims: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """The person as your service knows him, or the client where it comes in its own name."""
        return str(self.claims.get("sub", ""))

    @property
    def client(self) -> str:
        """The program that calls."""
        return str(self.claims.get("client_id", ""))

    @property
    def scopes(self) -> frozenset[str]:
        """What it was granted."""
        return frozenset(str(self.claims.get("scope", "")).split())


@dataclass(frozen=True)
class Refusal:
    """How to answer somebody who is not let in."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, str]


@dataclass
class Api:
    """An API of yours, by the address that its tokens name (RFC 8707), and the provider that issues them.

    `once(name, seconds)` must say whether nobody named this within so many seconds; the plain one remembers in this process
    alone, so give one over Redis (`SET name 1 NX EX seconds`) where several answer. `read(url)` fetches, and may be yours.
    """

    issuer: str
    resource: str
    read: Read = read
    once: Callable[[str, int], bool] = field(default_factory=Once)
    introspect: Introspection | None = None
    algorithms: Sequence[str] = core.ALGORITHMS
    metadata: str = ""  # where the API describes itself (RFC 9728), told in refusals
    certificate: Callable[[], bytes] = bytes  # of the connection of the request that runs now (DER); see `client_cert`
    clock: Callable[[], float] = time
    _keys: Keys = field(init=False, repr=False)
    _let_in: ContextVar[Access] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._keys = Keys(self.issuer, self.read)
        self._let_in = ContextVar("access")

    @property
    def access(self) -> Access:
        """Who was let in to the view that runs now. Raises LookupError outside of one."""
        return self._let_in.get()

    def check(
        self,
        authorization: str,
        *,
        method: str,
        path: str,
        proofs: Sequence[str] = (),
        certificate: bytes = b"",
        scope: str = "",
        level: int = 0,
        acr_values: Sequence[str] = (),
        max_age: int | None = None,
    ) -> Access:
        """Who comes with this request. Raises Denied.

        `authorization` and `proofs` are the headers Authorization and DPoP, `certificate` the one of the TLS connection (DER),
        `path` the path of the request: the rest of the address is taken from `resource`, whatever a proxy says.
        """
        parts = urlsplit(self.resource)
        address = f"{parts.scheme}://{parts.netloc}{path}"
        shown = Shown.of(authorization, method=method, urls=[address], proofs=proofs, certificate=certificate)
        now = self.clock()
        claims = self._claims(shown.token)
        core.current(claims, issuer=self.issuer, audiences=(self.resource,), now=now)
        core.held(shown, claims, now=now, once=self.once)
        wanted = (*acr_values, *(levels(level) if level else ()))
        core.allows(claims, now=now, scope=scope, acr_values=wanted, max_age=max_age)
        return Access(claims)

    def refusal(self, denied: Denied, authorization: str = "") -> Refusal:
        """How to answer (RFC 6750 3, RFC 9449 7.1, RFC 9470 3)."""
        shown = Shown.of(authorization, method="", urls=())
        header = core.challenge(denied, shown, metadata=self.metadata)
        body = {"error": denied.error, "error_description": denied.why} if denied.error else {}
        return Refusal(denied.status, {"WWW-Authenticate": header, "Cache-Control": "no-store"}, body)

    def flask(self, **demands: Any) -> Callable[[View], View]:
        """A gate for a Flask view. `demands` are those of `check`: scope, level, acr_values, max_age."""
        from flask import jsonify, request

        def gate(view: View) -> View:
            @wraps(view)
            def guarded(*args: Any, **named: Any) -> Any:
                given = request.headers.get("Authorization", "")
                try:
                    proofs = request.headers.getlist("DPoP")
                    shown: dict[str, Any] = {"method": request.method, "path": request.path}
                    who = self.check(given, proofs=proofs, certificate=self.certificate(), **shown, **demands)
                except Denied as denied:
                    refusal = self.refusal(denied, given)
                    return jsonify(dict(refusal.body)), refusal.status, dict(refusal.headers)
                before = self._let_in.set(who)
                try:
                    return view(*args, **named)
                finally:
                    self._let_in.reset(before)

            return guarded  # type: ignore[return-value]

        return gate

    def _claims(self, token: str) -> Mapping[str, Any]:
        if self.introspect is None:
            return core.signed(token, self._keys.key, algorithms=self.algorithms)
        if not token:
            raise Denied("", core.MISSING)
        if len(token) > core.LONGEST or not token.isascii():
            raise Denied("invalid_token", core.DAMAGED)
        told = self.introspect(token)
        if told.get("active") is not True:
            raise Denied("invalid_token", core.REVOKED)
        return told


def levels(least: int) -> tuple[str, ...]:
    """The `acr` values of a level of assurance and of all above it."""
    return tuple(f"{LEVEL}{level}" for level in range(least, HIGHEST + 1))
