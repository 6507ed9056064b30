"""What a person allowed a client in one sign-in: first a code, then tokens; all of them fall together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from idp.model.flow import Asked, SignedIn

GRANT_DAYS = 30  # the absolute end of a family of refresh tokens (ASVS 10.4.8)
REFRESH_GRACE_SECONDS = (
    10  # a client whose answer was lost, or whose two workers refresh at once, gets the same successor
)
TOLD_EVERY = timedelta(days=1)  # a renewal each ten minutes must not bury all else that a person should see
SKEW = 10  # seconds that the clocks of two machines may differ


@dataclass(frozen=True)
class Code:
    """What an authorization code stands for until it is redeemed. The code itself is kept only as a digest."""

    client: str
    redirect_uri: str
    scopes: tuple[str, ...]
    nonce: str | None
    challenge: str | None
    person: str
    sid: str
    level: int
    amr: tuple[str, ...]
    auth_time: datetime
    acting_for: str | None
    holder_keys: tuple[str, ...]  # for our own sites, which find a person's licenses by them
    made: datetime
    data: tuple[str, ...] = ()  # ids of the data permissions that the person agreed to (RFC 9396)
    claims: str = ""  # the claims parameter as JSON in one form (OpenID Connect Core 5.5)
    resources: tuple[str, ...] = ()  # for which APIs the tokens may be (RFC 8707 2)
    dpop_jkt: str | None = None  # the key that must be shown to redeem it (RFC 9449 10)
    authority: str = ""  # the issuer of the provider that vouched for the login, if it was not us

    @classmethod
    def of(cls, asked: Asked, signed_in: SignedIn, now: datetime) -> "Code":
        """The answer to what was asked, by the person who is signed in."""
        return cls(
            client=asked.client,
            redirect_uri=asked.redirect_uri,
            scopes=asked.scopes,
            nonce=asked.nonce,
            challenge=asked.challenge,
            person=signed_in.person,
            sid=signed_in.sid,
            level=signed_in.level,
            amr=signed_in.amr,
            auth_time=signed_in.at,
            acting_for=signed_in.acting_for,
            holder_keys=signed_in.holder_keys,
            made=now,
            data=asked.data,
            claims=asked.claims,
            resources=asked.resources,
            dpop_jkt=asked.dpop_jkt,
            authority=signed_in.authority,
        )

    def valid_at(self, now: datetime, seconds: int) -> bool:
        """True while the code may be redeemed (RFC 6749 4.1.2)."""
        return self.made <= now + timedelta(seconds=SKEW) and now < self.made + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Grant:
    """One redeemed code: the family of every token that came of it."""

    id: str
    client: str
    person: str
    sid: str
    scopes: tuple[str, ...]
    level: int
    amr: tuple[str, ...]
    auth_time: datetime
    acting_for: str | None
    made: datetime
    ends: datetime
    revoked: datetime | None = None
    data: tuple[str, ...] = ()
    claims: str = ""  # what was asked for by name beside the scopes, as JSON in one form
    resources: tuple[str, ...] = ()
    cnf: str = ""  # the key of the client that every token of it is bound to: `jkt:…` (RFC 9449 6.1), `x5t#S256:…` (RFC 8705 3.1)
    authority: str = ""  # the issuer of the provider that vouched for the login, if it was not us
    told: datetime | None = None  # when a renewal without the person was last noted

    @property
    def offline(self) -> bool:
        """True if it outlives the session (OpenID Connect Core 11)."""
        return "offline_access" in self.scopes

    @property
    def label(self) -> str:
        """Who granted it, and for whom, as the ledger names them."""
        return f"person:{self.person} for {self.acting_for}" if self.acting_for else f"person:{self.person}"

    def is_untold(self, now: datetime) -> bool:
        """True if a renewal without the person is to be noted: the first one, and one each day."""
        return self.told is None or now - self.told >= TOLD_EVERY

    def living_at(self, now: datetime) -> bool:
        """True while tokens of this grant may be used or renewed."""
        return self.revoked is None and now < self.ends


@dataclass(frozen=True)
class Party:
    """A client that was told of somebody in a login: of the person, or of the one for whom he acted."""

    client: str
    person: str
    acting_for: str | None
    sid: str


@dataclass(frozen=True)
class Refresh:
    """One refresh token of a grant, by its digest. `parent` is the token that it replaced; no token has two successors."""

    digest: str
    grant: str
    parent: str | None
    made: datetime
    replaced: datetime | None = None  # when its successor was made

    def in_grace_at(self, now: datetime) -> bool:
        """True shortly after its replacement, while a repetition is an accident rather than a theft."""
        return self.replaced is not None and now < self.replaced + timedelta(seconds=REFRESH_GRACE_SECONDS)


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint hands out (RFC 6749 5.1)."""

    access_token: str
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None
    details: tuple[dict[str, Any], ...] = ()  # RFC 9396 7
    token_type: str = "Bearer"
    issued_type: str = ""  # of a token that was exchanged (RFC 8693 2.2.1)

    def as_answer(self) -> dict[str, Any]:
        """The members of the answer, without those that are absent."""
        members: dict[str, Any] = {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "issued_token_type": self.issued_type or None,
            "expires_in": self.expires_in,
            "scope": self.scope,
            "refresh_token": self.refresh_token,
            "id_token": self.id_token,
            "authorization_details": list(self.details) or None,
        }
        return {name: value for name, value in members.items() if value is not None}
