"""The citizen's number, GB 11643-1999: region 6, birth date 8, order 3, check 1."""

from datetime import date, datetime

from hub.i18n import N_
from idp.numbers.checks import check_11_2
from idp.numbers.person import Kind, Note, PersonNumber, birth, eighteen, numbered
from idp.numbers.rules import NumberKind, NumberLength, typed

# First two digits of GB/T 2260: the provinces. Only a note hangs on them, never a refusal.
PROVINCES = frozenset(
    "11,12,13,14,15,21,22,23,31,32,33,34,35,36,37,41,42,43,44,45,46,50,51,52,53,54,61,62,63,64,65,71".split(",")  # noqa: SIM905
)
OLD_LENGTH = 15


def make(region: str, born: date, order: int) -> str:
    """The number of these parts, with its check character."""
    return numbered(region, born, order)


def read(text: str, now: datetime) -> PersonNumber:
    """The number, its check character and its date right, or NumberWrong."""
    return of(eighteen(text), now)


def of(number: str, now: datetime) -> PersonNumber:
    """The rest of the rules, once the eighteen characters fit."""
    if number[0] == "9":
        raise NumberKind("A number that begins with 9 stands on a foreigner's card")
    notes = () if number[:2] in PROVINCES else (Note.region_unknown,)
    return PersonNumber(number, Kind.citizen, birth(number[6:14], now), notes)


def from_old(text: str, now: datetime) -> PersonNumber:
    """The present form of a fifteen-digit number of before 1999.

    Only for linking old records: the old cards are no longer valid, so it proves nothing.
    """
    old = typed(text, "0-9", N_("An old number may hold only digits"))
    if len(old) != OLD_LENGTH:
        raise NumberLength("An old number must have 15 digits; this has %(count)s", count=len(old))
    first = f"{old[:6]}19{old[6:]}"
    return of(first + check_11_2(first), now)
