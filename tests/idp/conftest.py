"""For the protocol one provider per file and a relying party; for the pages a citizen and the register.

The tests of the protocol share an installation: each brings its own persons, so they do not see each other.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

import app as front
from deploy.demo.register.site import create_app as create_register
from hub import clock
from hub.house import House, open_house
from tests.conftest import settings_for
from tests.idp.citizen import Citizen
from tests.idp.rp import Visit, Visits, department
from tests.idp.two import Two, both, province_settings


@pytest.fixture(scope="module")
def provider(
    template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, Flask]]:
    """An installation with the provider alone, open as long as the tests of one file run."""
    data = tmp_path_factory.mktemp("provider") / "data"
    copytree(template, data)
    opened = open_house(settings_for(data, valkey_url))
    redis.Redis.from_url(valkey_url).flushall()  # the file before came from the same address: its limits would go on
    served = front.create_app(opened.settings, rooms=("hub", "idp"), house=opened)
    served.testing = True
    yield opened, served
    opened.close()


@pytest.fixture
def visits(provider: tuple[House, Flask]) -> Visits:
    """Makes a relying party with a browser of its own (or of another one, by `browser_of`)."""
    house, served = provider
    return lambda client, **more: Visit(house, served, client, **more)


@pytest.fixture
def visit(visits: Visits) -> Visit:
    """A department's site and a browser."""
    return visits(department())


@pytest.fixture
def register(house: House, tmp_path: Path) -> FlaskClient:
    """The sandbox register, over HTTP in process; a fresh one with a fresh key."""
    made = create_register(tmp_path / "register", house.settings.register_url, slow_seconds=0)
    house.fetch.serve_here(house.settings.register_url, made)
    return made.test_client()


@pytest.fixture
def citizen(house: House, app: Flask, register: FlaskClient) -> Citizen:
    """A person at a browser, without an account yet."""
    return Citizen(house, app, register)


@pytest.fixture(scope="session")
def province_template(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Path:
    """Another installation, with keys of its own."""
    folder = tmp_path_factory.mktemp("province") / "data"
    front.init(province_settings(folder, valkey_url), clock.now()).close()
    return folder


@pytest.fixture
def two(
    house: House, app: Flask, register: FlaskClient, province_template: Path, tmp_path: Path, valkey_url: str
) -> Iterator[Two]:
    """The nation's hub and a province, with a citizen whom only the province knows."""
    with both(house, app, register, province_template, tmp_path / "province", valkey_url) as opened:
        yield opened
