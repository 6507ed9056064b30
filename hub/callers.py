"""The one gate: from a session cookie or an access token to a `Caller`, or a refusal.

Every route names one gate. Session and revocation rows live in this room (`hub.sessions`, `hub.revocations`); `idp` writes
them, so that no other room has to know it.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from flask import Request
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hub import sessions as rows
from hub import token_keys as key_rows
from hub.caller import NOBODY, Caller
from hub.digest import digest_of
from hub.problems import NotAllowed, NotSignedIn
from hub.revocations import is_revoked, revoke
from hub.sessions import (
    Limits,
    assurance,
    begin,
    end_sessions,
    expired,
    forget_ended,
    is_due,
    limits_of,
    login,
    open_session,
    saw,
    session,
    session_table,
    sessions,
    stepped_up,
)
from hub.tree import ROOT

if TYPE_CHECKING:
    from hub.house import House

# Who needs the gate finds here what goes with it.
__all__ = [
    "NOBODY",
    "Caller",
    "Limits",
    "assurance",
    "begin",
    "end_sessions",
    "expired",
    "forget_ended",
    "is_due",
    "is_revoked",
    "limits_of",
    "login",
    "open_session",
    "revoke",
    "saw",
    "session",
    "session_table",
    "sessions",
    "stepped_up",
]
LEEWAY = 10  # seconds a token may come from the future: clocks of two machines differ
LEVEL = "urn:yinxin:loa:"


class Gate(Protocol):
    """What a route demands of its caller."""

    @property
    def cookies(self) -> bool:
        """Whether the gate reads cookies: then unsafe methods need protection against forged forms."""
        ...

    def admit(self, house: "House", request: Request, now: datetime) -> Caller:
        """The caller, or NotSignedIn / NotAllowed."""
        ...


@dataclass(frozen=True)
class Public:
    """A page for everyone."""

    cookies: bool = True

    def admit(self, house: "House", request: Request, now: datetime) -> Caller:
        """NOBODY: everyone may come in."""
        return NOBODY


@dataclass(frozen=True)
class Program:
    """An endpoint for programs that reads no cookie: open to all, or checking credentials itself, for the stated reason."""

    reason: str
    cookies: bool = False

    def admit(self, house: "House", request: Request, now: datetime) -> Caller:
        """NOBODY: the view checks credentials itself, or needs none."""
        return NOBODY


@dataclass(frozen=True)
class Session:
    """A signed-in person: `kind` is the site (idp, wallet, console), `level` the least level of assurance."""

    kind: str
    level: int = 1
    cookies: bool = True

    def admit(self, house: "House", request: Request, now: datetime) -> Caller:
        """The caller of this site's session. Raises NotSignedIn, NotAllowed below the level."""
        caller = current(house, request, self.kind, now)
        if caller is None:
            raise NotSignedIn("There is no session, or it has ended", extras={"session": self.kind})
        if caller.level < self.level:
            raise NotAllowed(
                "This needs a verified real name at level %(level)s",
                level=self.level,
                extras={"session": self.kind, "level": self.level},
            )
        return caller


@dataclass(frozen=True)
class Operator:
    """A signed-in operator of the console who holds the named right and used a second factor.

    `minutes`: how long ago he may have done so (0: any time in this session); older, and he is asked again.
    """

    right: str
    minutes: int = 0
    cookies: bool = True

    def admit(self, house: "House", request: Request, now: datetime) -> Caller:
        """The operator. Raises NotSignedIn, NotAllowed without the right or the second factor."""
        caller = Session("console").admit(house, request, now)
        if self.right not in caller.rights:
            raise NotAllowed("This needs the right %(right)s", right=self.right)
        if "mfa" not in caller.amr:
            raise NotAllowed("Operators must sign in with a second factor")
        if self.minutes and (caller.auth_time is None or now - caller.auth_time > timedelta(minutes=self.minutes)):
            raise NotSignedIn(
                "For this you must have signed in within the last %(minutes)s minutes",
                minutes=self.minutes,
                extras={"session": "console", "again": 1},
            )
        return caller


