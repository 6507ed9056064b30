"""The figures of the board of ratings and of the public board, counted again from the lines of `yinxin ledger export`."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

FEWEST = 10  # ratings, before a share is published
BAD = (1, 2)

Score = tuple[
    str, str | None, int, int | None, int | None
]  # agency, item or None for all, ratings, % satisfied, % of the bad put right


def figures(events: Iterable[dict[str, Any]], now: datetime) -> dict[str, int]:
    """What the officers' board shows of these events at this moment."""
    given, closed, excluded, due = _read(events)
    levels = Counter(facts["level"] in BAD for rating, facts in given.items() if rating not in excluded)
    waiting = {rating: limit for rating, limit in due.items() if rating not in closed | excluded}
    return {
        "ratings": sum(levels.values()),
        "satisfied": levels[False],
        "bad": levels[True],
        "excluded": len(excluded),
        "tasks": len(due),
        "open": len(waiting),
        "overdue": sum(limit <= now for limit in waiting.values()),
        "closed": len(closed),
    }


def scoreboard(events: Iterable[dict[str, Any]]) -> list[Score]:
    """The lines of the public board: each agency, and under it each of its items."""
    given, closed, excluded, _ = _read(events)
    counted: dict[tuple[str, str], list[tuple[bool, bool]]] = {}  # for each rating: whether it is bad, and put right
    for rating, facts in given.items():
        if rating not in excluded:
            line = (facts["level"] in BAD, rating in closed)
            counted.setdefault((facts["agency"], facts["item"]), []).append(line)
    scores = []
    for agency in sorted({agency for agency, _ in counted}):
        mine = {item: lines for (of, item), lines in sorted(counted.items()) if of == agency}
        few = sum(len(lines) for lines in mine.values() if len(lines) < FEWEST)
        whole = [line for lines in mine.values() for line in lines]
        scores.append(_score(agency, None, whole, shown=len(whole) >= FEWEST and not 0 < few < FEWEST))
        scores += [_score(agency, item, lines, shown=len(lines) >= FEWEST) for item, lines in mine.items()]
    return scores


def _score(agency: str, item: str | None, lines: list[tuple[bool, bool]], *, shown: bool) -> Score:
    bad = sum(is_bad for is_bad, _ in lines)
    right = sum(is_bad and is_right for is_bad, is_right in lines)
    if not shown:
        return agency, item, len(lines), None, None
    return agency, item, len(lines), _percent(len(lines) - bad, len(lines)), _percent(right, bad) if bad else None


def _read(
    events: Iterable[dict[str, Any]],
) -> tuple[dict[str, dict[str, Any]], set[str], set[str], dict[str, datetime]]:
    """What was rated, what was closed, what does not count, and until when each bad rating has to be put right."""
    given: dict[str, dict[str, Any]] = {}
    closed: set[str] = set()
    excluded: set[str] = set()
    due: dict[str, datetime] = {}
    for event in events:
        kind, rating, facts = event["kind"], event["subject"], event["facts"]
        if kind == "rating.given":
            given[rating] = facts
        elif kind == "rating.task-opened":
            due[rating] = datetime.fromisoformat(facts["due"])
        elif kind == "rating.closed":
            closed.add(rating)
        elif kind == "rating.excluded":
            excluded.add(rating)
    return given, closed, excluded, due


def _percent(part: int, whole: int) -> int:
    return (200 * part + whole) // (2 * whole)
