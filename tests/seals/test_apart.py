"""The sealing role apart: another process holds the keys of seals, and signs over mutual TLS what a reserved use allows."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certs import services
from certs import store as certificates
from certs.model import ROOT
from hub import token_line
from hub.callers import Caller
from hub.house import House, open_house
from hub.keys import KeyMissing
from hub.keys.elsewhere import SealerGone, SealerRefused
from hub.settings import BadSetting, Settings
from idp.cli_keys import keys as keys_command
from licenses.issue import SOON, resume
from seals import apart, cms, use
from seals.model import SealNotInForce
from tests.faults.crew import ROOT as REPOSITORY
from tests.faults.crew import environment_of
from tests.licenses.conftest import Department, department_in
from verification.answer import verify
from verification.model import Verdict

pytestmark = pytest.mark.installation
REST = 0.1  # seconds for which an unreachable process is left alone; five in reality
ISSUING, STRANGER, HOST = "issuing.example", "stranger.example", "sealing.example"


@dataclass
class Two:
    """An issuing installation, and the sealing process beside it with a folder of its own."""

    house: House
    folder: Path
    department: Department
    started: Callable[[], Any]

    def issuing(self, url: str, name: str = ISSUING) -> House:
        """The issuing side as it is after the split, with one of the certificates."""
        given = {"sealer_url": url, "sealer_ca": self.folder / "root.pem"}
        given |= {"sealer_certificate": self.folder / f"{name}.pem", "sealer_key": self.folder / f"{name}.key"}
        return open_house(Settings(**(self.house.settings.model_dump() | given)))


def pair(house: House, folder: Path, name: str, now: datetime, *, client: bool) -> None:
    """A key and its certificate under the CA of services, as `yinxin pki tls` makes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    asked = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    pem = asked.public_bytes(serialization.Encoding.PEM)
    chain = services.certify_host(house, pem, [name], now, by="test", client=client)
    write(folder / f"{name}.pem", *(one.der for one in chain))


def write(path: Path, *ders: bytes) -> None:
    made = [x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM) for der in ders]
    path.write_bytes(b"".join(made))


def certificates_of_both(house: House, folder: Path, now: datetime) -> None:
    folder.mkdir()
    pair(house, folder, HOST, now, client=False)
    for name in (ISSUING, STRANGER):
        pair(house, folder, name, now, client=True)
    with house.database.read() as db:
        (root,) = certificates.certificates(db, profile=ROOT)
    write(folder / "root.pem", root.der)


