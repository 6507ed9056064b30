"""Numbers that people write down: a letter, a day, a part that nobody guesses, and a check character that notices slips.

Whoever knows such a number may see what it stands for, so nobody keeps it: rows and events name it by `key`.
"""

import re
import secrets
from datetime import date
from typing import TYPE_CHECKING
from unicodedata import normalize

from hub.problems import BadRequest

if TYPE_CHECKING:  # a checker of licenses uses this module, and has no database
    from hub.vault import Vault

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PLAIN = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O and U, which people read as something else
SECRET = 10  # characters of 32: 50 bits, behind a limit of attempts
LIKE = str.maketrans("ILO", "110")
FORM = re.compile(rf"([A-Z])(\d{{8}})([{PLAIN}]{{{SECRET}}})([{PLAIN}])")
LONGEST = 100


class NumberMistyped(BadRequest):
    """A number that people write down does not fit its own check character."""

    title = "This number is mistyped"
    advice = "Compare it with what you wrote down, character by character."


def fresh(letter: str, day: date) -> str:
    """A new number of a kind (one letter), such as R-20261122-7K2M9QX4TA-C."""
    while True:
        secret = "".join(secrets.choice(PLAIN) for _ in range(SECRET))
        check = check_character(f"{letter}{day:%Y%m%d}{secret}")
        if check in PLAIN:  # else the next one: nothing in a number may be read as something else
            return f"{letter}-{day:%Y%m%d}-{secret}-{check}"


def parse(typed: str) -> str:
    """The number that somebody typed: small and full-width letters, spaces and left-out dashes are forgiven.

    Raises NumberMistyped.
    """
    text = re.sub(r"[\s.\-‐-―−]", "", normalize("NFKC", typed[:LONGEST])).upper()
    found = FORM.fullmatch(text[:1] + text[1:].translate(LIKE))
    if found is None or check_character("".join(found.groups()[:3])) != found[4]:
        raise NumberMistyped("It looks like R-20261122-7K2M9QX4TA-C")
    return "-".join(found.groups())


def key(vault: "Vault", number: str) -> str:
    """How rows and events name what a number stands for: its letter and day, and a keyed digest that does not lead back."""
    letter, day, *_ = number.split("-")
    return f"{letter}{day}-{vault.blind('number', number)[:16]}"


def check_character(text: str) -> str:
    """The check character of ISO/IEC 7064 MOD 37,36 over characters of 0-9A-Z. Raises ValueError for others."""
    product = 36
    for character in text:
        product = (product + DIGITS.index(character)) % 36 or 36
        product = product * 2 % 37
    return DIGITS[(37 - product) % 36]
