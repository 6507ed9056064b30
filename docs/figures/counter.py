"""The counter's board, counted again from the ledger's own lines (`yinxin ledger export`)."""

from typing import Any


def figures(events: list[dict[str, Any]]) -> dict[str, int]:
    """Count visits, what was done in them and what was refused."""
    opened = [event for event in events if event["kind"] == "counter.opened"]
    ended = [event["facts"]["how"] for event in events if event["kind"] == "counter.closed"]
    scanned = [event["facts"]["verdict"] for event in events if event["kind"] == "counter.scanned"]
    return {
        "visits": len(opened),
        "running": len(opened) - len(ended),
        "closed": sum(how in ("closed", "left") for how in ended),
        "expired": ended.count("expired"),
        "refused": sum(event["kind"] == "counter.refused" for event in events),
        "printed": sum(event["kind"] == "license.printed" for event in events),
        "scanned": len(scanned),
        "scanned_not_valid": scanned.count("not_valid"),
        "applications": sum(
            event["kind"] == "case.submitted" and event["facts"].get("channel") == "counter" for event in events
        ),
    }
