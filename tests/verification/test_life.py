"""Dates, edition and status: each boundary, in the official time zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from verification import life
from verification.life import Standing
from verification.lists import StatusList
from verification.model import Reason, Result

FIRST, LAST = date(2026, 11, 22), date(2027, 11, 21)
MIDNIGHT = datetime(2026, 11, 21, 16, tzinfo=UTC)  # the 22nd begins in Shanghai


def reasons(standing: Standing, now: datetime, *, test_edition: bool = True) -> list[Reason]:
    return [check.reason for check in life.checks(standing, now, test_edition=test_edition) if check.reason]


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (MIDNIGHT - timedelta(seconds=1), Reason.not_yet),
        (MIDNIGHT, None),
        (datetime(2027, 11, 21, 15, 59, 59, tzinfo=UTC), None),
        (datetime(2027, 11, 21, 16, tzinfo=UTC), Reason.expired),
    ],
)
def test_the_first_and_the_last_day_count(now: datetime, reason: Reason | None) -> None:
    standing = Standing(test_edition=True, valid_from=FIRST, valid_until=LAST, status_known=True)
    assert reasons(standing, now) == ([reason] if reason else [])


def test_a_code_ends_at_its_second() -> None:
    standing = Standing(test_edition=True, ends=MIDNIGHT, status_known=True)
    assert not reasons(standing, MIDNIGHT - timedelta(seconds=1))
    assert reasons(standing, MIDNIGHT) == [Reason.expired]


def test_a_test_license_is_nothing_in_production() -> None:
    standing = Standing(test_edition=True, status_known=True)
    assert reasons(standing, MIDNIGHT, test_edition=False) == [Reason.wrong_edition]
    assert not reasons(Standing(test_edition=False, status_known=True), MIDNIGHT, test_edition=True)


def test_an_unknown_status_is_not_good() -> None:
    (check,) = [one for one in life.checks(Standing(test_edition=True), MIDNIGHT, test_edition=True) if one.reason]
    assert (check.result, check.reason) == (Result.not_done, Reason.no_status)


def test_the_list_of_the_right_number_decides() -> None:
    bits = bytes([0b00000001])
    lists = [StatusList(number, bits if number == 2 else bytes(1), MIDNIGHT, MIDNIGHT, 1) for number in (1, 2)]
    assert life.from_list(0, lists, 1, Reason.no_status)[0] is None
    assert life.from_list(0, lists, 2, Reason.no_status)[0] is Reason.revoked
    assert life.from_list(9, lists, 2, Reason.no_status)[1] is Reason.status_wrong
    assert life.from_list(0, lists, 3, Reason.status_old) == (None, Reason.status_old, None)
