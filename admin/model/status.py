"""How the parts of the service have been: samples of each day, and the moments at which something turned."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

DAYS = 90  # that are kept
MINUTES = 1440  # samples that a whole day can have


class Part(StrEnum):
    """A part of the service as its visitors know it."""

    portal = "portal"
    sign_in = "sign-in"
    licenses = "licenses"
    evidence = "evidence"
    work = "work"


NEEDS: dict[Part, tuple[str, ...]] = {  # the checks of readiness that a part rests on
    Part.portal: ("database", "shared"),
    Part.sign_in: ("database", "shared", "keys"),
    Part.licenses: ("database", "keys", "disk", "trust service"),
    Part.evidence: ("trust service", "lists of revoked certificates", "clock"),
    Part.work: ("periodic work",),
}


def works(part: Part, results: dict[str, str]) -> bool:
    """Whether a part works, by the results of the checks. What nobody checks here is not a fault."""
    return all(results.get(name, "ok") == "ok" for name in NEEDS[part])


@dataclass(frozen=True)
class Day:
    """The samples of one part on one day in Beijing; a minute without a sample was not measured."""

    day: date
    good: int = 0
    bad: int = 0

    @property
    def state(self) -> str:
        """good, bad, or none: not measured at all."""
        return "bad" if self.bad else "good" if self.good else "none"


@dataclass(frozen=True)
class Turn:
    """A moment at which a part stopped or started to work."""

    at: datetime
    part: Part
    good: bool


@dataclass(frozen=True)
class History:
    """One part over the days that are kept, oldest first."""

    part: Part
    good_now: bool
    days: tuple[Day, ...]

    @property
    def percent(self) -> float | None:
        """How many of a hundred samples were good; None of nothing. Never rounded up to a hundred."""
        good, bad = sum(day.good for day in self.days), sum(day.bad for day in self.days)
        if not good + bad:
            return None
        return 100.0 if not bad else min(99.99, round(100 * good / (good + bad), 2))

    @property
    def measured(self) -> int:
        """How many minutes were measured."""
        return sum(day.good + day.bad for day in self.days)


def last_days(today: date) -> list[date]:
    """The days that are kept, oldest first."""
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
