"""The figures of data sharing in one part of the tree; `docs/figures/sharing.py` counts the same from the ledger."""

from collections import Counter
from statistics import median

from sqlalchemy import Connection

from admin.model.sharing import RequestState
from admin.store import sharing as store
from hub.house import House
from hub.tree import ROOT
from idp.store import data


def figures(db: Connection, scope: str = ROOT) -> dict[str, int | float]:
    """How much is offered, asked, answered, refused and withdrawn about the data of a scope."""
    calls = store.every_call(db, scope)
    answered = [call for call in calls if call.answered]
    refusals = Counter(call.outcome for call in calls if call.outcome not in ("answered", "open"))
    states = store.count_requests(db, scope)
    counted: dict[str, int | float] = {"entries": len(store.entries(db, scope))}
    counted |= {f"requests {state.value}": states.get(state.value, 0) for state in RequestState}
    counted |= {"calls": len(answered), "refusals": refusals.total(), "withdrawals": data.withdrawals(db, scope)}
    counted |= {
        "median hops": median([len(call.hops) for call in answered] or [0]),
        "median milliseconds": median([call.milliseconds for call in answered] or [0]),
    }
    return counted | {f"refused: {why}": count for why, count in sorted(refusals.items())}


def figures_now(house: House, scope: str = ROOT) -> dict[str, int | float]:
    """The figures of this moment."""
    with house.database.read() as db:
        return figures(db, scope)
