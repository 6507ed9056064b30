"""Finding services by what people type: in Chinese or English, with words left out, added or slightly wrong.

Every part of a query counts for itself. In Chinese a part is found whole or by its pairs of characters, in English whole, by
its beginning, or with a letter or two wrong. What matches more parts stands first.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

LONGEST = 80  # characters of a query that are looked at
MOST_PARTS = 12
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
WORD = re.compile(r"[^\W_]+")
# Said around what is meant. The longest first, so that no half of one is left.
FILLERS = ("我想要", "我要", "我想", "怎么", "如何", "哪里", "在哪", "可以", "需要", "什么", "申请", "办理", "手续")
STOP = frozenset(
    {"a", "an", "and", "apply", "at", "can", "do", "find", "for", "get", "how", "i", "in", "is", "me", "my", "need"}
    | {"of", "on", "or", "the", "to", "want", "where", "with"}
)
ENOUGH = 0.5  # of the parts of a query, and of the pairs of a Chinese part


@dataclass(frozen=True)
class Entry:
    """Something to be found: its key, and texts with what a match in each is worth."""

    key: str
    texts: tuple[tuple[int, str], ...]


def find(query: str, entries: Sequence[Entry]) -> list[str]:
    """The keys of what fits a query, best first; everything for an empty one."""
    parts = parts_of(query)
    if not parts:
        return [] if query.strip() else [entry.key for entry in entries]
    known = [(entry, tuple((worth, _read(text)) for worth, text in entry.texts)) for entry in entries]
    near = _near(parts, frozenset[str]().union(*(text.words for _, texts in known for _, text in texts)))
    ranked = []
    for place, (entry, texts) in enumerate(known):
        scores = [max((_score(part, text, near) * worth for worth, text in texts), default=0.0) for part in parts]
        hits = sum(1 for score in scores if score)
        if hits and hits >= ENOUGH * len(parts):
            ranked.append((-hits, -sum(scores), place, entry.key))
    return [key for *_, key in sorted(ranked)]


def fold(text: str) -> str:
    """Text as it is compared: wide forms, letter case and accents do not count."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def parts_of(query: str) -> tuple[str, ...]:
    """What a query asks for: Chinese runs without the words around them, and English words without the small ones."""
    folded = fold(query[:LONGEST])
    for filler in FILLERS:
        folded = folded.replace(filler, " ")
    found: list[str] = []
    for word in WORD.findall(folded):
        rest = word
        for run in HAN.findall(word):
            found.append(run)
            rest = rest.replace(run, " ", 1)
        found += [one for one in rest.split() if one not in STOP]
    return tuple(dict.fromkeys(found))[:MOST_PARTS]


class _Text(NamedTuple):
    """A text as it is compared, and its words."""

    folded: str
    words: frozenset[str]


@lru_cache(20_000)
def _read(text: str) -> _Text:
    """Read once what is asked about again and again: the texts of items, never a query."""
    folded = fold(text)
    return _Text(folded, frozenset(WORD.findall(folded)))


def _score(part: str, text: _Text, near: dict[str, frozenset[str]]) -> float:
    """How well a part of the query fits a text, 0 to 3."""
    if HAN.fullmatch(part):
        if part in text.folded:
            return 3.0
        pairs = [part[i : i + 2] for i in range(len(part) - 1)]
        share = sum(1 for pair in pairs if pair in text.folded) / len(pairs) if pairs else 0.0
        return 2 * share if share >= ENOUGH else 0.0
    if part in text.words:
        return 3.0
    if any(_begins(part, word) for word in text.words):
        return 2.0
    return 1.0 if near[part] & text.words else 0.0


def _begins(part: str, word: str) -> bool:
    """Whether one is the beginning of the other: restaurants, restaurant; not: a, at."""
    short, long = sorted((part, word), key=len)
    return len(short) >= 3 and long.startswith(short) and (len(long) - len(short) <= 3 or short == part)


def _near(parts: Iterable[str], words: frozenset[str]) -> dict[str, frozenset[str]]:
    """The known words that a part may have meant."""
    return {
        part: frozenset(word for word in words if len(part) >= 4 and slips(part, word, 2 if len(part) >= 8 else 1))
        for part in parts
    }


def slips(one: str, other: str, most: int) -> bool:
    """Whether two words differ by at most so many letters (left out, added, changed, or two neighbours swapped)."""
    if abs(len(one) - len(other)) > most or len(other) < 3 or HAN.search(other):
        return False
    before, last = list[int](), list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (char != against))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return False
        before, last = last, row
    return last[-1] <= most
