"""What the board of applications shows, counted once more from the lines of the ledger.

    yinxin ledger export > ledger.jsonl && python -m docs.figures ledger.jsonl

`visits` counts how often an applicant had to come: not at all, or once. `worked` are seconds on working days.
"""

from datetime import datetime
from statistics import median
from typing import Any

ENDED = {"case.approved", "case.refused", "case.withdrawn"}


def figures(events: list[dict[str, Any]], now: datetime | None = None) -> dict[str, int | float]:
    """The figures of the events of a scope; with `now`, also how many are over their time."""
    cases: dict[str, dict[str, Any]] = {}
    decisions: list[dict[str, Any]] = []
    for event in events:
        kind, number, facts = event["kind"], event["subject"], event["facts"]
        if kind == "case.submitted":
            cases[number] = {**facts, "state": kind}
        elif kind.startswith("case.") and kind not in ("case.looked", "case.issued") and number in cases:
            cases[number] |= {"state": kind, **({"due": facts["due"]} if "due" in facts else {})}
            if kind in ("case.approved", "case.refused"):
                decisions.append({**facts, "kind": kind})
    issued = sum(event["kind"] == "case.issued" for event in events)
    return counted(list(cases.values()), decisions, issued, now)


def counted(
    cases: list[dict[str, Any]], decisions: list[dict[str, Any]], issued: int, now: datetime | None
) -> dict[str, int | float]:
    """The figures of submitted cases and of decisions."""
    asked, avoided = sum(case["asked"] for case in cases), sum(case["avoided"] for case in cases)
    visits = [case["visits"] for case in cases]
    running = [case for case in cases if case["state"] not in ENDED | {"case.returned"}]
    found: dict[str, int | float] = {
        "submitted": len(cases),
        "online": sum(case["channel"] == "online" for case in cases),
        "counter": sum(case["channel"] == "counter" for case in cases),
        "open": sum(case["state"] not in ENDED for case in cases),
        "withdrawn": sum(case["state"] == "case.withdrawn" for case in cases),
        "decided": len(decisions),
        "approved": sum(one["kind"] == "case.approved" for one in decisions),
        "refused": sum(one["kind"] == "case.refused" for one in decisions),
        "issued": issued,
        "on_time_share": share(sum(one["on_time"] for one in decisions), len(decisions)),
        "median_hours": round(median([one["seconds"] for one in decisions] or [0]) / 3600, 2),
        "median_worked_hours": round(median([one["worked"] for one in decisions] or [0]) / 3600, 2),
        "asked": asked,
        "avoided": avoided,
        "avoided_share": share(avoided, asked),
        "no_visit_share": share(visits.count(0), len(visits)),
        "one_visit_share": share(visits.count(1), len(visits)),
    }
    if now is not None:
        found["overdue"] = sum(datetime.fromisoformat(case["due"]) <= now for case in running)
    return found


def share(part: int, whole: int) -> float:
    """A part of a whole, with four digits; nothing of nothing is nothing."""
    return round(part / whole, 4) if whole else 0.0
