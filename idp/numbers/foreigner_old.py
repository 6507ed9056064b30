"""The number of a foreigner's permanent residence card of before December 2023: three letters, twelve digits.

Both cards are valid together. This one has no check character that all of them keep, and its digits tell no full year of
birth: whoever proves a name with it says the day of birth himself.
"""

import re
from dataclasses import dataclass

from hub.i18n import N_
from idp.numbers.person import Kind, Number
from idp.numbers.rules import NumberCharacters, NumberLength, typed

LENGTH = 15
FORM = re.compile("[A-Z]{3}[0-9]{12}")


@dataclass(frozen=True, repr=False)
class OldCardNumber(Number):
    """It holds a country and nothing else that can be relied on."""

    @property
    def country(self) -> str:
        """The nationality, in three letters."""
        return self.value[:3]


def make(country: str, digits: str) -> str:
    """The number of these parts."""
    return country + digits


def read(text: str) -> OldCardNumber:
    """The number, of the right form, or NumberWrong."""
    number = typed(text, "0-9A-Z", N_("It may hold only digits and letters, in half width"))
    if len(number) != LENGTH:
        raise NumberLength("An old card's number must have 15 characters; this has %(count)s", count=len(number))
    if not FORM.fullmatch(number):
        raise NumberCharacters("An old card's number is three letters and then twelve digits")
    return OldCardNumber(number, Kind.foreigner_old)
