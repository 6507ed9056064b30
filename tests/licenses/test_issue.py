"""Issuing: once per key, every number accounted for, nothing half done."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub import inbox, ledger
from hub.blobs import Blobs
from hub.house import House
from hub.problems import BadRequest, Problem
from licenses import page, qr, record, store
from licenses.issue import issue, resume
from licenses.model import (
    FieldsWrong,
    GlyphMissing,
    InProgress,
    KeyReused,
    NoSuchKind,
    NotYourKind,
    Overtaken,
    Voided,
)
from seals import lifecycle, sealing, use
from seals import store as seal_store
from seals.model import NotAPage, SealUnknown
from tests.licenses.conftest import QIYUN, Department


def numbers(house: House) -> Any:
    """Every number that was given out, and what became of it."""
    with house.database.read() as db:
        return {row.identifier: row.state for row in db.execute(sa.select(store.intents))}


def test_a_license_exists_with_its_file_its_event_and_its_letter(department_on: Department) -> None:
    license = department_on.issue()
    house = department_on.house
    assert house.blobs.get(license.sealed).startswith(b"%PDF-")
    assert license.level == "B-T"
    with house.database.read() as db:
        assert store.license(db, license.number) == license
        assert [e.kind for e in ledger.events(db, subject=license.number)] == ["license.issued", "license.intended"]
        assert inbox.read(db, "license.issued")[0].body == {"license": license.number}


def test_serials_follow_each_other_without_gaps(department: Department) -> None:
    serials = [department.issue(str(key)).number.split(".")[4] for key in range(3)]
    assert [int(serial[4:]) for serial in serials] == [1, 2, 3]


def test_a_retry_gets_the_same_license(department_on: Department) -> None:
    assert department_on.issue() == department_on.issue()
    assert len(numbers(department_on.house)) == 1


def test_the_same_key_of_another_client_is_another_application(department: Department) -> None:
    other = replace(department, caller=replace(department.caller, client="second"))
    assert department.issue().number != other.issue().number


def test_a_key_with_another_body_is_refused(department: Department) -> None:
    department.issue()
    with pytest.raises(KeyReused):
        department.issue(domicile="栖云市别处1号")


def test_many_workers_with_one_key_issue_one_license(department_on: Department) -> None:
    def attempt(_: Any) -> Any:
        try:
            return department_on.issue().number
        except InProgress:
            return None

    with ThreadPoolExecutor(8) as pool:
        got = set(pool.map(attempt, range(16))) - {None}
    assert len(got) == 1
    assert list(numbers(department_on.house).values()) == ["issued"]


def test_many_workers_with_many_keys_share_no_number(department_on: Department) -> None:
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda key: department_on.issue(str(key)).number, range(12)))
    assert len(set(got)) == 12


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_of_the_wrong_length_is_refused(department: Department, key: str) -> None:
    with pytest.raises(BadRequest):
        department.issue(key)


@pytest.mark.parametrize(
    "fields",
    [
        {"unified_code": "91880101DEM0000810"},
        {"unified_code": "９１880101DEM000081U"},
        {"unified_code": ""},
        {"name": None},
        {"name": "x" * 81},
        {"name": "a\ud800"},
        {"name": "\ue863"},
        {"established": "2019-02-29"},
        {"established": "2999-01-01"},
        {"registered_capital": -1},
        {"registered_capital": "5,000"},
        {"scope": ["a"]},
        {"nonsense": "x"},
    ],
)
def test_wrong_fields_reserve_no_number(department: Department, fields: Any) -> None:
    with pytest.raises(FieldsWrong):
        department.issue(**fields)
    assert numbers(department.house) == {}


def test_a_kind_that_does_not_exist_is_refused(department: Department, now: datetime) -> None:
    application = replace(department.application(), kind="pilot-license")
    with pytest.raises(NoSuchKind):
        issue(department.house, application, caller=department.caller, idempotency_key="k", now=now)


@pytest.mark.parametrize("agency", ["11870100DEM000065U", None, ""])
def test_an_agency_issues_for_itself_alone(department: Department, now: datetime, agency: Any) -> None:
    with pytest.raises(NotYourKind):
        issue(
            department.house,
            department.application(),
            caller=replace(department.caller, agency=agency),
            idempotency_key="k",
            now=now,
        )


def test_an_agency_issues_only_its_kinds(department: Department, now: datetime) -> None:
    caller = replace(department.caller, agency="11870100DEM000065U")
    application = replace(department.application(), agency="11870100DEM000065U")
    with pytest.raises(NotYourKind):
        issue(department.house, application, caller=caller, idempotency_key="k", now=now)


def test_a_character_that_cannot_be_printed_ends_as_a_logged_void(department: Department) -> None:
    with pytest.raises(GlyphMissing, match=r"U\+30000|𰀀"):
        department.issue(domicile="栖云市𰀀路")
    assert list(numbers(department.house).values()) == ["void"]
    with department.house.database.read() as db:
        assert ledger.events(db, kind="license.voided")[0].facts == {"reason": "glyph-missing"}
    with pytest.raises(Voided):
        department.issue(domicile="栖云市𰀀路")


def test_a_suspended_seal_issues_nothing(department: Department, now: datetime) -> None:
    lifecycle.suspend(department.house, department.seal.id, reason="lost", by="test", now=now)
    with pytest.raises(SealUnknown, match="no active seal"):
        department.issue()
    with department.house.database.read() as db:
        assert store.found(db, "hub") == []
    assert list(numbers(department.house).values()) == ["void"]


class Crash(BaseException):
    """A process that dies here: nothing of ours may catch it."""


MODULES = {"record": record, "qr": qr, "page": page, "use": use, "sealing": sealing, "store": store}
STEPS = [
    "record.make",
    "qr.sign",
    "page.draw",
    "use.reserve",
    "sealing.prepare",
    "sealing.seal_once",
    "store.name_paper",
    "use.finish",
    "store.keep",
]


@pytest.mark.parametrize("step", STEPS)
def test_after_a_crash_at_any_step_resume_finishes_the_same_number(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    module, _, name = step.partition(".")

    def die(*_args: Any, **_named: Any) -> Any:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(MODULES[module], name, die)
        with pytest.raises(Crash):
            department.issue()
    house = department.house
    [(number, state)] = numbers(house).items()
    assert state == "pending"
    assert resume(house, now) == []  # its worker may still live
    later = now + timedelta(seconds=61)
    assert resume(house, later) == [number]
    assert numbers(house) == {number: "issued"}
    assert replace(department, now=later).issue().number == number
    with house.database.read() as db:
        license = store.license(db, number)
    assert house.blobs.get(license.sealed).startswith(b"%PDF-")
    assert license.issued == now


def test_a_worker_that_woke_up_too_late_keeps_nothing(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = department.house
    real = page.draw

    def slow(*given: Any, **named: Any) -> Any:
        drawn = real(*given, **named)
        monkeypatch.setattr(page, "draw", real)
        resume(house, now + timedelta(seconds=61))  # meanwhile another worker takes over and finishes
        return drawn

    monkeypatch.setattr(page, "draw", slow)
    with pytest.raises((Overtaken, Problem)):
        department.issue()
    assert list(numbers(house).values()) == ["issued"]
    with house.database.read() as db:
        assert len(store.found(db, "hub")) == 1


def test_a_retry_while_the_first_is_at_work_is_told_so(department: Department, monkeypatch: pytest.MonkeyPatch) -> None:
    real = page.draw

    def meanwhile(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(page, "draw", real)
        with pytest.raises(InProgress):
            department.issue()
        return real(*given, **named)

    monkeypatch.setattr(page, "draw", meanwhile)
    assert department.issue().level == "B-T"


def test_what_cannot_be_finished_for_a_day_ends_as_a_void(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.problems import Unavailable

    def down(*_args: Any, **_named: Any) -> Any:
        raise Unavailable("out of order")

    monkeypatch.setattr(page, "draw", down)
    with pytest.raises(Unavailable):
        department.issue()
    assert resume(department.house, now + timedelta(minutes=5)) == []
    resume(department.house, now + timedelta(hours=25))
    assert list(numbers(department.house).values()) == ["void"]


def test_a_database_that_refuses_the_last_step_leaves_no_license(department: Department, now: datetime) -> None:
    house = department.house
    with house.database.write() as db:
        db.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON licenses_license BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(sa.exc.IntegrityError):
        department.issue()
    assert list(numbers(house).values()) == ["pending"]
    with house.database.write() as db:
        db.exec_driver_sql("DROP TRIGGER broken")
    assert len(resume(house, now + timedelta(seconds=61))) == 1


def test_a_file_that_was_kept_before_a_crash_becomes_the_license(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = department.house

    def die(*_args: Any, **_named: Any) -> Any:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(store, "keep", die)
        with pytest.raises(Crash):
            department.issue()
    files = {path.name for path in (house.settings.data / "blobs").rglob("*") if path.is_file()}
    [number] = resume(house, now + timedelta(seconds=61))
    with house.database.read() as db:
        assert store.license(db, number).sealed in "".join(files)
    assert files == {path.name for path in (house.settings.data / "blobs").rglob("*") if path.is_file()}


def test_a_file_that_a_late_worker_keeps_is_named_by_the_number(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stalls between naming its file and keeping it; meanwhile another worker finishes with a file of its own."""
    house, real = department.house, Blobs.put

    def slow(blobs: Blobs, data: bytes) -> str:
        monkeypatch.setattr(Blobs, "put", real)
        resume(house, now + timedelta(seconds=61))
        return real(blobs, data)

    monkeypatch.setattr(Blobs, "put", slow)
    with pytest.raises(Overtaken):
        department.issue()
    [(number, state)] = numbers(house).items()
    with house.database.read() as db:
        license = store.license(db, number)
        papers = store.application_of(db, house.vault, number).papers
    assert state == "issued"
    assert {paper.sealed for paper in papers} == set(house.blobs.digests())
    assert [paper.sealed for paper in papers].index(license.sealed) == 1


