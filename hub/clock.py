"""The only door to the real clock, so that tests can move time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_shift = timedelta()


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + _shift


def timestamp() -> int:
    """The present moment in whole seconds since 1970 (RFC 7519 NumericDate)."""
    return int(now().timestamp())


@contextmanager
def shifted(seconds: float) -> Iterator[None]:
    """Let `now` run `seconds` ahead (or behind) within this block. For tests."""
    global _shift  # noqa: PLW0603  one clock for the whole process, moved only by tests
    before = _shift
    _shift = before + timedelta(seconds=seconds)
    try:
        yield
    finally:
        _shift = before
