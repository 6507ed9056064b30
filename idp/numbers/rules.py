"""What all numbers share: the named rules, one refusal for each, and how a typed number is tidied before any rule."""

import re
import unicodedata
from enum import StrEnum
from typing import Any, ClassVar

from hub.problems import Problem

LONGEST = 100  # of what is looked at for a suggestion; no number is nearly as long
# Blanks of every width, and what word processors and address books add without showing it.
UNSEEN = re.compile("[\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
LIKE = str.maketrans("OIL", "011")  # letters that are read as digits


class Rule(StrEnum):
    """The rules of all kinds of number; a refusal names the one that failed first."""

    characters = "characters"
    length = "length"
    check = "check"
    date = "date"
    future = "future"
    too_old = "too-old"
    kind = "kind"


class NumberWrong(Problem):
    """A number that cannot be right: one class for each rule. It never repeats the number (logs are not the place for it).

    `suggestion`, if any, is the number as it probably was meant: for the form, where its owner checks it.
    """

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This number cannot be right"
    advice: ClassVar[str] = "Compare it with your paper, character by character, and correct it."
    rule: ClassVar[Rule]

    def __init__(self, detail: str, *, suggestion: str = "", **values: Any) -> None:
        self.suggestion = suggestion
        super().__init__(detail, extras={"rule": self.rule.value}, **values)


class NumberCharacters(NumberWrong):
    """It holds something that no number of its kind holds, or in another place."""

    title: ClassVar[str] = "A character in this number does not belong there"
    advice: ClassVar[str] = "Type digits and letters in half width, just as they stand on your paper."
    rule: ClassVar[Rule] = Rule.characters


class NumberLength(NumberWrong):
    """Characters are missing, or there are too many."""

    title: ClassVar[str] = "This number is too short or too long"
    advice: ClassVar[str] = "Count the characters on your paper: one is missing, or stands there twice."
    rule: ClassVar[Rule] = Rule.length


class NumberCheck(NumberWrong):
    """The check character does not fit."""

    title: ClassVar[str] = "A character of this number is mistyped"
    rule: ClassVar[Rule] = Rule.check


class NumberDate(NumberWrong):
    """Its date of birth is not in the calendar."""

    title: ClassVar[str] = "The date of birth in this number does not exist"
    advice: ClassVar[str] = "Compare characters 7 to 14 with the date of birth on your paper."
    rule: ClassVar[Rule] = Rule.date


class NumberFuture(NumberWrong):
    """Its date of birth is yet to come."""

    title: ClassVar[str] = "Nobody with this number is born yet"
    advice: ClassVar[str] = "Compare characters 7 to 14 with the date of birth on your paper."
    rule: ClassVar[Rule] = Rule.future


class NumberTooOld(NumberWrong):
    """Its date of birth is longer ago than anyone lives."""

    title: ClassVar[str] = "Nobody with this number can be alive"
    advice: ClassVar[str] = "Compare characters 7 to 14 with the date of birth on your paper."
    rule: ClassVar[Rule] = Rule.too_old


class NumberKind(NumberWrong):
    """It is the number of another kind of paper."""

    title: ClassVar[str] = "This number belongs to another kind of paper"
    advice: ClassVar[str] = (
        "Enter the number of the paper that is asked for here. If you have none, ask at a service counter."
    )
    rule: ClassVar[Rule] = Rule.kind


def tidy(text: str) -> str:
    """The number without blanks and without what cannot be seen, its letters upper case. Nothing else is changed."""
    plain = UNSEEN.sub("", text)
    return plain.upper() if plain.isascii() else plain


def typed(text: str, allowed: str, detail: str) -> str:
    """The number as it was meant, made of `allowed` characters only, or NumberCharacters.

    Full-width digits, and letters that look like digits, are refused with a suggestion: never silently converted.
    """
    number = tidy(text)
    if not re.fullmatch(f"[{allowed}]*", number):
        raise NumberCharacters(detail, suggestion=_suggested(number[:LONGEST], allowed))
    return number


def _suggested(number: str, allowed: str) -> str:
    half = tidy(unicodedata.normalize("NFKC", number))
    fits = [one for one in (half, half.translate(LIKE)) if re.fullmatch(f"[{allowed}]+", one)]
    return fits[0] if fits else ""


def masked(number: str) -> str:
    """The number for showing to its holder: a third of it, at its ends. Of eighteen, the first four and the last two."""
    shown = len(number) // 3
    back = min(2, shown)
    return number[: shown - back] + "*" * (len(number) - shown) + number[len(number) - back :]
