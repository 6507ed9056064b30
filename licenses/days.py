"""Calendar days as a license means them: days of China Standard Time, written in two languages."""

from datetime import UTC, date, datetime, time, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "CST")
MONTHS = (  # strftime follows the locale
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day_of(moment: datetime) -> date:
    """The day in China on which a moment falls."""
    return moment.astimezone(CHINA).date()


def start_of(day: date) -> datetime:
    """The first moment of a day, in UTC."""
    return datetime.combine(day, time(), CHINA).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first moment after a day: what is valid through this day is no longer so from here on."""
    return start_of(day + timedelta(days=1))


def years_after(day: date, years: int) -> date:
    """The last day of a term of whole years that begins with `day`."""
    try:
        again = day.replace(year=day.year + years)
    except ValueError:  # 29 February
        again = date(day.year + years, 3, 1)
    return again - timedelta(days=1)


def chinese(day: date) -> str:
    """2026年11月22日"""
    return f"{day.year}年{day.month:02}月{day.day:02}日"


def english(day: date) -> str:
    """22 November 2026"""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
