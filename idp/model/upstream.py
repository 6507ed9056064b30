"""Another identity provider whose word we take: a province's, or any other that speaks OpenID Connect. And the links to it."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from urllib.parse import urlsplit

from hub.problems import Problem, Unavailable
from idp.model.address import safe_uri
from idp.model.flow import LEVELS, acr, level_of

FEDERATED = "fed"  # among the methods of a sign-in: another provider vouches (docs/identity/provinces.md)
LEAST = 2  # below it no real name is proved: nobody is linked by less
METHODS = frozenset(  # of RFC 8176 2, what an upstream may say
    {"face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina"}
    | {"sc", "sms", "swk", "tel", "user", "vbm", "wia"}
)
ALGORITHMS = ("ES256", "PS256", "EdDSA", "RS256")  # never none, never a symmetric one (RFC 8725 3.1)
_BLANK = re.compile(r"<[^<>]*>")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")


class Proof(StrEnum):
    """How we prove at the upstream's token endpoint that we are its client (OpenID Connect Core 9)."""

    key = "private_key_jwt"
    basic = "client_secret_basic"
    post = "client_secret_post"


METHODS_OF_PROOF = (Proof.key, Proof.basic, Proof.post)  # the safest first


class UpstreamWrong(Problem):
    """The description of an upstream breaks a rule; nothing was stored."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This provider cannot be set up"
    advice: ClassVar[str] = "Correct the named field and try again."


class UpstreamDown(Unavailable):
    """The upstream does not answer, or not as it should; known from before, this costs nobody a second."""

    title = "Your province's sign-in does not answer just now"
    advice = "Sign in here if you have an account here, or try again in a few minutes. Nothing was changed."


class UpstreamRefused(Problem):
    """The upstream said no, or the person did there."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "Your province did not sign you in"
    advice: ClassVar[str] = "Try again, or sign in here. If it happens again, ask your province's help desk."


class AnswerNotTrusted(Problem):
    """What came back breaks a rule: forged, replayed, or meant for somebody else. It is never used."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "The answer of your province cannot be trusted"
    advice: ClassVar[str] = (
        "Begin again from the sign-in page. If it happens again, sign in here and tell the help desk."
    )


class VouchedTooLow(Problem):
    """The upstream vouches for less than is needed."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "Your province does not vouch for enough"
    advice: ClassVar[str] = "Sign in here, or prove more at your province first and then come back."