def uses(department: Department) -> list[str]:
    with department.house.database.read() as db:
        return [use.state.value for use in seal_store.uses(db, department.seal.id)]


def test_a_void_gives_back_what_was_reserved_of_the_seal(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any) -> Any:
        raise NotAPage("out of order")

    monkeypatch.setattr(sealing, "prepare", refuse)
    with pytest.raises(NotAPage):
        department.issue()
    assert list(numbers(department.house).values()) == ["void"]
    assert uses(department) == ["void"]


def test_a_worker_that_wakes_up_after_the_void_leaves_no_use_reserved(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, real = department.house, page.draw

    def slow(*given: Any, **named: Any) -> Any:
        drawn = real(*given, **named)
        monkeypatch.setattr(page, "draw", lambda *_args, **_named: 1 / 0)
        resume(house, now + timedelta(hours=25))  # too late for anyone: a void
        return drawn

    monkeypatch.setattr(page, "draw", slow)
    with pytest.raises(Overtaken):
        department.issue()
    assert list(numbers(house).values()) == ["void"]
    assert uses(department) == ["void"]


def test_a_seal_that_was_replaced_meanwhile_keeps_no_use_reserved(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: Any) -> Any:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(sealing, "prepare", die)
        with pytest.raises(Crash):
            department.issue()
    house = department.house
    successor = lifecycle.make_seal(house, QIYUN, code13="8801010000033", by="test", now=now)
    lifecycle.replace(house, department.seal.id, successor.id, by="test", now=now)
    [number] = resume(house, now + timedelta(seconds=61))
    assert numbers(house) == {number: "issued"}
    assert uses(department) == ["void"]
    assert uses(replace(department, seal=successor)) == ["sealed"]


def test_one_that_cannot_be_finished_does_not_hold_up_the_others(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = page.draw

    def broken(*given: Any, **named: Any) -> Any:
        if given[0].data["extendedInformation"]["domicile"] == "此处有错":
            raise ZeroDivisionError
        return real(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(page, "draw", lambda *_args, **_named: 1 / 0)
        for key, domicile in (("a", "此处有错"), ("b", "栖云市望舒区示范路88号")):
            with pytest.raises(ZeroDivisionError):
                department.issue(key, domicile=domicile)
    monkeypatch.setattr(page, "draw", broken)
    house = department.house
    bad, good = numbers(house)
    assert resume(house, now + timedelta(seconds=61)) == [good]
    assert numbers(house) == {bad: "pending", good: "issued"}
    assert resume(house, now + timedelta(hours=25)) == [bad]
    assert numbers(house)[bad] == "void"


def test_a_status_list_that_is_half_full_is_followed_by_another(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.lists, "LIST_SIZE", 1)
    places = [(one.status_list, one.status_index) for one in (department.issue(key) for key in "abc")]
    assert places == [(1, 0), (2, 0), (3, 0)]
