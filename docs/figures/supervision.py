"""The figures of the board of alerts, counted again from the lines of `yinxin ledger export`."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

RULES = ("case-time", "rating-time", "look-ups", "seal-hours", "trust-service")
SPOKE = ("alert.raised", "alert.escalated", "alert.again")  # the rule; everything else is done by people


def figures(events: Iterable[dict[str, Any]], now: datetime) -> dict[str, int]:
    """What the board shows of these events at this moment."""
    state: dict[str, str] = {}
    severity: dict[str, str] = {}
    rule: dict[str, str] = {}
    outcome: dict[str, str] = {}
    due: dict[str, datetime] = {}
    for event in events:
        kind, alert, facts = event["kind"], event["subject"], event["facts"]
        if kind in SPOKE:
            state[alert], severity[alert], rule[alert] = "open", facts["severity"], facts["rule"]
            due[alert] = datetime.fromisoformat(facts["answer_due"])
            outcome.pop(alert, None)
        elif kind == "alert.answered":
            state[alert] = "answered"
        elif kind == "alert.closed":
            state[alert], outcome[alert] = "closed", facts["outcome"]
    states, severities, rules, outcomes = (Counter(one.values()) for one in (state, severity, rule, outcome))
    return {
        "alerts": len(state),
        **{name: severities[name] for name in ("yellow", "red")},
        **{name: states[name] for name in ("open", "answered", "closed")},
        "late": sum(state[alert] == "open" and limit <= now for alert, limit in due.items()),
        **{name: outcomes[name] for name in ("founded", "unfounded", "corrected")},
        **{name: rules[name] for name in RULES},
    }
