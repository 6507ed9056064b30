"""A file of applications: each row ends as a license or with its reason, nothing is lost, nothing is issued twice."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licenses import batch, page, store
from licenses.batch import Order, Outcome, State
from licenses.model import NotRows, NotYourKind
from seals import lifecycle
from seals.model import AgencyUnknown, SealUnknown
from tests.licenses.conftest import COMPANY, QIYUN, Department


def as_csv(*rows: dict[str, Any], encoding: str = "utf-8") -> bytes:
    written = io.StringIO()
    table = csv.DictWriter(written, list(dict.fromkeys(key for row in rows for key in row)))
    table.writeheader()
    table.writerows(rows)
    return written.getvalue().encode(encoding)


def company(number: int = 0, **fields: Any) -> dict[str, Any]:
    return COMPANY | {"domicile": f"栖云市望舒区示范路{number}号"} | fields


def order(department: Department, name: str = "companies.csv", **given: Any) -> Order:
    asked = {"kind": "business-license", "agency": QIYUN.code, "name": name, "client": "command-line"}
    return batch.order(department.house, **asked | given, now=department.now)


Run = Callable[..., list[Outcome]]


@pytest.fixture
def run(department: Department) -> Run:
    def run_one(data: bytes, name: str = "companies.csv", do: Any = batch.issue_row, later: float = 1) -> list[Outcome]:
        rows = batch.read(name, data)
        now = department.now + timedelta(seconds=later)
        return [do(department.house, order(department, name), row, now) for row in rows]

    return run_one


def states(outcomes: list[Outcome]) -> list[str]:
    return [outcome.state.value for outcome in outcomes]


def licenses(department: Department) -> int:
    with department.house.database.read() as db:
        return len(store.found(db, "hub"))


def test_each_row_becomes_a_license(department: Department, run: Run) -> None:
    outcomes = run(as_csv(company(1), company(2)))
    assert [(one.row, one.state.value) for one in outcomes] == [(2, "issued"), (3, "issued")]
    assert all(one.license and one.license.agency == QIYUN.code for one in outcomes)
    assert licenses(department) == 2


def test_the_same_file_again_issues_nothing_twice(department: Department, run: Run) -> None:
    data = as_csv(company(1), company(2))
    first, second = run(data), run(data, later=2)
    assert states(second) == ["known", "known"]
    assert [one.license for one in first] == [one.license for one in second]
    assert licenses(department) == 2


def test_a_corrected_file_issues_only_the_corrected_row(department: Department, run: Run) -> None:
    assert states(run(as_csv(company(1), company(2, established="never")))) == ["issued", "refused"]
    assert states(run(as_csv(company(1), company(2)), later=2)) == ["known", "issued"]
    assert licenses(department) == 2


def test_rows_in_another_order_are_the_same_rows(department: Department, run: Run) -> None:
    run(as_csv(company(1), company(2)))
    assert states(run(as_csv(company(3), company(2), company(1)), later=2)) == ["issued", "known", "known"]


def test_another_file_is_another_batch(department: Department, run: Run) -> None:
    assert states(run(as_csv(company(1)))) == states(run(as_csv(company(1)), "next-year.csv")) == ["issued"]
    assert licenses(department) == 2


def test_a_row_that_stands_there_twice_is_issued_once(department: Department, run: Run) -> None:
    outcomes = run(as_csv(company(1), company(2), company(1)))
    assert states(outcomes) == ["issued", "issued", "refused"]
    assert outcomes[2].why == "this row is the same as row 2"


def test_json_and_csv_say_the_same(department: Department, run: Run) -> None:
    text = company(1) | {"registered_capital": "5000000"}
    assert batch.read("a.csv", as_csv(text))[0].content == batch.read("a.json", json.dumps(text).encode())[0].content


@pytest.mark.parametrize("said", [company(1), [company(1)]], ids=["object", "list"])
def test_json_may_be_one_object_or_a_list(department: Department, run: Run, said: Any) -> None:
    assert [(one.row, one.state.value) for one in run(json.dumps(said).encode(), "a.json")] == [(1, "issued")]


def test_dates_may_stand_beside_the_fields() -> None:
    [row] = batch.read("a.json", json.dumps(company(1) | {"valid_from": "2026-11-01", "valid_until": ""}).encode())
    assert (row.valid_from, row.valid_until) == (date(2026, 11, 1), None)
    assert "valid_from" not in row.fields


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_as_spreadsheets_save_it_is_read(encoding: str) -> None:
    [row] = batch.read("a.csv", as_csv(company(1), encoding=encoding))
    assert row.fields["name"] == COMPANY["name"]


def test_empty_cells_and_rows_say_nothing() -> None:
    data = b"unified_code,name_en\n,\n91880101DEM000081U,\n\n"
    [row] = batch.read("a.csv", data)
    assert (row.number, row.fields) == (3, {"unified_code": "91880101DEM000081U"})


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"", "no rows"),
        ("a.csv", b"name,unified_code\n", "no rows"),
        ("a.csv", b"name,,x\n1,2,3\n", "first row must name each field once"),
        ("a.csv", b"name,name\n1,2\n", "first row must name each field once"),
        ("a.csv", b'name,x\n"1,2\n', "Row 2 cannot be read"),
        ("a.csv", b"\xff\xff\xff", "not text"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"[]", "no rows"),
        ("a.json", b"[" * 100_000, "not JSON"),
    ],
)
def test_a_file_that_holds_no_rows_is_refused(name: str, data: bytes, why: str) -> None:
    with pytest.raises(NotRows, match=why):
        batch.read(name, data)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"name,x\n1,2,3\n", "3 cells, the first row names 2"),
        ("a.csv", b"name,valid_from\n1,tomorrow\n", "give a day"),
        ("a.json", b'[1, {"valid_until": 5}]', "not an object"),
        ("a.json", b'[{"valid_until": 5}]', "give a day"),
        ("a.json", b'[{"name": "x"}]', "unified_code: This field is required"),
        ("a.json", json.dumps(company(1, unified_code="91880101DEM0000810")).encode(), "check character"),
        ("a.json", json.dumps(company(1, nonsense=1)).encode(), "nonsense: This kind of license has no such field"),
        ("a.json", json.dumps(company(1, domicile="栖云市𰀀路")).encode(), r"U\+30000"),
    ],
)
def test_a_row_that_is_wrong_says_what(run: Run, name: str, data: bytes, why: str) -> None:
    for do in (batch.check_row, batch.issue_row):
        first = run(data, name, do)[0]
        assert first.state is State.refused
        assert re.search(why, first.why), first.why


def test_a_dry_run_reserves_nothing(department: Department, run: Run) -> None:
    assert states(run(as_csv(company(1), company(2, name="")), do=batch.check_row)) == ["correct", "refused"]
    with department.house.database.read() as db:
        assert list(store.every_number(db)) == []
    assert list(department.house.blobs.digests()) == []


def test_one_row_that_fails_does_not_hold_up_the_others(
    department: Department, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = page.draw

    def broken(*given: Any, **named: Any) -> Any:
        if "示范路2号" in given[0].json.decode():
            raise ZeroDivisionError
        return real(*given, **named)

    data = as_csv(company(1), company(2), company(3))
    with monkeypatch.context() as patched:
        patched.setattr(page, "draw", broken)
        outcomes = run(data)
    assert states(outcomes) == ["issued", "later", "issued"]
    assert "ZeroDivisionError" in outcomes[1].why
    assert states(run(data, later=5)) == ["known", "later", "known"]  # its number is still leased
    assert states(run(data, later=120)) == ["known", "known", "known"]  # finished under the number it had
    assert licenses(department) == 3


def test_a_row_whose_number_ended_as_a_void_gets_a_new_one(department: Department, run: Run, now: datetime) -> None:
    data, seal = as_csv(company(1)), department.seal.id
    [row], ready = batch.read("companies.csv", data), order(department)
    lifecycle.suspend(department.house, seal, reason="audit", by="test", now=now)
    assert batch.issue_row(department.house, ready, row, now).state is State.refused
    lifecycle.resume(department.house, seal, reason="done", by="test", now=now)
    assert states(run(data)) == ["issued"]
    assert states(run(data, later=2)) == ["known"]
    with department.house.database.read() as db:
        assert [number.state for number in store.every_number(db)] == ["void", "issued"]


def test_what_every_row_needs_is_checked_before_the_first(department: Department) -> None:
    with pytest.raises(NotYourKind):
        order(department, kind="residence-permit")
    with pytest.raises(AgencyUnknown):
        order(department, agency="11870100DEM000065U")
    lifecycle.suspend(department.house, department.seal.id, reason="audit", by="test", now=department.now)
    with pytest.raises(SealUnknown):
        order(department)


@given(st.binary(max_size=300), st.sampled_from(["a.json", "a.csv"]))
def test_no_file_is_a_crash(data: bytes, name: str) -> None:
    try:
        rows = batch.read(name, data)
    except NotRows:
        return
    assert rows
    assert replace(rows[0], number=9).content == rows[0].content
