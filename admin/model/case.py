"""A case: one application for one service, from its submission to its end, and who may move it."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from hub.problems import NotAllowed, NotFound, Problem

DRAFT_DAYS = 30  # how long a draft waits for its owner
PERSON = "person:"  # begins the id of a principal who is a person
WORDS = 500  # characters of a reason


class CaseState(StrEnum):
    """Where a case stands."""

    submitted = "submitted"
    accepted = "accepted"
    returned = "returned"  # the applicant has to add something
    approved = "approved"
    refused = "refused"
    withdrawn = "withdrawn"


class Step(StrEnum):
    """What moves a case."""

    accept = "accept"
    give_back = "return"
    answer = "answer"
    approve = "approve"
    refuse = "refuse"
    withdraw = "withdraw"


class Mover(StrEnum):
    """Who moves a case."""

    applicant = "applicant"
    officer = "officer"


class Channel(StrEnum):
    """Where it was submitted."""

    online = "online"
    counter = "counter"


MOVES = {  # the one table of who may take which step from where, and where it leads
    (CaseState.submitted, Step.accept): (Mover.officer, CaseState.accepted),
    (CaseState.submitted, Step.give_back): (Mover.officer, CaseState.returned),
    (CaseState.submitted, Step.refuse): (Mover.officer, CaseState.refused),
    (CaseState.submitted, Step.withdraw): (Mover.applicant, CaseState.withdrawn),
    (CaseState.accepted, Step.give_back): (Mover.officer, CaseState.returned),
    (CaseState.accepted, Step.approve): (Mover.officer, CaseState.approved),
    (CaseState.accepted, Step.refuse): (Mover.officer, CaseState.refused),
    (CaseState.accepted, Step.withdraw): (Mover.applicant, CaseState.withdrawn),
    (CaseState.returned, Step.answer): (Mover.applicant, CaseState.submitted),
    (CaseState.returned, Step.withdraw): (Mover.applicant, CaseState.withdrawn),
}
OPEN = frozenset({CaseState.submitted, CaseState.accepted, CaseState.returned})
RUNNING = frozenset({CaseState.submitted, CaseState.accepted})  # the promised time runs: the office has to act
DECISIONS = frozenset({CaseState.approved, CaseState.refused})


class NoCase(NotFound):
    """There is no such case, or not one that this caller may see."""

    title = "There is no such application"
    advice = "Check its number in the list of applications."


class CaseElsewhere(Problem):
    """The case does not stand where this step begins: somebody was quicker, or the page is old."""

    status = 409
    title = "The application has moved on"
    advice = "Load the page again and look at where it stands."


class OwnCase(NotAllowed):
    """Nobody decides on what he applied for himself, or took at the counter."""

    title = "You cannot decide on this application"
    advice = "Another officer has to decide: you applied for it yourself, or you took it at the counter."


class NotForYou(NotAllowed):
    """The service is for persons and you act for a company, or the other way round."""

    title = "This service is for somebody else"
    advice = "Choose for whom you act, then open the service again."


class ActingForAnother(NotAllowed):
    """It is this person's, but he acted for somebody else when he began it."""

    title = "You began this while acting for somebody else"
    advice = "Choose for whom you act on the page of your applications, then open it again."


class NotApplied(Problem):
    """The service cannot be applied for here: it has ended, is not online, or has its own site."""

    status = 409
    title = "This service cannot be applied for here"
    advice = "Look at the page of the service: it says where and how to apply."


class PaperGone(Problem):
    """A license on which the application relies is no longer in force."""

    status = 409
    title = "A license that was relied on is no longer in force"
    advice = "Return the application, so that the applicant can hand in what is missing."


class WordsMissing(Problem):
    """A step that the applicant has to understand came without words."""

    status = 422
    title = "Words are missing"
    advice = "Say it in 1 to 500 characters: the applicant reads them."


