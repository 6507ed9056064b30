"""What SQLAlchemy has compiled, shared by all databases of a process: each test opens its own, with the same statements."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

MOST = 5_000  # statements; all rooms have some 1,500


class Compiled(MutableMapping[Any, Any]):
    """SQLAlchemy's keys begin with the dialect, an object of each database; here with its name."""

    def __init__(self) -> None:
        self._kept: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._kept[_by_name(key)]

    def get(self, key: Any, default: Any = None) -> Any:
        """What is kept under this key."""
        return self._kept.get(_by_name(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[_by_name(key)] = value

    def __delitem__(self, key: Any) -> None:
        del self._kept[_by_name(key)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def _by_name(key: Any) -> Any:
    dialect, *rest = key
    return (dialect.name, *rest)


def share() -> None:
    """From here on a statement is compiled once per process and kind of database, not once for each database."""
    kept = Compiled()

    @event.listens_for(sa.Engine, "engine_connect")
    def _shared(connection: sa.Connection) -> None:
        connection.execution_options(compiled_cache=kept)
