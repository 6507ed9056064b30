"""The figures of the board of data sharing, counted again from the lines of `yinxin ledger export`."""

from collections import Counter
from collections.abc import Iterable
from statistics import median
from typing import Any

STATES = {  # what the last event of a request says of its state
    "data.requested": "waiting",
    "data.request-granted": "granted",
    "data.request-refused": "refused",
    "data.request-ended": "ended",
}


def figures(events: Iterable[dict[str, Any]]) -> dict[str, int | float]:
    """What the board shows of these events."""
    offered: dict[str, bool] = {}
    requests: dict[str, str] = {}
    refusals: Counter[str] = Counter()
    withdrawals, hops, milliseconds = 0, [], []
    for event in events:
        kind, facts = event["kind"], event["facts"]
        if kind == "data.entry-kept":
            offered[event["subject"]] = not facts["ended"]
        elif kind in STATES:
            requests[event["subject"]] = STATES[kind]
        elif kind == "data.used":
            hops.append(facts["hops"])
            milliseconds.append(facts["milliseconds"])
        elif kind == "data.refused":
            refusals[facts["why"]] += 1
        elif kind == "data.withdrawn":
            withdrawals += 1
    states = Counter(requests.values())
    counted: dict[str, int | float] = {"entries": sum(offered.values())}
    counted |= {f"requests {state}": states[state] for state in STATES.values()}
    counted |= {"calls": len(hops), "refusals": refusals.total(), "withdrawals": withdrawals}
    counted |= {"median hops": median(hops or [0]), "median milliseconds": median(milliseconds or [0])}
    return counted | {f"refused: {why}": count for why, count in sorted(refusals.items())}