@dataclass(frozen=True)
class Case:
    """One application. What the applicant wrote is not here: it is sealed, and opened only for him and the office."""

    number: str
    key: str  # names the application before it has a number: two submissions with one key are one case
    item: str
    item_version: int
    kind: str  # of the license that is applied for; "" if none
    agency: str
    place: str
    person: str
    acting_for: str | None
    holder_keys: tuple[str, ...]
    channel: Channel
    submitted: datetime
    counts_from: datetime  # from when the promised time is counted: submission, or the last answer
    due: datetime
    materials_asked: int
    materials_avoided: int
    visits: int
    taken_by: str = ""  # the officer who took it at the counter
    officer: str = ""  # who looks after it: the last officer who moved it
    state: CaseState = CaseState.submitted
    decided: datetime | None = None
    decided_by: str = ""
    reason: str = ""  # of the last return or refusal, in the officer's words
    legal_basis: str = ""  # of a refusal
    license: str = ""  # the number of the issued license
    attempt: int = 1  # at issuing: a number that was voided needs another one
    trouble: str = ""  # why the license could not be issued; an officer has to try again

    @property
    def open(self) -> bool:
        """Whether it is not ended yet."""
        return self.state in OPEN

    @property
    def running(self) -> bool:
        """Whether the promised time runs: not while the applicant has to add something."""
        return self.state in RUNNING

    @property
    def principal(self) -> str | None:
        """The internal id of the person for whom it was applied, if that is another than the applicant."""
        whose = self.acting_for or ""
        return whose.removeprefix(PERSON) if whose.startswith(PERSON) else None

    @property
    def unfinished(self) -> bool:
        """Approved, but the license is not issued yet."""
        return self.state is CaseState.approved and bool(self.kind) and not self.license

    @property
    def issue_key(self) -> str:
        """The idempotency key of the license: whoever finishes the case, one license comes of it."""
        return self.number if self.attempt == 1 else f"{self.number}#{self.attempt}"

    def overdue(self, now: datetime) -> bool:
        """Whether the office has let the promised time pass."""
        return self.running and now >= self.due

    def on_time(self) -> bool:
        """Whether a decided case was decided within the promised time."""
        return self.decided is not None and self.decided < self.due

    def steps(self, mover: Mover) -> tuple[Step, ...]:
        """What this side may do now."""
        return tuple(step for (state, step), (who, _) in MOVES.items() if state is self.state and who is mover)

    def may_decide(self, person: str | None) -> bool:
        """Whether this officer may move it: it is not his own, he did not apply for it nor take it at the counter."""
        return bool(person) and person not in (self.person, self.taken_by, self.principal)

    def elsewhere(self) -> CaseElsewhere:
        """The refusal of a step that does not begin where the case stands."""
        return CaseElsewhere("The application %(number)s", number=self.number)

    def moved(self, step: Step, mover: Mover, now: datetime, **values: Any) -> Self:
        """The case after a step. Raises CaseElsewhere."""
        if step not in self.steps(mover):
            raise self.elsewhere()
        _, to = MOVES[self.state, step]
        if to in DECISIONS:
            values["decided"] = now
        return replace(self, state=to, **values)


@dataclass(frozen=True)
class Material:
    """One thing that the service needs: a license (`kind`) or another paper (`words`), and how it came."""

    kind: str = ""
    words: str = ""
    words_en: str = ""
    license: str = ""  # the number of the license that was found in force
    file: str = ""  # the name of the file that was handed in
    seen: bool = False  # an officer has seen the paper at the counter

    @property
    def key(self) -> str:
        """What names it among the materials of an item, also when the item's list changes."""
        return self.kind or hashlib.sha256(self.words.encode()).hexdigest()[:16]

    @property
    def avoided(self) -> bool:
        """Whether the applicant needs not bring it."""
        return bool(self.license)

    @property
    def given(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.license or self.file or self.seen)


@dataclass(frozen=True)
class Content:
    """What is sealed: the fields, from where each came, the materials, and what the applicant answered.

    Of a draft: the fields as they were typed, and the files.
    """

    fields: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)  # field -> number of the license it was taken from
    materials: tuple[Material, ...] = ()
    files: dict[str, str] = field(default_factory=dict)  # material's key -> name of the file that was handed in
    answer: str = ""  # to the last return


@dataclass(frozen=True)
class Draft:
    """An application that is not submitted yet."""

    id: str
    item: str
    person: str
    acting_for: str | None
    begun: datetime
    changed: datetime
    ends: datetime


def his_own(one: Case | Draft, person: str | None, acting_for: str | None) -> None:
    """Let only the applicant through, as the one for whom he acted then. Raises NoCase, ActingForAnother.

    What was begun for a person is that person's: he himself is let through, and everybody who acts for him now. What was
    submitted for a company is the company's: everybody who acts for it now. The caller looks at the matters of his mandate.
    """
    whose = one.acting_for or ""
    if whose and isinstance(one, Case) and whose == acting_for and person:
        return
    if whose.startswith(PERSON):
        if person and whose in (acting_for, f"{PERSON}{person}" if not acting_for else ""):
            return
        if one.person != person:
            raise NoCase("There is no such application of yours")
        raise ActingForAnother("Then you acted for another person")
    if one.person != person:
        raise NoCase("There is no such application of yours")
    if one.acting_for != acting_for:
        raise ActingForAnother("Then you acted for %(whom)s", whom=whose or one.person)
