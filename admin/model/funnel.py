"""The board of people's experience: what it shows, each part as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from admin.model.experience import Period, Speed


@dataclass(frozen=True)
class Selection:
    """What is looked at; an empty language or device is all of them."""

    period: Period = Period.day
    language: str = ""
    device: str = ""

    @property
    def split(self) -> bool:
        """Whether it is a part of all, so that few must not be shown."""
        return bool(self.language or self.device)


@dataclass(frozen=True)
class Row:
    """One step, or one of its outcomes. None: too few to be shown, or nothing to compare with."""

    step: str
    outcome: str
    count: int | None
    of: str
    share: float | None
    lost: float | None
    tone: str
    apart: bool = False


@dataclass(frozen=True)
class Part:
    """How a flow went for one language and device."""

    language: str
    device: str
    begun: int | None
    ended: int | None
    completion: float | None


@dataclass(frozen=True)
class Funnel:
    """One flow."""

    flow: str
    begin: str
    end: str
    rows: tuple[Row, ...]
    completion: float | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Pages:
    """How fast a group of pages was: at the 75th percentile, by the name of the speed. `views` None: too few."""

    group: str
    views: int | None
    speeds: Mapping[str, float]


@dataclass(frozen=True)
class Line:
    """One speed over time, all pages together. `points`: where each begins, and the 75th percentile if there is one."""

    speed: Speed
    points: tuple[tuple[datetime, float | None], ...]
    now: float | None


@dataclass(frozen=True)
class Answers:
    """How a group of routes answered; times in milliseconds."""

    group: str
    number: int
    p50: float
    p95: float
    refused: int
    failed: int

    @property
    def available(self) -> float:
        """The share of answers that were not a fault of ours (5xx)."""
        return 1 - self.failed / self.number


@dataclass(frozen=True)
class Fault:
    """A kind of problem that people met."""

    group: str
    code: str
    count: int | None


@dataclass(frozen=True)
class Board:
    """Everything on the page."""

    chosen: Selection
    since: datetime
    until: datetime
    funnels: tuple[Funnel, ...]
    pages: tuple[Pages, ...]
    lines: tuple[Line, ...]
    answers: tuple[Answers, ...]
    faults: tuple[Fault, ...]
    empty: bool
