"""What is read off a paper: a number of some kind; and the eighteen characters that three kinds share."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hub.i18n import N_
from idp.model.realname import today
from idp.numbers.checks import check_11_2
from idp.numbers.rules import (
    NumberCharacters,
    NumberCheck,
    NumberDate,
    NumberFuture,
    NumberLength,
    NumberTooOld,
    masked,
    typed,
)

EARLIEST = date(1900, 1, 1)
LENGTH = 18


class Kind(StrEnum):
    """The kinds of number, by what their paper is."""

    citizen = "citizen"
    residence_permit = "residence-permit"
    foreigner = "foreigner"
    foreigner_old = "foreigner-old"
    passport = "passport"
    organization = "organization"


class Sex(StrEnum):
    """What an order number tells: odd for men, even for women (GB 11643-1999)."""

    male = "male"
    female = "female"


class Note(StrEnum):
    """What is odd about a number without being wrong."""

    region_unknown = "region-unknown"  # regions are abolished, holders keep their number
    form_unknown = "form-unknown"  # countries change the form of their passports without telling us


# Holder code types of GB/T 36903, as the national catalogue of licenses writes them.
TYPES = {
    Kind.citizen: "111",
    Kind.residence_permit: "111",
    Kind.foreigner: "553",
    Kind.foreigner_old: "553",
    Kind.passport: "414",
    Kind.organization: "001",
}


@dataclass(frozen=True, repr=False)
class Number:
    """A number that has passed every rule of its kind. Printed or logged by accident, it shows only its mask."""

    value: str
    kind: Kind

    @property
    def type_code(self) -> str:
        """The holder code type under which licenses know it."""
        return TYPES[self.kind]

    @property
    def masked(self) -> str:
        """For showing to the holder."""
        return masked(self.value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind}, {self.masked})"


@dataclass(frozen=True, repr=False)
class PersonNumber(Number):
    """A number of eighteen characters, which holds the day of birth."""

    born: date
    notes: tuple[Note, ...] = ()

    @property
    def region(self) -> str:
        """Where it was given out: six digits of GB/T 2260."""
        return self.value[:6]

    @property
    def sex(self) -> Sex | None:
        """The sex that the order number tells; what a register says goes before it."""
        return Sex.male if int(self.value[16]) % 2 else Sex.female


def eighteen(text: str) -> str:
    """Eighteen characters with the right check character, or NumberWrong: the rules that all three kinds share."""
    number = typed(text, "0-9X", N_("It may hold only digits, and an X at the end. Type them in half width."))
    if not number:
        raise NumberLength("Enter the number")
    if len(number) != LENGTH:
        raise NumberLength("It must have 18 characters; this has %(count)s", count=len(number))
    if "X" in number[:-1]:
        raise NumberCharacters("An X may stand only at the end")
    if check_11_2(number[:-1]) != number[-1]:
        raise NumberCheck("The last character does not fit the others: one of them is mistyped")
    return number


def numbered(head: str, born: date, order: int) -> str:
    """The eighteen characters of a head of six digits, a day of birth and an order number."""
    first = f"{head}{born.isoformat().replace('-', '')}{order:03}"
    return first + check_11_2(first)


def birth(digits: str, now: datetime) -> date:
    """A day of the calendar between 1900 and today, from eight digits."""
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError as error:
        raise NumberDate("The date of birth in it is not a day of the calendar") from error
    if born > today(now):
        raise NumberFuture("The date of birth in it lies in the future")
    if born < EARLIEST:
        raise NumberTooOld("The date of birth in it lies before 1900")
    return born
