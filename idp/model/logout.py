"""What is told to services when a login ends, and what can be seen of it afterwards."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.problems import NotFound, Problem

RECEIPT = "logout-receipt+jwt"  # the `typ` of the signed record, so that it is never taken for a token
RECEIPT_DAYS = 7  # the address of a receipt works for so long


class BadLogout(Problem):
    """A logout request that names a wrong token, service or address; nobody is redirected."""

    status = 400
    title = "The service sent a wrong sign-out request"
    advice = "You can sign out on your account page. Tell the help desk of the service."


class NoLogoutReceipt(NotFound):
    """There is no receipt at this address, or no more."""

    title = "There is no such receipt"
    advice = "The receipt of a sign-out can be seen for 7 days. Whoever needs it longer keeps the signed file."


class State(StrEnum):
    """How far a service is in learning of it."""

    telling = "telling"  # the first call is under way
    confirmed = "confirmed"  # it answered that its session has ended
    retrying = "retrying"  # it did not answer; it is called again, for a day
    failed = "failed"  # it did not answer for a day
    browser = "browser"  # it can only be asked in the browser, which proves nothing
    unreachable = "unreachable"  # it has no way of being told: its session runs on until it ends by itself


@dataclass(frozen=True)
class Told:
    """A service that took part in a login that has ended; `delivery` is the notice to it, if it can be given one."""

    client: str
    subject: str  # the one of whom its ID token was: a person, or whom he acted for
    sid: str
    delivery: str = ""


@dataclass(frozen=True)
class Service:
    """How one service stands on a receipt."""

    client: str
    state: State
    attempts: int = 0
    at: datetime | None = None  # of its confirmation, or of giving up


@dataclass(frozen=True)
class LogoutReceipt:
    """A sign-out and what became of it. It names services, never the person."""

    id: str
    at: datetime
    services: tuple[Service, ...]

    @property
    def settled(self) -> bool:
        """Whether nothing will change any more."""
        return not any(one.state in {State.telling, State.retrying} for one in self.services)

    @property
    def confirmed(self) -> bool:
        """Whether every service has answered that its session has ended."""
        return all(one.state is State.confirmed for one in self.services)
