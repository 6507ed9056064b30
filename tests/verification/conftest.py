"""One desk per process for what only reads it; a fresh one for what changes it."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from hub import clock
from hub.house import House, open_house
from tests.conftest import settings_for
from tests.verification.desk import Desk, open_desk


@pytest.fixture
def own_desk(house: House, now: datetime) -> Desk:
    """A desk for a test that changes it."""
    return open_desk(house, now)


@pytest.fixture(scope="session")
def desk(template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for all tests that only read."""
    folder = tmp_path_factory.mktemp("desk") / "data"
    shutil.copytree(template, folder)
    house = open_house(settings_for(folder, valkey_url))
    yield open_desk(house, clock.now())
    house.close()


@pytest.fixture(scope="session")
def paper(desk: Desk) -> bytes:
    """One genuine license."""
    return desk.paper()
