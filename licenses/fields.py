"""The types a field of a license may have: what is accepted, how it is written down, what the schema says of it."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.i18n import N_
from licenses.days import chinese, english

SEPARATORS = dict.fromkeys(map(ord, "\u0387\u2022\u2027\u2219\u22c5\u2e31\u30fb\uff65\u2024\uff0e"), "\u00b7")
VARIATIONS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
UNIFIED = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CITIZEN_CHECKS = "10X98765432"
MOST_YUAN = 10**13
NUMERALS = "零壹贰叁肆伍陆柒捌玖"

Value = str | int


class Wrong(Exception):
    """One value that does not fit, in words. The kind catches it, because it knows the field's name."""

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.message, self.values = message, tuple(values.items())


@dataclass(frozen=True)
class Rule:
    """What the kind's file says about the value of one item."""

    most: int = 200
    choices: tuple[str, ...] = ()


def text(value: Any, rule: Rule, _: date) -> str:
    """Printable text in one line. A character that nobody can see is refused, and so is one that no font agrees on."""
    if not isinstance(value, str):
        raise Wrong(N_("Give a text"))
    written = value.strip(" ")
    if not written:
        raise Wrong(N_("Give a text that is not empty"))
    if len(written) > rule.most:
        raise Wrong(N_("Give at most %(most)s characters; these are %(given)s"), most=rule.most, given=len(written))
    for character in written:
        category = "Lo" if "\U00020000" <= character <= "\U0003fffd" else unicodedata.category(character)
        if category in HIDDEN or VARIATIONS.match(character) or (category == "Zs" and character != " "):
            raise Wrong(N_("Take out the character %(code)s: it cannot be printed"), code=f"U+{ord(character):04X}")
    return written


def name(value: Any, rule: Rule, today: date) -> str:
    """The name of a person or body; look-alikes of the separator become U+00B7 (Min Wei Fa 2016 No. 33)."""
    if isinstance(value, str):
        value = value.translate(SEPARATORS)
    return text(value, rule, today)


def day(value: Any, _: Rule, __: date) -> str:
    """A day as YYYY-MM-DD."""
    written = isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    try:
        return date.fromisoformat(value if written else "").isoformat()
    except ValueError:
        raise Wrong(N_("Give a day of the calendar as YYYY-MM-DD")) from None


def past_day(value: Any, rule: Rule, today: date) -> str:
    """A day that is not in the future."""
    if (given := day(value, rule, today)) > today.isoformat():
        raise Wrong(N_("Give a day that is not in the future"))
    return given


def choice(value: Any, rule: Rule, _: date) -> str:
    """One of the values that the kind lists."""
    if not isinstance(value, str) or value not in rule.choices:
        raise Wrong(N_("Give one of: %(choices)s"), choices=", ".join(rule.choices))
    return value


def money(value: Any, _: Rule, __: date) -> int:
    """Whole yuan. A file of comma-separated values may give the digits as text."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,14}", value):
        value = int(value)
    if type(value) is not int or not 0 < value <= MOST_YUAN:
        raise Wrong(N_("Give the sum in whole yuan, as a number above zero"))
    return value


def unified_code(value: Any, _: Rule, __: date) -> str:
    """A unified social credit code (GB 32100-2015): 18 characters, the last a MOD 31 check."""
    if not isinstance(value, str) or not re.fullmatch(f"[{UNIFIED}]{{18}}", value):
        raise Wrong(N_("Give the 18 characters of the unified social credit code"))
    if sum(UNIFIED.index(character) * pow(3, place, 31) for place, character in enumerate(value[:17])) % 31 != (
        -UNIFIED.index(value[17]) % 31
    ):
        raise Wrong(N_("The check character of the code is wrong: compare it with the certificate"))
    return value


def citizen_number(value: Any, _: Rule, today: date) -> str:
    """A citizen's number (GB 11643-1999): 18 characters, a day of birth, a MOD 11-2 check."""
    if not isinstance(value, str) or not re.fullmatch("[1-9][0-9]{16}[0-9Xx]", value):
        raise Wrong(N_("Give the 18 characters of the citizen number"))
    number = value.upper()
    total = sum(weight * int(digit) for weight, digit in zip(CITIZEN_WEIGHTS, number[:17], strict=True))
    if CITIZEN_CHECKS[total % 11] != number[17]:
        raise Wrong(N_("The check digit of the number is wrong: compare it with the identity card"))
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise Wrong(N_("The number holds a day of birth that does not exist")) from None
    if not date(1900, 1, 1) <= born <= today:
        raise Wrong(N_("The number holds a day of birth that cannot be"))
    return number


