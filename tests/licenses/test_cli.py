"""The operators' commands: each does its one thing, tells it, and ends with the exit code that scripts rely on."""

import csv
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

import app
from hub import clock, ledger
from hub.settings import Settings
from licenses import page, store
from licenses.issue import LEASE
from licenses.model import Status
from tests.licenses.conftest import COMPANY, QIYUN, Department
from tests.licenses.test_batch import as_csv, company

Run = Callable[..., Result]
WHY = ("--reason", "复查不合格", "--legal-basis", "食品安全法第一百二十六条", "--decision", "栖市监罚〔2026〕1号")


@pytest.fixture
def run(department: Department, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run `yinxin …` in the test's installation."""
    assert settings.passphrase
    given = {
        "DATA": settings.data,
        "REDIS_URL": settings.redis_url,
        "PASSPHRASE": settings.passphrase.get_secret_value(),
    }
    for name, value in (given | {"PROFILE": "demo"}).items():
        monkeypatch.setenv(f"YINXIN_{name}", str(value))
    handlers = logging.getLogger().handlers[:]
    yield lambda *words: CliRunner().invoke(app.main, [str(word) for word in words])
    logging.getLogger().handlers[:] = handlers
    structlog.reset_defaults()


@pytest.fixture
def issue(run: Run, tmp_path: Path) -> Run:
    """Run `yinxin issue` with a file of these rows."""

    def issue_file(*rows: dict[str, Any], name: str = "companies.csv", more: tuple[Any, ...] = ()) -> Result:
        path = tmp_path / name
        path.write_bytes(as_csv(*rows) if name.endswith("csv") else json.dumps(list(rows)).encode())
        return run("issue", "--agency", QIYUN.code, "--kind", "business-license", "--file", path, *more)

    return issue_file


def result(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_file_becomes_licenses_and_a_result(department: Department, issue: Run, tmp_path: Path) -> None:
    told = issue(company(1), company(2), more=("--out", tmp_path / "out"))
    assert told.exit_code == 0, told.output
    assert "2 rows: 2 issued." in told.stdout
    rows = result(tmp_path / "out" / "result.csv")
    assert [(row["row"], row["state"], row["why"]) for row in rows] == [("2", "issued", ""), ("3", "issued", "")]
    house = department.house
    for row in rows:
        assert (tmp_path / "out" / f"{row['number']}.pdf").read_bytes() == house.blobs.get(row["sha256"])
        with house.database.read() as db:
            fetched = ledger.events(db, subject=row["number"], kind="license.file-fetched")
        assert [event.by for event in fetched] == ["client:command-line"]


def test_the_log_does_not_stand_in_the_result(issue: Run) -> None:
    told = issue(company(1))
    assert "license.issued" in told.stderr
    assert "license.issued" not in told.stdout


def test_the_same_file_again_issues_nothing_twice(department: Department, issue: Run, tmp_path: Path) -> None:
    issue(company(1), company(2))
    again = issue(company(1), company(2))
    assert again.exit_code == 0
    assert "2 rows: 2 known." in again.stdout
    assert [row["state"] for row in result(tmp_path / "companies.csv.result.csv")] == ["known", "known"]
    with department.house.database.read() as db:
        assert len(store.found(db, "hub")) == 2


def test_the_name_of_a_batch_can_be_said(issue: Run) -> None:
    issue(company(1))
    assert "1 known" in issue(company(1), name="copy.json", more=("--batch", "companies.csv")).stdout
    assert "1 issued" in issue(company(1), more=("--batch", "next year")).stdout


def test_a_refused_row_is_named_and_is_exit_code_1(issue: Run, tmp_path: Path) -> None:
    told = issue(company(1), company(2, unified_code="91880101DEM0000810"))
    assert told.exit_code == 1
    assert "2 rows: 1 issued, 1 refused." in told.stdout
    assert "     3  refused " in told.stdout
    why = result(tmp_path / "companies.csv.result.csv")[1]["why"]
    assert "unified_code: The check character of the code is wrong" in why


def test_a_dry_run_issues_nothing(department: Department, issue: Run) -> None:
    told = issue(company(1), more=("--dry-run",))
    assert (told.exit_code, "1 rows: 1 correct." in told.stdout) == (0, True)
    with department.house.database.read() as db:
        assert list(store.every_number(db)) == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (("--kind", "pilot-license"), "There is no such kind of license"),
        (("--kind", "residence-permit"), "Your agency may not issue this"),
        (("--agency", "11870100DEM000065U"), "There is no such agency"),
    ],
)
def test_a_wrong_order_is_one_sentence(issue: Run, changed: tuple[str, str], why: str) -> None:
    told = issue(company(1), more=changed)
    assert told.exit_code == 1
    assert why in told.stderr
    assert "Traceback" not in told.output


