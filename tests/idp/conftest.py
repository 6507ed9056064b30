"""One relying party and one person for most tests of the protocol; a citizen and the register for those of the pages."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deploy.demo.register.site import create_app as create_register
from hub.house import House
from tests.idp.citizen import Citizen
from tests.idp.rp import Visit, department


@pytest.fixture
def visit(house: House, app: Flask) -> Visit:
    """A department's site and a browser."""
    return Visit(house, app, department())


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
