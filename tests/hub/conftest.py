"""A bare house for the kernel's own tests: tables and keys, none of the rooms above."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from hub.db import Database
from hub.house import House, open_house
from hub.settings import read
from hub.shared import Shared
from tests.servers import Postgres, named


@pytest.fixture
def bare(tmp_path: Path, valkey_url: str) -> Iterator[House]:
    """An empty installation on SQLite."""
    with opened(tmp_path / "data", valkey_url, "") as house:
        yield house


@pytest.fixture(scope="session")
def postgres_bare(postgres_server: Postgres) -> str:
    """A database with all tables and nothing in them, to copy from."""
    url = postgres_server.fresh()
    database = Database(url)
    database.create_all()
    database.dispose()
    return named(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_on(request: pytest.FixtureRequest, tmp_path: Path, valkey_url: str) -> Iterator[House]:
    """An empty installation on each of the two databases."""
    server: Postgres | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
    url = server.fresh(request.getfixturevalue("postgres_bare")) if server else ""
    with opened(tmp_path / "data", valkey_url, url) as house:
        yield house
    if server:
        server.drop(url)


@contextlib.contextmanager
def opened(
    folder: Path, redis_url: str, database_url: str, *, shared: Shared | None = None, **given: Any
) -> Iterator[House]:
    """Open a demo installation in this folder, with its tables made."""
    folder.mkdir(exist_ok=True)
    chosen = {"profile": "demo", "passphrase": "test", "redis_url": redis_url, "database_url": database_url} | given
    house = open_house(read(data=folder, **chosen))
    house.database.create_all()
    if shared:
        house = replace(house, shared=shared)
    else:
        redis.Redis.from_url(house.shared.url).flushall()
    try:
        yield house
    finally:
        house.close()
