"""The number of a foreigner's permanent residence card of 2023.

9, region 2, numeric country 3, birth date 8, order 3, check 1.
"""

from datetime import datetime

from idp.numbers.person import Kind, PersonNumber, birth, eighteen
from idp.numbers.rules import NumberWrong, Rule


def read(text: str, now: datetime) -> PersonNumber:
    """The number, its first digit 9, or NumberWrong."""
    return of(eighteen(text), now)


def of(number: str, now: datetime) -> PersonNumber:
    """The rest of the rules, once the eighteen characters fit."""
    if number[0] != "9":
        raise NumberWrong("The number of a foreigner's card begins with 9", rule=Rule.kind)
    return PersonNumber(number, Kind.foreigner, birth(number[6:14], now))
