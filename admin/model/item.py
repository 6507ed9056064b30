"""A service item: one thing that an agency does for people or companies, in versions. A version in use is never changed."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from hub.problems import NotFound, Problem

CODE = re.compile(r"[0-9A-Z]{18}-[0-9]{4}")  # the agency's unified code, a dash, its own number of the item
LONGEST = 500  # characters of one text
MOST_DAYS = 365  # working days that may be promised


class State(StrEnum):
    """Where a version of an item stands. Whether a draft waits for a second person is said by its request for approval."""

    draft = "draft"
    production = "production"
    replaced = "replaced"  # a later version is in production
    ended = "ended"


class LifeEvent(StrEnum):
    """The moments of a life, or of a company's, at which somebody needs an agency."""

    business = "start-a-business"
    running = "run-a-business"
    child = "have-a-child"
    study = "study"
    work = "find-a-job"
    marriage = "marry"
    home = "buy-a-home"
    move = "move"
    health = "see-a-doctor"
    retirement = "retire"


class Audience(StrEnum):
    """For whom an item is."""

    person = "person"
    company = "company"
    both = "both"


class NoItem(NotFound):
    """There is no such service item, or not in this part of the tree."""

    title = "There is no such service item"
    advice = "Check its code, or search for the service by its name."


class ItemWrong(Problem):
    """The description of an item breaks rules; `fields` names what is wrong."""

    status = 422
    title = "This service item cannot be kept"
    advice = "Correct the named fields and try again."

    def __init__(self, *, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class ItemState(Problem):
    """The item is not in the state that this step needs."""

    status = 409
    title = "The item is not in the state for this"
    advice = "Load the page of the item again and look at its versions and requests."


@dataclass(frozen=True)
class Access:
    """What the item's own OIDC client shall be: whoever registers it gives the public keys and addresses, nobody a secret."""

    redirect_uris: tuple[str, ...]
    keys: tuple[dict[str, Any], ...]  # public JWKs, unless their address is given
    trial_uris: tuple[str, ...] = ()  # further addresses of its sandbox: a developer's own machine, too
    post_logout_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    events_uri: str = ""  # is told what becomes of an account
    scopes: tuple[str, ...] = ("openid",)
    purpose: str = ""
    purpose_en: str = ""
    basis: str = "consent"  # why it may use what it is told: `consent` or `duty`
    citation: str = ""  # of a duty or power by law: the rule that gives it
    jwks_uri: str = ""  # where its public keys are read, instead of `keys`
    policy: str = "standard"  # of requests from before there was a choice; a new one gets `fapi2`


@dataclass(frozen=True)
class ServiceItem:
    """One version of one thing that an agency does for people or companies."""

    code: str  # see CODE
    name: str
    name_en: str
    agency: str  # unified code of the body that answers for it
    place: str  # its place in the tree
    region: str  # GB/T 2260, or "" for the whole country
    life_event: LifeEvent
    audience: Audience
    level: int  # the assurance level that it needs: 1, 2 or 3
    kind: str  # code of the kind of license that it issues, or ""
    licenses: tuple[str, ...]  # codes of the kinds of license that are needed
    materials: tuple[str, ...]  # what else is needed, in words
    legal_basis: str
    legal_basis_en: str
    promised_days: int  # working days
    statutory_days: int  # working days
    online: bool
    offline_basis: str = ""  # the rule by which it cannot be done online
    url: str = ""  # where to apply at the agency's own site; "" means: here
    client: str = ""  # the OIDC client of that site in production, or ""
    state: State = State.draft
    version: int = 1
    changed: datetime | None = None
    summary: str = ""  # in one or two sentences: who may apply, and for what
    summary_en: str = ""
    materials_en: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other words that people look for
    hidden: bool = False  # not shown in the portal; needs a cited basis
    hidden_basis: str = ""
    access: Access | None = None  # for a site with a client of its own
    changed_by: str = ""  # label, as in the ledger

    @property
    def here(self) -> bool:
        """Whether one applies for it here, and not at the agency's own site."""
        return self.online and not self.url

    @property
    def public(self) -> bool:
        """Whether the portal shows it."""
        return self.state is State.production and not self.hidden

    @property
    def facts(self) -> dict[str, Any]:
        """What the ledger tells of this version: enough to recount the board."""
        return {
            "version": self.version,
            "life_event": self.life_event.value,
            "audience": self.audience.value,
            "level": self.level,
            "online": self.online,
            "hidden": self.hidden,
            "client": self.client,
        }

    def for_(self, audience: Audience) -> bool:
        """Whether it is for these."""
        return Audience.both in (audience, self.audience) or audience is self.audience

    def checked(self) -> "ServiceItem":
        """This item, if it keeps every rule. Raises ItemWrong with all that is wrong."""
        wrong = tuple(name for name, rule in RULES if not rule(self))
        if wrong:
            raise ItemWrong(fields=wrong)
        return self

    def next(self, **changes: Any) -> "ServiceItem":
        """The version after this one: a draft, unless something else is said."""
        values: dict[str, Any] = {"version": self.version + 1, "state": State.draft}
        return replace(self, **(values | changes))


def _text(text: str, least: int = 1, most: int = LONGEST) -> bool:
    return least <= len(text.strip()) <= most and text.isprintable()


def _lines(lines: tuple[str, ...], most: int, longest: int = LONGEST) -> bool:
    return len(lines) <= most and all(_text(line, 1, longest) for line in lines)


def safe_url(url: str) -> bool:
    """True for an https address, or http on this very machine (department sites of a demo)."""
    if not re.fullmatch(r"[!-~]{1,500}", url) or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1"))


Rule = Callable[[ServiceItem], bool]
RULES: tuple[tuple[str, Rule], ...] = (  # the field that is named, and what must hold; all are looked at
    ("code", lambda item: bool(CODE.fullmatch(item.code)) and item.code.startswith(item.agency)),
    ("name", lambda item: _text(item.name, 2, 80)),
    ("name_en", lambda item: _text(item.name_en, 2, 120)),
    ("summary", lambda item: _text(item.summary, 0)),
    ("summary_en", lambda item: _text(item.summary_en, 0)),
    ("level", lambda item: item.level in (1, 2, 3)),
    ("legal_basis", lambda item: _text(item.legal_basis, 4)),
    ("legal_basis_en", lambda item: _text(item.legal_basis_en, 4)),
    ("statutory_days", lambda item: 0 <= item.statutory_days <= MOST_DAYS),
    ("promised_days", lambda item: 0 <= item.promised_days <= item.statutory_days),
    ("materials", lambda item: _lines(item.materials, 20)),
    ("materials_en", lambda item: _lines(item.materials_en, 20) and len(item.materials_en) == len(item.materials)),
    ("also", lambda item: _lines(item.also, 20, 40)),
    ("url", lambda item: not item.url or (item.online and safe_url(item.url))),
    ("offline_basis", lambda item: _text(item.offline_basis, 0 if item.online else 4)),
    ("hidden_basis", lambda item: _text(item.hidden_basis, 4 if item.hidden else 0)),
    ("access", lambda item: not (item.client or item.access) or bool(item.url)),
)
