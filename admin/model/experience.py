"""What is counted of people's experience: flows with their steps, speeds with their limits, and what may be shown of few."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hub.problems import BadRequest, NotAllowed

FEW = 10  # fewer than this are not shown wherever counts are split by language or device
TOP = 10  # kinds of errors that are listed
LANGUAGES = ("zh-Hans", "en", "none")
DEVICES = ("phone", "tablet", "desktop", "program")


class NotTheWhole(NotAllowed):
    """Counts know no place, so only who looks after the whole platform may see them."""

    title = "These figures are those of the whole platform"
    advice = "Ask a supervisor of the national hub."


class PeriodWrong(BadRequest):
    """The page was asked for a period, language or device that there is not."""

    title = "There is no such selection"
    advice = "Choose period, language and device on the page."


class Period(StrEnum):
    """How far back one looks."""

    hour = "hour"
    day = "day"
    week = "week"

    @property
    def span(self) -> int:
        """Seconds of the rows it is read from: minutes for an hour, else hours."""
        return 60 if self is Period.hour else 3600

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}[self.value]

    @property
    def point(self) -> timedelta:
        """How much of it one point of a line stands for."""
        return {"hour": timedelta(minutes=5), "day": timedelta(hours=1), "week": timedelta(hours=12)}[self.value]

    def since(self, now: datetime) -> datetime:
        """Where it begins: so many whole rows, of which the running one is the last."""
        step = timedelta(seconds=self.span)
        return floor(now, step) + step - self.length


def floor(moment: datetime, step: timedelta) -> datetime:
    """The last whole step (counted from 1970) before or at a moment."""
    return moment - (moment - EPOCH) % step


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Step:
    """A step as it is shown. `of`: the step it is compared with. `main`: whoever is not here is lost on the way.

    `apart`: another way to the same end, so it stands in the table and not among the bars.
    """

    name: str
    of: str = ""
    main: bool = False
    tone: str = "plain"
    outcomes: tuple[str, ...] = ()
    apart: bool = False


@dataclass(frozen=True)
class Flow:
    """Steps in the order in which people take them. Its completion is the count of `end` to that of `begin`."""

    name: str
    begin: str
    end: str
    steps: tuple[Step, ...]


FLOWS = (
    Flow(
        "login",
        "begun",
        "returned",
        (
            Step("begun", main=True),
            Step("shown", "begun"),
            Step("tried", "begun"),
            Step("wrong", "tried", tone="bad"),
            Step("second-factor", "tried"),
            Step("consent-shown", "begun"),
            Step("returned", "begun", main=True, tone="ok"),
            Step("at-once", tone="ok", apart=True),
        ),
    ),
    Flow(
        "realname",
        "begun",
        "matched",
        (
            Step("begun", main=True),
            Step("matched", "begun", main=True, tone="ok"),
            Step("not-matched", "begun", tone="bad"),
            Step("later", "begun", tone="unsure"),
            Step("live-begun"),
            Step("live-passed", "live-begun", main=True, tone="ok"),
            Step("live-failed", "live-begun", tone="bad"),
        ),
    ),
    Flow(
        "issue",
        "intended",
        "issued",
        (
            Step("intended", main=True),
            Step("issued", "intended", main=True, tone="ok"),
            Step("voided", "intended", tone="bad"),
        ),
    ),
    Flow(
        "verification",
        "asked",
        "answered",
        (
            Step("opened"),
            Step("asked", main=True, outcomes=("uploaded", "typed", "scanned")),
            Step("answered", "asked", main=True, outcomes=("valid", "not_valid", "cannot_say")),
        ),
    ),
)


@dataclass(frozen=True)
class Speed:
    """A Web Vital: in `unit`, good up to `good`, poor above `poor`, judged at the 75th percentile (web.dev/articles/vitals)."""

    name: str
    good: int
    poor: int
    unit: str = "ms"

    def grade(self, value: float) -> str:
        """Good, needs work, or poor."""
        return "good" if value <= self.good else "poor" if value > self.poor else "fair"


SPEEDS = (
    Speed("LCP", 2500, 4000),
    Speed("INP", 200, 500),
    Speed("CLS", 100, 250, "thousandths"),
    Speed("FCP", 1800, 3000),
    Speed("TTFB", 800, 1800),
)
SHARE = 0.75

# Names of routes by their beginning, in order: the first that fits names the group of pages.
GROUPS = (
    ("login", r"oidc\.|idp\.(login|second|consent|register|whom|invite)"),
    ("realname", r"idp\.(realname|live)"),
    ("account", r"idp\."),
    ("verification", r"verification"),
    ("issue", r"licenses_api\."),
    ("wallet", r"wallet\."),
    ("my", r"(?:my|my_data|cases|drafts)\."),
    ("casework", r"(?:casework|counter)\."),
    ("desk", r"desk\."),
    ("assessment", r"assessment\."),
    ("services", r"services\."),
    ("sharing", r"sharing"),
    ("console", r"(?:console|seals|approvals|supervision|experience)\."),
    ("portal", r"(?:hub|portal)\."),
    ("certs", r"certs\."),
)


def group(route: str) -> str:
    """The group of pages to which a route belongs: one of GROUPS, or the name of its own part of the house."""
    found = next((name for name, begins in GROUPS if re.match(begins, route)), "")
    return found or route.partition(".")[0]


Classes = Mapping[tuple[float, float], int]  # how many fell between two edges; the last has no upper edge (infinity)


def edges(text: str) -> tuple[float, float]:
    """The two edges of a class as it is counted, `100-250` or `5000-`."""
    low, _, high = text.partition("-")
    return float(low), float(high) if high else float("inf")


def quantile(classes: Classes, share: float) -> float | None:
    """The value below which this share lies, as far as classes tell: even within a class. None when nothing was counted."""
    total = sum(classes.values())
    if not total:
        return None
    rank, below = share * total, 0
    for (low, high), number in sorted(classes.items()):
        if below + number >= rank:
            return low if high == float("inf") else low + (high - low) * (rank - below) / number
        below += number
    raise AssertionError("a share is at most one")


def hidden(counts: list[int]) -> list[int | None]:
    """The counts of the parts of a known whole as they may be shown: few are None, and never one alone.

    Who knows the whole could tell a single missing part from the rest, so the smallest shown one goes with it.
    """
    shown: list[int | None] = [None if 0 < count < FEW else count for count in counts]
    left = [(count, at) for at, count in enumerate(shown) if count]
    if shown.count(None) == 1 and left:
        shown[min(left)[1]] = None
    return shown
