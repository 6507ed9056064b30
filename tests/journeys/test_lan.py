"""The demo for a phone: a certificate for one address, a code on the terminal that leads to it."""

import ssl
from datetime import datetime
from pathlib import Path

import pytest
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from PIL import Image

from deploy.demo import lan, plan, words
from deploy.demo.plan import Demo, NoDemo

ADDRESS = "192.0.2.7"  # RFC 5737: nobody's


@pytest.fixture
def files(tmp_path: Path, now: datetime) -> lan.Certificate:
    return lan.certificate(tmp_path / "tls", ADDRESS, now)


def handshake(files: lan.Certificate, address: str) -> None:
    """What a phone does that has installed the CA. Raises SSLError."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=files.authority)
    server.load_cert_chain(files.chain, files.key)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=address),
        server.wrap_bio(there, back, server_side=True),
    ]
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for end in ends:
            try:
                end.do_handshake()
                done.add(end)
            except ssl.SSLWantReadError:
                continue


def test_who_trusts_the_ca_reaches_the_address(files: lan.Certificate) -> None:
    handshake(files, ADDRESS)


@pytest.mark.parametrize("other", ["192.0.2.8", "localhost"])
def test_the_certificate_is_for_no_other_address(files: lan.Certificate, other: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, other)


def test_a_phone_that_does_not_know_the_ca_refuses(files: lan.Certificate, tmp_path: Path, now: datetime) -> None:
    other = lan.certificate(tmp_path / "other", ADDRESS, now)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(lan.Certificate(other.authority, files.chain, files.key), ADDRESS)


def test_the_ca_can_vouch_for_nothing_else_and_its_key_is_gone(files: lan.Certificate) -> None:
    ca = x509.load_pem_x509_certificate(files.authority.read_bytes())
    allowed = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert allowed.critical
    assert [str(subtree.value) for subtree in allowed.value.permitted_subtrees or []] == [f"{ADDRESS}/32"]
    assert sorted(path.name for path in files.key.parent.iterdir()) == ["chain.pem", "demo-ca.crt", "key.pem"]
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    assert key.public_key() == x509.load_pem_x509_certificate(files.chain.read_bytes()).public_key() != ca.public_key()
    assert files.key.stat().st_mode & 0o077 == 0


def test_a_second_start_keeps_the_certificate(files: lan.Certificate, tmp_path: Path, now: datetime) -> None:
    before = files.chain.read_bytes()
    assert lan.certificate(tmp_path / "tls", ADDRESS, now).chain.read_bytes() == before


def test_the_code_on_the_terminal_leads_to_the_certificate(files: lan.Certificate, tmp_path: Path) -> None:
    demo = Demo(tmp_path, ADDRESS, "0.0.0.0", tls=files)
    said = words.welcome(demo, [{"who": "示例甲", "account": "a", "password": "b"}], 9)
    lines = [line[2:] for line in said.splitlines() if line[2:3] in tuple("█▀▄")]
    assert seen(lines) == f"https://{ADDRESS}:8000/demo-ca.crt"
    assert f"HUB=https://{ADDRESS}:8000 CA={files.authority}" in said


def test_without_a_network_there_is_no_demo_for_a_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "address", lambda: "127.0.0.1")
    with pytest.raises(NoDemo, match="no network"):
        plan.on_lan(None, 8000)


def seen(lines: list[str]) -> str:
    """What a camera reads from half blocks, each two rows of modules: light where the terminal's text is light."""
    light = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
    rows = [bytes(light[sign][half] for sign in line) for line in lines for half in (0, 1)]
    size = len(rows[0]), len(rows)
    picture = Image.frombytes("L", size, b"".join(rows)).resize((size[0] * 4, size[1] * 4), Image.Resampling.NEAREST)
    return zxingcpp.read_barcodes(picture)[0].text
