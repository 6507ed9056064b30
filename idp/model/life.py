"""What may become of an account: every act in every state, in one table; and why an authority may act."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from hub.problems import Problem
from idp.model.person import Person, State


class Act(StrEnum):
    """What is done to an account, by its owner, by an authority, or because a register says so."""

    lock = "lock"  # by the owner
    unlock = "unlock"
    suspend = "suspend"  # by an authority
    reinstate = "reinstate"
    death = "death"
    revive = "revive"  # the report of a death was wrong
    merge = "merge"  # into another account of the same person
    separate = "split"  # the merging was wrong
    close = "close"  # by the owner
    prove = "prove"  # name and number anew, or a further step
    rename = "rename"
    renumber = "renumber"  # another number of the same person takes the place of the old one
    correct = "correct"  # what stands there was never right
    stop = "stop"  # end every session and whatever was granted


BEFORE = "before"  # back to how the account stood before the present state began
_KEEPS = "keeps"  # the state stays as it is

# (state, act) -> the state afterwards. What is not here is refused.
TABLE: dict[tuple[State, Act], State | str] = {
    (State.active, Act.lock): State.locked,
    (State.locked, Act.unlock): State.active,
    (State.active, Act.suspend): State.suspended,
    (State.locked, Act.suspend): State.suspended,
    (State.suspended, Act.reinstate): BEFORE,
    (State.active, Act.death): State.deceased,
    (State.locked, Act.death): State.deceased,
    (State.suspended, Act.death): State.deceased,
    (State.deceased, Act.revive): BEFORE,
    (State.active, Act.merge): State.merged,
    (State.merged, Act.separate): State.active,
    (State.active, Act.close): State.closed,
    (State.locked, Act.close): State.closed,  # asked for before, and its day has come
    (State.merged, Act.close): State.closed,  # with the account into which it went
    (State.active, Act.prove): _KEEPS,
    **{(state, Act.rename): _KEEPS for state in (State.active, State.locked, State.suspended)},
    **{(state, Act.renumber): _KEEPS for state in (State.active, State.locked, State.suspended)},
    **{(state, Act.correct): _KEEPS for state in (State.active, State.locked, State.suspended)},
    **{(state, Act.stop): _KEEPS for state in (State.active, State.locked, State.suspended)},
}


class NotNow(Problem):
    """The account stands in a state in which this cannot be done."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This cannot be done to the account as it stands"
    advice: ClassVar[str] = "Look at its present state. Somebody may have been quicker."


class CannotMerge(Problem):
    """The two accounts do not belong to one person, as far as anybody can see; or merging would tell more than he wants."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "These two accounts cannot be merged here"
    advice: ClassVar[str] = "If both are yours, bring your papers to a service counter."


class AccountMerged(Problem):
    """The account went into another one of the same person."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This account has been merged into your other account"
    advice: ClassVar[str] = "Sign in with the name of the other account."


class BasisWrong(Problem):
    """An act of an authority without its legal basis or its document."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "The legal basis or the document is missing"
    advice: ClassVar[str] = "Choose the legal basis and give the number of the document, not the number of a person."


class Ground(StrEnum):
    """On what an authority may act. A closed list: the ledger holds it, and no free words."""

    request = "request"  # of the person himself, or of who stands for him
    record = "record"  # an entry of the authoritative register
    court = "court"  # an order or judgement
    police = "police"  # a decision of a public security organ
    death = "death-certificate"
    misuse = "misuse"  # somebody else uses the account, or has opened it in another's name
    mistake = "mistake"  # ours or an operator's


_DOCUMENT = re.compile(r"[\w〔〕()（）\[\]/.\- ]{2,60}")
_LIKE_A_NUMBER = re.compile(r"\d{14,}")


@dataclass(frozen=True)
class Basis:
    """By what right, on which document, and by which decision of two an act is done."""

    ground: Ground
    document: str
    approval: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """How the ledger tells it."""
        return {"ground": self.ground.value, "document": self.document, "approval": self.approval}


@dataclass(frozen=True)
class Former:
    """A name or a number that a person had until a day. Sealed wherever it is kept."""

    what: str  # name, number
    text: str
    until: datetime
    why: str  # the act

    def __repr__(self) -> str:
        return "Former(…)"


@dataclass(frozen=True)
class Merge:
    """That one account went into another, and what went with it: enough to take it back."""

    id: str
    loser: str
    winner: str
    at: datetime
    holder_key: str | None  # of the loser, now one more of the winner
    former_keys: tuple[str, ...]
    mandates: tuple[str, ...]  # by their ids
    undone: datetime | None = None


def basis(ground: str, document: str) -> Basis:
    """A basis as an officer types it. Raises BasisWrong: also for what looks like the number of a person."""
    text = " ".join(document.split())
    if ground not in {one.value for one in Ground} or not _DOCUMENT.fullmatch(text) or _LIKE_A_NUMBER.search(text):
        raise BasisWrong
    return Basis(Ground(ground), text)


def after(state: State, act: Act, before: tuple[State, ...] = ()) -> tuple[State, tuple[State, ...]]:
    """The state of an account after an act, and the states to which later acts may lead back. Raises NotNow.

    A lock that its owner had set is still set when a suspension over it, or a report of his death, was taken back.
    """
    then = TABLE.get((state, act))
    if then is None:
        raise NotNow("Its present state does not allow it")
    if then == BEFORE:
        return (before[-1], before[:-1]) if before else (State.active, ())
    if then == _KEEPS:
        return state, before
    return State(then), (*before, state) if act in _CAN_BE_TAKEN_BACK else before


_CAN_BE_TAKEN_BACK = (Act.suspend, Act.death)


def winner(one: Person, other: Person) -> tuple[Person, Person]:
    """Which of two accounts of one person stays, and which one goes into it. Raises CannotMerge.

    The one that has proved a number stays; of two without, the `one` that asks. By their owner's word alone never two with
    different numbers, never an account of a network identity (it is there so that nobody knows the name), no operator's.
    """
    if one.id == other.id:
        raise CannotMerge("Both are the same account")
    if not (one.usable and other.usable):
        raise CannotMerge("One of them cannot be used just now")
    if one.needs_second_factor or other.needs_second_factor:
        raise CannotMerge("The account of an operator stays apart")
    if one.pseudonym_key or other.pseudonym_key:
        raise CannotMerge("An account without a name stays apart: it is there so that nobody knows the name")
    if one.holder_key and other.holder_key:
        raise CannotMerge("Each of them has proved a number of its own")
    return (other, one) if other.holder_key else (one, other)
