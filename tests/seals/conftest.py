"""An office that has a seal: one installation per process for what only reads it, a fresh one for what changes it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from hub import clock, tree
from hub.callers import Caller
from hub.house import House, open_house
from seals import lifecycle, material, sealing, store, use
from seals.model import Agency, Design, Evidence, Place, Seal, Sealed, SealMaterial, SealUse, Ticket
from tests.conftest import settings_for
from tests.seals.paper import page

CITY = "hub/880000/880100"
MARKET = Agency("11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", CITY)
HEALTH = Agency("11880100DEM0000575", "栖云市卫生健康委员会", "Qiyun Health Commission", CITY)
CALLER = Caller(client="market-site", agency=MARKET.code, place=CITY)
PLACE = Place(1, 230, 150, 42)
PURPOSE = "license:business-license"


@dataclass(frozen=True)
class Office:
    """A house with one agency and its seal in use."""

    house: House
    seal: Seal
    now: datetime

    def reserve(self, record: bytes, **given: object) -> SealUse:
        """A use for a record of these 32 bytes."""
        asked: dict[str, object] = {"purpose": PURPOSE, "record_digest": record, "caller": CALLER, "now": self.now}
        return use.reserve(self.house, self.seal.id, **asked | given)  # type: ignore[arg-type]

    def material(self) -> tuple[SealMaterial, Evidence]:
        """What the seal works with now."""
        return material.for_seal(self.house, self.seal, self.now)

    def lay(self, pdf: bytes, place: Place | None = PLACE, evidence: Evidence | None = None) -> Ticket:
        """A ticket for any page, place and evidence."""
        with_what, given = self.material()
        return sealing.prepare(pdf, with_what, self.reserve(bytes(32)), place, evidence or given)


def open_office(house: House, now: datetime) -> Office:
    """Give the market office of the demo its place and its seal."""
    with house.database.write() as db:
        tree.keep(db, tree.Place("hub/880000", "province", "880000", "云岚省", "Yunlan"))
        tree.keep(db, tree.Place(CITY, "city", "880100", "栖云市", "Qiyun"))
        store.keep_agency(db, HEALTH)
    design = Design(MARKET.name, "8801010000017")
    return Office(house, lifecycle.make_seal(house, MARKET, by="init", now=now, design=design), now)


@pytest.fixture
def office(house: House, now: datetime) -> Office:
    """An office of its own for a test that changes it."""
    return open_office(house, now)


@pytest.fixture
def office_on(house_on: House, now: datetime) -> Office:
    """The same on each of the two databases."""
    return open_office(house_on, now)


@pytest.fixture(scope="session")
def bureau(template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all tests that only seal with it."""
    folder = tmp_path_factory.mktemp("bureau") / "data"
    shutil.copytree(template, folder)
    house = open_house(settings_for(folder, valkey_url))
    yield open_office(house, clock.now())
    house.close()


@pytest.fixture(scope="session")
def sealed(bureau: Office) -> Sealed:
    """A sealed test page."""
    return sealing.seal_once(bureau.lay(page()))


@pytest.fixture
def record() -> Callable[[], bytes]:
    """Digests of records that were never seen before."""
    count = iter(range(10**6))
    return lambda: next(count).to_bytes(32, "big")
