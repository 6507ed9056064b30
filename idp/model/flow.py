"""One sign-in under way: what a service asked for, who sits before us, and what is still missing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from hub.problems import Problem
from idp.model.claims import agreed_as
from idp.model.client import Client
from idp.model.consent import API, Consent
from idp.model.factor import is_strongest
from idp.model.mandate import PERSON

FLOW_SECONDS = 1800  # a person may need half an hour to register and prove a name
ACR_PREFIX = "urn:yinxin:loa:"
LEVELS = (1, 2, 3, 4)
STRONGEST = 4  # at which only a passkey that stays on its device counts (NIST SP 800-63B-4 2.3)
PROMPTS = frozenset({"none", "login", "consent", "select_account", "create"})


class Step(StrEnum):
    """What a person must still do before a flow can be finished, in this order."""

    login = "login"
    whom = "whom"
    level = "level"
    consent = "consent"
    data = "data"


class FlowGone(Problem):
    """The sign-in was finished, is too old, or belongs to another browser."""

    status = 400
    title = "This sign-in is no longer open"
    advice = "Go back to the service and sign in from there again."


class Refused(Exception):
    """An OAuth error that is told to the service: its code and a plain ASCII sentence (RFC 6749 4.1.2.1, 5.2)."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(frozen=True)
class SignedIn:
    """A person's living session at the provider, as much of it as the protocol needs."""

    sid: str  # of the login, never the cookie's value
    person: str
    subject: str  # what the asking client calls this person, or the one for whom he acts
    level: int
    amr: tuple[str, ...]
    at: datetime  # the moment of the real authentication, never of issuance
    acting_for: str | None = None  # the id of the principal, if the person acts for one
    holder_keys: tuple[str, ...] = ()
    authority: str = ""  # the issuer of the provider that vouched for the login, if it was not us
    could_be: frozenset[str] = (
        frozenset()
    )  # subjects as which he could come besides: himself, others for whom he may act

    @property
    def agrees_for(self) -> str:
        """Whose agreement is asked: that of a person for whom he acts; of a company, whose data are public, his own."""
        whom = self.acting_for or ""
        return whom.removeprefix(PERSON) if whom.startswith(PERSON) else self.person


@dataclass(frozen=True)
class Asked:
    """A checked authorization request (OpenID Connect Core 3.1.2.1)."""

    client: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None = None
    nonce: str | None = None
    challenge: str | None = None
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    level: int = 1
    hinted_subject: str | None = None  # whom the id_token_hint names
    login_hint: str = ""
    ui_locales: tuple[str, ...] = ()
    data: tuple[str, ...] = ()  # ids of data permissions, each to be agreed to for itself (RFC 9396)
    response_type: str = "code"
    response_mode: str = "query"
    claims: str = ""  # the claims parameter as JSON in one form (OpenID Connect Core 5.5)
    acr_values: tuple[str, ...] = ()  # as asked, voluntary or essential
    resources: tuple[str, ...] = ()  # for which APIs the tokens shall be (RFC 8707 2)
    apis: tuple[str, ...] = ()  # the other services whose APIs these are
    dpop_jkt: str | None = None  # the key to which the code is bound (RFC 9449 10)
    pushed: str | None = None  # the digest of the request_uri, which is used up when the person is done (RFC 9126 4)
    device: str = ""  # the digest of the device code of whoever gets the answer, not the browser (RFC 8628)

    @property
    def told(self) -> tuple[str, ...]:
        """What the person must have agreed to: the scopes, the claims and others' APIs that are asked for beside them."""
        told = (*self.scopes, *agreed_as(self.claims, self.scopes)) if self.claims else self.scopes
        return (*told, *(f"{API}{one}" for one in self.apis)) if self.apis else told

    @property
    def number(self) -> bool:
        """True if it is asked for the number by which the register knows the person."""
        return "realname" in self.scopes or "claim:number" in self.told

    @property
    def for_whom(self) -> bool:
        """True if it is asked for whom the person acts."""
        return "company" in self.scopes or "claim:company" in self.told


