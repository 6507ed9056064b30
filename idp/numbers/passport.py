"""The number of a passport: its form is each country's own, so only what ICAO Doc 9303-4 asks of all is a rule."""

import re
from dataclasses import dataclass

from hub.i18n import N_
from idp.numbers.person import Kind, Note, Number
from idp.numbers.rules import NumberCharacters, NumberLength, typed

SHORTEST, LONGEST = 5, 9  # the machine-readable zone has nine places
FILLER = "<"
# Forms that we know, by country. Only a note hangs on them, never a refusal.
FORMS = {
    # Ordinary (E, EA to EZ without I and O, formerly G), on duty, service, diplomatic; Hong Kong, Macao.
    "CHN": re.compile(
        "[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[DPS][0-9]{7,8}|[DPS]E[0-9]{7}|K[0-9]{8}|KJ[0-9]{7}|MA[0-9]{7}"
    ),
}


@dataclass(frozen=True, repr=False)
class Passport(Number):
    """A number means something only together with the country that gave it."""

    country: str = ""
    notes: tuple[Note, ...] = ()


def read(text: str, country: str = "") -> Passport:
    """The number of a passport of a country (three letters of ISO 3166-1 or Doc 9303-3), or NumberWrong."""
    number = typed(text.strip().rstrip(FILLER), "0-9A-Z", N_("It may hold only digits and letters, in half width"))
    if not SHORTEST <= len(number) <= LONGEST:
        raise NumberLength(
            "A passport's number has %(least)s to %(most)s characters; this has %(count)s",
            least=SHORTEST,
            most=LONGEST,
            count=len(number),
        )
    if number.isalpha():
        raise NumberCharacters("A passport's number holds digits, not letters alone")
    form = FORMS.get(country)
    notes = (Note.form_unknown,) if form and not form.fullmatch(number) else ()
    return Passport(number, Kind.passport, country, notes)
