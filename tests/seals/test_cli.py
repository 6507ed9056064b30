"""The operators' commands: each does its one thing, and a refusal is a sentence, not a trace."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from certs import timestamp
from certs.model import NoAuthority
from hub.settings import Settings
from seals import lift, store
from seals.cli import agency, seal
from seals.model import State
from tests.seals.conftest import CITY, HEALTH, Office
from tests.seals.test_lift import sealed

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


def test_the_long_way_by_three_hands(office: Office, run: Run) -> None:
    run("agency", "add", HEALTH.code, HEALTH.name, "--name-en", HEALTH.name_en, "--place", CITY)
    applied = run(
        "seal", "apply", HEALTH.code, "8801010000025", "--measure", "foreign", "--by", "clerk", "--line", "专用章"
    )
    assert applied.exit_code == 0, applied.output
    id = applied.output.split()[0]
    assert "Someone else must do this" in run("seal", "approve", id, "--by", "clerk", "--document", "1").output
    for words, after in (
        (("approve", id, "--by", "auditor", "--document", "2026-18"), "approved"),
        (("make-approved", id, "--by", "maker"), "made"),
        (("file", id, "--number", "GA-1", "--by", "filer"), "filed"),
        (("activate", id, "--by", "clerk"), "active"),
    ):
        done = run("seal", *words)
        assert done.exit_code == 0, done.output
        assert f"  {after}" in done.output
    life = run("seal", "life", id).output
    assert "approve by auditor [2026-18]" in life
    assert run("seal", "make-ordered").output == "0 made, 0 waiting\n"
    refused = run("seal", "apply", HEALTH.code, "8801010000033", "--by", "clerk")
    refused = run("seal", "reject", refused.output.split()[0], "--by", "auditor", "--reason", "again")
    assert "rejected" in refused.output
    other = run("seal", "make", HEALTH.code, "8801010000041", "--algorithm", "P-384").output.split()[0]
    assert "replaced" in run("seal", "replace", id, other, "--by", "clerk").output


def test_the_two_questions(office: Office, run: Run) -> None:
    given = run(
        "seal",
        "grant",
        office.seal.id,
        "--officer",
        "p1",
        "--purpose",
        "document",
        "--kind",
        "notice",
        "--per-day",
        "5",
    )
    assert given.exit_code == 0, given.output
    found = run("seal", "who", office.seal.id, "--purpose", "document", "--kind", "notice").output
    assert "officer p1" in found
    assert "[5 left today]" in found
    assert "officer" not in run("seal", "who", office.seal.id, "--purpose", "document", "--kind", "letter").output
    assert "document of kinds notice [5 left today]" in run("seal", "may", "--officer", "p1").output
    assert run("seal", "may", "--client", "stranger").output == "nothing\n"
    run("seal", "suspend", office.seal.id, "--reason", "audit")
    assert run("seal", "who", office.seal.id, "--purpose", "document").output == "nobody\n"


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


def test_documents_that_wait_for_evidence_are_listed_and_lifted_at_once(
    office: Office, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> bytes:
        raise NoAuthority("down")

    with monkeypatch.context() as outage:
        outage.setattr(timestamp, "token", down)
        sealed(office)
        shown = run("seal", "evidence", "--now").output
    assert "0 archive editions made" in shown
    assert "1 documents wait for evidence" in shown
    assert "tried 1 times in vain (time-stamp)" in shown
    lift.lift(office.house, office.now + timedelta(hours=1))
    assert run("seal", "evidence").output == "0 documents wait for evidence\n"


def test_a_seal_is_made_with_a_key_of_the_kind_that_was_asked_for(office: Office, run: Run) -> None:
    made = run("seal", "make", HEALTH.code, "8801010000025", "--algorithm", "P-384")
    assert made.exit_code == 0, made.output
    with office.house.database.read() as db:
        (found,) = store.seals(db, agency=HEALTH.code)
    assert found.algorithm == "P-384"
    assert run("seal", "make", HEALTH.code, "8801010000033", "--algorithm", "RSA-1024").exit_code == 2
