"""Working days: real arrangements of the State Council, and what must hold for any time limit."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.workdays import BEIJING, add_workdays, day_of, is_workday, share, worked

MOMENTS = st.integers(0, 4 * 365 * 86400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
DAYS = st.integers(0, 40)


def beijing(text: str) -> datetime:
    """A moment as the clocks in Beijing show it."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    "day",
    ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10", "2026-11-23"],
)
def test_a_make_up_day_is_a_working_day_though_it_is_a_weekend(day: str) -> None:
    assert is_workday(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2026-01-01", "2026-02-16", "2026-02-23", "2026-05-05", "2026-10-07", "2026-11-22"])
def test_a_holiday_is_no_working_day_though_it_is_a_weekday(day: str) -> None:
    assert not is_workday(date.fromisoformat(day))


def test_a_year_that_nobody_has_arranged_yet_works_from_monday_to_friday() -> None:
    week = [date(2031, 1, 1) + timedelta(days=n) for n in range(7)]  # a Wednesday, though New Year's Day
    assert [is_workday(day) for day in week] == [True, True, True, False, False, True, True]


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-09-18T10:00", 1, "2026-09-21T00:00"),  # a Friday; the Sunday after it is a make-up day
        ("2026-09-30T23:59", 1, "2026-10-09T00:00"),  # National Day: seven days of rest
        ("2026-09-30T10:00", 3, "2026-10-11T00:00"),  # 8, 9 and the make-up Saturday, 10 October
        ("2026-11-20T17:00", 0, "2026-11-21T00:00"),
        ("2026-11-21T09:00", 0, "2026-11-24T00:00"),  # on the spot, asked for on a Saturday
        ("2026-12-31T09:00", 1, "2027-01-02T00:00"),  # 2027 is not arranged yet: a Friday
    ],
)
def test_a_time_limit_ends_with_its_last_working_day(start: str, days: int, end: str) -> None:
    assert add_workdays(beijing(start), days) == beijing(end)


def test_the_day_is_that_of_beijing() -> None:
    assert day_of(datetime(2026, 11, 22, 16, tzinfo=UTC)) == date(2026, 11, 23)


def test_a_time_limit_does_not_lie_behind() -> None:
    with pytest.raises(ValueError, match="lies ahead"):
        add_workdays(beijing("2026-11-20T17:00"), -1)


def test_a_holiday_takes_nothing_of_a_promised_time() -> None:
    start, due = beijing("2026-09-30T00:00"), beijing("2026-10-11T00:00")
    assert share(start, due, beijing("2026-10-01T00:00")) == share(start, due, beijing("2026-10-08T00:00")) == 0.25


def test_half_of_a_working_day_is_half_of_it() -> None:
    start, due = beijing("2026-11-23T00:00"), beijing("2026-11-25T00:00")
    assert share(start, due, beijing("2026-11-23T12:00")) == 0.25


def test_what_was_due_on_a_day_of_rest_is_gone_at_once() -> None:
    start, due = beijing("2026-11-21T00:00"), beijing("2026-11-22T00:00")
    assert share(start, due, start) == 0
    assert share(start, due, due) == 1


@given(MOMENTS, DAYS)
def test_as_many_working_days_lie_between_as_were_promised(start: datetime, days: int) -> None:
    end = add_workdays(start, days)
    after = [day_of(start) + timedelta(days=n) for n in range(1, (day_of(end) - day_of(start)).days)]
    assert end > start
    assert is_workday(day_of(end - timedelta(seconds=1)))
    if days:
        assert sum(map(is_workday, after)) == days


@given(MOMENTS, DAYS, st.integers(0, 10_000_000), st.integers(0, 10_000_000))
def test_the_share_grows_and_is_one_when_it_is_due(start: datetime, days: int, early: int, later: int) -> None:
    due = add_workdays(start, days)
    first, second = sorted((start + timedelta(seconds=early), start + timedelta(seconds=early + later)))
    assert 0 <= share(start, due, first) <= share(start, due, second)
    assert share(start, due, due) == 1
    assert (share(start, due, first) >= 1) == (first >= due)


@given(MOMENTS, DAYS)
def test_time_is_worked_once(start: datetime, days: int) -> None:
    end = add_workdays(start, days)
    middle = start + (end - start) / 3
    assert worked(start, middle) + worked(middle, end) == worked(start, end) <= end - start
    assert worked(end, start) == timedelta()
