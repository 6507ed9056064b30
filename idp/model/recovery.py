"""Getting back into an account by proving anew who one is: its states, its waiting time, and its refusals."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from hub.problems import NotAllowed, Problem
from idp.model.realname import Form

OPEN = timedelta(minutes=30)  # from the form to the new password
WAIT = timedelta(
    hours=72
)  # before lost second factors fall without a counter; the owner is told at once, and can stop it
USABLE = timedelta(days=7)  # after the waiting time; then it begins again
STOPPED = timedelta(days=30)  # after the owner stopped it, only a counter helps
CODE_HOURS = 24  # from the counter to a screen, without a telephone


class Way(StrEnum):
    """How somebody shows who he is."""

    live = "live"  # name, number and face, at the register
    network_id = "network-id"
    counter = "counter"  # an officer saw person and document, and handed over a code


class Stage(StrEnum):
    """Where a recovery stands."""

    given = "given"  # a counter's code, not yet typed
    asked = "asked"  # the person is at the register
    proved = "proved"
    done = "done"
    ended = "ended"


class RecoveryGone(Problem):
    """No recovery is under way in this browser, or it was begun too long ago."""

    status: ClassVar[int] = 404
    title: ClassVar[str] = "Please begin again"
    advice: ClassVar[str] = "Nothing was changed. Start once more with your name and number."


class NothingToRecover(Problem):
    """Told only to somebody who has just shown who he is: there is no account of his, or none that this way opens."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "There is no account that can be opened this way"
    advice: ClassVar[str] = (
        "If you never made an account, make one. If you believe that you have one, ask at a service counter."
    )


class OfficerAccount(NotAllowed):
    """An account that opens the console comes back only by another officer's invitation and a counter."""

    title: ClassVar[str] = "An officer's account is not recovered here"
    advice: ClassVar[str] = (
        "Ask the officer who appoints others at your office for a new invitation, and bring your document."
    )


class RecoveryStopped(NotAllowed):
    """The owner said that it was not he."""

    title: ClassVar[str] = "This recovery was stopped"
    advice: ClassVar[str] = (
        "Somebody who is signed in to this account said that it was not its owner. Bring your document to a counter."
    )


class ResetCodeWrong(Problem):
    """A counter's code that was used, replaced, is too old or never was. Never says which."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This code is not valid"
    advice: ClassVar[str] = "Check it against the sheet from the counter. It is valid for 24 hours and works once."


@dataclass(frozen=True)
class Recovery:
    """One way back into an account, bound to one browser once it has begun there."""

    id: str
    stage: Stage
    way: Way
    made: datetime
    ends: datetime
    browser: str = ""  # digest of the secret in its cookie
    form: Form | None = None  # only while the person is at the register
    check: str = ""
    person: str = ""
    by: str = ""  # the officer, as the ledger names him


@dataclass(frozen=True)
class Wait:
    """The waiting time of an account whose second factors are said to be lost."""

    person: str
    begun: datetime
    opens: datetime
    stopped: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        """Whether the second factors may fall now."""
        return self.stopped is None and self.opens <= now < self.opens + USABLE

    def over_at(self, now: datetime) -> bool:
        """Whether a new one may begin: nothing came of this one, or it was stopped long enough ago."""
        return now >= (self.stopped + STOPPED if self.stopped else self.opens + USABLE)
