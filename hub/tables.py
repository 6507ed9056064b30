"""All rows of an installation, from either database into one SQLite file and back."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.db import Database, metadata
from hub.problems import Problem

VERSIONS = "alembic_version"  # Alembic's own table: which migrations the database has seen
ROWS = 1000


class UnknownTable(Problem):
    """The database holds a table that this release does not know."""

    status = 500
    title = "The database belongs to another release"
    advice = "Use the release that this database was last used with."


def names(database: Database) -> set[str]:
    """The tables that a database has."""
    return set(sa.inspect(database.engine).get_table_names())


def to_file(database: Database, path: Path) -> dict[str, int]:
    """Copy one snapshot of the database, while it is in use, into a new SQLite file; give the number of rows of each table."""
    if unknown := names(database) - set(metadata.tables) - {VERSIONS}:
        raise UnknownTable("Unknown: %(names)s", names=", ".join(sorted(unknown)))
    if database.is_sqlite:
        with closing(sqlite3.connect(path)) as copy, closing(database.engine.raw_connection()) as raw:
            assert isinstance(raw.driver_connection, sqlite3.Connection)
            raw.driver_connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a side file that could be forgotten
        return counts(path)
    file = Database(f"sqlite:///{path}")
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as source, source.begin():
        _copy(source, file)
    file.dispose()
    return counts(path)


def from_file(path: Path, database: Database) -> None:
    """Bring a copy into an empty database."""
    if database.is_sqlite:
        assert database.url.database
        shutil.copyfile(path, database.url.database)
        return
    file = Database(f"sqlite:///{path}")
    with file.read() as source:
        _copy(source, database)
    file.dispose()
    with database.write() as db:
        for table in metadata.sorted_tables:
            column = table.autoincrement_column
            if column is not None and not table.foreign_keys:
                _count_on(db, table.name, column)
    database.analyze()


def counts(path: Path) -> dict[str, int]:
    """The number of rows of each table of a copy, which is checked for damage first."""
    with closing(sqlite3.connect(path)) as copy:
        (state,) = copy.execute("PRAGMA integrity_check").fetchone()
        if state != "ok":
            raise UnknownTable("The copy is damaged")
        tables = copy.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {name: copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in sorted(tables)}  # noqa: S608


def _copy(source: sa.Connection, target: Database) -> None:
    metadata.create_all(target.engine)
    present = set(sa.inspect(source).get_table_names())
    with target.write() as db:
        for table in metadata.sorted_tables:
            if table.name in present:
                for some in source.execute(sa.select(table)).partitions(ROWS):
                    db.execute(table.insert(), [dict(row._mapping) for row in some])  # noqa: SLF001  SQLAlchemy's public name
        if VERSIONS in present:
            versions = sa.Table(VERSIONS, sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True))
            versions.create(db)
            seen: list[Any] = [dict(row._mapping) for row in source.execute(sa.select(versions))]  # noqa: SLF001
            db.execute(versions.insert(), seen)


def _count_on(db: sa.Connection, table: str, column: sa.Column[Any]) -> None:
    """Let PostgreSQL's counter go on after the last number that came with the copy."""
    sequence = sa.func.pg_get_serial_sequence(table, column.name)
    if db.scalar(sa.select(sequence)) and (last := db.scalar(sa.select(sa.func.max(column)))):
        db.execute(sa.select(sa.func.setval(sequence, last)))
