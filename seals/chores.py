"""Periodic work of this room. The front door calls `register` once per process."""

from certs import inventory
from hub import ticks
from seals import lifecycle, lift, make, seal_document, store


def register() -> None:
    """End seals whose certificate has ended; seal documents that wait, make what waits for the maker; lift levels."""
    inventory.COUNTERS["e-seal"] = store.uses_by_certificate
    ticks.every(600, "seals-expire", lifecycle.expire)
    ticks.every(5, "documents", seal_document.resume)
    ticks.every(60, "seals-make", make.finish_orders)
    ticks.every(30, "seals-lift", lift.lift)