class NotLinked(Problem):
    """An account that may not be entered by way of another provider."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "You cannot come in by way of your province"
    advice: ClassVar[str] = "Sign in here. If you cannot, ask at a service counter."


@dataclass(frozen=True)
class Upstream:
    """One provider as an operator has set it up."""

    id: str
    issuer: str
    name: str
    name_en: str
    region: str
    region_en: str
    client_id: str
    proof: Proof = Proof.key
    cap: int = 3  # we never believe more of it
    scopes: tuple[str, ...] = ("openid", "profile", "realname")
    yinxin: bool = True  # it names levels and numbers as we do
    acr: dict[str, int] = field(default_factory=dict, hash=False)  # of another: what its values mean here
    number_claim: str = "number"
    type_claim: str = "number_type"
    name_claim: str = "name"
    number_type: str = "111"  # where it names none
    added: datetime | None = None
    ended: datetime | None = None

    def level(self, value: object) -> int:
        """What an acr value of it is worth here: never more than the cap, nothing if we do not know it."""
        if not isinstance(value, str):
            return 0
        told = level_of(value) if self.yinxin else self.acr.get(value)
        return min(told or 0, self.cap)

    def asks(self, level: int) -> tuple[str, ...]:
        """By which acr values a level is asked for; of whom we believe less, the most that he may say."""
        wanted = min(max(level, LEAST), self.cap)
        if self.yinxin:
            return (acr(wanted),)
        return tuple(value for value, told in sorted(self.acr.items(), key=lambda one: one[1]) if told >= wanted)

    def methods(self, told: object) -> tuple[str, ...]:
        """The methods of a sign-in there as our tokens name them: what RFC 8176 knows, marked as another's word."""
        said = told if isinstance(told, list) else []
        return (*dict.fromkeys(one for one in said if isinstance(one, str) and one in METHODS), FEDERATED)

    def checked(self) -> "Upstream":
        """This one, if it keeps every rule. Raises UpstreamWrong."""
        if not _ID.fullmatch(self.id):
            raise UpstreamWrong("The id may hold small letters, digits and hyphens, 2 to 32 of them")
        if not issuer_like(self.issuer):
            raise UpstreamWrong("The issuer is not an https address without query and fragment")
        if not all((self.name, self.name_en, self.region, self.region_en, self.client_id)):
            raise UpstreamWrong("It needs its name and its region in Chinese and in English, and our client id there")
        if self.cap not in LEVELS or self.cap < LEAST:
            raise UpstreamWrong("The cap is a level from 2 to 4")
        if "openid" not in self.scopes:
            raise UpstreamWrong("The scopes lack openid")
        if not self.yinxin and not self.acr:
            raise UpstreamWrong("Say what its acr values mean: acr.<value> = level")
        if any(type(level) is not int or level not in LEVELS for level in self.acr.values()):
            raise UpstreamWrong("An acr value means a level from 1 to 4")
        return self

    @property
    def origin(self) -> str:
        """Where it stands."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Told:
    """What an upstream has proved of a person, checked to the last claim. Printed by accident it shows nothing."""

    upstream: Upstream
    subject: str  # keyed index of issuer and subject
    sid: str  # keyed index of issuer and its session, or empty
    level: int
    amr: tuple[str, ...]
    auth_time: datetime
    id_token: str
    digest: str  # of the ID token
    name: str = ""
    number: str = ""
    number_type: str = ""

    def __repr__(self) -> str:
        return f"Told({self.upstream.id})"


@dataclass(frozen=True)
class Link:
    """One account of a person at an upstream, known here as his. (issuer, subject) is its identity; nothing else is."""

    id: str
    upstream: str
    subject: str
    person: str
    made: datetime
    used: datetime


@dataclass(frozen=True)
class Login:
    """A login here that an upstream vouched for, as long as it is needed to end it on both sides.

    Without a link: one in which somebody connected his account there; it ends ours on its own.
    """

    sid: str
    upstream: str
    issuer: str
    link: str
    their_sid: str
    hint: bytes  # the sealed ID token
    at: datetime


def issuer_like(issuer: str) -> bool:
    """True for an https address (on this very machine http) without query, fragment and user (OpenID Connect Discovery 3)."""
    return len(issuer) <= 500 and "?" not in issuer and safe_uri(issuer, native=False)


def is_federated(amr: Collection[str]) -> bool:
    """Whether another provider vouched for a sign-in."""
    return FEDERATED in amr


def blank(what: str) -> str:
    """What an operator still has to fill in."""
    return f"<{what}>"


def must_be_filled(*values: object) -> None:
    """Raises UpstreamWrong for the first blank that was left."""
    for one in values:
        if isinstance(one, str) and _BLANK.fullmatch(one):
            raise UpstreamWrong("Fill in %(what)s", what=one)


def described(values: dict[str, Any]) -> Upstream:
    """An upstream from one table of a file. Raises UpstreamWrong with the first field that is wrong."""
    given = dict(values)
    unknown = set(given) - (set(Upstream.__dataclass_fields__) - {"added", "ended"})
    if unknown:
        raise UpstreamWrong("%(name)s is not a field of a provider", name=min(unknown))
    must_be_filled(*given.values(), *_keys(given.get("acr")))
    try:
        if "proof" in given:
            given["proof"] = Proof(given["proof"])
        if "scopes" in given:
            given["scopes"] = tuple(given["scopes"])
        made = Upstream(**given)
    except (TypeError, ValueError) as error:
        raise UpstreamWrong("A field is missing or has the wrong form: %(why)s", why=str(error)) from error
    wrong = [name for name, kind in KINDS.items() if type(getattr(made, name)) is not kind]
    if wrong:
        raise UpstreamWrong("A field is missing or has the wrong form: %(why)s", why=wrong[0])
    return made.checked()


def _keys(value: object) -> list[object]:
    return list(value) if isinstance(value, dict) else []


KINDS: dict[str, type] = {
    **dict.fromkeys(("id", "issuer", "name", "name_en", "region", "region_en", "client_id"), str),
    "number_claim": str,
    "type_claim": str,
    "name_claim": str,
    "number_type": str,
    "cap": int,
    "yinxin": bool,
    "acr": dict,
}
