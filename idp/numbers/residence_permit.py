"""The number of a residence permit for people of Hong Kong, Macao and Taiwan: a fixed region, else as citizens."""

from datetime import datetime

from idp.numbers.person import Kind, PersonNumber, birth, eighteen
from idp.numbers.rules import NumberWrong, Rule

REGIONS = {"810000": "Hong Kong", "820000": "Macao", "830000": "Taiwan"}


def read(text: str, now: datetime) -> PersonNumber:
    """The number, its region one of the three, or NumberWrong."""
    return of(eighteen(text), now)


def of(number: str, now: datetime) -> PersonNumber:
    """The rest of the rules, once the eighteen characters fit."""
    if number[:6] not in REGIONS:
        raise NumberWrong("The number of a residence permit begins with 810000, 820000 or 830000", rule=Rule.kind)
    return PersonNumber(number, Kind.residence_permit, birth(number[6:14], now))
