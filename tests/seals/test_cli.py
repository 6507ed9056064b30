"""The operators' commands: each does its one thing, and a refusal is a sentence, not a trace."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from hub.settings import Settings
from seals import store
from seals.cli import agency, seal
from seals.model import State
from tests.seals.conftest import CITY, HEALTH, Office

Run = Callable[..., Result]
COMMANDS = {"agency": agency, "seal": seal}


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `yinxin ...` in the test's installation."""
    assert settings.passphrase is not None
    for name, value in {
        "PROFILE": settings.profile,
        "DATA": str(settings.data),
        "REDIS_URL": settings.redis_url,
        "PASSPHRASE": settings.passphrase.get_secret_value(),
    }.items():
        monkeypatch.setenv(f"YINXIN_{name}", value)
    return lambda group, *words: CliRunner().invoke(COMMANDS[group], words)


def state(office: Office) -> State:
    with office.house.database.read() as db:
        return store.seal(db, office.seal.id).state


def test_from_an_agency_to_its_seal(office: Office, run: Run) -> None:
    added = run("agency", "add", HEALTH.code, HEALTH.name, "--name-en", HEALTH.name_en, "--place", CITY)
    assert added.exit_code == 0, added.output
    assert HEALTH.name in run("agency", "list", "--place", CITY).output
    assert HEALTH.name not in run("agency", "list", "--place", "hub/870000").output
    made = run("seal", "make", HEALTH.code, "8801010000025", "--line", "审批专用章", "--diameter", "40")
    assert made.exit_code == 0, made.output
    assert "8801010000025  active" in run("seal", "list").output
    with office.house.database.read() as db:
        assert store.seal_of(db, HEALTH.code).design.diameter_mm == 40


def test_suspend_resume_cancel(office: Office, run: Run) -> None:
    for words, after in (
        (("suspend", office.seal.id, "--reason", "audit"), State.suspended),
        (("resume", office.seal.id, "--reason", "done"), State.active),
        (("cancel", office.seal.id, "--cause", "key-compromise", "--reason", "lost"), State.cancelled),
    ):
        assert run("seal", *words).exit_code == 0
        assert state(office) is after


def test_a_grant_is_given_shown_and_taken_back(office: Office, run: Run) -> None:
    given = run("seal", "grant", office.seal.id, "health-site", "--purpose", "notice", "--per-day", "5")
    grant = given.output.split()[1].rstrip(":")
    assert f"grant {grant}: health-site for notice" in run("seal", "show", office.seal.id).output
    assert run("seal", "take-back", grant).exit_code == 0
    assert "taken back" in run("seal", "show", office.seal.id).output


def test_a_seal_shows_its_uses_and_its_picture(office: Office, run: Run, tmp_path: Path) -> None:
    use = office.reserve(bytes(32))
    shown = run("seal", "show", office.seal.id, "--svg", str(tmp_path / "seal.svg"))
    assert f"use {use.id}" in shown.output
    assert ET.parse(tmp_path / "seal.svg").getroot().get("width") == "42mm"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("seal", "suspend", "0", "--reason", "x"), "There is no seal 0"),
        (("seal", "make", "0" * 18, "8801010000025"), "There is no agency with the code"),
        (("seal", "make", "11880100DEM000049A", "1"), "A seal's code has 13 digits"),
        (("seal", "make", "11880100DEM000049A", "8801010000017"), "Such a seal exists already"),
        (("seal", "take-back", "0"), "There is no grant 0 in force"),
        (("agency", "add", "1", "x", "--name-en", "x", "--place", CITY), "This agency cannot be entered"),
        (("agency", "add", HEALTH.code, "x", "--name-en", "x", "--place", "hub/990000"), "There is no place"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_refusal_is_a_sentence(office: Office, run: Run, words: tuple[str, ...], sentence: str) -> None:
    refused = run(*words)
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert "Traceback" not in refused.output
