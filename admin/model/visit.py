"""A visit to a counter: an officer serves one person who has shown his document, for half an hour at most."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.problems import NotAllowed, NotFound, Problem

MINUTES = 30
REASON = 300  # characters


class Document(StrEnum):
    """What the visitor has shown."""

    citizen = "citizen-card"
    residence = "residence-permit"
    foreigner = "foreigner-card"
    passport = "passport"


class Ended(StrEnum):
    """How a visit ended."""

    closed = "closed"
    left = "left"  # the officer opened another one
    expired = "expired"


class NoVisit(NotFound):
    """There is no such visit."""

    title = "There is no such visit"
    advice = "Open a visit at the counter first."


class NotYourVisit(NotAllowed):
    """Another officer, or another session of the same one, has opened it."""

    title = "This visit is another officer's"
    advice = "Open a visit of your own: the visitor shows the document again."


class VisitEnded(Problem):
    """It was closed, or half an hour is over."""

    status = 409
    title = "This visit has ended"
    advice = "If the visitor is still there, open a new visit with the document."


class ArrivalWrong(Problem):
    """What the officer entered is not complete; `fields` names what is wrong."""

    status = 422
    title = "Something is missing"
    advice = "Say which document you have seen, and why the visitor comes (1 to 300 characters)."


@dataclass(frozen=True, repr=False)
class Arrival:
    """What the officer enters from the document that lies before him."""

    name: str
    number: str
    document: Document
    reason: str
    company: str = ""  # unified code of the company for which the visitor comes
    country: str = ""  # with the day of birth: of a passport, and of an old foreigner's card
    born: str = ""
    code: str = ""  # what the visitor's account shows, if it is to be his by this visit

    def __post_init__(self) -> None:
        if not 1 <= len(self.reason.strip()) <= REASON:
            raise ArrivalWrong

    def __repr__(self) -> str:
        return "Arrival(…)"


@dataclass(frozen=True)
class Visit:
    """One visit. Who the visitor is stands sealed; `shown` is the masked name and number that the banner shows."""

    id: str
    person: str
    acting_for: str
    holder_keys: tuple[str, ...]
    officer: str
    session: str  # of the officer's console: nobody takes a visit elsewhere
    place: str
    document: Document
    opened: datetime
    shown: str = ""
    reason: str = ""
    ended: datetime | None = None
    how: str = ""

    @property
    def until(self) -> datetime:
        """When it ends by itself."""
        return self.opened + timedelta(minutes=MINUTES)

    def running(self, now: datetime) -> bool:
        """Whether the officer may still act in it."""
        return self.ended is None and now < self.until
