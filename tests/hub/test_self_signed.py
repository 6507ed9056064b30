"""A certificate made here holds every name of this machine, stays the same while it is good, and opens a TLS listener."""

import ssl
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509

from hub import clock
from hub.self_signed import self_signed, wanted
from hub.settings import Settings
from tests.hub import front
from tests.hub.test_serve import Running


def settings(folder: Path, **given: str) -> Settings:
    addresses = {"issuer_url": "https://id.hub.example", "verify_url": "https://verify.hub.example"}
    return Settings(profile="demo", data=folder, **(addresses | given))  # type: ignore[arg-type]


def test_it_holds_every_name_of_this_machine(tmp_path: Path) -> None:
    made = self_signed(settings(tmp_path, host="10.1.2.3"), clock.now())
    read = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    held = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(one.value) for one in held} >= {"localhost", "127.0.0.1", "10.1.2.3", "id.hub.example"}
    assert any(name.endswith(".local") or "." in name for name in made.names)
    assert b"BEGIN PRIVATE KEY" in made.key.read_bytes()
    assert made.key.stat().st_mode & 0o077 == 0
    assert made.fingerprint.count(":") == 31


def test_it_stays_until_it_ends_or_a_name_changes(tmp_path: Path) -> None:
    first = self_signed(settings(tmp_path), clock.now())
    assert self_signed(settings(tmp_path), clock.now()).fingerprint == first.fingerprint
    with clock.shifted(86_400 * 380):
        later = self_signed(settings(tmp_path), clock.now())
        assert later.fingerprint != first.fingerprint
        moved = settings(tmp_path, issuer_url="https://login.hub.example")
        assert self_signed(moved, clock.now()).fingerprint != later.fingerprint


def test_addresses_to_listen_on_are_no_names(tmp_path: Path) -> None:
    assert "0.0.0.0" not in wanted(settings(tmp_path, host="0.0.0.0"))


@pytest.mark.slow
def test_serve_makes_it_and_tells_its_fingerprint(tmp_path: Path) -> None:
    front.init(tmp_path / "data")
    running = Running(tmp_path / "data", "--workers", "1", "--tls", "self-signed", tells="SHA-256 ")
    context = ssl.create_default_context(cafile=str(tmp_path / "data" / "tls" / "certificate.pem"))
    with urllib.request.urlopen(f"https://localhost:{running.ports[0]}/healthz", context=context, timeout=20) as answer:
        assert answer.status == 200
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # its ciphers cannot be chosen, and not all are those of BCP 195
    with pytest.raises(urllib.error.URLError, match="SSL"):
        urllib.request.urlopen(f"https://localhost:{running.ports[0]}/healthz", context=context, timeout=20)
    assert running.stop() == 0
