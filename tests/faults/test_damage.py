"""Fault 12: a bit flips in a stored file, a row, the log. The books say where; no check of it is green; the rest goes on."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import ledger
from hub.blobs import BlobDamaged
from hub.house import House
from licenses.fsck import fsck
from licenses.model import License
from seals import lift
from seals.store import editions
from tests.licenses.conftest import Department, department_in
from verification.answer import verify
from verification.model import Reason, Verdict


@pytest.fixture
def department(house_on: House, now: datetime) -> Department:
    return department_in(house_on, now)


def path_of(house: House, digest: str) -> Path:
    folder = house.blobs.folder
    assert folder is not None
    (path,) = folder.glob(f"*/{digest}")
    return path


def flip(path: Path, at: int) -> bytes:
    """One bit of a stored file, and what it is now."""
    held = bytearray(path.read_bytes())
    held[at % len(held)] ^= 4
    path.write_bytes(held)
    return bytes(held)


def faults(department: Department) -> list[str]:
    return [str(fault) for fault in fsck(department.house, department.now)[1]]


def answer(department: Department, file: bytes) -> Reason:
    return verify(department.house, file=file, now=department.now).reason


@pytest.mark.parametrize("edition", ["holders", "archive"])
def test_a_flipped_bit_in_a_file(department: Department, edition: str) -> None:
    house = department.house
    hurt, other = department.issue("hurt"), department.issue("other")
    lift.lift(house, department.now)
    with house.database.read() as db:
        archived = editions.editions(db, bytes.fromhex(hurt.sealed))[0].digest
    digest = hurt.sealed if edition == "holders" else archived
    good = house.blobs.get(digest)
    copy = flip(path_of(house, digest), len(good) - 3000)

    (fault,) = faults(department)
    assert digest in fault
    assert "is damaged" in fault
    with pytest.raises(BlobDamaged):
        house.blobs.get(digest)  # nothing damaged is given out
    assert verify(house, file=copy, now=department.now).verdict is Verdict.not_valid
    assert answer(department, good) is Reason.valid, "the holder's own copy is as good as before"
    assert answer(department, house.blobs.get(other.sealed)) is Reason.valid
    assert verify(house, code=hurt.code, now=department.now).reason is Reason.code_in_force

    house.blobs.put(good)  # from the mirror
    assert faults(department) == []
    assert house.blobs.get(digest) == good


def spoil(statement: str) -> Callable[[House, License], None]:
    def do(house: House, license: License) -> None:
        with house.database.write() as db:
            db.execute(sa.text(statement), {"number": license.identifier})

    return do


ROWS = {
    "record": spoil("UPDATE licenses_license SET record = '00' || substr(record, 3) WHERE identifier = :number"),
    "sealed": spoil("UPDATE licenses_license SET sealed = '00' || substr(sealed, 3) WHERE identifier = :number"),
}


@pytest.mark.parametrize(("row", "reason"), [("record", Reason.mismatch), ("sealed", Reason.unknown)])
def test_a_flipped_bit_in_a_row(department: Department, row: str, reason: Reason) -> None:
    house = department.house
    hurt, other = department.issue("hurt"), department.issue("other")
    file = house.blobs.get(hurt.sealed)
    ROWS[row](house, hurt)
    assert any(hurt.identifier in fault for fault in faults(department))
    assert answer(department, file) is reason
    assert answer(department, house.blobs.get(other.sealed)) is Reason.valid


@pytest.mark.parametrize("table", ["event", "node"])
def test_a_flipped_bit_in_the_log(department: Department, table: str) -> None:
    house = department.house
    license = department.issue("one")
    ledger.sequence(house, department.now)
    assert faults(department) == []
    with house.database.write() as db:
        if table == "event":
            query = sa.text("UPDATE hub_ledger_event SET subject = subject || 'x' WHERE kind = 'seal.applied'")
        else:
            query = sa.text('DELETE FROM hub_ledger_node WHERE level = 0 AND "index" = 1')
        assert db.execute(query).rowcount
    assert any("ledger" in fault for fault in faults(department))
    assert answer(department, house.blobs.get(license.sealed)) is Reason.valid
    assert department.issue("two").number, "work goes on"
