"""The tables of unified service management, by noun: functions that take and give the values of `admin.model`."""

from admin.store import approvals, cases, items, notices, operators

__all__ = ["approvals", "cases", "items", "notices", "operators"]
