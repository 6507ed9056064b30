"""A rating: what a person says about one service that he was given; and the task that a bad one opens."""

import hashlib
import hmac
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Self

from admin.model.case import Channel
from hub.problems import NotAllowed, NotFound, Problem

OPEN_DAYS = 30  # after the decision: later nobody remembers a counter well enough
LIMIT_WORKDAYS = 15  # to put right what a bad rating is about, as the strictest provinces promise
TEXT, CONTACT, WORDS = 1000, 60, 1000  # characters
TOKEN_BYTES = 20  # of a keyed digest: nobody guesses a link
FEWEST = 10  # ratings, before a share is published: below that a rater could be found out


class Level(IntEnum):
    """The five levels of the national rules, best first in every list."""

    very_satisfied = 5
    satisfied = 4
    fairly_satisfied = 3
    dissatisfied = 2
    very_dissatisfied = 1

    @property
    def bad(self) -> bool:
        """Whether somebody has to look after it."""
        return self <= Level.dissatisfied


class Question(StrEnum):
    """What else may be rated; the level itself is the overall answer."""

    efficiency = "efficiency"
    guide = "guide"
    convenience = "convenience"
    platform = "platform"
    competence = "competence"
    attitude = "attitude"


VERSION = 1  # of the questions; one set for every department, changed here and nowhere else
QUESTIONS: Mapping[tuple[int, Channel], tuple[Question, ...]] = {
    (1, Channel.online): (Question.efficiency, Question.guide, Question.convenience, Question.platform),
    (1, Channel.counter): (Question.efficiency, Question.competence, Question.attitude),
}


class TaskState(StrEnum):
    """Where the work on a bad rating stands."""

    open = "open"
    assigned = "assigned"
    called = "called"
    verified = "verified"
    fixed = "fixed"
    replied = "replied"
    closed = "closed"
    excluded = "excluded"  # an appeal was granted: the rating does not count


class Step(StrEnum):
    """What is done about a bad rating, in this order."""

    assign = "assign"
    call = "call"
    verify = "verify"
    fix = "fix"
    reply = "reply"
    close = "close"


MOVES: Mapping[tuple[TaskState, Step], TaskState] = {
    (TaskState.open, Step.assign): TaskState.assigned,
    (TaskState.assigned, Step.assign): TaskState.assigned,  # to somebody else
    (TaskState.assigned, Step.call): TaskState.called,
    (TaskState.assigned, Step.verify): TaskState.verified,  # only if the rater does not want to be called
    (TaskState.called, Step.verify): TaskState.verified,
    (TaskState.verified, Step.fix): TaskState.fixed,
    (TaskState.fixed, Step.reply): TaskState.replied,
    (TaskState.replied, Step.close): TaskState.closed,
}
DONE = frozenset({TaskState.closed, TaskState.excluded})
WORDLESS = frozenset({Step.assign, Step.close})


class NoRating(NotFound):
    """There is no such rating, or not for this caller."""

    title = "There is no such rating"
    advice = "Check the link: it has to be complete. A rating's number stands in the list of bad ratings."


class AlreadyRated(Problem):
    """One service, one rating."""

    status = 409
    title = "This service has been rated"
    advice = "Each service can be rated once. What became of the rating stands at the same link."


class RatingOver(Problem):
    """The days for a rating have passed."""

    status = 410
    title = "The time for a rating is over"
    advice = "You can still ask a question or report something: see questions and reports."


class NotDecided(Problem):
    """Nothing was decided that could be rated."""

    status = 409
    title = "This cannot be rated yet"
    advice = "You can rate a service when the office has decided."


class RatingWrong(Problem):
    """The form of a rating breaks rules; `fields` names what is wrong."""

    status = 422
    title = "This rating cannot be kept"
    advice = "Choose one of the five levels, and keep to the lengths that are named."

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class OwnService(NotAllowed):
    """Nobody looks after a bad rating of what he decided himself."""

    title = "This rating is about your own work"
    advice = "Another officer of your place has to look after it."


class NotAssigned(NotAllowed):
    """The work on a rating is somebody else's."""

    title = "Somebody else looks after this rating"
    advice = "Take it over first, then go on."


class StepOutOfOrder(Problem):
    """The work on a rating has an order; this step is not the next one."""

    status = 409
    title = "This is not the next step"
    advice = "Load the page again: it shows how far the work on this rating is."


class Appealed(Problem):
    """The rating waits for a decision on an appeal, or does not count any more."""

    status = 409
    title = "An appeal was made already"
    advice = "Look at the approvals: a second person decides."


@dataclass(frozen=True)
class Service:
    """What may be rated once: a decided case, or a visit to a counter. `person` and `officer` are never shown beside a rating."""

    instance: str  # the number of the case or of the visit
    item: str  # "" for a visit that was about no item
    agency: str
    place: str
    channel: Channel
    person: str  # who was served; "" if nobody knows
    officer: str  # who decided or served
    ended: datetime

    def open_at(self, now: datetime) -> bool:
        """Whether it may be rated."""
        return self.ended <= now < self.ended + timedelta(days=OPEN_DAYS)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What else is asked, beside the level."""
        return QUESTIONS[VERSION, self.channel]


@dataclass(frozen=True)
class Opinion:
    """What the form said. Text and contact are sealed; the contact is for a call back, and opened for nothing else."""

    level: Level
    answers: Mapping[str, int] = field(default_factory=dict)
    text: str = ""
    contact: str = ""

    @property
    def reachable(self) -> bool:
        """Whether the rater wants to be called back, and so to be known to the officer."""
        return self.level.bad and bool(self.contact)


@dataclass(frozen=True)
class Rating:
    """A rating as it counts."""

    id: str
    service: Service
    level: Level
    version: int
    answers: Mapping[str, int]
    reachable: bool
    at: datetime
    excluded: datetime | None = None


@dataclass(frozen=True)
class Task:
    """The work on a bad rating."""

    rating: str
    place: str
    opened: datetime
    due: datetime
    reachable: bool
    state: TaskState = TaskState.open
    officer: str = ""  # to whom it is assigned
    ended: datetime | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """What may be done next. Who wants to be called back is called before anything is found to be so or not."""
        skipped = Step.verify if self.reachable else Step.call
        return tuple(
            step
            for state, step in MOVES
            if state is self.state and not (state is TaskState.assigned and step is skipped)
        )

    def overdue(self, now: datetime) -> bool:
        """Whether its limit has passed."""
        return self.state not in DONE and now >= self.due

    def moved(self, step: Step, now: datetime, *, officer: str = "") -> Self:
        """The task after a step. Raises StepOutOfOrder."""
        if step not in self.steps:
            raise StepOutOfOrder("The rating %(id)s is %(state)s", id=self.rating, state=self.state.value)
        to = MOVES[self.state, step]
        return replace(self, state=to, officer=officer or self.officer, ended=now if to in DONE else None)


@dataclass(frozen=True)
class Done:
    """One step that was done, with its words."""

    step: Step
    by: str
    at: datetime
    words: str


def token_of(secret: bytes, instance: str) -> str:
    """The unguessable part of the link to rate an instance: always the same, and kept nowhere."""
    digest = hmac.digest(secret, f"rating\0{instance}".encode(), "sha256")
    return b32encode(digest[:TOKEN_BYTES]).decode().lower()


def digest_of(token: str) -> str:
    """Under what a link is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def percent(part: int, whole: int) -> int:
    """A share in whole percent, halves rounded up."""
    return (200 * part + whole) // (2 * whole)
