"""A ticket: a question, a complaint or a suspicion, from its arrival to its answer, and who may move it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from hub.problems import NotAllowed, NotFound, Problem

WORDS = 2000  # characters of what is asked or answered
CONTACT = 200  # characters
LEVELS = range(1, 6)  # of a rating, as everywhere: 1 very dissatisfied … 5 very satisfied
RECEIVE_DAYS = 1  # working days until somebody has read it
CLOSE_DAYS = 10  # working days after the answer: whoever has not said anything by then is content


class TicketKind(StrEnum):
    """What somebody wants of the desk. `letter` begins its number."""

    question = "question"
    complaint = "complaint"
    suspicion = "suspicion"

    @property
    def letter(self) -> str:
        """The first character of its number."""
        return {"question": "Q", "complaint": "T", "suspicion": "R"}[self.value]

    @property
    def reply_days(self) -> int:
        """Working days until the answer."""
        return 5 if self is TicketKind.question else 15


class TicketState(StrEnum):
    """Where a ticket stands."""

    new = "new"
    received = "received"
    dispatched = "dispatched"
    handled = "handled"
    replied = "replied"
    closed = "closed"
    merged = "merged"


class TicketStep(StrEnum):
    """What happens to a ticket."""

    ask = "ask"
    receive = "receive"
    dispatch = "dispatch"
    send_back = "send-back"
    take = "take"
    note = "note"
    reply = "reply"
    close = "close"
    rate = "rate"
    merge = "merge"


class TicketMover(StrEnum):
    """Who moves a ticket: an officer of the desk above or at its place, the one who took it, who asked, the clock."""

    desk = "desk"
    holder = "holder"
    asker = "asker"
    clock = "clock"


class Severity(StrEnum):
    """How urgent a suspicion is."""

    low = "low"
    normal = "normal"
    high = "high"


_DESK, _HOLDER, _ASKER = TicketMover.desk, TicketMover.holder, TicketMover.asker
_S = TicketState
MOVES = {  # the one table of who may take which step from where, and where it leads
    (_S.new, TicketStep.receive): ({_DESK}, _S.received),
    (_S.new, TicketStep.merge): ({_DESK}, _S.merged),
    (_S.received, TicketStep.dispatch): ({_DESK}, _S.dispatched),
    (_S.received, TicketStep.take): ({_DESK}, _S.handled),
    (_S.received, TicketStep.merge): ({_DESK}, _S.merged),
    (_S.dispatched, TicketStep.dispatch): ({_DESK}, _S.dispatched),
    (_S.dispatched, TicketStep.send_back): ({_DESK}, _S.received),
    (_S.dispatched, TicketStep.take): ({_DESK}, _S.handled),
    (_S.dispatched, TicketStep.merge): ({_DESK}, _S.merged),
    (_S.handled, TicketStep.note): ({_HOLDER}, _S.handled),
    (_S.handled, TicketStep.send_back): ({_HOLDER}, _S.received),
    (_S.handled, TicketStep.take): ({_DESK}, _S.handled),
    (_S.handled, TicketStep.reply): ({_HOLDER}, _S.replied),
    (_S.handled, TicketStep.merge): ({_HOLDER}, _S.merged),
    (_S.replied, TicketStep.close): ({_ASKER, TicketMover.clock}, _S.closed),
    (_S.replied, TicketStep.rate): ({_ASKER}, _S.closed),
    (_S.closed, TicketStep.rate): ({_ASKER}, _S.closed),
}
WAITING = frozenset({_S.new, _S.received, _S.dispatched, _S.handled})  # for an answer


class NoTicket(NotFound):
    """There is no such ticket, or not in this part of the tree."""

    title = "There is no such question or report"
    advice = "Compare the number with what you wrote down."


class TicketElsewhere(Problem):
    """The ticket does not stand where this step begins: somebody was quicker, or the page is old."""

    status = 409
    title = "The question or report has moved on"
    advice = "Load the page again and look at where it stands."


class NotYourTicket(NotAllowed):
    """Another officer has taken it, or the step is not this side's."""

    title = "This step is somebody else's"
    advice = "Take the question over first, or leave it to the officer who took it."


class TextMissing(Problem):
    """What is asked, answered or noted needs words."""

    status = 422
    title = "Words are missing"
    advice = "Say it in 1 to 2000 characters."


class RatedAlready(Problem):
    """One answer is rated once."""

    status = 409
    title = "You have rated this answer"
    advice = "If something is still wrong, ask again."


@dataclass(frozen=True)
class Ticket:
    """One question, complaint or suspicion. Its words are not here: they are sealed, and opened for the desk alone."""

    id: str  # `numbers.key` of the number; the number itself is known to who asked, nobody else
    kind: TicketKind
    place: str  # where it lies now
    agency: str  # unified code of the body it is meant for; "" if nobody in particular
    channel: str  # home, verification or counter
    language: str  # in which it was asked: zh-Hans or en
    asked: datetime
    receive_by: datetime
    reply_by: datetime
    person: str = ""  # who asked, if he was signed in and wanted his name kept with it
    license: str = ""  # the number of the license it is about
    verdict: str = ""  # what verification had said of it: valid, not_valid, cannot_say
    reason: str = ""  # and why, as verification's reason code
    wrong: str = ""  # what the reporter says is wrong, as verification's code
    severity: Severity = Severity.normal
    state: TicketState = TicketState.new
    officer: str = ""  # the person who took it
    received: datetime | None = None
    replied: datetime | None = None
    rating: int = 0
    into: str = ""  # the ticket that this one was merged into

    @property
    def waiting(self) -> bool:
        """Whether it waits for an answer."""
        return self.state in WAITING

    def late(self, now: datetime) -> bool:
        """Whether the answer is overdue."""
        return self.waiting and now >= self.reply_by

    def unread(self, now: datetime) -> bool:
        """Whether nobody has received it in time."""
        return self.state is TicketState.new and now >= self.receive_by

    def movers(self, person: str | None) -> frozenset[TicketMover]:
        """As whom an officer of this part of the tree may move it. Nobody answers what he asked himself."""
        if not person or person == self.person:
            return frozenset()
        return frozenset({_DESK, _HOLDER} if person == self.officer else {_DESK})

    def steps(self, movers: frozenset[TicketMover]) -> tuple[TicketStep, ...]:
        """What these may do now."""
        return tuple(step for (state, step), (who, _) in MOVES.items() if state is self.state and who & movers)

    def moved(self, step: TicketStep, movers: frozenset[TicketMover], **values: Any) -> Self:
        """The ticket after a step. Raises TicketElsewhere, NotYourTicket, RatedAlready."""
        if (self.state, step) not in MOVES:
            raise TicketElsewhere("%(id)s is %(state)s", id=self.id, state=self.state.value)
        who, to = MOVES[self.state, step]
        if not who & movers:
            raise NotYourTicket("%(id)s", id=self.id)
        if step is TicketStep.rate and self.rating:
            raise RatedAlready("%(id)s", id=self.id)
        return replace(self, state=to, **values)


@dataclass(frozen=True)
class TicketEvent:
    """One thing that happened to a ticket; `text` is opened only where it may be read."""

    step: TicketStep
    by: str  # label of the caller, or "" for who asked
    place: str
    at: datetime
    text: str = ""
    digest: str = ""  # SHA-256 of a reply's text, as it stands in the ledger
