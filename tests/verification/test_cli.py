"""`yinxin verify` and `yinxin trust fetch`: a check without server and database, and the public face."""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import app as front
from hub import clock
from hub.fetch import Fetch, NotReachable
from hub.web import isolated
from licenses import change
from licenses.model import License
from tests.verification.desk import CALLER, Desk
from verification.collect import NotTrusted, collect
from verification.model import Reason
from verification.trust import Trust
from yinxin.verify import load_trust, verify, verify_code

ROOT = Path(__file__).resolve().parents[2]


def site(desk: Desk) -> Fetch:
    """A way to the verification site of a house, without a socket."""
    fetch = Fetch(desk.house.settings)
    made = front.create_app(desk.house.settings, rooms=("verification",), house=desk.house)
    fetch.serve_here(desk.house.settings.verify_url, isolated(made.wsgi_app))
    return fetch


@pytest.fixture(scope="session")
def license(desk: Desk) -> License:
    return desk.issue("one")


@pytest.fixture(scope="session")
def folder(desk: Desk, license: License, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("trust") / "trust"
    collect(site(desk), desk.house.settings.verify_url, made, clock.now())
    return made


@pytest.fixture
def file(desk: Desk, license: License, tmp_path: Path) -> Path:
    path = tmp_path / "license.pdf"
    path.write_bytes(desk.file(license))
    return path


def run(file: Path, folder: Path, *options: str) -> Result:
    return CliRunner().invoke(front.main, ["verify", str(file), "--trust", str(folder), "--lang", "en", *options])


def test_a_valid_license_exits_with_0(file: Path, folder: Path) -> None:
    result = run(file, folder)
    assert result.exit_code == 0
    assert result.output.startswith("This license is valid: genuine, and in force.\n")
    assert "望舒示范餐饮有限公司" in result.output


def test_an_altered_license_exits_with_1(file: Path, folder: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")
    result = run(file, folder)
    assert result.exit_code == 1
    assert result.output.startswith("This file was changed after it was sealed.\n")


def test_a_file_that_cannot_be_judged_exits_with_2(file: Path, folder: Path) -> None:
    file.write_bytes(b"hello")
    assert run(file, folder).exit_code == 2


def test_a_program_reads_json(file: Path, folder: Path) -> None:
    body = json.loads(run(file, folder, "--json").output)
    assert (body["verdict"], body["reason"], body["door"]) == ("valid", "valid", "file")


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("roots.pem", Reason.trust_list_wrong),
        ("trust-list.jwt", Reason.no_trust_list),
        ("status", Reason.no_status),
    ],
)
def test_without_a_part_of_the_folder_it_cannot_say(
    file: Path, folder: Path, tmp_path: Path, lost: str, reason: Reason
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    body = json.loads(run(file, copy, "--json").output)
    assert (body["verdict"], body["reason"]) == ("cannot_say", reason.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("trust-list.jwt", Reason.trust_list_wrong), ("status/1.jwt", Reason.status_wrong)],
)
def test_a_spoiled_list_cannot_say(file: Path, folder: Path, tmp_path: Path, name: str, reason: Reason) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / name).write_bytes((copy / name).read_bytes()[:-6] + b"\xffAAAAA")
    body = json.loads(run(file, copy, "--json").output)
    assert (body["verdict"], body["reason"]) == ("cannot_say", reason.value)


def test_a_folder_that_is_not_renewed_says_less_and_less(file: Path, folder: Path) -> None:
    with clock.shifted(12 * 3600):
        body = json.loads(run(file, folder, "--json").output)
        assert body["verdict"] == "valid"
        assert body["evidence_age"] >= 12 * 3600 - 60
    with clock.shifted(2 * 86400):
        assert json.loads(run(file, folder, "--json").output)["reason"] == "status-old"
    with clock.shifted(30 * 86400):
        assert json.loads(run(file, folder, "--json").output)["reason"] == "trust-list-old"


# -- fetching


