"""The number of a person's paper, whatever its kind: `read` says which kind it is."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hub.i18n import N_
from idp.numbers.rules import NumberWrong, Rule, check_11_2, masked, typed

EARLIEST = date(1900, 1, 1)
LENGTH = 18


class Kind(StrEnum):
    """The kinds of personal number, by what their paper is."""

    citizen = "citizen"
    residence_permit = "residence-permit"
    foreigner = "foreigner"


class Note(StrEnum):
    """What is odd about a number without being wrong."""

    region_unknown = "region-unknown"  # regions are abolished, holders keep their number


TYPES = {Kind.citizen: "111", Kind.residence_permit: "111", Kind.foreigner: "553"}  # holder code types of GB/T 36903


@dataclass(frozen=True)
class PersonNumber:
    """A number that has passed every rule of its kind."""

    value: str
    kind: Kind
    born: date
    notes: tuple[Note, ...] = ()

    @property
    def type_code(self) -> str:
        """The holder code type under which licenses know it."""
        return TYPES[self.kind]

    @property
    def masked(self) -> str:
        """For showing to the holder."""
        return masked(self.value)

    def __repr__(self) -> str:
        return f"PersonNumber({self.kind}, {self.masked})"


def eighteen(text: str) -> str:
    """Eighteen characters with the right check character, or NumberWrong: the rules that all three kinds share."""
    number = typed(text, "0-9X", N_("It may hold only digits, and an X at the end. Type them in half width."))
    if len(number) != LENGTH:
        raise NumberWrong("It must have 18 characters; this has %(count)s", rule=Rule.length, count=len(number))
    if "X" in number[:-1]:
        raise NumberWrong("An X may stand only at the end", rule=Rule.characters)
    if check_11_2(number[:-1]) != number[-1]:
        raise NumberWrong("The last character does not fit the others: one of them is mistyped", rule=Rule.check)
    return number


def birth(digits: str, now: datetime) -> date:
    """A day of the calendar between 1900 and today, from eight digits."""
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError as error:
        raise NumberWrong("The date of birth in it is not a day of the calendar", rule=Rule.date) from error
    if born > now.date():
        raise NumberWrong("The date of birth in it lies in the future", rule=Rule.future)
    if born < EARLIEST:
        raise NumberWrong("The date of birth in it lies before 1900", rule=Rule.too_old)
    return born
