"""Names in Latin letters as passports write them: upper case, and `<` for every blank of the machine-readable zone."""

import re

FILLER = "<"
START = re.compile("P[A-Z<][A-Z<]{3}")  # kind of paper 2, country 3: the line before the name (ICAO Doc 9303-4)
LINE_LENGTH = 44
LINE = re.compile("[A-Z<]*[A-Z][A-Z<]*")


def from_line(text: str) -> str:
    """The words of a name of the machine-readable zone, in their order; any other text as it is."""
    if FILLER not in text or not LINE.fullmatch(text):
        return text
    name = text[5:] if len(text) == LINE_LENGTH and START.match(text) else text
    return re.sub(f"{FILLER}+", " ", name).strip()
