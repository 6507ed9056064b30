"""The one gate: from a session cookie or an access token to a `Caller`, or a refusal.

Every route names one gate. Session and revocation rows live in this room (`hub.sessions`, `hub.revocations`); `idp` writes
them, so that no other room has to know it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from flask import Request

from hub import client_cert
from hub import sessions as rows
from hub.access import LEEWAY, Shown
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
    runs,
    saw,
    session,
    session_table,
    sessions,
    stepped_up,
)
from hub.tokens import LEVEL, audience, read_token, signed_claims, token_key

if TYPE_CHECKING:
    from hub.house import House

# Who needs the gate finds here what goes with it.
__all__ = [
    "LEEWAY",
    "LEVEL",
    "NOBODY",
    "Caller",
    "Limits",
    "assurance",
    "audience",
    "begin",
    "end_sessions",
    "expired",
    "forget_ended",
    "is_due",
    "is_revoked",
    "limits_of",
    "login",
    "open_session",
    "read_token",
    "revoke",
    "runs",
    "saw",
    "session",
    "session_table",
    "sessions",
    "signed_claims",
    "stepped_up",
    "token_key",
]


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
        if "mfa" not in caller.amr or "fed" in caller.amr:  # of his own: nobody else vouches for an operator
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
    """A program with an access token of our own provider (RFC 9068) that grants the scope and, if bound, comes with its key."""

    name: str
    cookies: bool = False

    def admit(self, house: "House", request: Request, now: datetime) -> Caller:
        """The program that the token names. Raises NotSignedIn, NotAllowed without the scope."""
        caller = read_token(house, shown(house, request), now)
        if self.name not in caller.scopes:
            raise NotAllowed("The token lacks the scope %(scope)s", scope=self.name, extras={"scope": self.name})
        return caller


# -- tokens


def shown(house: "House", request: Request) -> Shown:
    """What a request shows to be let in. Addresses are compared with our own names, whatever a proxy calls us."""
    return Shown.of(
        request.headers.get("Authorization", ""),
        method=request.method,
        urls=[origin + request.path for origin in {*house.settings.program_urls, house.settings.home_url}],
        proofs=request.headers.getlist("DPoP"),
        certificate=client_cert.passed_on(house, request.environ),
    )


# -- sessions


def current(house: "House", request: Request, kind: str, now: datetime) -> Caller | None:
    """The caller of the session cookie of one site, or None. At most once a minute it notes that he was here."""
    value = request.cookies.get(house.settings.cookie(kind))
    return of_cookie(house, value, kind, now) if value else None


def of_cookie(house: "House", value: str, kind: str, now: datetime) -> Caller | None:
    """The caller of a session by its cookie's value."""
    with house.database.look() as db:
        caller = session(db, digest_of(value), kind, now)
    if caller is not None and rows.is_due(caller, now):
        with house.database.write() as db:
            saw(db, caller.sid or "", now)
    return caller
