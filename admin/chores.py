"""This room's periodic work. The front door calls `register`."""

from admin import approvals
from hub import ticks


def register() -> None:
    """Name everything to the modules that run it. Once per process."""
    ticks.every(600, "approvals", approvals.expire)
