"""Names: kept exactly as given, compared by a match key.

The rules are those of 民委发〔2016〕33号 (one separator, U+00B7) and GB 18030 (every character of it), and one of our own: a name
is one field, never cut into family name and given name.
"""

import re
import unicodedata
from typing import Any, ClassVar

from hub.problems import Problem

SEPARATOR = "\u00b7"
LENGTH = 100  # code points; the rule asks for no fewer than 50
# What keyboards and old systems write for U+00B7. None of them may stay in a name.
LOOK_ALIKES = "\u0387\u2022\u2024\u2027\u2219\u22c5\u2e31\u2e33\u30fb\uff65\uff0e\u318d\u16eb\U00010101"
FOLD_SEPARATORS = str.maketrans(dict.fromkeys(LOOK_ALIKES, SEPARATOR))
FOLD_QUOTES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\uff07": "'", "\u2010": "-", "\u2011": "-", "\uff0d": "-"}
)
BRACKETS = str.maketrans({"\uff08": "(", "\uff09": ")"})
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
HAN = re.compile("[\u2e80-\u2fdf\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
# GB 18030-2005 put these fourteen at private codes; the 2022 edition gave them their own (FE51 … FEA0).
PRIVATE_2022 = {
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE855: 0x241FE, 0xE864: 0x9FBB,
}  # fmt: skip


def _private() -> dict[int, str]:
    """What each private code of GBK's last row stands for: the row runs without a gap from U+E815 to U+E864.

    The best known of them is U+E863, an old code of U+4DAE: people were turned away at counters because of it.
    """
    row = [byte for byte in range(0x50, 0xA1) if byte != 0x7F]
    now = {0xE815 + at: bytes((0xFE, byte)).decode("gb18030") for at, byte in enumerate(row)}
    now |= {old: chr(new) for old, new in PRIVATE_2022.items()}
    return {old: sign for old, sign in now.items() if unicodedata.category(sign) != "Co"}


PRIVATE = _private()


class NameWrong(Problem):
    """A name that cannot be taken as it was typed; `suggestion`, if any, is the name as it probably was meant."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This name cannot be taken as it is"
    advice: ClassVar[str] = "Type the name exactly as it stands on your paper."

    def __init__(self, detail: str, *, suggestion: str = "", **values: Any) -> None:
        self.suggestion = suggestion
        super().__init__(detail, **values)


def given(text: str) -> str:
    """The name as it is to be kept: as typed, without outer blanks, its separator U+00B7. Raises NameWrong.

    Nothing else is changed: no normal form, since those replace characters that stand on people's papers.
    """
    name = text.strip().translate(FOLD_SEPARATORS)
    if not name:
        raise NameWrong("Enter the name")
    if len(name) > LENGTH:
        raise NameWrong("A name may have at most %(most)s characters", most=LENGTH)
    _without_private_codes(name)
    _of_letters(name)
    return name


def _without_private_codes(name: str) -> None:
    private = [(at, sign) for at, sign in enumerate(name, 1) if unicodedata.category(sign) == "Co"]
    if not private:
        return
    at, sign = private[0]
    if any(ord(sign) not in PRIVATE for _, sign in private):
        raise NameWrong("Character %(at)s is a private code of your keyboard: other systems cannot read it", at=at)
    meant = name.translate(PRIVATE)
    raise NameWrong(
        "Character %(at)s was an old private code. It now reads %(sign)s: check it and send the form again",
        suggestion=meant,
        at=at,
        sign=PRIVATE[ord(sign)],
    )


def _of_letters(name: str) -> None:
    for at, sign in enumerate(name, 1):
        if not (
            unicodedata.category(sign)[0] in "LM"
            or sign in f"{SEPARATOR} \u3000'\u2019\u2018\u02bc-\u2010\u2011.,\u3007"
        ):
            raise NameWrong("Character %(at)s cannot be part of a name", at=at)
    if not any(unicodedata.category(sign)[0] == "L" or sign == "\u3007" for sign in name):
        raise NameWrong("A name needs at least one letter or Chinese character")


def match_key(name: str) -> str:
    """What two spellings of one name have in common. Compare keys, show names.

    Folded: NFC, separators, Kangxi radicals, variation selectors, full-width Latin, private codes with a known meaning. A name in
    Latin letters is the set of its words, since papers order them differently. Nothing is fuzzy: equal or not.
    """
    plain = SELECTORS.sub("", name.translate(PRIVATE).translate(FOLD_SEPARATORS))
    folded = "".join(_folded(sign) for sign in unicodedata.normalize("NFC", plain)).translate(FOLD_QUOTES)
    key = unicodedata.normalize("NFC", folded.upper())
    if HAN.search(key):
        return re.sub(r"\s", "", key)
    return " ".join(sorted(re.findall(r"[^\s,]+", key)))


def _folded(sign: str) -> str:
    """Radicals and full-width Latin in their plain form; everything else as it is (NFKC would turn U+2024 into a full stop)."""
    folds = "\u2f00" <= sign <= "\u2fdf" or "\uff01" <= sign <= "\uff5e" or sign in "\u2e9f\u2ef3"
    return unicodedata.normalize("NFKC", sign) if folds else sign


def same(one: str, other: str) -> bool:
    """Whether two spellings are one name."""
    return match_key(one) == match_key(other)


def organization_key(name: str) -> str:
    """The match key of an organisation's name: as a person's, and brackets of either width are one."""
    return (
        re.sub(r"\s", "", match_key(name.translate(BRACKETS)))
        if HAN.search(name)
        else match_key(name.translate(BRACKETS))
    )