@dataclass(frozen=True)
class Flow:
    """A checked request that waits for its person, bound to one browser by the digest of a cookie."""

    id: str
    asked: Asked
    browser: str
    started: datetime

    @property
    def ends(self) -> datetime:
        """When it is forgotten."""
        return self.started + timedelta(seconds=FLOW_SECONDS)


@dataclass(frozen=True)
class Pending:
    """What the pages of a flow need to know: the service, what it asks, and what is still to do."""

    flow: Flow
    client: Client
    steps: tuple[Step, ...]

    @property
    def asked(self) -> Asked:
        """The request that waits."""
        return self.flow.asked

    @property
    def origin(self) -> str:
        """Where the browser is sent at the end. Browsers apply form-action to redirects too: forms of a flow must allow it."""
        parts = urlsplit(self.flow.asked.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Redirect:
    """The answer is ready: send the browser to this address, with `fields` as a form that it posts (form_post)."""

    url: str
    fields: tuple[tuple[str, str], ...] = ()
    forget: bool = False  # the session in this browser ends with it: the next person sits down here


@dataclass(frozen=True)
class NeedsInteraction:
    """The person must do `steps` first; the flow waits under its id."""

    flow: str
    steps: tuple[Step, ...]
    new: bool = False  # the service sends somebody who has no account yet
    ui_locales: tuple[str, ...] = ()


def missing(
    asked: Asked,
    started: datetime,
    client: Client,
    signed_in: SignedIn | None,
    consent: Consent | None,
    now: datetime,
    *,
    allowed: Collection[str] = (),
    chosen: bool = True,
) -> tuple[Step, ...]:
    """What is still to do before `asked` may be answered. Asking again after each step gives what remains."""
    if signed_in is None or not _fresh(asked, started, signed_in, now):
        return (Step.login,)
    if signed_in.authority and signed_in.level < asked.level:  # whoever vouched cannot do more; a way of his own can
        return (Step.login,)
    if not chosen or asked.hinted_subject not in (None, signed_in.subject):
        return (Step.whom,)
    steps = []
    if signed_in.level < asked.level or _lacks_number(asked, signed_in):
        steps.append(Step.level)
    if not _agreed(asked, started, client, consent):
        steps.append(Step.consent)
    if not set(asked.data) <= set(allowed):  # of our own sites too: what others hold is never told in passing
        steps.append(Step.data)
    return tuple(steps)


def _lacks_number(asked: Asked, signed_in: SignedIn) -> bool:
    """True if the service asks for name and number, and the person is known by a network identity alone."""
    known = signed_in.level >= 2 and signed_in.acting_for is None
    return known and asked.number and not signed_in.holder_keys


def _fresh(asked: Asked, started: datetime, signed_in: SignedIn, now: datetime) -> bool:
    """True if the authentication is as young, as strong, and of the person, that was asked for."""
    if asked.hinted_subject not in (None, signed_in.subject, *signed_in.could_be):
        return False
    if asked.level >= STRONGEST and not is_strongest(signed_in.amr):
        return False
    if signed_in.at >= started:  # done for this very flow
        return True
    if {"login", "create"} & asked.prompt:
        return False
    return asked.max_age is None or now - signed_in.at <= timedelta(seconds=asked.max_age)


def must_choose(asked: Asked) -> bool:
    """True if the service lets the person choose as whom he comes: as another person, or for another one."""
    return "select_account" in asked.prompt


def must_say_now(asked: Asked, client: Client) -> bool:
    """True if only what the person says in this very flow counts."""
    return "consent" in asked.prompt or client.public


def _agreed(asked: Asked, started: datetime, client: Client, consent: Consent | None) -> bool:
    """True if the person agreed to all that is asked; a client that cannot prove itself is agreed to each time."""
    if client.first_party:
        return True
    if consent is None or not consent.covers(asked.told):
        return False
    return consent.at >= started or not must_say_now(asked, client)


def acr(level: int) -> str:
    """The authentication context class of an assurance level."""
    return f"{ACR_PREFIX}{level}"


def level_of(acr_value: str) -> int | None:
    """The assurance level that an acr value names, or None if we know no such value."""
    return next((level for level in LEVELS if acr(level) == acr_value), None)
