"""Connections through which single statements look at the database, without a transaction around each."""

from collections import deque
from typing import Any

import sqlalchemy as sa

MOST_IDLE = 8  # connections that wait to be looked through


class Look:
    """A connection for single statements that only look: each sees what is committed at its moment, and begins nothing.

    To be used by one at a time; `Database.look` hands it out.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.dialect, self._engine = engine.dialect, engine
        self._driver, self._is_new = self._opened(), True

    def rows(self, sql: str, given: Any) -> list[Any]:
        """What the driver finds. A connection that was lost since its last use is opened anew: nothing was begun on it."""
        errors = self.dialect.loaded_dbapi.Error
        try:
            found: list[Any] = self._driver.execute(sql, given).fetchall()
        except errors as error:
            if self._is_new or not self.dialect.is_disconnect(error, self._driver, None):
                raise sa.exc.DBAPIError.instance(None, None, error, errors, hide_parameters=True) from error
            self._driver, self._is_new = self._opened(), True
            return self.rows(sql, given)
        self._is_new = False
        return found

    def close(self) -> None:
        """Give it back to the database."""
        self._made.close()

    def _opened(self) -> Any:
        self._made = self._engine.raw_connection()
        driver: Any = self._made.driver_connection
        self._made.detach()  # the pool makes another one for those who begin and commit
        if self.dialect.name == "postgresql":
            driver.autocommit = True
        return driver


class Looking:
    """What `Database.look` gives: shorter than a generator, as it stands in every request."""

    def __init__(self, engine: sa.Engine, idle: deque[Look]) -> None:
        self._engine, self._idle = engine, idle

    def __enter__(self) -> Look:
        try:
            self._look = self._idle.pop()
        except IndexError:
            self._look = Look(self._engine)
        return self._look

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None and len(self._idle) < MOST_IDLE:
            self._idle.append(self._look)
        else:
            self._look.close()
