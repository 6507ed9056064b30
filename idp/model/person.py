"""A person who has an account: what we know of him and how surely."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import ClassVar

from hub.problems import Problem

SHORTEST, LONGEST = 4, 64  # characters of an account name
_ACCOUNT = re.compile(r"[\w.@+-]+")
_LIKE_A_NUMBER = re.compile(r"[0-9]{14,}[0-9x]?")


class Level(IntEnum):
    """How surely we know who someone is. The step from one to the next asks only for what is missing."""

    stated = 1  # what he says himself
    matched = 2  # name and number belong together, says the register
    present = 3  # and he himself was there: a live check
    attended = 4  # checked at a counter, or by a chip


class State(StrEnum):
    """Whether an account may be used. Only an active one signs in, is told of, or is acted for."""

    active = "active"
    locked = "locked"  # by its owner, who alone unlocks it
    suspended = "suspended"  # by an authority: misuse, a death that is not yet certain
    deceased = "deceased"
    merged = "merged"  # into another account of the same person
    closed = "closed"


class AccountNameWrong(Problem):
    """An account name that breaks a rule."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This account name cannot be used"
    advice: ClassVar[str] = "Choose another one. You will need it each time you sign in."


class AccountNameTaken(AccountNameWrong):
    """The account name belongs to somebody else."""

    status: ClassVar[int] = 409


class NumberTaken(Problem):
    """The number belongs to another account already. One person has one account."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This number already belongs to an account"
    advice: ClassVar[str] = (
        "Sign in to that account. If it is not yours, report misuse: someone may be using your name."
    )


class AccountEnded(Problem):
    """The account is locked or closed."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "This account cannot be used just now"
    advice: ClassVar[str] = "Ask at a service counter."


@dataclass(frozen=True)
class Person:
    """An account. Holds no personal data: those stand sealed in the `Profile`."""

    id: str
    created: datetime
    state: State = State.active
    level: Level = Level.stated
    holder_key: str | None = None  # keyed blind index of the proved number; licenses know their holder by the same
    proved: datetime | None = None  # when the present level was reached
    needs_second_factor: bool = False  # operators
    pseudonym_key: str | None = None  # keyed blind index of a network identity: then neither name nor number is known
    merged_into: str | None = None
    changed: datetime | None = None  # when the present state began
    why: str = ""  # the reason of the present state, one of a closed list, for the ledger and for counters
    before: tuple[State, ...] = ()  # the states to which acts of authorities may be taken back, the latest last
    former_keys: tuple[str, ...] = ()  # of numbers that he had, or has besides: his licenses stay his

    @property
    def usable(self) -> bool:
        """Whether this account may be used now."""
        return self.state is State.active

    @property
    def label(self) -> str:
        """How the ledger names the person."""
        return f"person:{self.id}"


@dataclass(frozen=True)
class Profile:
    """What is personal, as opened from the vault."""

    account: str
    name: str = ""
    number: str = ""
    number_type: str = ""
    country: str = ""  # three letters; of a passport, and of an old foreigner's card
    born: str = ""  # ISO date, where the register says it or the number holds it
    phone: str = ""  # confirmed by a code
    email: str = ""  # confirmed; for notices only, never a factor

    @property
    def shown(self) -> str:
        """The name by which pages greet."""
        return self.name or self.account

    def __repr__(self) -> str:
        return "Profile(…)"


def account_name(text: str) -> str:
    """The account name in the form in which it is kept and compared, or AccountNameWrong."""
    name = unicodedata.normalize("NFKC", text.strip()).casefold()
    if not SHORTEST <= len(name) <= LONGEST:
        raise AccountNameWrong("It needs %(least)s to %(most)s characters", least=SHORTEST, most=LONGEST)
    if not _ACCOUNT.fullmatch(name):
        raise AccountNameWrong("It may hold letters, digits, Chinese characters and . _ - + @")
    if _LIKE_A_NUMBER.fullmatch(name):
        raise AccountNameWrong("It looks like the number of a paper. Keep that number to yourself")
    return name
