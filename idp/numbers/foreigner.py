"""The number of a foreigner's permanent residence card of 2023.

9, region 2, numeric country 3, birth date 8, order 3, check 1.
"""

from dataclasses import dataclass
from datetime import date, datetime

from idp.numbers.person import Kind, PersonNumber, birth, eighteen, numbered
from idp.numbers.rules import NumberKind


@dataclass(frozen=True, repr=False)
class ForeignerNumber(PersonNumber):
    """It holds a country beside the day of birth. That its order number tells a sex is written nowhere."""

    @property
    def region(self) -> str:
        """The province that took the first application: two digits."""
        return self.value[1:3]

    @property
    def country(self) -> str:
        """The nationality, as the numeric code of ISO 3166-1."""
        return self.value[3:6]

    @property
    def sex(self) -> None:
        """Unknown."""
        return


def make(region: str, country: str, born: date, order: int) -> str:
    """The number of these parts, with its check character."""
    return numbered(f"9{region}{country}", born, order)


def read(text: str, now: datetime) -> ForeignerNumber:
    """The number, its first digit 9, or NumberWrong."""
    return of(eighteen(text), now)


def of(number: str, now: datetime) -> ForeignerNumber:
    """The rest of the rules, once the eighteen characters fit."""
    if number[0] != "9":
        raise NumberKind("The number of a foreigner's card begins with 9")
    return ForeignerNumber(number, Kind.foreigner, birth(number[6:14], now))
