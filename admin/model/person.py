"""What officers may ask to have done to an account, always two of them."""

from enum import StrEnum
from typing import ClassVar

from hub.problems import NotAllowed, NotFound


class Operation(StrEnum):
    """An act of two officers. Its value is that of the act in `idp.model.life`."""

    suspend = "suspend"
    reinstate = "reinstate"
    death = "death"
    revive = "revive"
    correct = "correct"
    renumber = "renumber"
    merge = "merge"  # another account goes into this one
    separate = "split"
    stop = "stop"
    unlock = "unlock"  # for its owner, who cannot show any more how he signs in

    @property
    def act(self) -> str:
        """The act in the table of states: what merging does to the account that stays is one number more."""
        return "renumber" if self is Operation.merge else self.value

    @property
    def needs_paper(self) -> bool:
        """Whether it names a paper that the register confirms."""
        return self in (Operation.correct, Operation.renumber)


class NotFoundHere(NotFound):
    """No account has proved this name and this number together."""

    title: ClassVar[str] = "There is no such account"
    advice: ClassVar[str] = "Compare name and number with the paper. Whoever has not proved his name cannot be found."


class NotOpened(NotAllowed):
    """Records are not for browsing."""

    title: ClassVar[str] = "This record is not open to you"
    advice: ClassVar[str] = "Search by name and number, with the reason; a found record stays open for half an hour."
