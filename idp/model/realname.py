"""Real-name verification: its states, and the evidence that each step leaves."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hub.problems import Problem, Unavailable
from idp.model.person import Profile

PASSPORT = "414"  # holder code type of GB/T 36903
OLD_CARD = 15  # characters of a foreigner's card of before December 2023
OFFICIAL = ZoneInfo("Asia/Shanghai")  # a birthday begins at its midnight, wherever somebody is
GUARDIAN_AGE = 14  # below it a guardian acts (PIPL art. 31)


class Stage(StrEnum):
    """Where a verification stands."""

    begun = "begun"
    later = "later"  # the register did not answer; the form is kept
    matched = "matched"  # name and number belong together
    live = "live"  # the live check is under way
    done = "done"


# From each stage, the stages that may follow.
FOLLOWS = {
    Stage.begun: {Stage.later, Stage.matched, Stage.live, Stage.done},
    Stage.later: {Stage.begun, Stage.later, Stage.matched, Stage.live, Stage.done},
    Stage.matched: {Stage.begun, Stage.live, Stage.matched, Stage.done},
    Stage.live: {Stage.live, Stage.matched, Stage.done, Stage.begun},
    Stage.done: {Stage.begun, Stage.live, Stage.matched, Stage.done},  # proved anew
}


class NotMatched(Problem):
    """The register does not know this pair. It never says which of the two is wrong."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "Name and number do not belong together"
    advice: ClassVar[str] = "Check both against your paper. If they are right, ask at a service counter."


class RegisterLater(Unavailable):
    """The register did not answer. The form is kept, so nothing has to be typed again."""

    title: ClassVar[str] = "The register does not answer just now"
    advice: ClassVar[str] = "What you entered is kept. Come back later and continue from here."


class LiveCheckFailed(Problem):
    """The live check ended without a match."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "The live check did not succeed"
    advice: ClassVar[str] = "You can try again, or ask at a service counter."


class NotYours(Problem):
    """Somebody comes back from a register in another browser, or another session, than the one that went there.

    Whoever is made to show his face by a link that a stranger sent him gives that stranger nothing.
    """

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This check was begun somewhere else"
    advice: ClassVar[str] = (
        "Begin the check yourself, on this page. If somebody sent you a link to it, do not use it:"
        " he wanted your proof for himself."
    )


class PaperIncomplete(Problem):
    """A paper whose number tells too little: its country and the day of birth are asked for as well."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "Two more things of this paper are needed"
    advice: ClassVar[str] = "Type both just as they stand on your paper."


class HasNumber(Problem):
    """A network identity stands in place of a number; whoever has a number needs none."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This account has a proved number already"
    advice: ClassVar[str] = "You need no network identity here. Go on with the live check if a service asks for more."


class NeedsNumber(Problem):
    """Somebody known by a network identity alone wants what hangs on a number."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "This needs your name and number"
    advice: ClassVar[str] = (
        "Your account is known by a network identity alone. Prove name and number first, if you want to."
    )


class NeedsGuardian(Problem):
    """A child under fourteen."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "A guardian has to do this"
    advice: ClassVar[str] = "A parent or guardian signs in with an own account, or comes to a service counter."


class WrongStep(Problem):
    """A step out of its order."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This step is not due"
    advice: ClassVar[str] = "Start from the page about your real name."


class Source(StrEnum):
    """Who says what an evidence rests on."""

    population = "population"  # the register of names and numbers, of papers, of companies
    network_id = "network-id"
    bank = "bank"
    telecom = "telecom"


@dataclass(frozen=True)
class Form:
    """What the person typed. Sealed wherever it is kept."""

    name: str
    number: str
    country: str = ""  # three letters; of a passport, and of an old foreigner's card
    born: str = ""  # ISO date; of papers whose number does not hold it
    phone: str = ""  # with these two another register than that of the population is asked
    card: str = ""

    @classmethod
    def of(cls, profile: Profile) -> "Form":
        """What a register is asked about somebody who has proved his number. Raises NeedsNumber for whoever has none."""
        if not profile.number:
            raise NeedsNumber("The account has no number")
        more = profile.number_type == PASSPORT or len(profile.number) == OLD_CARD
        return cls(profile.name, profile.number, profile.country if more else "", profile.born if more else "")

    @property
    def words(self) -> dict[str, str]:
        """What a register is told: what is empty is left out."""
        told = {"name": self.name, "number": self.number, "country": self.country, "born": self.born}
        return {name: value for name, value in told.items() if value}

    @property
    def asked(self) -> list[str]:
        """What a signed answer has to repeat as a digest."""
        return [self.number, self.name, *filter(None, (self.country, self.born))]

    @property
    def kept(self) -> dict[str, str]:
        """All that was typed, for the sealed row."""
        return {name: value for name, value in vars(self).items() if value}

    def __repr__(self) -> str:
        return "Form(…)"


@dataclass(frozen=True)
class Verification:
    """One person's verification. A change is a new value; the store writes it only over the stage it came from."""

    person: str
    stage: Stage
    at: datetime
    form: Form | None = None  # only until the number is the person's: then the profile holds it
    check: str = ""  # the register's id of the live check
    binding: str = ""  # digest of the browser and the session that began it
    anew: datetime | None = None  # evidence from before counts no more
    reminded: datetime | None = None  # when the person was told that the proof grows old

    def moved(self, stage: Stage, at: datetime, **changes: Any) -> "Verification":
        """The verification one step further. Raises WrongStep."""
        if stage not in FOLLOWS[self.stage]:
            raise WrongStep("From %(now)s there is no way to %(then)s", now=self.stage.value, then=stage.value)
        return replace(self, stage=stage, at=at, **changes)


@dataclass(frozen=True)
class Evidence:
    """What proves a level: how, by whom, when. Never a picture, never the raw answer: only its digest."""

    person: str
    method: str  # match, live, bank, telecom, network-id, counter, representative
    level: int
    register: str
    transaction: str
    score_band: str
    answer_digest: str
    at: datetime
    about: str = ""  # unified code, where the evidence is about an organisation
    source: str = Source.population.value
    kind: str = (
        ""  # what was looked at: the kind of a number, of a document, or a face, a card, a phone, a network identity
    )
    agent: str = ""  # who did it: the person himself, or an officer; as the ledger names him

    @property
    def digest(self) -> str:
        """What stands in the ledger: if a row is changed afterwards, it does not fit any more."""
        told = {name: str(value) for name, value in vars(self).items()} | {"at": self.at.isoformat()}
        return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def age(born: date, today: date) -> int:
    """Full years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def grown_up(born: date, years: int = GUARDIAN_AGE) -> datetime:
    """The moment from which somebody is of this age, for everybody alike: the beginning of his birthday."""
    day = date(born.year + years, born.month, min(born.day, 28))
    while age(born, day) < years:
        day += timedelta(days=1)
    return datetime.combine(day, time(), OFFICIAL)


def today(now: datetime) -> date:
    """The day of the calendar on papers."""
    return now.astimezone(OFFICIAL).date()
