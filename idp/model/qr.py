"""Signing in on one device with another: what a computer asks, what a phone answers, and how long each of it counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from hub.problems import NotAllowed, Problem

SHOWN = timedelta(seconds=15)  # each code; then the next one stands there
LIVES = timedelta(seconds=30)  # counted from its first second: a camera and a slow network need some time
TO_SCAN = timedelta(minutes=2)  # from the first code
TO_ANSWER = timedelta(minutes=2)  # from the scan; signing in on the phone is within it
CHOICES = 3  # numbers from which the phone's owner picks the one that the computer shows
CROSS_DEVICE = "mca"  # RFC 8176: more than one channel; whoever demands resistance to phishing must not accept it


class Stage(StrEnum):
    """Where a request stands, as the computer sees it."""

    shown = "shown"
    scanned = "scanned"
    approved = "approved"
    refused = "refused"
    over = "over"


class CodeGone(Problem):
    """The code was scanned before, is too old, or never was; or the request behind it has ended. Never says which."""

    status: ClassVar[int] = 404
    title: ClassVar[str] = "This code is no longer valid"
    advice: ClassVar[str] = "Let the computer show a new code and scan that one. A picture of a code does not work."


class OwnFactorNeeded(NotAllowed):
    """An officer's account opens the console; a code can be relayed by a stranger, its own factor cannot."""

    title: ClassVar[str] = "Officers sign in with their own second factor"
    advice: ClassVar[str] = "Sign in on the computer itself, with your passkey or your authenticator app."


class SameBrowser(Exception):
    """The browser that asks has scanned its own code: it can sign in at once, without any phone."""

    def __init__(self, flow: str) -> None:
        super().__init__("the browser that asks")
        self.flow = flow


@dataclass(frozen=True)
class Asking:
    """A browser that wants to be signed in by a phone. Its `id` is a secret of the server: codes are derived from it."""

    id: str
    browser: str  # digest of the secret in its cookie
    flow: str  # the sign-in that waits there, if one does
    client: str  # the service that asked for it
    made: datetime
    network: str
    device: str
    since: datetime | None = None  # the service wants a factor that was shown after this moment

    @property
    def ends(self) -> datetime:
        """Until when its codes can be scanned."""
        return self.made + TO_SCAN


@dataclass(frozen=True)
class Scan:
    """The one phone that scanned a code: its secret's digest, and the numbers of which one is on the computer."""

    phone: str
    number: int
    choices: tuple[int, ...]
    at: datetime

    @property
    def ends(self) -> datetime:
        """Until when it can be answered, and the answer used."""
        return self.at + TO_ANSWER


@dataclass(frozen=True)
class Said:
    """What the phone's owner said. Only an approval names a person."""

    approved: bool
    person: str = ""
    sid: str = ""  # of the phone's login: when that has ended, the approval is worth nothing
    level: int = 0
    amr: tuple[str, ...] = ()
    auth_time: datetime | None = None


@dataclass(frozen=True)
class Shown:
    """What the computer's page shows now: the stage, and a code or a number."""

    stage: Stage
    code: str = ""
    number: int = 0


def methods(phone: tuple[str, ...]) -> tuple[str, ...]:
    """How a person signed in who did it by phone: as on the phone, and over two channels (RFC 8176 2)."""
    return tuple(dict.fromkeys((*phone, CROSS_DEVICE)))
