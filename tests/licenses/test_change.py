"""A license's life: every (state, operation) pair either allowed or refused, visible at once, and the list never goes back."""

import base64
import json
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub import ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import NotFound
from licenses import change, status_list, store
from licenses.model import LIFE, GlyphMissing, License, LicenseUnknown, Operation, ReasonMissing, Status, StepRefused
from tests.licenses.conftest import Department

WHY = {"reason": "复查不合格", "legal_basis": "食品安全法第一百二十六条", "decision": "栖市监罚〔2026〕1号"}
DO = {Operation.suspend: change.suspend, Operation.reinstate: change.reinstate, Operation.revoke: change.revoke}
TO = {Status.valid: (), Status.suspended: (Operation.suspend,), Status.revoked: (Operation.revoke,)}


def do(department: Department, license: License, *steps: Any) -> Any:
    for step in steps:
        license = DO[step](department.house, license.number, **WHY, caller=department.caller, now=department.now)
    return license


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("operation", Operation)
def test_every_pair_of_state_and_operation(department: Department, status: Status, operation: Operation) -> None:
    license = do(department, department.issue(), *TO[status])
    assert license.status is status
    if (status, operation) in LIFE:
        assert do(department, license, operation).status is LIFE[status, operation]
    else:
        with pytest.raises(StepRefused):
            do(department, license, operation)


def bits(house: House, now: datetime) -> Any:
    """The status list as a verifier reads it, with other code than ours."""
    header, claims, _ = status_list.current(house, 1, now).split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    packed = zlib.decompress(base64.urlsafe_b64decode(claims["status_list"]["lst"] + "=="))
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["typ"] == "statuslist+jwt"
    return claims, lambda index: packed[index // 4] >> index % 4 * 2 & 3


def test_the_status_list_follows_each_change_at_once(department_on: Department) -> None:
    house, now = department_on.house, department_on.now
    license, other = department_on.issue("a"), department_on.issue("b")
    before, status = bits(house, now)
    assert (status(license.status_index), status(other.status_index)) == (0, 0)
    do(department_on, license, Operation.suspend)
    suspended, status = bits(house, now)
    assert (status(license.status_index), status(other.status_index)) == (2, 0)
    do(department_on, license, Operation.reinstate, Operation.revoke)
    revoked, status = bits(house, now)
    assert status(license.status_index) == 1
    assert before["ctr"] < suspended["ctr"] < revoked["ctr"]


def test_the_status_list_is_signed_anew_before_it_grows_old(department: Department) -> None:
    department.issue()
    house, now = department.house, department.now
    first, _ = bits(house, now)
    again, _ = bits(house, now + timedelta(seconds=status_list.TTL - 1))
    later, _ = bits(house, now + timedelta(seconds=status_list.TTL + 1))
    assert first["iat"] == again["iat"] < later["iat"]
    assert later["exp"] - later["iat"] == status_list.LIFE
    assert first["ctr"] == later["ctr"]


def test_the_place_of_a_void_number_counts_as_revoked(department_on: Department) -> None:
    house, now = department_on.house, department_on.now
    department_on.issue("a")
    before, _ = bits(house, now)
    with pytest.raises(GlyphMissing):
        department_on.issue("b", domicile="栖云市𰀀路")
    with house.database.read() as db:
        [index] = [index for index, _ in store.not_valid(db, 1)]
    after, status = bits(house, now)
    assert status(index) == 1
    assert before["ctr"] < after["ctr"]


def test_a_status_list_that_does_not_exist_is_not_found(department: Department) -> None:
    with pytest.raises(NotFound):
        status_list.current(department.house, 99, department.now)


@pytest.mark.parametrize("missing", ["reason", "legal_basis", "decision"])
@pytest.mark.parametrize("text", ["", "  ", "x" * 501])
def test_a_change_says_why(department: Department, missing: str, text: str) -> None:
    license = department.issue()
    with pytest.raises(ReasonMissing, match=missing):
        change.revoke(
            department.house, license.number, **WHY | {missing: text}, caller=department.caller, now=department.now
        )


@pytest.mark.parametrize(
    "stranger",
    [
        Caller(client="other", agency="11870100DEM000065U", place="hub"),
        Caller(person="op", place="hub/870000"),
        Caller(client="market", agency="11880100DEM000049A", place="hub/870000"),
    ],
)
def test_nobody_changes_the_license_of_another(department: Department, stranger: Caller) -> None:
    license = department.issue()
    with pytest.raises(LicenseUnknown):
        change.suspend(department.house, license.number, **WHY, caller=stranger, now=department.now)
    with department.house.database.read() as db:
        assert store.license(db, license.number).status is Status.valid


def test_a_change_is_in_history_and_ledger(department: Department) -> None:
    license = do(department, department.issue(), Operation.suspend, Operation.reinstate)
    with department.house.database.read() as db:
        assert [one.operation.value for one in store.history(db, license.number)] == ["suspend", "reinstate"]
        event = ledger.events(db, subject=license.number, kind="license.suspend")[0]
    assert event.facts == {"from": "valid", "to": "suspended", "decision": WHY["decision"]}


def test_of_two_changes_at_once_one_wins(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    license = department.issue()
    with department.house.database.read() as db:
        stale = store.license(db, license.number)
    do(department, license, Operation.suspend)
    monkeypatch.setattr(store, "license", lambda *_: stale)
    with pytest.raises(StepRefused, match="same moment"):
        do(replace(department), license, Operation.revoke)


@pytest.mark.parametrize("agency", [None, ""])
def test_a_program_that_acts_for_no_agency_changes_nothing(department: Department, agency: str | None) -> None:
    license = department.issue()
    nobody = Caller(client="program", agency=agency)
    with pytest.raises(LicenseUnknown):
        change.revoke(department.house, license.number, **WHY, caller=nobody, now=department.now)
