"""The one database: SQLite embedded or PostgreSQL by URL, through one code path (SQLAlchemy Core)."""

import sqlite3
from collections import deque, namedtuple
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from hub.columns import FROM, TO, Instant, Json
from hub.looks import Look, Looking
from hub.problems import Unavailable

__all__ = [
    "BUSY_MS",
    "Collision",
    "Database",
    "Db",
    "Id",
    "Instant",
    "Json",
    "Ready",
    "TwoAtOnce",
    "alone",
    "metadata",
    "together",
    "unless_there",
]
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


Db = sa.Connection | Look  # where a `Ready` statement that looks may run


class TwoAtOnce(Unavailable):
    """Two were changing the same at once, in another order each; this step was undone, the other one went through."""

    title = "Somebody else is changing the same just now"
    advice = "Nothing was done. Try again."

    def __init__(self) -> None:
        super().__init__(extras={"retry_after": 1})


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


class Ready:
    """A statement that every request runs: compiled once for each database, and then given straight to the driver.

    SQLAlchemy's own way there takes 50 microseconds, three times as long as SQLite needs to answer.
    """

    def __init__(self, statement: "sa.Select[Any] | sa.Insert | dict[str, sa.Insert]") -> None:
        self._statement = statement
        self._made: dict[str, Callable[[Db, dict[str, Any]], list[Any]]] = {}

    def __call__(self, db: Db, /, **values: Any) -> list[Any]:
        """The rows, each with its columns' names. An insert is always given the same columns."""
        run = self._made.get(db.dialect.name)
        if run is None:
            run = self._made[db.dialect.name] = self._compiled(db.dialect, list(values))
        return run(db, values)

    def first(self, db: Db, /, **values: Any) -> Any:
        """The first row, or None."""
        rows = self(db, **values)
        return rows[0] if rows else None

    def _compiled(self, dialect: sa.Dialect, keys: list[str]) -> Callable[[Db, dict[str, Any]], list[Any]]:
        statement = self._statement[dialect.name] if isinstance(self._statement, dict) else self._statement
        compiled = statement.compile(dialect=dialect, column_keys=keys if isinstance(statement, sa.Insert) else None)
        sql, fixed, order = str(compiled), compiled.params, compiled.positiontup
        binds = {name: bind.type for name, bind in compiled.binds.items()}
        to = [(name, way) for name, kind in binds.items() if (way := _to(kind, dialect))]
        columns = list(statement.selected_columns if isinstance(statement, sa.Select) else ())
        shape = namedtuple("shape", [column.name for column in columns])  # type: ignore[misc]  # noqa: PYI024  known here alone
        back = [(at, way) for at, column in enumerate(columns) if (way := _from(column.type, dialect))]

        def run(db: Db, values: dict[str, Any]) -> list[Any]:
            values = {**fixed, **values}
            for name, way in to:
                if values[name] is not None:
                    values[name] = way(values[name])
            given = [values[name] for name in order] if order is not None else values
            if isinstance(db, Look):
                assert columns, "through a look nothing is written"
                rows = db.rows(sql, given)
            else:
                rows = _rows(db, sql, given)
            return [_row(shape, back, row) for row in rows] if columns else rows

        return run


def _rows(db: sa.Connection, sql: str, given: Any) -> list[Any]:
    if not db.in_transaction():
        db.begin()
    try:
        found = db.connection.driver_connection.execute(sql, given)  # type: ignore[union-attr]
        return found.fetchall() if found.description else []
    except db.dialect.loaded_dbapi.Error as error:
        raise _named(db, error) from error


def _to(kind: Any, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    """How a value goes to the driver; our own kinds without the three calls that SQLAlchemy puts around each."""
    return TO.get(type(kind)) or kind.dialect_impl(dialect).bind_processor(dialect)


def _from(kind: Any, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    return FROM.get(type(kind)) or kind.dialect_impl(dialect).result_processor(dialect, None)


def _row(shape: Any, back: Sequence[tuple[int, Callable[[Any], Any]]], found: Sequence[Any]) -> Any:
    values = list(found)
    for at, way in back:
        if values[at] is not None:
            values[at] = way(values[at])
    return shape._make(values)


def _named(db: sa.Connection, error: Any) -> Exception:
    """What the driver ran into, by the name that SQLAlchemy gives it; a connection that is gone is thrown away."""
    kinds = db.dialect.loaded_dbapi.Error
    if db.dialect.is_disconnect(error, db.connection.driver_connection, None):
        db.invalidate(error)
    named: Exception = sa.exc.DBAPIError.instance(None, None, error, kinds, hide_parameters=True)
    return named


# Connections that wait for the next step on SQLite, where one can write at a time; the others are for looking.
WRITERS = 2


class Database:
    """Short transactions on one database: `read()` to look, `write()` to change.

    Returning from the block commits, raising rolls back. No transaction may be open while rendering, signing or calling out.
    """

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)
        self._writing = self.engine.execution_options(yinxin_write=True)  # the same connections
        self._writers: deque[sa.Connection] = deque()
        self._idle: deque[Look] = deque()  # those through which nobody looks just now

    def look(self) -> Looking:
        """For `Ready` statements that look, each by itself. Without a transaction around it takes a third of the time."""
        return Looking(self.engine, self._idle)

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
        # Taking a connection out of the pool and putting it back takes longer than a step's BEGIN and COMMIT.
        try:
            connection = self._writers.pop()
        except IndexError:
            connection = self._writing.connect()
        try:
            with connection.begin():
                yield connection
        except BaseException as error:
            connection.close()
            if isinstance(error, sa.exc.OperationalError) and _collides(error.orig):
                raise TwoAtOnce from error
            raise
        if self.is_sqlite and len(self._writers) < WRITERS:
            self._writers.append(connection)
        else:
            connection.close()

    def create_all(self) -> None:
        """Make every table that does not exist yet. For tests; an installation migrates (`app.migrate`)."""
        metadata.create_all(self.engine)

    def analyze(self) -> None:
        """Let PostgreSQL count its rows anew, after many came at once or a table changed. SQLite plans by its indexes."""
        if not self.is_sqlite:
            with self.write() as db:
                db.execute(sa.text("ANALYZE"))

    def dispose(self) -> None:
        """Close every pooled connection."""
        while self._idle:
            self._idle.pop().close()
        while self._writers:
            self._writers.pop().close()
        self.engine.dispose()


def _collides(error: BaseException | None) -> bool:
    """Deadlock and serialization failure (PostgreSQL 40P01, 40001), or SQLite's write lock held for too long."""
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return getattr(error, "sqlstate", None) in {"40P01", "40001"}


def _sqlite(url: sa.URL) -> sa.Engine:
    # Errors go to the log: without the values of the row they are about.
    # The connection that was used last knows the pages that it read.
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        # FULL: an acknowledged license survives a power cut.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def began(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("yinxin_write")
        try:  # straight to the driver: SQLAlchemy's way there takes twenty times as long
            connection.connection.driver_connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")  # type: ignore[union-attr]
        except sqlite3.Error as error:
            raise _named(connection, error) from error

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
