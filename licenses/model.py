"""The nouns of this room and what can go wrong with them."""

from dataclasses import dataclass
from typing import Any

from hub.problems import NotFound, Problem, Unavailable


class NotAnIdentifier(Problem):
    """The text is not an e-license identifier (GB/T 36904): a part or the check character is wrong."""

    title = "This is not an e-license identifier"
    advice = "Compare it with the paper, character by character."


class NoSuchKind(NotFound):
    """No kind of license has this code or name."""

    title = "There is no such kind of license"
    advice = "Look up the kinds and their codes in the documentation."


class KindWrong(Unavailable):
    """The file that declares a kind of license does not hold what it must."""

    status = 500
    title = "A kind of license is declared wrongly"
    advice = "Correct the file that is named here and start again."


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field, in words: an English message id and its values."""

    field: str
    message: str
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def detail(self) -> str:
        """The English sentence."""
        return self.message % dict(self.values) if self.values else self.message


class FieldsWrong(Problem):
    """The data of an application do not fit the kind. `errors` has one entry per field, in the order of the kind."""

    status = 422
    title = "The data do not fit this kind of license"
    advice = "Correct the fields that are named here and send the application again."

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        listed = [{"field": error.field, "detail": error.detail} for error in errors]
        super().__init__("; ".join(f"{error.field}: {error.detail}" for error in errors), extras={"errors": listed})


class GlyphMissing(Problem):
    """No font of this installation can draw a character of the license; a box is never printed instead."""

    status = 422
    title = "A character cannot be printed"
    advice = "Check the character; if it is right, install a font that has it and issue the license again."


class PageFailed(Problem):
    """The page of a license could not be set."""

    status = 500
    title = "The page of the license could not be made"
    advice = "Nothing was issued. Report this to the operator."


class PageFull(Problem):
    """The data are too long for the page of this kind, even in the smallest type that may be printed."""

    status = 422
    title = "The data do not fit on the page"
    advice = "Shorten the longest field and issue the license again."


class ForeignCode(Problem):
    """The text does not begin with our own address: not one of our codes, and never an address to follow."""

    title = "This is not one of our codes"
    advice = "Scan the code on the license itself. Do not follow the address that this code contains."


class UnreadableCode(Problem):
    """The text begins as ours but does not hold a code in its one permitted form."""

    title = "This cannot be read as a code"
    advice = "Scan the code again, in good light and as a whole."


class NewerCode(Problem):
    """The code has a layout that this edition does not know."""

    title = "This code is of a newer make"
    advice = "Update the verification page and scan again."


class ForgedCode(Problem):
    """The signature of the code does not fit the key it names."""

    title = "This code is forged"
    advice = "Do not rely on this paper."
