"""The one gate: from a session cookie or an access token to a `Caller`, or a refusal.

Every route names one gate. Session and revocation rows live here; `idp` writes them, so that no other room has to know it.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from flask import Request
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hub.db import Instant, Json, metadata
from hub.problems import NotAllowed, NotSignedIn
from hub.tree import ROOT

if TYPE_CHECKING:
    from hub.house import House

TOKEN_PURPOSE = "tokens"
LEEWAY = 10  # seconds a token may come from the future: clocks of two machines differ
LEVEL = "urn:yinxin:loa:"

session_table = sa.Table(
    "hub_session",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # of the cookie's value, which is not kept
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sid", sa.Text, nullable=False, index=True),  # of the login at the provider; children share it
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("amr", Json, nullable=False),
    sa.Column("auth_time", Instant, nullable=False),
    sa.Column("acting_for", sa.Text),
    sa.Column("holder_keys", Json, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("rights", Json, nullable=False),
    sa.Column("name", sa.LargeBinary),  # sealed by the vault for the person, purpose "session-name"
    sa.Column("opened", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False, index=True),
    sa.Column("device", sa.Text, nullable=False),
)
revocation_table = sa.Table(
    "hub_revocation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # a token's jti, a grant's id, a session's sid or a client's id
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False, index=True),  # afterwards every token of it has expired anyway
)
# Every request asks one of these: built once, they cost half as much.
_SESSION = sa.select(session_table).where(
    session_table.c.digest == sa.bindparam("this"),
    session_table.c.kind == sa.bindparam("site"),
    session_table.c.ends > sa.bindparam("now"),
)
_REVOKED = (
    sa.select(revocation_table.c.id).where(revocation_table.c.id.in_(sa.bindparam("ids", expanding=True))).limit(1)
)


@dataclass(frozen=True)
class Caller:
    """Who asks: a program (`client`), a person, or a person through a program; for whom he acts; what he may do.

    `holder_keys` are the keyed blind indexes of the numbers that the person (or the company acted for) has proved.
    """

    client: str | None = None
    agency: str | None = None
    place: str = ROOT
    scopes: frozenset[str] = frozenset()
    person: str | None = None
    level: int = 0
    amr: tuple[str, ...] = ()
    auth_time: datetime | None = None
    acting_for: str | None = None
    holder_keys: tuple[str, ...] = ()
    rights: frozenset[str] = frozenset()
    sid: str | None = None
    session: str | None = None  # the digest of the session row, for ending just this one
    sealed_name: bytes | None = None
    grant: str | None = None  # the id of what a person granted the program, behind its token
    details: tuple[dict[str, Any], ...] = ()  # what the person allowed in it beyond scopes (RFC 9396)

    @property
    def label(self) -> str:
        """How the ledger names this caller: ids only, the actor after the subject."""
        who = f"person:{self.person}" if self.person else f"client:{self.client}" if self.client else "nobody"
        return f"{who} for {self.acting_for}" if self.acting_for else who


NOBODY = Caller()


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
        key = token_keys(house).get(str(header.get("kid")))
        if key is None or header.get("typ", "JWT") != (kind or "JWT") or set(header) - {"alg", "typ", "kid"}:
            raise NotSignedIn("The token is not one of ours")
        claims = json.loads(jws.deserialize_compact(token, key, algorithms=["ES256"]).payload)
    except (JoseError, ValueError, UnicodeError) as error:
        raise NotSignedIn("The token is damaged or forged") from error
    if not isinstance(claims, dict):
        raise NotSignedIn("The token is damaged or forged")
    return claims


def token_keys(house: "House") -> dict[str, ECKey]:
    """The public halves of our token keys by `kid`, imported once per process and set of keys."""
    names = tuple(house.keys.named(TOKEN_PURPOSE))
    known = house.cache.get("token-keys")
    if known is None or known[0] != names:
        jwks = [house.keys.jwk(name) for name in names]
        known = (names, {jwk["kid"]: ECKey.import_key(dict(jwk)) for jwk in jwks if jwk["kty"] == "EC"})
        house.cache["token-keys"] = known
    keys: dict[str, ECKey] = known[1]
    return keys


def revoke(db: sa.Connection, what: str, at: datetime, until: datetime) -> None:
    """Refuse every token that names `what` (jti, grant, sid or client) until all of them have expired."""
    found = db.execute(sa.select(revocation_table.c.id).where(revocation_table.c.id == what)).one_or_none()
    if found is None:
        db.execute(revocation_table.insert().values(id=what, at=at, until=until))
    else:
        db.execute(revocation_table.update().where(revocation_table.c.id == what).values(until=until))


def is_revoked(db: sa.Connection, what: list[str | None]) -> bool:
    """Whether one of these ids was revoked."""
    ids = [one for one in what if one]
    return db.execute(_REVOKED, {"ids": ids}).first() is not None


# -- sessions


def cookie_name(house: "House", kind: str) -> str:
    """Cookies ignore ports, so each site has its own name; `__Host-` wherever browsers accept it (RFC 6265bis)."""
    return f"__Host-yinxin-{kind}" if house.settings.secure else f"yinxin-{kind}"


def open_session(db: sa.Connection, kind: str, caller: Caller, *, now: datetime, hours: int, device: str = "") -> str:
    """Begin a session for `caller.person` and give the cookie's value. A new value at each login and step-up."""
    assert caller.person
    assert caller.auth_time
    value = secrets.token_urlsafe(32)
    db.execute(
        session_table.insert().values(
            digest=_digest(value),
            kind=kind,
            sid=caller.sid or secrets.token_urlsafe(16),
            person=caller.person,
            level=caller.level,
            amr=list(caller.amr),
            auth_time=caller.auth_time,
            acting_for=caller.acting_for,
            holder_keys=list(caller.holder_keys),
            place=caller.place,
            rights=sorted(caller.rights),
            name=caller.sealed_name,
            opened=now,
            ends=now + timedelta(hours=hours),
            device=device[:200],
        )
    )
    return value


