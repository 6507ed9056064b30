"""Our own kinds of columns, alike on both databases."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

# Made once: dumps makes one each time.
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware moment in UTC, kept as microseconds since 1970 so that both databases compare it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """To the database. A moment without a zone is a mistake of ours."""
        return None if value is None else _microseconds(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else _moment(value)


def _microseconds(value: datetime) -> int:
    if value.tzinfo is None:
        raise ValueError("an Instant must be aware")
    whole, rest = divmod(value - _EPOCH, _SECOND)
    return whole * 1_000_000 + rest.microseconds


def _moment(value: int) -> datetime:
    return _EPOCH + value * _MICROSECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) - _EPOCH
_MICROSECOND = _SECOND / 1_000_000


class Json(sa.types.TypeDecorator[Any]):
    """A JSON value, kept as text with sorted keys."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """To the database."""
        return None if value is None else _ENCODER.encode(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """From the database."""
        return None if value is None else json.loads(value)


TO: dict[type, Callable[[Any], Any]] = {Instant: _microseconds, Json: _ENCODER.encode}
FROM: dict[type, Callable[[Any], Any]] = {Instant: _moment, Json: json.loads}