def test_a_file_that_is_no_list_is_one_sentence(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{")
    told = run("issue", "--agency", QIYUN.code, "--kind", "business-license", "--file", path)
    assert told.exit_code == 1
    assert "cannot be read as a list of applications: It is not JSON" in told.stderr


def test_resume_finishes_what_was_left(department: Department, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(page, "draw", lambda *_args, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            department.issue()
    assert "0 finished, 1 being worked on" in run("resume").stdout
    with clock.shifted(LEASE.total_seconds() + 1):
        told = run("resume")
    assert "  issued\n1 finished, 0 being worked on" in told.stdout
    assert told.exit_code == 0


def test_a_license_is_shown_without_what_stands_on_it(department: Department, run: Run) -> None:
    license = department.issue()
    run("license", "suspend", license.number, *WHY)
    told = run("license", "show", license.number)
    assert told.exit_code == 0
    assert f"{license.number}  [suspended]" in told.stdout
    assert license.sealed in told.stdout
    assert "suspend by client:command-line: 复查不合格" in told.stdout
    assert "license.issued by client:market" in told.stdout
    assert not [text for text in (COMPANY["name"], COMPANY["domicile"]) if str(text) in told.stdout]


def test_suspend_reinstate_revoke(department: Department, run: Run) -> None:
    number = department.issue().number
    for step, after in (("suspend", Status.suspended), ("reinstate", Status.valid), ("revoke", Status.revoked)):
        told = run("license", step, number, *WHY)
        assert (told.exit_code, f"{number} is {after.value}" in told.stdout) == (0, True), told.output
        with department.house.database.read() as db:
            assert store.license(db, number).status is after
            assert ledger.events(db, subject=number, kind=f"license.{step}")[0].by == "client:command-line"
    refused = run("license", "reinstate", number, *WHY)
    assert refused.exit_code == 1
    assert "does not allow" in refused.stderr


@pytest.mark.parametrize("step", ["suspend", "reinstate", "revoke"])
def test_a_change_without_its_reasons_is_refused(department: Department, run: Run, step: str) -> None:
    number = department.issue().number
    assert run("license", step, number).exit_code == 2
    assert run("license", step, number, *WHY[:4], "--decision", " ").exit_code == 1


@pytest.mark.parametrize("step", ["show", "suspend", "reinstate", "revoke"])
def test_a_number_that_is_none_is_a_sentence(run: Run, step: str) -> None:
    told = run("license", step, "2.999.1", *(() if step == "show" else WHY))
    assert told.exit_code == 1
    assert "There is no license 2.999.1" in told.stderr


def test_fsck_says_that_all_agrees_or_names_what_does_not(department: Department, run: Run) -> None:
    license = department.issue()
    told = run("fsck")
    assert told.exit_code == 0
    assert "1 numbers, 1 licenses, 1 files, 1 seal uses" in told.stdout
    assert "they agree" in told.stdout
    path = department.house.settings.data / "blobs" / license.sealed[:2] / license.sealed
    path.write_bytes(b"%PDF-")
    assert run("fsck", "--quick").exit_code == 0
    told = run("fsck")
    assert told.exit_code == 1
    assert f"{license.number}: its file {license.sealed} is damaged" in told.stdout
    assert "1 faults" in told.stdout
