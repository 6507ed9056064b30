"""Fixtures of the whole house. Each test gets its own installation, copied from one that is made once per process."""

import gc
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

import app as front
from hub import clock
from hub.house import House, open_house
from hub.settings import Settings
from tests import servers, statements

statements.share()
front.know_all_work()  # before a test puts one of the kernel's lists aside


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs an installation with its servers is marked so: `make check` keeps to the rules alone."""
    for item in items:
        if "valkey_url" in getattr(item, "fixturenames", ()) or "postgresql" in item.nodeid:
            item.add_marker(pytest.mark.installation)


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """What is collected stays to the end: nobody looks for garbage in it."""
    gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """From here on garbage is looked for, and only among what the tests make."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def now() -> datetime:
    """The moment of the test. The same clock as everywhere: certificates made at start must be valid."""
    return clock.now()


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server that speaks Redis, one per test process."""
    with servers.valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """A real PostgreSQL, one per test process."""
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Path:
    """An initialised installation on SQLite, to copy from."""
    folder = tmp_path_factory.mktemp("template") / "data"
    front.init(settings_for(folder, valkey_url), clock.now()).close()
    return folder


@pytest.fixture
def settings(tmp_path: Path, template: Path, valkey_url: str) -> Settings:
    """Settings of a fresh installation on SQLite."""
    shutil.copytree(template, tmp_path / "data")
    return settings_for(tmp_path / "data", valkey_url)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    """A fresh installation, open."""
    opened = open_house(settings)
    redis.Redis.from_url(opened.settings.redis_url).flushall()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: servers.Postgres, template: Path, valkey_url: str) -> str:
    """An initialised PostgreSQL database with the keys of `template`, to copy from."""
    url = postgres_server.fresh()
    front.init(settings_for(template, valkey_url, database_url=url), clock.now()).close()
    return servers.named(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def house_on(request: pytest.FixtureRequest, tmp_path: Path, template: Path, valkey_url: str) -> Iterator[House]:
    """A fresh installation on each of the two databases."""
    shutil.copytree(template, tmp_path / "data")
    url = ""
    if request.param == "postgresql":
        name = request.getfixturevalue("postgres_template")
        url = request.getfixturevalue("postgres_server").fresh(name)
    opened = open_house(settings_for(tmp_path / "data", valkey_url, database_url=url))
    redis.Redis.from_url(opened.settings.redis_url).flushall()
    yield opened
    opened.close()
    if url:
        request.getfixturevalue("postgres_server").drop(url)


@pytest.fixture
def app(house: House) -> Flask:
    """The hub's application, all rooms but verification."""
    return served(house, front.HUB_ROOMS)


@pytest.fixture
def verify_app(house: House) -> Flask:
    """The application of the verification pages."""
    return served(house, ("verification",))


_APPS: dict[tuple[str, ...], Flask] = {}


def served(house: House, rooms: tuple[str, ...]) -> Flask:
    """The application of these rooms over this house. Built once per process: routes and templates take 0.1 s."""
    if rooms not in _APPS:
        _APPS[rooms] = front.create_app(house.settings, rooms, house)
        _APPS[rooms].testing = True
    made = _APPS[rooms]
    made.extensions["house"] = house
    made.jinja_env.globals["settings"] = house.settings
    front.serve_here(house, made, rooms)
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies at the hub."""
    return app.test_client()


def settings_for(folder: Path, redis_url: str, **given: object) -> Settings:
    """Demo settings in a folder."""
    passphrase = "correct horse battery staple"
    return Settings(profile="demo", data=folder, redis_url=redis_url, passphrase=passphrase, **given)  # type: ignore[arg-type]
