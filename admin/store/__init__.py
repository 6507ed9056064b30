"""The tables of unified service management, by noun: functions that take and give the values of `admin.model`."""

from admin.store import (
    alerts,
    approvals,
    cases,
    counts,
    items,
    operators,
    ratings,
    sharing,
    status,
    tickets,
    visits,
)

__all__ = [
    "alerts",
    "approvals",
    "cases",
    "counts",
    "items",
    "operators",
    "ratings",
    "sharing",
    "status",
    "tickets",
    "visits",
]
