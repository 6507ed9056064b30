"""The figures of the board of service items, recounted from the lines of `yinxin ledger export` alone."""

from typing import Any

ASKED, DECIDED = "approval.asked", ("approval.approved", "approval.refused", "approval.withdrawn", "approval.expired")
KINDS = ("item", "item-end")


def figures(events: list[dict[str, Any]]) -> dict[str, int | float]:
    """Items by state, by moment of life, and the share of those in production that can be done online."""
    live: dict[str, dict[str, Any]] = {}
    drafts: set[str] = set()
    ended: set[str] = set()
    waiting: set[str] = set()
    for event in events:
        code, facts = event["subject"], event["facts"] or {}
        match event["kind"]:
            case "item.drafted":
                drafts.add(code)
            case "item.dropped":
                drafts.discard(code)
            case "item.live":
                live[code] = facts
                drafts.discard(code)
            case "item.raised":
                live[code] = facts
            case "item.ended":
                live.pop(code, None)
                drafts.discard(code)
                ended.add(code)
            case kind if kind == ASKED and facts["kind"] in KINDS:
                waiting.add(facts["approval"])
            case kind if kind in DECIDED and facts["kind"] in KINDS:
                waiting.discard(facts["approval"])
    said: dict[str, int | float] = {
        "production": len(live),
        "drafts": len(drafts),
        "waiting": len(waiting),
        "ended": len(ended),
        "hidden": sum(1 for facts in live.values() if facts["hidden"]),
        "online_percent": share([facts["online"] for facts in live.values()]),
    }
    for facts in live.values():
        name = f"life_event:{facts['life_event']}"
        said[name] = said.get(name, 0) + 1
    return said


def share(answers: list[bool]) -> float:
    """How many of a hundred are so, to one decimal; 0 of nothing."""
    return round(100 * sum(answers) / len(answers), 1) if answers else 0.0
