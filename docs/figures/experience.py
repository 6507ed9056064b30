"""User experience, counted again from the ledger: how far people got, how fast pages were, how well we answered.

Each event `experience.counted` holds what one minute saw, by five words: kind, subject, part, language, device.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

FLOWS = {  # flow: where it begins, where it is complete, and every step that the board shows
    "login": (
        "begun",
        "returned",
        ("begun", "shown", "tried", "wrong", "second-factor", "consent-shown", "returned", "at-once"),
    ),
    "realname": (
        "begun",
        "matched",
        ("begun", "matched", "not-matched", "later", "live-begun", "live-passed", "live-failed"),
    ),
    "issue": ("intended", "issued", ("intended", "issued", "voided")),
    "verification": (
        "asked",
        "answered",
        (
            "opened",
            "asked",
            "asked.uploaded",
            "asked.typed",
            "asked.scanned",
            "answered",
            "answered.valid",
            "answered.not_valid",
            "answered.cannot_say",
        ),
    ),
}
SPEEDS = ("LCP", "INP", "CLS", "FCP", "TTFB")


def figures(events: list[dict[str, Any]], now: datetime | None = None, hours: int = 24) -> dict[str, int | float]:
    """The figures of the board: of all events, or of the last hours before a moment, the running hour included."""
    steps, ends, pages = Counter[str](), Counter[str](), 0
    classes: dict[str, Counter[tuple[float, float]]] = {}
    for event in events:
        if event["kind"] != "experience.counted" or not _within(event["subject"], now, hours):
            continue
        for words, number in event["facts"]["counts"].items():
            kind, subject, part, *_ = words.split(" ")
            name, _, rest = part.partition(":")
            if kind == "step":
                steps[f"{subject}.{name}"] += number
                if rest:
                    steps[f"{subject}.{name}.{rest}"] += number
            elif kind == "vital" and rest:
                classes.setdefault(name, Counter())[_edges(rest)] += number
            elif kind == "vital":
                pages += number
            elif kind == "answer":
                ends[name] += number
                classes.setdefault("answers", Counter())[_edges(rest)] += number
    told: dict[str, int | float] = {}
    for flow, (begin, end, shown) in FLOWS.items():
        told |= {f"{flow}.{step}": steps[f"{flow}.{step}"] for step in shown}
        begun = steps[f"{flow}.{begin}"]
        told[f"{flow}.completion"] = round(steps[f"{flow}.{end}"] / begun, 4) if begun else 0
    told |= {f"{speed}.p75": _quantile(classes.get(speed, Counter()), 0.75) for speed in SPEEDS}
    told |= {"pages": pages, "answers": sum(ends.values()), "answers.failed": ends["failed"]}
    return told | {"answers.p95": _quantile(classes.get("answers", Counter()), 0.95)}


def _within(minute: str, now: datetime | None, hours: int) -> bool:
    if now is None:
        return True
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours - 1)
    return first <= datetime.fromisoformat(minute) <= now


def _edges(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    return float(low), float(high) if high else float("inf")


def _quantile(classes: Counter[tuple[float, float]], share: float) -> float:
    """The value below which this share lies, even within a class; 0 when nothing was counted."""
    rank, below = share * sum(classes.values()), 0
    for (low, high), number in sorted(classes.items()):
        if below + number >= rank:
            return round(low if high == float("inf") else low + (high - low) * (rank - below) / number, 2)
        below += number
    return 0
