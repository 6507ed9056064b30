"""What two spellings of one name have in common. Compare keys, show names."""

import re
import unicodedata

from idp.names import signs
from idp.names.private import PRIVATE

# Variation selectors, those of Mongolian too, and joiners: they change how a sign is drawn, not which it is.
DRAWING = re.compile("[\u180b-\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
FOLD_QUOTES = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\uff07", "'") | dict.fromkeys("\u2010\u2011\uff0d", "-"))
BLANKS = re.compile(r"[\s,.<-]+")  # in Latin names; a passport's machine-readable zone writes `<` for all of them


def match_key(name: str) -> str:
    """The key of a person's name. Nothing is fuzzy: two keys are equal or not.

    Folded: NFC (which replaces compatibility ideographs), separators, Kangxi radicals, variation selectors, full-width Latin,
    private codes with a known meaning. A name in Latin letters is the set of its words, since papers order them differently,
    written as ICAO Doc 9303-3 has it in a machine-readable zone: no apostrophes, a blank for a hyphen.
    """
    plain = _plain(name)
    if signs.IDEOGRAPH.search(plain):
        return _composed(re.sub(r"\s", "", plain))
    return " ".join(sorted(_words(plain)))


def organization_key(name: str) -> str:
    """The key of an organisation's name: as a person's, but its words keep their order. Brackets of either width are one."""
    plain = _plain(name)
    return _composed(re.sub(r"\s", "", plain)) if signs.IDEOGRAPH.search(plain) else " ".join(_words(plain))


def same(one: str, other: str) -> bool:
    """Whether two spellings are one person's name. What has no letters is no name, and the same as nothing."""
    key = match_key(one)
    return bool(key) and key == match_key(other)


def _plain(name: str) -> str:
    drawn = DRAWING.sub("", name.translate(PRIVATE).translate(signs.FOLD_SEPARATORS))
    folded = _composed("".join(_folded(sign) for sign in _composed(drawn)))
    return _composed(signs.separated(folded).upper()).translate(FOLD_QUOTES)


def _folded(sign: str) -> str:
    """Radicals and full-width Latin in their plain form; everything else as it is (NFKC would turn U+2024 into a full stop)."""
    return unicodedata.normalize("NFKC", sign) if "\uff01" <= sign <= "\uff5e" else signs.plain(sign)


def _words(plain: str) -> list[str]:
    return [_composed(word) for word in BLANKS.split(plain.replace("'", "")) if word]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
