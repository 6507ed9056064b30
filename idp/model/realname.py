"""Real-name verification: its states, and the evidence that each step leaves."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from hub.problems import Problem, Unavailable

GUARDIAN_AGE = 14  # below it a guardian acts (PIPL art. 31)


class Stage(StrEnum):
    """Where a verification stands."""

    begun = "begun"
    later = "later"  # the register did not answer; the form is kept
    matched = "matched"  # name and number belong together
    live = "live"  # the live check is under way
    done = "done"


# From each stage, the stages that may follow. A re-proofing starts anew.
FOLLOWS = {
    Stage.begun: {Stage.later, Stage.matched},
    Stage.later: {Stage.begun, Stage.later, Stage.matched},
    Stage.matched: {Stage.live, Stage.matched},
    Stage.live: {Stage.live, Stage.matched, Stage.done},
    Stage.done: {Stage.begun},
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

    @property
    def words(self) -> dict[str, str]:
        """What a register is told: what is empty is left out."""
        told = {"name": self.name, "number": self.number, "country": self.country, "born": self.born}
        return {name: value for name, value in told.items() if value}

    @property
    def asked(self) -> list[str]:
        """What a signed answer has to repeat as a digest."""
        return [self.number, self.name, *filter(None, (self.country, self.born))]

    def __repr__(self) -> str:
        return "Form(…)"


@dataclass(frozen=True)
class Verification:
    """One person's verification. A change is a new value; the store writes it only over the stage it came from."""

    person: str
    stage: Stage
    at: datetime
    form: Form | None = None  # only until the match: then the profile holds it
    check: str = ""  # the register's id of the live check

    def moved(self, stage: Stage, at: datetime, **changes: str | Form | None) -> "Verification":
        """The verification one step further. Raises WrongStep."""
        if stage not in FOLLOWS[self.stage]:
            raise WrongStep("From %(now)s there is no way to %(then)s", now=self.stage.value, then=stage.value)
        return replace(self, stage=stage, at=at, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Evidence:
    """What proves a level: how, by whom, when. Never a picture, never the raw answer: only its digest."""

    person: str
    method: str  # match, live, representative, counter
    level: int
    register: str
    transaction: str
    score_band: str
    answer_digest: str
    at: datetime
    about: str = ""  # unified code, where the evidence is about an organisation


def age(born: date, today: date) -> int:
    """Full years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