@pytest.fixture
def two(house: House, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Two:
    monkeypatch.setattr(token_line, "REST", REST)
    real = socket.getaddrinfo
    here = lambda host, *given, **more: real("127.0.0.1" if host == HOST else host, *given, **more)  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", here)
    department, folder = department_in(house, now), tmp_path / "sealing"
    certificates_of_both(house, folder, now)
    data = house.settings.data
    given = {"DATA": folder, "DATABASE_URL": house.settings.database, "SEALER_PORT": 0}
    given |= {"SEALER_CERTIFICATE": folder / f"{HOST}.pem", "SEALER_KEY": folder / f"{HOST}.key"}
    given |= {"SEALER_CA": folder / "root.pem", "SEALER_CLIENTS": ISSUING, "REDIS_URL": "redis://nowhere.example"}
    environment = environment_of(house) | {f"YINXIN_{name}": str(value) for name, value in given.items()}

    @contextmanager
    def started() -> Iterator[str]:
        command = [sys.executable, "-m", "app", "serve", "--role", "sealing"]
        with subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            try:
                said = []
                for line in process.stderr:
                    said.append(line)
                    if line.startswith("Sealing on port "):
                        yield f"https://{HOST}:{line.split()[-1]}"
                        return
                raise AssertionError("".join(said))
            finally:
                process.kill()

    monkeypatch.setenv("YINXIN_DATA", str(data))
    for name, value in environment_of(house).items():
        monkeypatch.setenv(name, value)
    ran = CliRunner().invoke(keys_command, ["split", "--to", str(folder)])
    assert ran.exit_code == 0, ran.output
    return Two(house, folder, department, started)


def test_a_license_is_sealed_by_a_process_of_its_own(two: Two, now: datetime) -> None:
    name = two.department.seal.key_name
    assert not list((two.house.settings.data / "keys").glob("seal-*.pem"))
    assert [path.name for path in (two.folder / "keys").glob("*.pem")] == [f"{name}.pem"]
    with two.started() as url:
        issuing = two.issuing(url)
        department = Department(issuing, two.department.seal, two.department.caller, now)
        license = department.issue("first")
        assert verify(issuing, file=issuing.blobs.get(license.sealed), now=now).verdict is Verdict.valid
        another = department_in_another_place(issuing, now)  # its seal's key is made there
        assert (two.folder / "keys" / f"{another.seal.key_name}.pem").exists()
        assert issuing.keys.custody(another.seal.key_name) == "sealer"
        refuses_what_is_no_document(issuing, name)
        refuses_a_stranger(two, url, name)
    with pytest.raises(SealerGone) as told:  # it is down: said in words, and when to come back
        department.issue("second")
    assert told.value.status == 503
    assert told.value.title == "The sealing service cannot be reached"
    assert told.value.extras["retry_after"] >= 1
    with two.started() as url:
        again = two.issuing(url)
        assert len(resume(again, now + SOON)) == 1, "nothing was lost"
        again.close()
    issuing.close()


def department_in_another_place(house: House, now: datetime) -> Department:
    from seals import lifecycle
    from seals.model import Agency

    other = Agency("11880100DEM000065T", "栖云市示范局", "Demonstration Bureau", "hub/880000/880100")
    seal = lifecycle.make_seal(house, other, code13="8801010000025", by="test", now=now)
    return Department(house, seal, Caller(client="other", agency=other.code), now)


def refuses_what_is_no_document(issuing: House, name: str) -> None:
    """Who has taken the issuing process cannot have anything else signed, nor another key used."""
    for data in (b"x", b"", bytes(200)):
        with pytest.raises(SealerRefused, match=r"No use of the seal|not the signature of a document"):
            issuing.keys.sign(name, data)
    sealer: Any = issuing.keys._sealer
    for other in ("root", "../root", "seal-nobody", ""):
        with pytest.raises(SealerRefused):
            sealer.sign(other, b"x", "sha256")
        with pytest.raises(SealerRefused):
            sealer.create(other, "P-256")


def refuses_a_stranger(two: Two, url: str, name: str) -> None:
    """A certificate of our own CA is not enough, and one of nobody's is not heard at all."""
    stranger = two.issuing(url, STRANGER)
    with pytest.raises(SealerRefused, match="not among those"):
        stranger.keys.sign(name, b"x")
    stranger.close()
    key = ec.generate_private_key(ec.SECP256R1())
    (two.folder / "evil.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    real = x509.load_pem_x509_certificate((two.folder / f"{ISSUING}.pem").read_bytes())
    made = x509.CertificateBuilder().subject_name(real.subject).issuer_name(real.issuer).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(real.not_valid_before_utc).not_valid_after(real.not_valid_after_utc)
    for extension in real.extensions:
        made = made.add_extension(extension.value, critical=extension.critical)
    write(two.folder / "evil.pem", made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    evil = two.issuing(url, "evil")
    with pytest.raises(SealerGone):
        evil.keys.sign(name, b"x")
    evil.close()


def test_the_sealing_process_signs_only_for_a_reserved_use_of_a_seal_in_force(house: House, now: datetime) -> None:
    department = department_in(house, now)
    seal = department.seal
    with house.database.read() as db:
        own = certificates.certificate(db, seal.certificate)
        chain = (own.der, *(one.der for one in certificates.chain(db, own) if one.profile != ROOT))
    attributes = cms.template(chain).attributes(bytes(range(32)))
    with pytest.raises(apart.NotSigned, match="No use"):
        apart.sign(house, seal.key_name, attributes, "sha256", now)
    use.reserve(house, seal.id, purpose="business-license", record_digest=b"d" * 32, caller=department.caller, now=now)
    assert apart.sign(house, seal.key_name, attributes, "sha256", now)
    for wrong in (attributes[:-1], attributes + b"\0", b"\x31\x00", bytes(len(attributes))):
        with pytest.raises(apart.NotSigned, match="not the signature of a document"):
            apart.sign(house, seal.key_name, wrong, "sha256", now)
    with pytest.raises(apart.NotSigned):
        apart.sign(house, seal.key_name, attributes, "sha384", now)
    with pytest.raises(apart.NotSigned, match="No use"):
        apart.sign(house, seal.key_name, attributes, "sha256", now + 2 * apart.FRESH)
    from seals import lifecycle

    lifecycle.suspend(house, seal.id, by="test", now=now, reason="test")
    with pytest.raises(SealNotInForce):
        apart.sign(house, seal.key_name, attributes, "sha256", now)


def test_keys_that_were_split_off_are_in_one_folder_each(house: House, now: datetime, tmp_path: Path) -> None:
    name = department_in(house, now).seal.key_name
    before = house.keys.kid(name)
    assert house.keys.split(tmp_path / "keys") == [name]
    assert house.keys.split(tmp_path / "keys") == [], "doing it again changes nothing"
    assert house.keys.kid(name) == before
    with pytest.raises(KeyMissing, match="sealing process"):
        house.keys.sign(name, b"x")
    about = json.loads((tmp_path / "keys" / f"{name}.json").read_text())
    assert about["custody"] == "file"
    assert house.keys.sign("code-1", b"x"), "all other keys stay"


def test_half_a_setting_does_not_start(house: House) -> None:
    with pytest.raises(BadSetting, match="SEALER_CERTIFICATE"):
        open_house(Settings(**(house.settings.model_dump() | {"sealer_url": "https://sealing.example"})))
