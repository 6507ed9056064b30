"""zlint and pkilint, as their authors ship them, on every certificate, revocation list and OCSP answer of an installation."""

import json
import subprocess
import sys
from base64 import encodebytes
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certs import answers, services, status
from certs import store as certificates
from certs.model import Reason
from certs.schemes import SCHEMES
from hub import clock
from hub.house import House
from seals import lifecycle
from tests.judges import papers, tools

SOURCES = "RFC3279,RFC5280,RFC5480,RFC5891,RFC8813,ETSI_ESI"  # the rest are rules of browsers for sites of the open web
BAD = ("warn", "error", "fatal")


@pytest.fixture(scope="module")
def office(judged: House) -> House:
    """An installation that has issued one of everything, and revoked two."""
    now = clock.now()
    made = []
    for number, algorithm in enumerate(SCHEMES):
        code = f"88010100000{30 + number}"
        asked = {"by": "test", "now": now, "code13": code, "algorithm": algorithm}
        made.append(lifecycle.make_seal(judged, papers.AGENCY, **asked))  # type: ignore[arg-type]
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, SHA256()).public_bytes(Encoding.PEM)
    for client in (False, True):
        services.certify_host(judged, request, ("sealer.gov.example",), now, by="test", client=client)
    for seal, cause, since in ((made[0], Reason.key_compromise, now), (made[2], Reason.superseded, None)):
        asked = {"cause": cause, "reason": "x", "by": "test", "now": now, "invalid_from": since}
        lifecycle.cancel(judged, seal.id, **asked)  # type: ignore[arg-type]
    status.publish(judged, now)
    answers.presign(judged, now)
    return judged


@pytest.fixture(scope="module")
def shelf(office: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Everything that the office has signed, as files, by kind."""
    folder, now = tmp_path_factory.mktemp("shelf"), clock.now()
    found: dict[str, list[Path]] = {"certificate": [], "seal": [], "list": [], "root-list": [], "answer": []}

    def put(kind: str, name: str, der: bytes) -> None:
        path = folder / f"{name}.{'der' if kind == 'answer' else 'pem'}"
        label = "X509 CRL" if kind.endswith("list") else "CERTIFICATE"
        path.write_bytes(der if kind == "answer" else pem(der, label))
        found[kind].append(path)

    with office.database.read() as db:
        every = certificates.certificates(db)
        signed = [bytes(row.body) for row in db.execute(sa.select(certificates.answer_table.c.body))]
    for one in every:
        put("seal" if one.profile == "e-seal" else "certificate", f"{one.profile}-{one.serial[:8]}", one.der)
    for above, shard in status.every_list(office):
        kind = "root-list" if above.profile == "root" else "list"
        put(kind, f"{status.list_name(above, shard).replace('/', '-')}", status.list_of(office, above, now, shard))
    for one in every:
        if one.profile == "e-seal":
            put("answer", f"ocsp-{one.serial[:8]}", status.ocsp_for(office, one, now))
    for number, body in enumerate(signed):
        put("answer", f"presigned-{number}", body)
    return found


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label.encode(), encodebytes(der), label.encode())


def zlinted(path: Path) -> dict[str, str]:
    """The rules that zlint finds broken, at warning or above."""
    done = subprocess.run(
        [tools.zlint(), "-includeSources", SOURCES, path], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert sum(each["result"] == "pass" for each in results.values()) > 3, "it looked at nothing"
    return {rule: each["result"] for rule, each in results.items() if each["result"] in BAD}


def pkilinted(program: str, *asked: str | Path) -> str:
    """What a program of pkilint finds, at warning or above."""
    command = [Path(sys.executable).parent / program, "lint", "-s", "WARNING", *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert not done.stderr, done.stderr[-2000:]
    return done.stdout.strip()


def test_one_of_everything_lies_on_the_shelf(shelf: dict[str, list[Path]]) -> None:
    profiles = {path.name.rpartition("-")[0] for path in shelf["certificate"]}
    assert {
        "root",
        "issuing-ca",
        "time-stamp",
        "ocsp-signer",
        "trust-list",
        "service-ca",
        "tls",
        "tls-client",
    } <= profiles
    assert len(shelf["seal"]) >= 3
    assert all(shelf.values())


def test_zlint_finds_nothing(shelf: dict[str, list[Path]]) -> None:
    files = [*shelf["certificate"], *shelf["seal"], *shelf["list"], *shelf["root-list"]]
    assert not {path.name: found for path in files if (found := zlinted(path))}


def test_pkilint_finds_nothing(shelf: dict[str, list[Path]]) -> None:
    found = {path.name: pkilinted("lint_pkix_cert", path) for path in (*shelf["certificate"], *shelf["seal"])}
    for path in shelf["seal"]:
        found[f"{path.name} by ETSI"] = pkilinted("lint_etsi_cert", "-t", "NCP-LEGAL-PERSON-CERTIFICATE", path)
    for path in shelf["list"]:
        found[path.name] = pkilinted("lint_crl", "-t", "CRL", "-p", "PKIX", path)
    for path in shelf["root-list"]:
        found[path.name] = pkilinted("lint_crl", "-t", "ARL", "-p", "PKIX", path)
    for path in shelf["answer"]:
        found[path.name] = pkilinted("lint_ocsp_response", path)
    assert not {name: said for name, said in found.items() if said}


def test_both_can_say_no(tmp_path: Path) -> None:
    """A certificate of a kind that nobody should make: serial 0, a small key, no end that makes sense, no extensions."""
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "CN")])
    now = clock.now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=20_000))
    (tmp_path / "wrong.pem").write_bytes(pem(builder.sign(key, SHA256()).public_bytes(Encoding.DER)))
    assert zlinted(tmp_path / "wrong.pem")
    assert pkilinted("lint_pkix_cert", tmp_path / "wrong.pem")
