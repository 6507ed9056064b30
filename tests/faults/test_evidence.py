"""Fault 20: the time-stamper or what tells of revocation is down. The level is lowered, that is said, and it is lifted later."""

from datetime import datetime, timedelta

import pytest

from certs import status, timestamp
from certs.model import NoAuthority
from certs.schemes import SCHEMES
from hub import ledger
from hub.house import House, open_house
from hub.settings import Settings
from licenses.fsck import fsck
from licenses.model import License
from seals import lift
from seals.model import Level
from seals.model.edition import Edition
from seals.store import editions
from tests.licenses.conftest import Department, department_in
from verification.answer import verify
from verification.model import Verdict

DOWN = {"time-stamper": (timestamp, "token"), "ocsp": (status, "ocsp_for"), "lists": (status, "list_of")}


@pytest.fixture
def department(house: House, now: datetime) -> Department:
    return department_in(house, now)


def down(*_: object) -> bytes:
    raise NoAuthority("down")


def told(house: House, kind: str) -> list[dict[str, object]]:
    with house.database.read() as db:
        return [event.facts for event in ledger.events(db, kind=kind)]


def archived(house: House, license: License) -> list[Edition]:
    with house.database.read() as db:
        return editions.editions(db, bytes.fromhex(license.sealed))


@pytest.mark.parametrize("what", [*DOWN, "everything"])
def test_a_license_is_issued_without_evidence_and_gets_it_later(
    department: Department, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    house, now = department.house, department.now
    with monkeypatch.context() as outage:
        for place in DOWN.values() if what == "everything" else [DOWN[what]]:
            outage.setattr(*place, down)
        license = department.issue()
        assert lift.lift(house, now) == 0, "nothing can be lifted yet, and nothing breaks"
    stamped = what not in {"time-stamper", "everything"}
    assert license.level == (Level.timed if stamped else Level.bare)
    (said,) = told(house, "seal.level-lowered")
    assert said["level"] == license.level
    assert fsck(house, now)[1] == []
    assert verify(house, file=house.blobs.get(license.sealed), now=now).verdict is not Verdict.not_valid

    later = now + timedelta(minutes=5)
    assert lift.lift(house, later) == 1
    (edition,) = archived(house, license)
    assert edition.level is Level.archive
    assert verify(house, file=house.blobs.get(edition.digest), now=later).verdict is Verdict.valid
    assert house.blobs.get(edition.digest).startswith(house.blobs.get(license.sealed))
    assert fsck(house, later)[1] == []


def test_the_archive_follows_every_license(department: Department) -> None:
    house = department.house
    license = department.issue("one")
    assert told(house, "seal.level-lowered") == [], "nothing was missing: the archive edition is simply the next step"
    assert lift.lift(house, department.now) == 1
    assert len(archived(house, license)) == 1


def test_an_installation_chooses_which_licenses_have_an_archive_edition(
    settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house(settings.model_copy(update={"archive_kinds": "food-permit, disability-card"}))
    department = department_in(house, now)
    department.issue("whole")
    assert lift.lift(house, now) == 0
    with monkeypatch.context() as outage:
        outage.setattr(*DOWN["time-stamper"], down)
        lowered = department.issue("lowered")
    assert lift.lift(house, now) == 1, "what was lowered is lifted all the same"
    assert archived(house, lowered)
    house.close()


@pytest.mark.parametrize("algorithm", [name for name in SCHEMES if name != "P-256"])
def test_licenses_are_sealed_archived_and_verified_with_each_kind_of_key(
    house: House, now: datetime, algorithm: str
) -> None:
    department = department_in(house, now, algorithm=algorithm)
    license = department.issue()
    assert lift.lift(house, department.now) == 1
    (edition,) = archived(house, license)
    for digest in (license.sealed, edition.digest):
        assert verify(house, file=house.blobs.get(digest), now=department.now).verdict is Verdict.valid


def test_books_that_lost_an_edition_or_its_row_say_so(department: Department) -> None:
    house = department.house
    license = department.issue()
    lift.lift(house, department.now)
    (edition,) = archived(house, license)
    folder = house.blobs.folder
    assert folder is not None
    (path,) = folder.glob(f"*/{edition.digest}")
    path.rename(path.with_name("0" * 64))
    found = [str(fault) for fault in fsck(house, department.now)[1]]
    assert any(f"its edition {edition.digest} is missing" in each for each in found)
    assert any("belongs to no number" in each for each in found)
