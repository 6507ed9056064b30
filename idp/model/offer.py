"""An offer of a mandate: addressed to a name and a number, in force once the one who is meant accepts it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from hub.problems import Problem
from idp.model.mandate import EVERYTHING, Mandate, Role

OFFER_DAYS = 30  # an offer that nobody answered is over


class OfferState(StrEnum):
    """Where an offer stands. Only an open one can be answered, once."""

    open = "open"
    accepted = "accepted"
    declined = "declined"
    withdrawn = "withdrawn"


class OfferGone(Problem):
    """The offer was answered, was withdrawn, is too old, is somebody else's, or never was."""

    status: ClassVar[int] = 404
    title: ClassVar[str] = "This offer of a mandate is no longer open"
    advice: ClassVar[str] = "Ask the one who offered it for a new one."


@dataclass(frozen=True)
class Offer:
    """What somebody may do for a principal, if he wants to. To whom it is made stands in it as a keyed index alone."""

    id: str
    principal: str  # the id of a `Principal`
    role: Role
    to_key: str  # of name and number: see `store.offers.key_to`
    by: str  # who offers it
    made: datetime
    since: datetime
    matters: tuple[str, ...] = EVERYTHING
    until: datetime | None = None
    granted_by: str | None = None  # the mandate above; None: the principal himself, or a counter in his presence
    state: OfferState = OfferState.open
    answered: datetime | None = None
    person: str | None = None  # who accepted it

    @property
    def ends(self) -> datetime:
        """Until when it can be accepted."""
        latest = self.made + timedelta(days=OFFER_DAYS)
        return min(latest, self.until) if self.until else latest

    def open_at(self, now: datetime) -> bool:
        """Whether it can be accepted."""
        return self.state is OfferState.open and now < self.ends

    def accepted(self, id: str, person: str, now: datetime) -> Mandate:
        """The mandate that comes of it. It never begins before it was accepted."""
        since = max(self.since, now)
        return Mandate(id, self.principal, person, self.role, since, self.matters, self.until, self.granted_by)

    def answered_at(self, now: datetime, state: OfferState, person: str | None = None) -> "Offer":
        """The offer, over."""
        return replace(self, state=state, answered=now, person=person)