def current(house: "House", request: Request, kind: str, now: datetime) -> Caller | None:
    """The caller of the session cookie of one site, or None."""
    value = request.cookies.get(cookie_name(house, kind))
    if not value:
        return None
    with house.database.read() as db:
        return session(db, _digest(value), kind, now)


def session(db: sa.Connection, digest: str, kind: str, now: datetime) -> Caller | None:
    """The caller of a running session."""
    row = db.execute(_SESSION, {"this": digest, "site": kind, "now": now}).one_or_none()
    return None if row is None else _caller(row)


def sessions(db: sa.Connection, person: str, now: datetime, kind: str = "idp") -> list[tuple[Caller, datetime, str]]:
    """The running sessions of a person, newest first: who, since when, on which device."""
    rows = db.execute(
        sa.select(session_table)
        .where(session_table.c.person == person, session_table.c.kind == kind, session_table.c.ends > now)
        .order_by(session_table.c.opened.desc())
    )
    return [(_caller(row), row.opened, row.device) for row in rows]


def end_sessions(
    db: sa.Connection, *, at: datetime, sid: str | None = None, person: str | None = None, digest: str | None = None
) -> list[str]:
    """End sessions by login, by person or one alone; gives the sids that ended. Tokens of a whole login fall with it."""
    column, value = next(
        (column, value)
        for column, value in (
            (session_table.c.sid, sid),
            (session_table.c.person, person),
            (session_table.c.digest, digest),
        )
        if value is not None
    )
    running = sa.and_(column == value, session_table.c.ends > at)
    sids = sorted({row.sid for row in db.execute(sa.select(session_table.c.sid).where(running))})
    db.execute(session_table.update().where(running).values(ends=at))
    if digest is None:
        for one in sids:
            revoke(db, one, at, at + timedelta(hours=24))
    return sids


def forget_ended(db: sa.Connection, now: datetime) -> int:
    """Delete rows that can matter to nobody any more. Called by the ticker."""
    gone = db.execute(session_table.delete().where(session_table.c.ends < now - timedelta(days=1))).rowcount
    return gone + db.execute(revocation_table.delete().where(revocation_table.c.until < now)).rowcount


def stepped_up(caller: Caller, **changes: Any) -> Caller:
    """The same person after one more step; the next `open_session` gives it a new cookie."""
    return replace(caller, session=None, **changes)


def _caller(row: Any) -> Caller:
    return Caller(
        place=row.place,
        person=row.person,
        level=row.level,
        amr=tuple(row.amr),
        auth_time=row.auth_time,
        acting_for=row.acting_for,
        holder_keys=tuple(row.holder_keys),
        rights=frozenset(row.rights),
        sid=row.sid,
        session=row.digest,
        sealed_name=row.name,
    )


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
