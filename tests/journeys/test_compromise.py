"""The key of a seal is stolen: one command, and every door refuses what the thief sealed and keeps what was sealed before."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from playwright._impl._driver import compute_driver_executable

import app as front
from certs import timestamp
from hub import clock, ledger
from hub.house import House
from licenses import compromised
from licenses.model import License, Status
from licenses.store import license as license_of
from seals import cage, documents, seal_document, sealing, store
from seals.model import Evidence, SealMaterial, SealUse, State
from tests.seals import foreign
from tests.verification.desk import CALLER, Desk, open_desk
from tests.verification.test_cli import site
from tests.verification.test_web import ask
from verification.collect import collect
from verification.web import STATIC

HOUR = timedelta(hours=1)
NODE, _ = compute_driver_executable()  # the browser's tests bring it along
REFUSED = ("The seal had been revoked when it was used.", "register knows no such sealed document.")
PAGE = """
const { judge } = await import(process.argv[1]);
const { readTrustList, readStatusList } = await import(new URL("signed.js", process.argv[1]));
let text = ""; for await (const part of process.stdin) text += part;
const given = JSON.parse(text);
const trust = await readTrustList(given.trust, given.pinned, given.now);
const list = await readStatusList(given.status, `${given.url}/status/1`, trust, given.now);
const evidence = { trust, list: () => ({ list }) };
const told = await judge(given.code, { verifyUrl: given.url, testEdition: true, evidence, now: given.now });
process.stdout.write(told.reason);
"""


@dataclass
class Doors:
    """The doors at which a license is checked."""

    desk: Desk
    client: FlaskClient
    folder: Path

    def upload(self, pdf: bytes) -> str:
        """The page for people."""
        return ask(self.client, file=(BytesIO(pdf), "license.pdf"))

    def api(self, pdf: bytes) -> str:
        """The door for programs."""
        data = {"file": (BytesIO(pdf), "license.pdf")}
        return str(self.client.post("/api/verify", data=data, content_type="multipart/form-data").get_json()["reason"])

    def code(self, license: License) -> str:
        """A code, at the door for programs."""
        return str(self.client.post("/api/verify", json={"code": license.code}).get_json()["reason"])

    def number(self, license: License) -> str:
        """A typed number."""
        return str(self.client.post("/api/verify", json={"number": license.identifier}).get_json()["reason"])

    def offline(self, pdf: bytes, tmp: Path) -> tuple[int, str]:
        """The folder as it was fetched, and no server."""
        path = tmp / "file.pdf"
        path.write_bytes(pdf)
        result = CliRunner().invoke(front.main, ["verify", str(path), "--trust", str(self.folder), "--lang", "en"])
        return result.exit_code, result.output.partition("\n")[0]

    def page(self, license: License) -> str:
        """The page on a phone: its own scripts judge the code by the signed lists."""
        url = self.desk.house.settings.verify_url
        given = {
            "code": license.code,
            "url": url,
            "now": int(clock.now().timestamp()),
            "pinned": [dict(self.desk.house.keys.jwk("trust-list"))],
            "trust": self.client.get("/trust-list.jwt").get_data(as_text=True),
            "status": self.client.get("/status/1").get_data(as_text=True),
        }
        done = subprocess.run(
            [NODE, "--input-type=module", "-e", PAGE, (STATIC / "judge.js").as_uri()],
            input=json.dumps(given), capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
        return done.stdout


@dataclass(frozen=True)
class Thief:
    """Who has the key and the certificate, and can ask the public clock, but not our register."""

    desk: Desk
    tool: SealMaterial
    evidence: Evidence

    def seals(self, page: bytes, at: datetime, *, stamped: bool = True) -> bytes:
        """A file under the stolen key."""
        house = self.desk.house
        evidence = replace(
            self.evidence, at=at, stamp=(lambda imprint: timestamp.token(house, imprint, at)) if stamped else None
        )
        spent = SealUse("stolen", self.tool.seal, "none", "business-license", bytes(32), "thief", "thief", at)
        return sealing.seal_once(cage.CAGE.prepare(page, self.tool, spent, None, evidence)).pdf


@pytest.fixture
def desk(house_on: House, now: datetime) -> Desk:
    return open_desk(house_on, now)


@pytest.fixture
def doors(desk: Desk, tmp_path: Path) -> Doors:
    made = front.create_app(desk.house.settings, rooms=("verification",), house=desk.house)
    return Doors(desk, made.test_client(), tmp_path / "trust")


@pytest.fixture
def command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command line, joined to this house."""

    @contextmanager
    def opened() -> Iterator[House]:
        yield desk.house

    for name in ("seals.compromise_cli.opened", "licenses.cli.opened"):
        monkeypatch.setattr(name, opened)

    def run(*words: str) -> str:
        result = CliRunner().invoke(front.main, list(words))
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_a_stolen_key(desk: Desk, doors: Doors, command: Callable[..., str], tmp_path: Path) -> None:
    house, seal = desk.house, desk.seal
    before = desk.issue("before")
    good = desk.file(before)
    thief = Thief(desk, *desk.material())
    since = clock.now() + HOUR
    with clock.shifted(2 * HOUR.total_seconds()):
        desk.now = clock.now()
        after = desk.issue("after")  # the department itself does not know yet
        late = desk.file(after)
        paper = _document(desk)
        stolen = [thief.seals(foreign.pdf(), clock.now()), thief.seals(foreign.pdf(), since - 2 * HOUR, stamped=False)]
        since_text = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        told = command("seal", "compromise", seal.id, "--since", since_text, "--reason", "Stolen", "--drill")
        assert "Drill, nothing was changed: 2 uses" in told
        assert doors.api(late) == "valid"
        told = command("seal", "compromise", seal.id, "--since", since_text, "--reason", "Stolen")
        assert "2 uses are to be made anew" in told
        assert after.sealed in told
        assert before.sealed not in told
    with clock.shifted(2 * HOUR.total_seconds() + 60):  # a minute later, everywhere
        compromised.suspend_fallen(house, clock.now())
        collect(site(desk), house.settings.verify_url, doors.folder, clock.now())
        _refused_everywhere(doors, [late, paper, *stolen], after, tmp_path)
        _kept_everywhere(doors, good, before, tmp_path)
        assert after.number in command("license", "fallen", seal.id, "--since", since_text)
        with house.database.read() as db:
            assert store.seal(db, seal.id).state is State.cancelled
            assert license_of(db, after.identifier).status is Status.suspended
            assert "seal.compromised" in {one.kind for one in ledger.events(db, subject=seal.id)}


def _document(desk: Desk) -> bytes:
    given = documents.upload(
        desk.house, foreign.pdf(), name="7.pdf", seal=desk.seal.id, kind="decision", caller=CALLER, now=desk.now
    )
    return documents.file(desk.house, seal_document.seal(desk.house, given.id, caller=CALLER, now=desk.now))


def _refused_everywhere(doors: Doors, files: list[bytes], license: License, tmp_path: Path) -> None:
    for pdf in files:
        assert doors.api(pdf) in ("seal-revoked", "unregistered")
        assert any(words in doors.upload(pdf) for words in REFUSED)
        assert doors.offline(pdf, tmp_path)[0] == 1
    assert {doors.code(license), doors.number(license), doors.page(license)} == {"suspended"}


def _kept_everywhere(doors: Doors, pdf: bytes, license: License, tmp_path: Path) -> None:
    assert doors.api(pdf) == "valid"
    assert "This license is valid: genuine, and in force." in doors.upload(pdf)
    assert doors.offline(pdf, tmp_path) == (0, "This license is valid: genuine, and in force.")
    assert (doors.code(license), doors.number(license)) == ("code-in-force", "number-in-force")
    assert doors.page(license) == "code-in-force"
