"""A one-time invitation of an operator."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hub.problems import Problem


class InvitationGone(Problem):
    """The invitation was used, was withdrawn, is too old, or never was. Which of these is nobody's business."""

    status: ClassVar[int] = 404
    title: ClassVar[str] = "This invitation is no longer valid"
    advice: ClassVar[str] = "Ask for a new one."


@dataclass(frozen=True)
class Invitation:
    """An invitation; of its link only the digest is kept. What the person may do later is the console's to know."""

    id: str
    label: str  # whom it is for, in the inviter's words: an office, never a number
    by: str
    created: datetime
    ends: datetime
    person: str | None = None  # who took it

    def open_at(self, now: datetime) -> bool:
        """Whether it can still be taken."""
        return self.person is None and now < self.ends
