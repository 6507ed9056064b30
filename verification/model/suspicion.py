"""A suspicion: what somebody says about a license after a check, as a letter to those who look into it."""

from dataclasses import dataclass
from enum import StrEnum

from hub.problems import Problem
from verification.model.reason import Reason, Verdict

LETTER = "suspicion"  # the kind of the letter in the inbox
NUMBER = "R"  # the letter that begins its number
PURPOSE = "ticket-words"  # under which the words are sealed
WORDS = 1000  # characters


class Wrong(StrEnum):
    """What is wrong with it, in the eyes of who reports."""

    differs = "differs"
    not_theirs = "not-theirs"
    looks_forged = "looks-forged"
    other = "other"

    @property
    def says(self) -> str:
        """The English message id."""
        return SAYS[self]


SAYS = {
    Wrong.differs: "The paper says something else than the answer here",
    Wrong.not_theirs: "It belongs to another person or business",
    Wrong.looks_forged: "It looks forged or changed",
    Wrong.other: "Something else",
}
LIKELY = {Verdict.valid: Wrong.differs, Verdict.not_valid: Wrong.looks_forged, Verdict.cannot_say: Wrong.other}


class NotReported(Problem):
    """A report needs something to look into: a license's number, or words."""

    status = 422
    title = "There is nothing to look into yet"
    advice = "Give the number of the license, or say in words what is wrong (at most 1000 characters)."


@dataclass(frozen=True)
class Suspicion:
    """What is reported. `license` is a checked identifier or empty; nothing here names who reports."""

    license: str
    wrong: Wrong
    reason: Reason = Reason.not_checked  # what the check had said
    words: str = ""
    language: str = "zh-Hans"

    def __post_init__(self) -> None:
        if len(self.words) > WORDS or not (self.license or self.words):
            raise NotReported


def owner(key: str) -> str:
    """Whose key in the vault seals the words: the report itself, so that each can be erased alone."""
    return f"ticket:{key}"