def matching(form: str, words: str) -> Callable[[Any, Rule, date], str]:
    """A type for texts of one form."""

    def read(value: Any, _: Rule, __: date) -> str:
        if not isinstance(value, str) or not re.fullmatch(form, value):
            raise Wrong(words)
        return value

    return read


@dataclass(frozen=True)
class Type:
    """A type: how a value is read (raising Wrong) and what JSON Schema says of it."""

    read: Callable[[Any, Rule, date], Value]
    schema: dict[str, Any]


FOOD_NUMBER = "JY[1-3][0-9]{13}"
PHONE = "[0-9]{3,5}(-?[0-9]{3,8}){0,2}"
DAY = {"type": "string", "format": "date"}
TYPES = {
    "text": Type(text, {"type": "string", "minLength": 1}),
    "name": Type(name, {"type": "string", "minLength": 1}),
    "date": Type(day, DAY),
    "past-date": Type(past_day, DAY),
    "choice": Type(choice, {"type": "string"}),
    "money": Type(money, {"type": "integer", "minimum": 1, "maximum": MOST_YUAN, "description": "whole yuan"}),
    "unified-code": Type(unified_code, {"type": "string", "pattern": f"^[{UNIFIED}]{{18}}$"}),
    "citizen-number": Type(citizen_number, {"type": "string", "pattern": "^[1-9][0-9]{16}[0-9Xx]$"}),
    "food-license-number": Type(
        matching(FOOD_NUMBER, N_("Give JY and 14 digits, the first of them 1 to 3")),
        {"type": "string", "pattern": f"^{FOOD_NUMBER}$"},
    ),
    "phone": Type(
        matching(PHONE, N_("Give the digits of a telephone number")), {"type": "string", "pattern": f"^{PHONE}$"}
    ),
}


def spelled(kind: str, value: Value) -> tuple[str, str]:
    """How a value is printed, in Chinese and in English; the second is empty if it would be the same."""
    if kind in ("date", "past-date"):
        given = date.fromisoformat(str(value))
        return chinese(given), english(given)
    if kind == "money":
        return capitals(int(value)), f"CNY {value:,}"
    return str(value), ""


def capitals(yuan: int) -> str:
    """A sum in the numerals of contracts: 人民币伍佰万元整 for 5,000,000."""
    groups, rest = [], yuan
    while rest:
        rest, group = divmod(rest, 10_000)
        groups.append(group)
    spoken = ""
    for place in range(len(groups) - 1, -1, -1):
        if not groups[place]:
            continue
        if spoken and (groups[place] < 1000 or not groups[place + 1]):
            spoken += "零"
        spoken += _thousands(groups[place]) + ("", "万", "亿", "万亿")[place]
    return f"人民币{spoken}元整"


def _thousands(number: int) -> str:
    spoken, gap = "", False
    for power, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = number // power % 10
        if digit:
            spoken += ("零" if gap and spoken else "") + NUMERALS[digit] + unit
        gap = not digit
    return spoken


def masked(mask: str, value: Value) -> str:
    """A value as others than the holder may see it."""
    given = str(value)
    match mask:
        case "name":
            return given[0] + "*" * max(1, len(given) - 2) + (given[-1] if len(given) > 2 else "")
        case "number":
            return given[:3] + "*" * (len(given) - 5) + given[-2:]
        case "year":
            return given[:4]
        case "text":
            return given[:6] + "***"
    return given


MASKS = frozenset({"", "name", "number", "year", "text"})
