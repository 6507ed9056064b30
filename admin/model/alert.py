"""An alert: a rule saw something in real events. It has an owner, the department's answer, and an outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Self

from hub.problems import NotAllowed, NotFound, Problem

WORDS = 1000  # characters of an answer or of the words of an outcome
YELLOW_SHARE = 0.9  # of a promised time: early enough to act, as cities do
LOOK_UPS = 30  # in one hour by one officer: a counter serves a person every few minutes
MANY_LOOK_UPS = 60  # nobody serves a person every minute
ANSWER_WORKDAYS = 3  # until the department concerned has answered


class Rule(StrEnum):
    """What raises an alert."""

    case_time = "case-time"
    rating_time = "rating-time"
    look_ups = "look-ups"
    seal_hours = "seal-hours"
    trust_service = "trust-service"


class Severity(StrEnum):
    """How bad it is."""

    yellow = "yellow"
    red = "red"

    @property
    def rank(self) -> int:
        """For comparing two."""
        return list(Severity).index(self)


class AlertState(StrEnum):
    """Where an alert stands."""

    open = "open"  # the department has to answer
    answered = "answered"
    closed = "closed"


class Outcome(StrEnum):
    """What the supervisor found."""

    founded = "founded"
    unfounded = "unfounded"
    corrected = "corrected"  # it was so, and has been put right


class What(StrEnum):
    """What may happen to an alert."""

    raised = "raised"
    escalated = "escalated"  # the yellow became red
    again = "again"  # it was closed, and the rule saw more
    taken = "taken"
    answered = "answered"
    closed = "closed"


class NoAlert(NotFound):
    """There is no such alert, or not in this part of the tree."""

    title = "There is no such alert"
    advice = "Check its number in the list of alerts."


class AboutYourself(NotAllowed):
    """Nobody owns, answers or closes an alert about what he did himself."""

    title = "This alert is about yourself"
    advice = "Another person has to answer, and another one to close it."


class NotTheOwner(NotAllowed):
    """Only its owner closes an alert."""

    title = "This alert is not yours"
    advice = "Take it over first, then go on."


class SameHand(NotAllowed):
    """Who answered does not judge his own answer."""

    title = "You answered this alert yourself"
    advice = "Another supervisor has to close it."


class Judge(NotAllowed):
    """Who supervises does not answer for those whom he supervises."""

    title = "Supervisors judge answers, they do not give them"
    advice = "An officer of the department concerned has to answer."


class AlertElsewhere(Problem):
    """The alert does not stand where this step begins."""

    status = 409
    title = "The alert has moved on"
    advice = "Load the page again: it shows what can be done now."


class AlertWordsMissing(Problem):
    """An answer or an outcome came without words."""

    status = 422
    title = "An answer needs words"
    advice = "Say it in 1 to 1000 characters: it is kept with the alert."


@dataclass(frozen=True)
class Signal:
    """What a rule says. `key` tells occasions apart: the same one never raises two alerts."""

    rule: Rule
    key: str
    subject: str
    place: str
    severity: Severity
    concerns: str = ""  # the internal id of the officer whose doing it is, "" if nobody's alone
    facts: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[int, ...] = ()  # of the ledger: the evidence


@dataclass(frozen=True)
class Alert:
    """What has to be answered and judged."""

    id: str
    rule: Rule
    key: str
    subject: str
    place: str
    severity: Severity
    concerns: str
    facts: Mapping[str, Any]
    raised: datetime
    answer_due: datetime
    state: AlertState = AlertState.open
    owner: str = ""
    answered_by: str = ""
    closed_by: str = ""
    outcome: Outcome | None = None
    ended: datetime | None = None

    def grown(self, signal: Signal, due: datetime) -> tuple[Self, What | None]:
        """The alert after the rule spoke again: worse, open again, or only with more evidence."""
        facts = {**self.facts, **signal.facts}
        worse = signal.severity.rank > self.severity.rank
        severity = signal.severity if worse else self.severity
        if self.state is AlertState.closed:
            fresh = replace(self, state=AlertState.open, severity=signal.severity, answer_due=due, facts=facts)
            return replace(fresh, owner="", answered_by="", closed_by="", outcome=None, ended=None), What.again
        if worse:  # an answer to the yellow one is none to the red one
            return replace(self, state=AlertState.open, severity=severity, answer_due=due, facts=facts), What.escalated
        return replace(self, facts=facts), None

    def taken(self, person: str) -> Self:
        """With an owner. Raises AboutYourself, AlertElsewhere."""
        self._not_about(person)
        self._is_in(AlertState.open, AlertState.answered)
        return replace(self, owner=person)

    def answered(self, person: str) -> Self:
        """With the department's answer. Raises AboutYourself, AlertElsewhere."""
        self._not_about(person)
        self._is_in(AlertState.open)
        return replace(self, state=AlertState.answered, answered_by=person)

    def closed(self, person: str, outcome: Outcome, now: datetime) -> Self:
        """With an outcome. Raises AboutYourself, NotTheOwner, SameHand, AlertElsewhere."""
        self._not_about(person)
        if person != self.owner:
            raise NotTheOwner("The alert %(id)s", id=self.id)
        if person == self.answered_by:
            raise SameHand("The alert %(id)s", id=self.id)
        self._is_in(AlertState.answered)
        return replace(self, state=AlertState.closed, closed_by=person, outcome=outcome, ended=now)

    def _not_about(self, person: str) -> None:
        if not person or person == self.concerns:
            raise AboutYourself("The alert %(id)s", id=self.id)

    def _is_in(self, *states: AlertState) -> None:
        if self.state not in states:
            raise AlertElsewhere("The alert %(id)s is %(state)s", id=self.id, state=self.state.value)


@dataclass(frozen=True)
class Happened:
    """One line of an alert's history."""

    what: What
    by: str  # the internal id of a person, "" for the rule
    at: datetime
    severity: Severity
    words: str = ""


@dataclass(frozen=True)
class Hours:
    """When an agency's seals may be used, where that is not the usual time. Beijing time."""

    agency: str
    opens: time
    closes: time
    daily: bool  # also on days of rest
    reason: str
    by: str
    at: datetime

    def hold(self, *, at: time, workday: bool) -> bool:
        """Whether a moment lies within them. From 00:00 to 00:00 is always."""
        within = self.opens <= at < self.closes or self.opens == self.closes
        return within and (workday or self.daily)


USUAL = Hours("", time(8, 30), time(18), daily=False, reason="", by="", at=datetime.min)  # noqa: DTZ901  no moment of ours
