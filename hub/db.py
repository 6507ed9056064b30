"""The one database: SQLite embedded or PostgreSQL by URL, through one code path (SQLAlchemy Core)."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from hub.problems import Unavailable

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts only INTEGER PRIMARY KEY by itself
Collision = sa.exc.IntegrityError  # two writers wanted the same unique value; one of them has it
BUSY_MS = 10_000  # a writer waits this long for SQLite's write lock; one transaction per step keeps steps far below it


class Busy(Unavailable):
    """Two were changing the same at once, in another order each; this step was undone, the other one went through."""

    title = "Somebody else is changing the same just now"
    advice = "Nothing was done. Try again."

    def __init__(self) -> None:
        super().__init__(extras={"retry_after": 1})


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware moment in UTC, kept as microseconds since 1970 so that both databases compare it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """To the database. A moment without a zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an Instant must be aware")
        whole, rest = divmod(value - _EPOCH, _SECOND)
        return whole * 1_000_000 + rest.microseconds

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else _EPOCH + value * _MICROSECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) - _EPOCH
_MICROSECOND = _SECOND / 1_000_000


def alone(db: sa.Connection, *what: str) -> None:
    """Wait until nobody else is at this, and keep others waiting until this transaction ends: for what is looked at, then done.

    On SQLite a step that writes is alone anyway.
    """
    if db.dialect.name == "postgresql":
        for one in sorted(what):  # in one order, or two wait for each other
            db.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": one})


def together(db: sa.Connection, what: str) -> None:
    """Wait until nobody is `alone` at this; others may be at it together with us until this transaction ends."""
    if db.dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:what, 0))"), {"what": what})


def unless_there(db: sa.Connection, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """Insert a row, or leave the one that has its key already. On PostgreSQL it waits for another that is being written."""
    if db.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


class Json(sa.types.TypeDecorator[Any]):
    """A JSON value, kept as text with sorted keys."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """To the database."""
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """From the database."""
        return None if value is None else json.loads(value)


class Database:
    """Short transactions on one database: `read()` to look, `write()` to change.

    Returning from the block commits, raising rolls back. No transaction may be open while rendering, signing or calling out.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)
        self._writing = self.engine.execution_options(yinxin_write=True)  # the same connections

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A look; anything written in it is thrown away."""
        with self.engine.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """One view that does not change while it is looked at, for a long look at many tables."""
        with self.engine.connect() as connection:
            # PostgreSQL's usual level shows each statement what was committed before it.
            yield connection if self.is_sqlite else connection.execution_options(isolation_level="REPEATABLE READ")
            connection.rollback()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One step. On SQLite it takes the write lock at once (BEGIN IMMEDIATE), so that a step never fails half-way."""
        try:
            with self._writing.begin() as connection:
                yield connection
        except sa.exc.OperationalError as error:
            if _collides(error.orig):
                raise Busy from error
            raise

    def create_all(self) -> None:
        """Make every table that does not exist yet. For tests; an installation migrates (`app.migrate`)."""
        metadata.create_all(self.engine)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _collides(error: BaseException | None) -> bool:
    """Deadlock and serialization failure (PostgreSQL 40P01, 40001), or SQLite's write lock held for too long."""
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error, "sqlstate", None) in {"40P01", "40001"}


def _sqlite(url: sa.URL) -> sa.Engine:
    # Errors go to the log: without the values of the row they are about.
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        # FULL: an acknowledged license survives a power cut.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def began(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("yinxin_write")
        try:
            # Straight to the driver: it is in every transaction, and SQLAlchemy's way there takes twenty times as long.
            connection.connection.driver_connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")  # type: ignore[union-attr]
        except sqlite3.Error as error:  # as SQLAlchemy names what its own statements run into
            raise sa.exc.OperationalError("BEGIN", None, error) from error

    return engine


def _postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=5,
        max_overflow=5,
        pool_pre_ping=True,
        pool_timeout=5,
        hide_parameters=True,
    )
