"""The books agree, and whatever does not is named."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import ledger
from hub.house import House
from licenses import change, page, store
from licenses.fsck import fsck
from licenses.issue import resume
from licenses.model import GlyphMissing, License
from seals import use as seal_use
from tests.licenses.conftest import Department

WHY = {"reason": "复查不合格", "legal_basis": "食品安全法", "decision": "1号"}


def busy(department: Department, monkeypatch: pytest.MonkeyPatch) -> License:
    """An installation in which everything has happened: licenses, changes, a void, one that waits. Gives a license."""
    license = department.issue("a")
    department.issue("b")
    with pytest.raises(GlyphMissing):
        department.issue("c", domicile="栖云市𰀀路")
    house, now = department.house, department.now
    change.suspend(house, license.number, **WHY, caller=department.caller, now=now)
    with monkeypatch.context() as patched:
        patched.setattr(page, "draw", lambda *_args, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            department.issue("d")
    ledger.sequence(house, now)
    return license


def faults(house: House, now: datetime) -> list[str]:
    return [str(fault) for fault in fsck(house, now)[1]]


def test_an_installation_at_work_is_in_order(department_on: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    busy(department_on, monkeypatch)
    books, found = fsck(department_on.house, department_on.now)
    assert found == []
    assert str(books).startswith("4 numbers, 2 licenses, 2 files, 2 seal uses")


def test_an_empty_installation_is_in_order(house: House, now: datetime) -> None:
    assert faults(house, now) == []


def test_what_waits_for_nobody_is_named_until_it_is_resumed(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(department, monkeypatch)
    later = department.now + timedelta(minutes=20)
    [fault] = faults(department.house, later)
    assert "run `yinxin resume`" in fault
    resume(department.house, later)
    assert faults(department.house, later) == []


SQL = {
    "DELETE FROM licenses_intent WHERE state = 'void'": "number 3 was given out and has no row",
    "UPDATE licenses_counter SET last = 3": "number 4 has a row and was not given out",
    "UPDATE licenses_counter SET last = 5": "number 5 was given out and has no row",
    "UPDATE licenses_intent SET state = 'void' WHERE state = 'issued'": "is void and has a license",
    "DELETE FROM licenses_license WHERE status = 'valid'": "is issued and has no license",
    "UPDATE licenses_license SET status_index = 7 WHERE status = 'valid'": "different places of the status list",
    "UPDATE licenses_license SET status = 'valid'": "is valid by its row and suspended by its history",
    "UPDATE licenses_license SET status = 'revoked'": "is revoked by its row and suspended by its history",
    "DELETE FROM licenses_change": "is suspended by its row and valid by its history",
    "UPDATE licenses_change SET operation = 'reinstate'": "a step that cannot be: reinstate",
    "DELETE FROM seals_use": "of a seal is missing",
    "UPDATE seals_use SET state = 'void'": "of a seal is void",
    "UPDATE seals_use SET purpose = 'x'": "of a seal was for something else",
    "DELETE FROM licenses_license": "has sealed 0 licenses",
    "UPDATE licenses_license SET holder_key = 'x'": "names another holder",
    "UPDATE licenses_license SET identifier = '2.999.x' WHERE status = 'valid'": "whose number was not given out",
    "UPDATE licenses_intent SET identifier = '2.999.x' WHERE state = 'void'": "is not a number",
    "UPDATE licenses_intent SET sealed = x'00' WHERE state = 'issued'": "its application cannot be read: Stored data",
    "UPDATE licenses_intent SET sealed = x'00' WHERE state = 'pending'": "its application cannot be read: Stored data",
    "DELETE FROM hub_ledger_event WHERE kind = 'license.issued'": "has 0 of license.issued, it should have 1",
    "DELETE FROM hub_ledger_event WHERE kind = 'license.voided'": "has 0 of license.voided, it should have 1",
    "UPDATE hub_ledger_event SET subject = 'x' WHERE kind = 'license.suspend'": "has 1 of license.suspend, it should have 0",
    "UPDATE hub_ledger_event SET facts = '{}' WHERE kind = 'license.issued'": "tells of another file or record",
    "UPDATE hub_ledger_event SET place = 'hub/870000'": "ledger: Leaf",
}


@pytest.mark.parametrize("sql", SQL)
def test_a_row_that_was_lost_or_changed_is_named(
    department: Department, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    busy(department, monkeypatch)
    with department.house.database.write() as db:
        assert db.exec_driver_sql(sql).rowcount
    found = faults(department.house, department.now)
    assert any(SQL[sql] in fault for fault in found), found


def path_of(house: House, license: License) -> Path:
    return house.settings.data / "blobs" / license.sealed[:2] / license.sealed


def lose(house: House, license: License) -> None:
    path_of(house, license).unlink()


def damage(house: House, license: License) -> None:
    path = path_of(house, license)
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def add(house: House, license: License) -> None:
    house.blobs.put(b"a file of nobody")


FILES: dict[Callable[[House, License], None], str] = {
    lose: "is missing",
    damage: "is damaged",
    add: "belongs to no number",
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_was_lost_or_changed_or_added_is_named(
    department: Department, monkeypatch: pytest.MonkeyPatch, what: Callable[[House, License], None]
) -> None:
    license = busy(department, monkeypatch)
    what(department.house, license)
    [fault] = faults(department.house, department.now)
    assert FILES[what] in fault
    quick = fsck(department.house, department.now, read_files=False)[1]
    assert len(quick) == (0 if what is damage else 1)


def test_a_seal_that_is_reserved_for_nothing_is_named(department: Department) -> None:
    asked: dict[str, Any] = {"purpose": "business-license", "record_digest": bytes(32)}
    seal_use.reserve(department.house, department.seal.id, **asked, caller=department.caller, now=department.now)
    assert faults(department.house, department.now) == []  # whoever reserved it may be at work
    [fault] = faults(department.house, department.now + timedelta(minutes=20))
    assert "is reserved for nothing" in fault


def test_erased_data_are_no_fault(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    license = busy(department, monkeypatch)
    with department.house.database.write() as db:
        department.house.vault.erase(db, f"license:{license.identifier}")
    with department.house.database.read() as db, pytest.raises(Exception, match="no key"):
        store.application_of(db, department.house.vault, license.identifier)
    assert faults(department.house, department.now) == []
