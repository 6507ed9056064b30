"""Working days in China: promised times and time limits are counted in them (the one door of `chinese_calendar`)."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

import chinese_calendar

BEIJING = timezone(timedelta(hours=8))  # all of China; no summer time since 1991
DAY = timedelta(days=1)
FRIDAY = 4


@lru_cache(4096)
def is_workday(day: date) -> bool:
    """Whether offices work on a day, with the State Council's holidays and make-up days.

    In a year whose arrangement is not known yet: Monday to Friday.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() <= FRIDAY


def day_of(moment: datetime) -> date:
    """The day that it is in Beijing."""
    return moment.astimezone(BEIJING).date()


def add_workdays(start: datetime, days: int) -> datetime:
    """The end (24:00 in Beijing) of the nth working day after the day of `start`, which itself does not count.

    `days` 0 is the end of the same day, or of the next working day if offices rest.
    """
    if days < 0:
        raise ValueError("a time limit lies ahead")
    day, left = day_of(start), days
    while left or not is_workday(day):
        day += DAY
        left -= is_workday(day) and left > 0
    return _midnight(day + DAY)


def worked(since: datetime, until: datetime) -> timedelta:
    """How much of the time between two moments lies on working days (whole days, 0 to 24 o'clock)."""
    total, day = timedelta(), day_of(since)
    while (opens := _midnight(day)) < until:
        if is_workday(day):
            total += min(until, opens + DAY) - max(since, opens)
        day += DAY
    return total


def share(start: datetime, due: datetime, now: datetime) -> float:
    """How much of a promised time is gone: 0 at `start`, 1 at `due`, more afterwards. Days on which offices rest stand still."""
    promised = worked(start, due)
    if now >= due or not promised:
        late = worked(due, now) / promised if promised else 0.0
        return 1.0 + late if now >= due else 0.0
    return worked(start, now) / promised


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)