@dataclass(frozen=True)
class Scope:
    """A program with an access token of our own provider (RFC 6750 header only, RFC 9068) that grants the scope."""

    name: str
    cookies: bool = False

    def admit(self, house: "House", request: Request, now: datetime) -> Caller:
        """The program that the token names. Raises NotSignedIn, NotAllowed without the scope."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise NotSignedIn("Send an access token in the Authorization header")
        caller = read_token(house, token.strip(), now)
        if self.name not in caller.scopes:
            raise NotAllowed("The token lacks the scope %(scope)s", scope=self.name, extras={"scope": self.name})
        return caller


# -- tokens


def audience(house: "House") -> str:
    """The audience of access tokens for our own API (RFC 8707 resource)."""
    return f"{house.settings.home_url}/api"


def read_token(house: "House", token: str, now: datetime, *, audience_is: str | None = None) -> Caller:
    """The caller whom an access token names. Raises NotSignedIn for each that is not ours, whole, current and unrevoked."""
    claims = signed_claims(house, token, kind="at+jwt")
    moment = now.timestamp()
    wanted = audience_is or audience(house)
    audiences = claims.get("aud")
    if claims.get("iss") != house.settings.issuer_url:
        raise NotSignedIn("The token was issued by someone else")
    if wanted not in ([audiences] if isinstance(audiences, str) else audiences or []):
        raise NotSignedIn("The token is meant for another service")
    if not isinstance(claims.get("exp"), int) or moment >= claims["exp"]:
        raise NotSignedIn("The token has expired")
    if claims.get("nbf", claims.get("iat", 0)) > moment + LEEWAY:
        raise NotSignedIn("The token is not valid yet")
    with house.database.read() as db:
        if is_revoked(db, [claims.get(name) for name in ("jti", "gid", "sid", "client_id")]):
            raise NotSignedIn("The token was revoked")
    level = str(claims.get("acr", ""))
    auth_time = claims.get("auth_time")
    return Caller(
        client=claims.get("client_id"),
        agency=claims.get("agency"),
        place=claims.get("place", ROOT),
        scopes=frozenset(str(claims.get("scope", "")).split()),
        person=claims.get("person"),
        level=int(level.removeprefix(LEVEL)) if level.removeprefix(LEVEL).isdigit() else 0,
        amr=tuple(claims.get("amr", ())),
        auth_time=datetime.fromtimestamp(auth_time, now.tzinfo) if isinstance(auth_time, int) else None,
        acting_for=claims.get("acting_for"),
        holder_keys=tuple(claims.get("holder_keys", ())),
        sid=claims.get("sid"),
        grant=claims.get("gid"),
        details=tuple(claims.get("authorization_details", ())),
    )


def signed_claims(house: "House", token: str, *, kind: str | None) -> dict[str, Any]:
    """The claims of a JWT that one of our token keys signed with ES256 and that has the `typ` of its kind (RFC 8725 3.11).

    Raises NotSignedIn; what the claims say is for the caller to judge.
    """
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = token_key(house, str(header.get("kid")))
        if key is None or header.get("typ", "JWT") != (kind or "JWT") or set(header) - {"alg", "typ", "kid"}:
            raise NotSignedIn("The token is not one of ours")
        claims = json.loads(jws.deserialize_compact(token, key, algorithms=["ES256"]).payload)
    except (JoseError, ValueError, UnicodeError) as error:
        raise NotSignedIn("The token is damaged or forged") from error
    if not isinstance(claims, dict):
        raise NotSignedIn("The token is damaged or forged")
    return claims


def token_key(house: "House", kid: str) -> ECKey | None:
    """The public half of the elliptic token key of this `kid`, imported once per process. A new one is found at once."""
    ring = key_rows.ring(house)
    found = ring.by_kid.get(kid) or key_rows.ring(house, anew=True).by_kid.get(kid)
    if found is None or found.jwk["kty"] != "EC":
        return None
    kept: dict[str, ECKey] = house.cache.setdefault("token-keys", {})
    if kid not in kept:
        kept[kid] = ECKey.import_key(dict(found.jwk))
    return kept[kid]


# -- sessions


def cookie_name(house: "House", kind: str) -> str:
    """Cookies ignore ports, so each site has its own name; `__Host-` wherever browsers accept it (RFC 6265bis)."""
    return f"__Host-yinxin-{kind}" if house.settings.secure else f"yinxin-{kind}"


def current(house: "House", request: Request, kind: str, now: datetime) -> Caller | None:
    """The caller of the session cookie of one site, or None. At most once a minute it notes that he was here."""
    value = request.cookies.get(cookie_name(house, kind))
    if not value:
        return None
    with house.database.read() as db:
        caller = session(db, digest_of(value), kind, now)
    if caller is not None and rows.is_due(caller, now):
        with house.database.write() as db:
            saw(db, caller.sid or "", now)
    return caller
