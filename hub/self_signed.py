"""A certificate that this installation makes for its own listeners, for a first try or a closed network.

Nobody outside vouches for it: whoever connects compares its fingerprint, or is given the file to trust. It is made anew when
it is about to end, or when the names it must hold have changed.
"""

import ipaddress
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from hub.settings import Settings

FOLDER = "tls"
DAYS = 397  # no browser takes more (CA/Browser Forum Baseline Requirements 6.3.2)
RENEW = timedelta(days=30)


@dataclass(frozen=True)
class SelfSigned:
    """The files, and the fingerprint by which a person recognises them (SHA-256 of the certificate)."""

    certificate: Path
    key: Path
    fingerprint: str
    names: tuple[str, ...]


def self_signed(read: Settings, now: datetime) -> SelfSigned:
    """The certificate in the data folder; it is made at the first call. The addresses must be https already: they are frozen."""
    folder = read.data / FOLDER
    files = folder / "certificate.pem", folder / "key.pem"
    names = wanted(read)
    kept = x509.load_pem_x509_certificate(files[0].read_bytes()) if files[0].exists() else None
    if kept is None or kept.not_valid_after_utc < now + RENEW or set(_names(kept)) != set(names):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = _make(*files, names, now)
    return SelfSigned(*files, ":".join(f"{byte:02X}" for byte in kept.fingerprint(hashes.SHA256())), names)


def wanted(read: Settings) -> tuple[str, ...]:
    """The names under which this machine is called: localhost, its name in the network, and the hosts of our addresses."""
    host = socket.gethostname()
    lan = host if "." in host else f"{host}.local"
    ours = [urlsplit(url).hostname or "" for url in (read.issuer_url, read.verify_url, read.home_url)]
    here = [] if read.host in {"0.0.0.0", "::"} else [read.host]  # noqa: S104  not an address to call
    return tuple(dict.fromkeys(name for name in ("localhost", "127.0.0.1", "::1", host, lan, *ours, *here) if name))


def _make(certificate: Path, private: Path, names: Sequence[str], now: datetime) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Yinxin, self-signed")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    _write(private, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    _write(certificate, made.public_bytes(pem))
    return made


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names(certificate: x509.Certificate) -> list[str]:
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(one.value) for one in held]


def _write(path: Path, data: bytes) -> None:
    """For the owner alone: the listener's processes read it without a passphrase."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    fresh.replace(path)
