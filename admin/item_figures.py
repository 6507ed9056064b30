"""The figures of the board of service items. `docs/figures/services.py` recounts the same ones from the ledger."""

from datetime import datetime

from sqlalchemy import Connection

from admin.model.approval import State as Decision
from admin.model.item import State
from admin.services import END, ITEM
from admin.store import approvals
from admin.store import items as store
from hub.tree import ROOT


def figures(db: Connection, scope: str = ROOT, _now: datetime | None = None) -> dict[str, int | float]:
    """Items of a scope by state, by moment of life, and the share of those in production that can be done online."""
    live = store.items(db, scope)
    counted = store.count(db, scope)
    said: dict[str, int | float] = {
        "production": len(live),
        "drafts": counted.get(State.draft.value, 0),
        "waiting": approvals.count(db, scope, kinds=(ITEM, END), state=Decision.open),
        "ended": counted.get(State.ended.value, 0),
        "hidden": sum(1 for item in live if item.hidden),
        "online_percent": round(100 * sum(1 for item in live if item.online) / len(live), 1) if live else 0.0,
    }
    for item in live:
        name = f"life_event:{item.life_event}"
        said[name] = said.get(name, 0) + 1
    return said
