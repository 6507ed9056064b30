"""Periodic work of this room. The front door calls `register` once per process."""

from hub import ticks
from seals import lifecycle


def register() -> None:
    """End seals whose certificate has ended."""
    ticks.every(600, "seals-expire", lifecycle.expire)
