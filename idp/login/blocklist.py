"""Passwords that attackers try first, as a compact filter: the first four bytes of each word's SHA-256, sorted.

The first two bytes are not kept: 65,536 counts say how many words begin with each pair, so a word costs two bytes. Made by
`idp.login.blocklist_make` from public lists (breached passwords, English words, pinyin). A chance hit refuses about one
other password in 17,000, which costs its owner a second thought (measured by a test).
"""

import hashlib
import sys
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from pathlib import Path

PAIRS = 65_536
SHORTEST = 6  # characters of a word worth keeping; what is shorter is refused for its length
FILE = Path(__file__).with_name("common_passwords.bin")
TAIL = "0123456789!@#. "  # what people add to a word when a rule asks for more
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
    prefixes = sorted({_prefix(word) for word in words})
    counted = Counter(prefix >> 16 for prefix in prefixes)
    counts = bytes(counted[pair] for pair in range(PAIRS))
    return counts + b"".join((prefix & 0xFFFF).to_bytes(2, "big") for prefix in prefixes)


def is_common(password: str) -> bool:
    """Whether it, or what it repeats, or it without blanks or digits around it, is one of the first that an attacker tries."""
    plain = password.casefold()
    whole = {plain, "".join(plain.split()), plain.strip(TAIL) or plain}
    return any(_listed(one) or _is_row(one) or len(set(one)) < 4 for one in whole | {_unit(one) for one in whole})


def _listed(word: str) -> bool:
    starts, rest = _table()
    prefix = _prefix(word)
    first, last = starts[prefix >> 16], starts[(prefix >> 16) + 1]
    at = bisect_left(rest, prefix & 0xFFFF, first, last)
    return at < last and rest[at] == prefix & 0xFFFF


def _is_row(word: str) -> bool:
    """A stretch of a keyboard row or of the alphabet, forwards or backwards, however often it begins again."""
    return len(word) > 3 and any(word in row * 4 or word in row[::-1] * 4 for row in ROWS)


def _unit(word: str) -> str:
    """The part that a word repeats: `abcabcabc` gives `abc`."""
    at = (word + word).find(word, 1)
    return word[:at]


def _prefix(word: str) -> int:
    return int.from_bytes(hashlib.sha256(word.casefold().encode("utf-8", "surrogatepass")).digest()[:4], "big")


@cache
def _table() -> "tuple[list[int], array[int]]":
    return opened(FILE.read_bytes())


def opened(data: bytes) -> "tuple[list[int], array[int]]":
    """A filter as `make` gave it: where the words of each pair begin, and the two bytes that are kept of each word."""
    rest = array("H", data[PAIRS:])
    if sys.byteorder == "little":
        rest.byteswap()
    return [0, *accumulate(data[:PAIRS])], rest