def test_the_next_fetch_brings_what_was_revoked(own_desk: Desk, tmp_path: Path) -> None:
    held, url, folder = own_desk.issue("one"), own_desk.house.settings.verify_url, tmp_path / "trust"
    first = collect(site(own_desk), url, folder, own_desk.now)
    assert first.new
    pdf = own_desk.file(held)
    assert verify(pdf, load_trust(folder, own_desk.now), own_desk.now).reason is Reason.valid
    change.revoke(
        own_desk.house, held.identifier, reason="x", legal_basis="y", decision="z", caller=CALLER, now=own_desk.now
    )
    again = collect(site(own_desk), url, folder, own_desk.now)
    assert not again.new
    trust = load_trust(folder, own_desk.now)
    assert verify(pdf, trust, own_desk.now).reason is Reason.revoked
    assert verify_code(held.code, trust, own_desk.now).reason is Reason.revoked


def test_another_root_than_the_published_one_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotTrusted):
        collect(site(desk), desk.house.settings.verify_url, tmp_path / "t", desk.now, root="00" * 32)
    assert not (tmp_path / "t").exists()


def test_the_published_root_is_taken(desk: Desk, folder: Path, tmp_path: Path) -> None:
    root = collect(site(desk), desk.house.settings.verify_url, folder, clock.now()).root
    assert collect(site(desk), desk.house.settings.verify_url, tmp_path / "t", clock.now(), root=root.upper()).new


def test_a_folder_does_not_change_its_root(own_desk: Desk, folder: Path, tmp_path: Path) -> None:
    """A site in other hands has other keys: what the folder trusts is not overwritten."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    pem = (copy / "roots.pem").read_text()
    stranger = Trust.load(copy, own_desk.now)
    assert stranger.list
    (copy / "roots.pem").write_text(pem.replace(pem.splitlines()[5], "A" * 64))
    with pytest.raises(NotTrusted):
        collect(site(own_desk), own_desk.house.settings.verify_url, copy, own_desk.now)


def test_an_older_list_is_not_taken_back(own_desk: Desk, tmp_path: Path) -> None:
    own_desk.issue("one")
    url, folder = own_desk.house.settings.verify_url, tmp_path / "trust"
    collect(site(own_desk), url, folder, own_desk.now)
    newer = own_desk.status_list(counter=10**6)
    (folder / "status/1.jwt").write_text(newer)
    with pytest.raises(NotTrusted, match="rolled-back"):
        collect(site(own_desk), url, folder, own_desk.now)
    assert (folder / "status/1.jwt").read_text() == newer


def test_the_list_of_another_site_is_refused(desk: Desk, tmp_path: Path) -> None:
    fetch = site(desk)
    made = front.create_app(desk.house.settings, rooms=("verification",), house=desk.house)
    fetch.serve_here("http://localhost:8009", isolated(made.wsgi_app))
    with pytest.raises(NotTrusted, match="localhost:8001"):
        collect(fetch, "http://localhost:8009", tmp_path / "t", desk.now)


def test_a_site_that_is_down_changes_nothing(desk: Desk, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(NotReachable):
        collect(
            Fetch(desk.house.settings.model_copy(update={"allowed_hosts": "localhost:9"})),
            "http://localhost:9",
            folder,
            desk.now,
        )
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


# -- the public face

FACE = """
import sys
for name in {names}: sys.modules[name] = None
from yinxin.verify import load_trust, verify
report = verify(open({file!r}, "rb").read(), load_trust({folder!r}))
print(report.verdict, report.reason, report.evidence_age is not None, bool(report.compare))
"""
SERVER_ONLY = [
    *("alembic", "argon2", "authlib", "babel", "click", "dramatiq", "flask", "granian", "jsonschema", "obstore", "PIL"),
    *("prometheus_client", "psycopg", "pydantic_settings", "qrcode", "redis", "sqlalchemy", "structlog", "typst"),
    *("webauthn", "zxingcpp", "fontTools"),
]


def test_the_public_face_works_without_the_server_s_libraries(file: Path, folder: Path) -> None:
    """`pip install yinxin` brings five libraries; five lines check a license with them."""
    program = FACE.format(names=SERVER_ONLY, file=str(file), folder=str(folder))
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["valid", "valid", "True", "True"], done.stderr


def test_a_clock_that_is_a_day_off_says_nothing_green(file: Path, folder: Path) -> None:
    now = clock.now()
    for off in (timedelta(days=-1), timedelta(minutes=-5)):
        report = verify(file.read_bytes(), load_trust(folder, now + off), now + off)
        assert report.reason is Reason.clock_wrong
