"""What takes two: one asks, another one decides, and exactly what was decided on is carried out."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from hub.problems import NotAllowed, NotFound, Problem, Way

OPEN_DAYS = 14  # who decides must still know what it is about


class State(StrEnum):
    """Where a request for approval stands."""

    open = "open"
    approved = "approved"
    refused = "refused"
    withdrawn = "withdrawn"
    expired = "expired"


class OwnRequest(NotAllowed):
    """Nobody approves what he asked for himself."""

    title = "You asked for this yourself"
    advice = "Another operator with the right to approve has to decide."


class NotProved(NotAllowed):
    """An operator whose real name nobody knows for sure: two accounts of one person must not pass for two people."""

    title = "Prove your own real name first"
    advice = "Verify your real name up to the live check. Then you come back here and ask or decide again."
    way = Way("/console/sign-in?level=3", provider=False)  # by way of every step that is missing
    act = "Verify my real name"


class NotOpen(Problem):
    """Somebody was quicker, or it has waited too long."""

    status = 409
    title = "This request is no longer open"
    advice = "Look at what was decided. If it is still needed, ask again."


class OtherText(Problem):
    """What was looked at is not what is stored: the page is old."""

    status = 409
    title = "This request is not the one that you looked at"
    advice = "Load the page again, read it, and decide then."


class NoApproval(NotFound):
    """There is no such request, or not in this part of the tree."""

    title = "There is no such request for approval"
    advice = "Check its number in the list of approvals."


@dataclass(frozen=True)
class Approval:
    """A request for approval. `kind` names what is done when it is approved, `subject` to what, `body` with which values."""

    id: str
    kind: str
    subject: str
    place: str  # where it is decided: by operators of this place or above
    body: dict[str, Any]
    reason: str
    asked_by: str  # the internal id of the person
    asked: datetime
    state: State = State.open
    decided_by: str = ""
    decided: datetime | None = None
    words: str = ""  # of who decided

    @property
    def digest(self) -> str:
        """What exactly is asked, as SHA-256: the decision names it, so that nothing else can be carried out."""
        text = json.dumps([self.kind, self.subject, self.body], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def open_at(self, now: datetime) -> bool:
        """Whether it can still be decided."""
        return self.state is State.open and now < self.asked + timedelta(days=OPEN_DAYS)
