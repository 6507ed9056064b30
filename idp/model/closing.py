"""Closing an account for good: what stands in the way, and how long its owner can think better of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from hub.problems import Problem

WAIT = timedelta(days=30)
REMIND = timedelta(days=7)  # before the end of it


class CannotClose(Problem):
    """Something stands in the way of closing this account."""

    status: ClassVar[int] = 409
    title: ClassVar[str] = "This account cannot be closed just now"
    advice: ClassVar[str] = "Read what stands in the way. Whoever holds an office is dismissed first."


@dataclass(frozen=True)
class Hindrances:
    """What has to be known before an account is closed."""

    operator: bool  # holds an office at the console
    represents: tuple[str, ...] = ()  # names of organisations for which nobody else can act then
    wards: tuple[str, ...] = ()  # persons for whom nobody else can act then

    @property
    def alone(self) -> tuple[str, ...]:
        """All for whom nobody else can act then."""
        return (*self.represents, *self.wards)
