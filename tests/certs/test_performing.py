"""A ceremony from its plan to its transcript: what it makes, what it refuses, and how it goes on after a crash."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from cryptography import x509

from app import main
from certs import authority, ceremony, perform, plan, roll, rollover, safe, shares, status, store, transcript, trust
from certs.model import (
    ISSUING,
    ROOT,
    CeremonyRefused,
    Certificate,
    LegalPerson,
    LintFound,
    NoAuthority,
    ShareWrong,
    TranscriptWrong,
)
from hub import ledger
from hub.db import metadata
from hub.house import House, open_house
from hub.keys import KeyMissing, WrongPassphrase
from tests.certs.conftest import in_office, seal_certificate
from tests.conftest import settings_for

HUB = LegalPerson("11880000DEM000014J", "示范全国枢纽")
PEOPLE = ("李明", "王芳")


@pytest.fixture
def waiting(tmp_path: Path, valkey_url: str) -> Iterator[House]:
    """An installation whose PKI is to be made by a ceremony."""
    house = open_house(settings_for(tmp_path / "data", valkey_url))
    house.settings.data.mkdir(exist_ok=True)
    metadata.create_all(house.database.engine)
    safe.await_ceremony(house)
    yield house
    house.close()


class Room:
    """The room of the ceremony: plan, transcript, and the people with their shares."""

    def __init__(self, house: House, folder: Path, now: datetime) -> None:
        self.house, self.path, self.now = house, folder / "transcript.jsonl", now
        self.text = plan.standing(house.settings, HUB, PEOPLE, 2, 3).encode()
        self.held: list[str] = []
        self.asked = 0

    @property
    def plan(self) -> plan.Plan:
        return plan.read(self.text)

    def give(self, lines: Sequence[str]) -> None:
        self.held = list(lines)

    def take(self, needed: int) -> Sequence[str]:
        self.asked += 1
        return self.held[-needed:]

    def people(self, digest: str = "") -> list[tuple[str, str]]:
        return [(name, (digest or self.plan.digest)[:8]) for name in PEOPLE]

    def perform(self, people: list[tuple[str, str]] | None = None, digest: str = "") -> transcript.Transcript:
        between = perform.Shares(self.give, self.take)
        digest = digest or self.plan.digest
        return perform.perform(self.house, self.plan, digest, people or self.people(), self.path, between, self.now)

    def next(self, *steps: dict[str, object]) -> "Room":
        """The room of a later ceremony, with the shares of this one."""
        later = Room(self.house, self.path.parent, self.now)
        later.path = self.path.with_name(f"transcript-{len(steps)}.jsonl")
        later.text = yaml.safe_dump(yaml.safe_load(self.text) | {"steps": list(steps)}, allow_unicode=True).encode()
        later.held = self.held
        return later


@pytest.fixture
def room(waiting: House, tmp_path: Path, now: datetime) -> Room:
    return Room(waiting, tmp_path, now)


def every(house: House) -> list[Certificate]:
    with house.database.read() as db:
        return store.certificates(db)


# -- what it makes


def test_a_ceremony_makes_the_whole_pki(room: Room) -> None:
    house = room.house
    done = room.perform()
    assert done.is_done
    assert sorted(one.profile for one in every(house)) == sorted(name for name, _ in plan.POSTS)
    assert all("DEMO" not in one.subject for one in every(house))
    assert seal_certificate(house, room.now).valid_at(room.now)
    assert trust.trust_list(house, room.now).count(".") == 2
    for name in (ROOT, ISSUING, "service-ca"):
        assert x509.load_der_x509_crl(status.crl(house, name, room.now)).is_signature_valid(
            x509.load_der_x509_certificate(in_office(house, name).der).public_key()  # type: ignore[arg-type]
        )
    assert perform.verify(house, room.path) == []


def test_the_roots_key_is_not_in_the_custody_of_the_installation(room: Room) -> None:
    room.perform()
    assert not room.house.keys.exists("root")
    assert not list(room.house.keys.folder.glob("root*"))
    with pytest.raises(KeyMissing):
        roll.roll(room.house, ISSUING, room.now, by="test")
    with pytest.raises(WrongPassphrase):
        safe.opened(room.house, "0" * 64)


def test_nothing_of_a_demo_is_made_where_a_ceremony_is_waited_for(room: Room) -> None:
    ceremony.create_demo_pki(room.house, room.now)
    assert every(room.house) == []
    with pytest.raises(NoAuthority):
        authority.authority(room.house, ROOT, room.now)
    room.perform()
    before = every(room.house)
    ceremony.create_demo_pki(room.house, room.now)
    assert every(room.house) == before


def test_units_under_the_cas_are_renewed_without_the_root(room: Room) -> None:
    room.perform()
    later = room.now + timedelta(days=360)
    assert {one.profile for one in roll.renew(room.house, later)} == {roll.RESPONDER}


def test_a_later_ceremony_needs_the_shares_for_what_the_root_signs(room: Room) -> None:
    room.perform()
    before = status.crl(room.house, ROOT, room.now)
    later = room.next({"do": "roll", "name": ISSUING, "to": 2}, {"do": "sign-list", "of": "root"})
    later.now = room.now + timedelta(days=160)
    later.perform()
    assert later.asked == 1, "the safe is opened once"
    assert in_office(room.house, ISSUING).file == "issuing-2"
    assert status.crl(room.house, ROOT, later.now) != before
    assert perform.verify(room.house, later.path) == []


def test_a_root_names_its_successor_by_a_plan(room: Room) -> None:
    room.perform()
    later = room.next({"do": "roll", "name": ROOT, "to": 2}, {"do": "sign-list", "of": "root"})
    assert len(perform.dry_run(room.house, later.plan, room.now)) == 2
    later.now = room.now + timedelta(days=1)
    later.perform()
    later.perform()
    assert len(rollover.statements(room.house)) == 1
    assert [one.key for one in roll.generations(room.house, ROOT)] == ["root-2", "root"]
    assert perform.verify(room.house, later.path) == []
    assert not room.house.keys.exists("root-2"), "it rests in the safe"


def test_wrong_shares_open_nothing(room: Room) -> None:
    room.perform()
    later = room.next({"do": "roll", "name": ISSUING, "to": 2})
    later.held = shares.split(bytes(32), 2, 3)
    with pytest.raises(WrongPassphrase):
        later.perform()
    later.held = room.held[:1]
    with pytest.raises(ShareWrong):
        later.perform()
    assert in_office(room.house, ISSUING).file == "issuing"


def test_the_transcript_holds_no_share_and_the_ledger_no_name(room: Room) -> None:
    done = room.perform()
    written = room.path.read_text()
    digits = [re.sub(r"[\s-]", "", line)[15:-8] for line in room.held]
    assert not any(each in written or line in written for each, line in zip(digits, room.held, strict=True))
    assert all(name in written for name in PEOPLE)
    with room.house.database.read() as db:
        [event] = ledger.events(db, kind=perform.KIND, limit=10)
    assert event.facts == {"plan": room.plan.digest, "transcript": done.last}
    assert room.path.stat().st_mode & 0o777 == 0o600


# -- what it refuses


def test_an_installation_that_has_a_pki_does_not_wait_for_one(house: House) -> None:
    with pytest.raises(CeremonyRefused):
        safe.await_ceremony(house)
    assert not safe.place(house).exists()


@pytest.mark.parametrize(
    "people",
    [
        [("李明", ""), ("李明", "")],
        [("李明", ""), ("李 明 ", "")],
        [("李明", ""), ("赵强", "")],
        [("李明", "")],
        [("李明", ""), ("王芳", "00000000")],
    ],
    ids=["twice", "twice-with-a-space", "a-stranger", "alone", "other-digits"],
)
def test_people_who_cannot_hold_a_ceremony(room: Room, people: list[tuple[str, str]]) -> None:
    given = [(name, typed or room.plan.digest[:8]) for name, typed in people]
    with pytest.raises(CeremonyRefused):
        room.perform(given)
    assert every(room.house) == []
    assert not room.path.exists()


def test_another_plan_than_the_reviewed_one_is_refused(room: Room) -> None:
    reviewed = room.plan.digest
    room.text = room.text.replace(b"needed: 2", b"needed: 3")
    with pytest.raises(CeremonyRefused, match="not the plan"):
        room.perform(room.people(reviewed), digest=reviewed)
    assert every(room.house) == []


def test_a_plan_for_another_installation_is_refused(room: Room) -> None:
    other = room.house.settings.model_copy(update={"pki_url": "http://other.example"})
    room.house = replace(room.house, settings=other)
    room.text = room.text.replace(b"http://other.example", b"http://another.example")
    with pytest.raises(CeremonyRefused, match="another installation"):
        room.perform()


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0], lines[2].replace("issuing", "issuinG"), *lines[3:]],
        lambda lines: [lines[0].replace(PEOPLE[1], "赵强"), *lines[1:]],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:3], "{}", *lines[3:]],
        lambda lines: [lines[0] + " ", *lines[1:]],
    ],
    ids=["a-word", "a-person", "a-line-less", "other-order", "a-line-more", "a-space"],
)
def test_a_changed_transcript_is_refused(room: Room, change: Callable[[list[str]], list[str]]) -> None:
    room.perform()
    room.path.write_text("\n".join(change(room.path.read_text().splitlines())) + "\n")
    with pytest.raises(TranscriptWrong):
        room.perform()
    with pytest.raises(TranscriptWrong):
        perform.verify(room.house, room.path)


def test_the_transcript_of_another_plan_is_refused(room: Room) -> None:
    room.perform()
    later = room.next({"do": "sign-list", "of": "root"})
    later.path = room.path
    with pytest.raises(TranscriptWrong):
        later.perform()


def test_a_transcript_that_was_made_up_is_found_out(room: Room, tmp_path: Path) -> None:
    room.perform()
    facts = json.loads(room.path.read_text().splitlines()[3])["facts"] | {"sha256": "0" * 64}
    forged = transcript.Transcript(tmp_path / "forged", room.plan.digest)
    forged.write(-1, "begun", {"people": [{"name": "李明"}, {"name": "李 明"}]}, room.now)
    forged.write(2, "certify", facts, room.now)
    forged.write(3, "certify", facts | {"certificate": "4" * 40}, room.now)
    assert [line.partition(": ")[2] or line for line in perform.verify(room.house, forged.path)] == [
        "the ceremony did not come to its end",
        "two different people are not named",
        "the ledger does not know this transcript",
        "the register holds another certificate",
        "the register does not know the certificate",
    ]


def test_a_second_split_does_not_take_the_root_away(room: Room) -> None:
    room.perform()
    with pytest.raises(CeremonyRefused, match="has a key already"):
        room.next({"do": "split", "key": "root"}).perform()
    assert safe.holds(room.house)


# -- cut off


def test_a_ceremony_that_was_cut_off_anywhere_goes_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails after each step in turn, before the transcript tells of it."""

    class PowerFails(Exception):
        pass

    write = transcript.Transcript.write
    lives = 0
    while True:
        lives += 1
        calls = count(1)

        def failing(self: transcript.Transcript, *given: object, calls: "count[int]" = calls) -> None:
            if next(calls) == 2:
                raise PowerFails
            write(self, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(transcript.Transcript, "write", failing)
        try:
            room.perform()
        except PowerFails:
            with room.path.open("a") as torn:
                torn.write('{"step": 3, "wha')
            continue
        break
    assert lives > len(room.plan.steps)
    assert sorted(one.profile for one in every(room.house)) == sorted(name for name, _ in plan.POSTS)
    with room.house.database.read() as db:
        assert store.unsigned(db) == []
        assert len(ledger.events(db, kind=perform.KIND, limit=10)) == 1
    assert perform.verify(room.house, room.path) == []
    assert room.perform().is_done, "once more changes nothing"
    with room.house.database.read() as db:
        assert len(ledger.events(db, kind=perform.KIND, limit=10)) == 1


# -- the dry run, and the commands


def test_a_dry_run_leaves_nothing(room: Room) -> None:
    lines = perform.dry_run(room.house, room.plan, room.now)
    assert len(lines) == len(room.plan.steps)
    assert lines[0] == "split key=root: 3 shares"
    assert "示范全国枢纽 Root CA" in lines[2]
    assert every(room.house) == []
    assert not safe.holds(room.house)
    assert not room.house.keys.exists("issuing-ca")


def test_a_dry_run_of_a_roll_over_stands_on_posts_of_its_own(room: Room) -> None:
    later = room.next({"do": "roll", "name": ISSUING, "to": 2}, {"do": "sign-list", "of": "root"})
    assert len(perform.dry_run(room.house, later.plan, room.now)) == 2


def test_a_dry_run_finds_what_the_linter_would_find(room: Room) -> None:
    bad = room.house.settings.model_copy(update={"pki_url": "https://pki.yinxin.example.com"})
    with pytest.raises(LintFound):
        perform.dry_run(replace(room.house, settings=bad), room.plan, room.now)


@pytest.fixture
def run(waiting: House, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The `yinxin` command in the installation that waits."""
    settings = waiting.settings
    assert settings.passphrase is not None
    for name, value in {
        "PROFILE": settings.profile,
        "DATA": str(settings.data),
        "REDIS_URL": settings.redis_url,
        "PASSPHRASE": settings.passphrase.get_secret_value(),
    }.items():
        monkeypatch.setenv(f"YINXIN_{name}", value)

    def command(*arguments: str, typed: str = "", code: int = 0) -> str:
        done: Result = CliRunner().invoke(main, ["ceremony", *arguments], input=typed)
        assert done.exit_code == code, done.output
        return done.output

    return command


def test_the_commands_from_plan_to_verify(run: Callable[..., str], waiting: House, tmp_path: Path) -> None:
    file, told, usb = tmp_path / "plan.yaml", tmp_path / "transcript", tmp_path / "usb"
    usb.mkdir()
    who = ("--organisation", HUB.name, "--code", HUB.code, "--administrator", PEOPLE[0], "--witness", PEOPLE[1])
    assert "Next: yinxin ceremony dry-run" in run("plan", "--out", str(file), *who, "--needed", "2", "--of", "3")
    assert "is there already" in run("plan", "--out", str(file), *who, code=1)
    said = run("dry-run", str(file))
    digest = said.split()[-1]
    assert "would certify" in said
    names = f"{PEOPLE[0]}\n{digest[:8]}\n{PEOPLE[1]}\n{digest[:8]}\n"
    arguments = ("run", str(file), "--digest", digest, "--transcript", str(told))
    assert "--shares" in run(*arguments, typed=names, code=1), "the new shares need a place"
    said = run(*arguments, "--shares", str(usb), typed=names)
    assert "leave none there" in said
    files = sorted(usb.iterdir())
    assert [each.stat().st_mode & 0o777 for each in files] == [0o600] * 3
    assert "0 findings" in run("verify", str(told))
    # A later one: one share is brought as a file, the other is typed, after a slip.
    later = tmp_path / "later.yaml"
    content = yaml.safe_load(file.read_text()) | {"steps": [{"do": "roll", "name": "service-ca", "to": 2}]}
    later.write_text(yaml.safe_dump(content, allow_unicode=True))
    digest = run("dry-run", str(later)).split()[-1]
    names = f"{PEOPLE[0]}\n{digest[:8]}\n{PEOPLE[1]}\n{digest[:8]}\n"
    share = files[2].read_text().strip()
    arguments = ("run", str(later), "--digest", digest, "--transcript", str(tmp_path / "second"))
    said = run(*arguments, "--share", str(files[0]), typed=f"{names}{share[:-1]}\n{share}\n")
    assert "A character of it is wrong" in said
    assert share not in said
    assert in_office(waiting, "service-ca").file == "services-2"
    told.write_text(told.read_text().replace("Root", "Rot"))
    assert "not as it was written" in run("verify", str(told), code=1)
