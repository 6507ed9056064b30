"""Is it in force? Dates, edition and status, from the register or from the signed lists alone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from verification.lists import StatusList, Unusable
from verification.model import STATUS_EVIDENCE, Check, Evidence, Reason, Step, failed, not_done, passed

OFFICIAL = ZoneInfo("Asia/Shanghai")  # days on licenses are days there


@dataclass(frozen=True)
class Standing:
    """What is known about the life of one license, and since when."""

    test_edition: bool
    valid_from: date | None = None
    valid_until: date | None = None  # the last day
    ends: datetime | None = None  # from this moment on it is not in force (as codes say it)
    not_in_force: Reason | None = None
    status_known: bool = False
    problem: Reason = Reason.no_status  # why the status is not known
    evidence: Evidence | None = None


def checks(standing: Standing, now: datetime, *, test_edition: bool) -> tuple[Check, ...]:
    """Edition, dates and status. `test_edition`: whether the one who checks is himself a test edition."""
    return (_edition(standing, test_edition=test_edition), _dates(standing, now), _status(standing))


def from_list(
    index: int, lists: Iterable[StatusList], number: int, problem: Reason
) -> tuple[Reason | None, Reason, Evidence | None]:
    """(why not in force, why not known, evidence) of one place in one of the status lists at hand."""
    for held in lists:
        if held.number == number:
            evidence = Evidence(STATUS_EVIDENCE, held.made, held.until)
            try:
                return held.at(index), problem, evidence
            except Unusable as unusable:
                return None, unusable.reason, None
    return None, problem, None


def _edition(standing: Standing, *, test_edition: bool) -> Check:
    if standing.test_edition and not test_edition:
        return failed(Step.edition, Reason.wrong_edition)
    return passed(Step.edition)


def _dates(standing: Standing, now: datetime) -> Check:
    today = now.astimezone(OFFICIAL).date()
    if standing.valid_from is not None and today < standing.valid_from:
        return failed(Step.dates, Reason.not_yet, "Valid from %(day)s", day=standing.valid_from.isoformat())
    if standing.valid_until is not None and today > standing.valid_until:
        return failed(Step.dates, Reason.expired, "Valid until %(day)s", day=standing.valid_until.isoformat())
    if standing.ends is not None and standing.ends <= now:
        return failed(Step.dates, Reason.expired, "Valid until %(day)s", day=standing.ends.date().isoformat())
    return passed(Step.dates)


def _status(standing: Standing) -> Check:
    if standing.not_in_force is not None:
        return failed(Step.status, standing.not_in_force)
    if not standing.status_known:
        return not_done(Step.status, reason=standing.problem)
    return passed(Step.status)
