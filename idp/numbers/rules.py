"""What all numbers share: the named rules, the refusal that names one, and the two check sums of ISO 7064 and GB 32100."""

import re
from enum import StrEnum
from itertools import accumulate, repeat
from typing import Any, ClassVar

from hub.problems import Problem


class Rule(StrEnum):
    """The rules of all kinds of number; a refusal names the one that failed first."""

    characters = "characters"
    length = "length"
    check = "check"
    date = "date"
    future = "future"
    too_old = "too-old"
    kind = "kind"


class NumberWrong(Problem):
    """A number that cannot be right. It names the failing rule and never repeats the number (logs are not the place for it)."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "This number cannot be right"
    advice: ClassVar[str] = "Compare it with your paper, character by character, and correct it."

    def __init__(self, detail: str, *, rule: Rule, **values: Any) -> None:
        self.rule = rule
        super().__init__(detail, extras={"rule": rule.value}, **values)


WEIGHTS_11_2 = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # 2^(17-i) mod 11, GB 11643-1999
CHECKS_11_2 = "10X98765432"
ALPHABET_31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O S V Z
WEIGHTS_31 = tuple(accumulate(repeat(3, 16), lambda weight, three: weight * three % 31, initial=1))  # 3^i mod 31
WEIGHTS_11 = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997


def typed(text: str, allowed: str, detail: str) -> str:
    """The number as it was meant: outer blanks and inner spaces of copying removed, letters upper case.

    Full-width digits and anything else outside `allowed` are refused rather than silently converted.
    """
    number = re.sub(r"[ \t\u3000]", "", text.strip()).upper()
    if not number.isascii() or not re.fullmatch(f"[{allowed}]*", number):
        raise NumberWrong(detail, rule=Rule.characters)
    return number


def check_11_2(first17: str) -> str:
    """The check character of ISO 7064 MOD 11-2 over seventeen digits."""
    return CHECKS_11_2[sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS_11_2, strict=True)) % 11]


def check_31(first17: str) -> str:
    """The check character of GB 32100-2015 over seventeen characters."""
    total = sum(ALPHABET_31.index(sign) * weight for sign, weight in zip(first17, WEIGHTS_31, strict=True))
    return ALPHABET_31[-total % 31]


def check_11(first8: str) -> str:
    """The check character of an organisation code, GB 11714-1997, over eight characters (letters count from 10)."""
    total = sum(int(sign, 36) * weight for sign, weight in zip(first8, WEIGHTS_11, strict=True))
    return "0123456789X"[-total % 11]


def masked(number: str) -> str:
    """The number for showing to its holder: the first four and the last two characters."""
    return number[:4] + "*" * (len(number) - 6) + number[-2:]
