"""Sharing data between bodies: what is offered, who asked for what and why, and each single use."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from admin.model.item import CODE, safe_url
from hub.problems import NotAllowed, NotFound, Problem

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
LONGEST = 500  # characters of one text
MOST_FIELDS = 30
MOST_PER_DAY = 100_000
MOST_DAYS = 1096  # three years: then somebody has to ask again, and to say why
REGISTER, ENDPOINT = "licenses:", "endpoint:"


class Sharing(StrEnum):
    """The three classes of the regulation on sharing government data."""

    unconditional = "unconditional"  # whoever asks with a purpose gets it, each use is logged
    conditional = "conditional"  # the body that holds it decides on each request
    closed = "not-shared"  # a rule forbids it, and the rule is named


class Sensitivity(StrEnum):
    """What a field is: sensitive ones take two persons of the body that holds them."""

    plain = "plain"
    personal = "personal"
    sensitive = "sensitive"


class RequestState(StrEnum):
    """Where a request stands."""

    waiting = "waiting"
    granted = "granted"
    refused = "refused"
    ended = "ended"


class NoEntry(NotFound):
    """The catalogue has no such entry."""

    title = "There is no such data in the catalogue"
    advice = "Look it up in the catalogue of shared data."


class NoRequest(NotFound):
    """There is no such request, or not in this part of the tree."""

    title = "There is no such request for data"
    advice = "Check its number in the list of requests."


class EntryWrong(Problem):
    """An entry breaks rules; `fields` names what is wrong."""

    status = 422
    title = "This entry cannot be kept"
    advice = "Correct the named fields and try again."

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class RequestWrong(EntryWrong):
    """A request for data breaks rules; `fields` names what is wrong."""

    title = "This request for data cannot be made"


class NotShared(NotAllowed):
    """A rule forbids to share it."""

    title = "These data are not shared"
    advice = "The catalogue names the rule. Ask the person himself, or the body that holds the data."


class RequestNotOpen(Problem):
    """The request is not in the state for this step."""

    status = 409
    title = "This request is not in the state for this"
    advice = "Load the page of the request again and look at what was decided."


class AskerDecides(NotAllowed):
    """Who asked for data does not decide about them, whatever part of the tree he looks after."""

    title = "You asked for these data yourself"
    advice = "Another person of the body that holds the data has to decide."


# -- the catalogue


@dataclass(frozen=True)
class Field:
    """One field of an entry."""

    key: str
    name: str
    name_en: str
    sensitivity: Sensitivity = Sensitivity.plain


@dataclass(frozen=True)
class Entry:
    """What a body offers to others: which fields, to whom, by which rule, and where they come from."""

    id: str
    name: str
    name_en: str
    agency: str  # unified code of the body that holds the data
    place: str
    fields: tuple[Field, ...]
    sharing: Sharing
    basis: str
    basis_en: str
    source: str  # licenses:<kind>, endpoint:<url>; "" for what is not shared
    client: str = ""  # by which the body's own platform is known: its key signs the answers of an endpoint
    tells_number: bool = False  # an endpoint is told the proved number, because it finds nobody without it
    changed: datetime | None = None
    ended: datetime | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its fields."""
        return tuple(one.key for one in self.fields)

    @property
    def kind(self) -> str:
        """The kind of license that it is answered from, or nothing."""
        return self.source.removeprefix(REGISTER) if self.source.startswith(REGISTER) else ""

    @property
    def endpoint(self) -> str:
        """The address that it is answered from, or nothing."""
        return self.source.removeprefix(ENDPOINT) if self.source.startswith(ENDPOINT) else ""

    def only(self, keys: tuple[str, ...]) -> tuple[Field, ...]:
        """These of its fields, in its own order."""
        return tuple(one for one in self.fields if one.key in keys)

    def checked(self) -> "Entry":
        """This entry, if it keeps every rule. Raises EntryWrong with all that is wrong."""
        wrong = tuple(name for name, rule in ENTRY_RULES if not rule(self))
        if wrong:
            raise EntryWrong(fields=wrong)
        return self


def text(words: str, least: int = 1, most: int = LONGEST) -> bool:
    """Whether these are words of a fitting length without control characters."""
    return least <= len(words.strip()) <= most and words.isprintable()


def _fields_are_whole(entry: Entry) -> bool:
    named = all(KEY.fullmatch(one.key) and text(one.name, 1, 60) and text(one.name_en, 1, 80) for one in entry.fields)
    return named and 1 <= len(entry.fields) <= MOST_FIELDS and len(set(entry.keys)) == len(entry.fields)


def _has_a_source(entry: Entry) -> bool:
    if entry.sharing is Sharing.closed:
        return not entry.source
    return bool(entry.kind) or bool(entry.endpoint and safe_url(entry.endpoint))


ENTRY_RULES: tuple[tuple[str, Callable[[Entry], bool]], ...] = (
    ("name", lambda entry: text(entry.name, 2, 80)),
    ("name_en", lambda entry: text(entry.name_en, 2, 120)),
    ("fields", _fields_are_whole),
    ("basis", lambda entry: text(entry.basis, 4)),  # also of what is not shared: a wish is no rule
    ("basis_en", lambda entry: text(entry.basis_en, 4)),
    ("source", _has_a_source),
    ("client", lambda entry: bool(entry.client) or not entry.endpoint),
)


# -- requests


@dataclass(frozen=True)
class DataRequest:
    """What one body asks of another: which fields, for what, by which rule, how often, how long."""

    id: str
    entry: str
    fields: tuple[str, ...]
    client: str
    place: str  # of the body that asks
    provider_place: str
    item: str
    purpose: str
    purpose_en: str
    basis: str
    per_day: int
    until: datetime
    asked_by: str  # the internal id of the person
    asked: datetime
    state: RequestState = RequestState.waiting
    decided_by: str = ""
    decided: datetime | None = None
    reason: str = ""

    @property
    def purpose_digest(self) -> str:
        """What it is for, as SHA-256: the ledger names it without telling it."""
        words = [self.item, self.purpose, self.purpose_en, self.basis]
        return hashlib.sha256(json.dumps(words, ensure_ascii=False).encode()).hexdigest()

    def in_force_at(self, now: datetime) -> bool:
        """Whether calls are answered."""
        return self.state is RequestState.granted and now < self.until

    def wrong(self, entry: Entry) -> set[str]:
        """What breaks a rule. Raises NotShared for what nobody may ask for."""
        if entry.sharing is Sharing.closed:
            raise NotShared(entry.basis)
        return {name for name, rule in REQUEST_RULES if not rule(self, entry)}


REQUEST_RULES: tuple[tuple[str, Callable[[DataRequest, Entry], bool]], ...] = (
    ("fields", lambda asked, entry: bool(asked.fields) and set(asked.fields) <= set(entry.keys)),
    ("client", lambda asked, _: bool(asked.client)),
    ("item", lambda asked, _: bool(CODE.fullmatch(asked.item))),
    ("purpose", lambda asked, _: text(asked.purpose, 4)),
    ("purpose_en", lambda asked, _: text(asked.purpose_en, 4)),
    ("basis", lambda asked, _: text(asked.basis, 4)),
    ("per_day", lambda asked, _: 1 <= asked.per_day <= MOST_PER_DAY),
    ("until", lambda asked, _: asked.asked < asked.until <= asked.asked + timedelta(days=MOST_DAYS)),
)
