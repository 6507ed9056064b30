"""What the board of applications shows, from the cases themselves; `docs/figures/cases.py` counts the same from the ledger."""

from datetime import datetime
from statistics import median

from sqlalchemy import Connection

from admin import workdays
from admin.model.case import Case, CaseState, Channel
from admin.store import cases as store

Figures = dict[str, int | float]
STATES = (CaseState.withdrawn, CaseState.approved, CaseState.refused)


def figures(db: Connection, scope: str, now: datetime) -> Figures:
    """The figures of a scope."""
    cases = store.in_scope(db, scope)
    decided = [case for case in cases if case.decided]
    asked, avoided = sum(case.materials_asked for case in cases), sum(case.materials_avoided for case in cases)
    return {
        "submitted": len(cases),
        **{channel.value: sum(case.channel is channel for case in cases) for channel in Channel},
        "open": sum(case.open for case in cases),
        "overdue": sum(case.overdue(now) for case in cases),
        "decided": len(decided),
        **{state.value: sum(case.state is state for case in cases) for state in STATES},
        "issued": sum(bool(case.license) for case in cases),
        "on_time_share": _share(sum(case.on_time() for case in decided), len(decided)),
        "median_hours": _hours([_seconds(case) for case in decided]),
        "median_worked_hours": _hours([_worked(case) for case in decided]),
        "asked": asked,
        "avoided": avoided,
        "avoided_share": _share(avoided, asked),
        "no_visit_share": _share(sum(case.visits == 0 for case in cases), len(cases)),
        "one_visit_share": _share(sum(case.visits == 1 for case in cases), len(cases)),
    }


def _seconds(case: Case) -> int:
    assert case.decided
    return int((case.decided - case.submitted).total_seconds())


def _worked(case: Case) -> int:
    assert case.decided
    return int(workdays.worked(case.submitted, case.decided).total_seconds())


def _hours(seconds: list[int]) -> float:
    return round(median(seconds or [0]) / 3600, 2)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
