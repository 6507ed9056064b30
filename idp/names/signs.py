"""The signs of names: one separator and what is typed for it, ideographs, what nobody can see, what stands in for others."""

import re
import unicodedata

SEPARATOR = "\u00b7"
# What keyboards and old systems write for U+00B7. None of them may stay in a name.
LOOK_ALIKES = (
    "\u0387\u1427\u16eb\u2022\u2024\u2027\u2219\u22c5\u25cf\u25e6\u2981\u2e31\u2e33\u30fb\u318d\ua78f\uff0e\uff65"
    "\U00010101"
)
FOLD_SEPARATORS = str.maketrans(dict.fromkeys(LOOK_ALIKES, SEPARATOR))
# Planes 2 and 3 are reserved for ideographs: a character that is newer than Python's tables is one all the same. Extension I,
# U+2EBF0 to U+2EE5D, was encoded for the names of people in China.
PLANES = "\U00020000-\U0002fffd\U00030000-\U0003fffd"
HAN = f"\u2e80-\u2fdf\u3005\u3007\u3400-\u9fff\uf900-\ufaff{PLANES}"
IDEOGRAPH = re.compile(f"[{HAN}]")
NEW_IDEOGRAPH = re.compile(f"[{PLANES}]")
RADICALS = re.compile("[\u2e80-\u2fdf]")
# A full stop between two ideographs is a separator typed on a keyboard that has none.
STOP_BETWEEN = re.compile(f"([{HAN}]\\s*)[.\u3002\ufe52\uff61](?=\\s*[{HAN}])")
STAND_INS = frozenset("?*_\uff1f\uff0a\u25a1\u25a2\u25a0\u3013\u303e\ufffd") | {chr(at) for at in range(0x2FF0, 0x3000)}
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters and marks that print nothing
_JOINING = "\u0600-\u08ff\u0900-\u0dff\u1800-\u18af"  # Arabic, scripts of India, Mongolian
JOINERS = re.compile(f"(?<=[{_JOINING}])[\u180e\u200c\u200d\u202f](?=[{_JOINING}])")  # these shape their neighbours
# Apostrophes, hyphens, the comma and the full stop of Latin names; the Tibetan tsheg between syllables.
MARKS = frozenset(f"{SEPARATOR} \u3000'\u2019\u2018\u02bc-\u2010\u2011.,\u0f0b")


def separated(name: str) -> str:
    """The name with U+00B7 for each sign that stands in its place (民委发〔2016〕33号)."""
    return STOP_BETWEEN.sub(rf"\1{SEPARATOR}", name.translate(FOLD_SEPARATORS))


def plain(sign: str) -> str:
    """The ideograph that a radical of the dictionary looks like, where Unicode names one; any other sign as it is."""
    return unicodedata.normalize("NFKC", sign) if RADICALS.match(sign) else sign


def is_letter(sign: str) -> bool:
    """Whether a sign is a letter or an ideograph that prints something."""
    return sign not in FILLERS and (unicodedata.category(sign)[0] == "L" or sign == "\u3007" or is_new(sign))


def is_new(sign: str) -> bool:
    """Whether a sign lies in the planes of ideographs."""
    return NEW_IDEOGRAPH.match(sign) is not None


def is_mark(sign: str) -> bool:
    """Whether a sign may stand between the letters of a name."""
    return sign in MARKS or (unicodedata.category(sign)[0] == "M" and sign not in FILLERS)


def unseen(name: str) -> list[int]:
    """The places of what nobody can see on paper, or what is a blank of an unusual width."""
    shaping = {found.start() for found in JOINERS.finditer(name)}
    return [
        at
        for at, sign in enumerate(name)
        if at not in shaping and sign not in MARKS and (sign in FILLERS or unicodedata.category(sign) in {"Cf", "Zs"})
    ]
