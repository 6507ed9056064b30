"""The kernel's commands: what an operator types, and the sentence he gets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub import clock, ledger, outbox
from hub.house import open_house
from hub.process import ROOT
from hub.settings import read
from tests.hub import front
from tests.hub.test_serve import Running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (("PROFILE", "demo"), ("DATA", str(tmp_path / "data")), ("PASSPHRASE", "test")):
        monkeypatch.setenv(f"YINXIN_{name}", value)
    front.init(tmp_path / "data")
    house = open_house(read())
    with house.database.write() as db:
        ledger.wrote(db, "license.issued", "X-1", by="client:a", at=clock.now())
    ledger.sequence(house, clock.now())
    house.close()
    return tmp_path / "data"


def typed(*words: str) -> Result:
    return CliRunner().invoke(front.main, words)


def test_the_ledger_is_checked_and_its_head_is_told(folder: Path) -> None:
    result = typed("ledger", "verify")
    assert result.exit_code == 0
    assert "The ledger is whole: 1 events, head " in result.output


def test_an_operator_sees_what_waits_for_whom_and_why_and_no_person(folder: Path) -> None:
    house = open_house(read())
    with house.database.write() as db:
        outbox.queue(db, "idp.logout", "https://elsewhere.example/told", {}, clock.now())
        outbox.queue(db, "sms", "person-7", {}, clock.now())
    outbox.deliver(house, clock.now(), {"sms": lambda *_: None})
    house.close()
    waiting = typed("deliveries", "--state", "waiting").output
    assert "https://elsewhere.example/told" in waiting
    assert "may not be called" in waiting
    everything = typed("deliveries")
    assert everything.exit_code == 0, everything.output
    assert "https://elsewhere.example/told" in everything.output
    assert "person-7" not in everything.output


def test_a_command_without_an_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINXIN_DATA", str(tmp_path / "nowhere"))
    result = typed("deliveries")
    assert result.exit_code == 1
    assert "There is no installation here" in result.output
    assert not (tmp_path / "nowhere").exists()


def test_a_broken_ledger_is_exit_code_1_and_a_sentence(folder: Path) -> None:
    house = open_house(read())
    with house.database.write() as db:
        db.execute(ledger.event_table.update().values(subject="X-2"))
    house.close()
    result = typed("ledger", "verify")
    assert result.exit_code == 1
    assert "The ledger is broken: Leaf 0 was changed" in result.output


def test_a_backup_is_made_and_brought_back(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert typed("backup", str(tmp_path / "box")).exit_code == 0
    monkeypatch.setenv("YINXIN_DATA", str(tmp_path / "again"))
    result = typed("restore", str(tmp_path / "box"))
    assert result.exit_code == 0, result.output
    assert "Restored" in result.output
    assert typed("ledger", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PASSPHRASE", "wrong", "cannot be opened"),
        ("DATA", "", "is not empty"),  # the installation that is there
        ("PORT", "many", "YINXIN_PORT"),
    ],
)
def test_a_restore_that_cannot_be_is_a_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    assert typed("backup", str(tmp_path / "box")).exit_code == 0
    monkeypatch.setenv("YINXIN_DATA", str(tmp_path / "again"))
    monkeypatch.setenv(f"YINXIN_{name}", value or str(folder))
    result = typed("restore", str(tmp_path / "box"))
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_without_a_passphrase_there_is_no_backup(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YINXIN_PASSPHRASE")
    result = typed("backup", str(tmp_path / "box"))
    assert result.exit_code == 1
    assert "YINXIN_PASSPHRASE_FILE" in result.output


def test_production_does_not_start_without_a_passphrase(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YINXIN_PASSPHRASE")
    monkeypatch.setenv("YINXIN_PROFILE", "production")
    result = typed("serve")
    assert result.exit_code == 1
    assert "YINXIN_PASSPHRASE_FILE" in result.output


@pytest.mark.slow
def test_the_real_house_is_served_with_one_worker_and_one_thread(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "real" / "data"
    environment = {**os.environ, "YINXIN_DATA": str(data)}
    subprocess.run([sys.executable, "-m", "app", "init"], cwd=ROOT, env=environment, check=True, stdout=-1)
    running = Running(data, "--workers", "1", "--threads", "1", main="app")
    assert running.ask("/readyz")[0] == 200
    assert running.ask("/readyz", verification=True)[0] == 200
    assert running.stop() == 0
