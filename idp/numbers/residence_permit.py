"""The number of a residence permit for people of Hong Kong, Macao and Taiwan: a fixed region, else as citizens."""

from datetime import date, datetime

from idp.numbers.person import Kind, PersonNumber, birth, eighteen, numbered
from idp.numbers.rules import NumberKind

REGIONS = {"810000": "Hong Kong", "820000": "Macao", "830000": "Taiwan"}


def make(region: str, born: date, order: int) -> str:
    """The number of these parts, with its check character."""
    return numbered(region, born, order)


def read(text: str, now: datetime) -> PersonNumber:
    """The number, its region one of the three, or NumberWrong."""
    return of(eighteen(text), now)


def of(number: str, now: datetime) -> PersonNumber:
    """The rest of the rules, once the eighteen characters fit."""
    if number[:6] not in REGIONS:
        raise NumberKind("The number of a residence permit begins with 810000, 820000 or 830000")
    return PersonNumber(number, Kind.residence_permit, birth(number[6:14], now))
