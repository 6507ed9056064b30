"""The demo on the local network: this machine's address, and TLS under a demo CA that a phone can install."""

import ipaddress
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 397  # the longest that phones accept for a server certificate


@dataclass(frozen=True)
class Certificate:
    """Files of the TLS certificate and of the demo CA above it."""

    authority: Path
    chain: Path
    key: Path


def address() -> str:
    """The address by which other devices of the network reach this machine. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: leads nowhere, but chooses the interface
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def certificate(folder: Path, host: str, now: datetime) -> Certificate:
    """A certificate for this address, made once; the CA's key is forgotten after use, so it can sign nothing else."""
    files = Certificate(folder / "demo-ca.crt", folder / "chain.pem", folder / "key.pem")
    if files.chain.exists():
        return files
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yinxin DEMO CA (install for the demo only)")])
    ca = _signed(ca_name, ca_name, ca_key.public_key(), ca_key, now, _ca_extensions(host))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yinxin demo")])
    leaf = _signed(name, ca_name, key.public_key(), ca_key, now, _leaf_extensions(host))
    pem = serialization.Encoding.PEM
    files.authority.write_bytes(ca.public_bytes(pem))
    files.key.touch(mode=0o600)
    files.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    files.chain.write_bytes(leaf.public_bytes(pem) + ca.public_bytes(pem))
    return files


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    extensions: list[tuple[x509.ExtensionType, bool]],
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256())


def _ca_extensions(host: str) -> list[tuple[x509.ExtensionType, bool]]:
    """A CA that can vouch for this one address and nothing else, even if its key had been kept."""
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    name = _name(host)
    allowed = [x509.IPAddress(ipaddress.ip_network(f"{host}/32")) if isinstance(name, x509.IPAddress) else name]
    return [
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (usage, True),
        (x509.NameConstraints(permitted_subtrees=allowed, excluded_subtrees=None), True),
    ]


def _leaf_extensions(host: str) -> list[tuple[x509.ExtensionType, bool]]:
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    return [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName([_name(host)]), False),
    ]


def _name(host: str) -> x509.GeneralName:
    return x509.DNSName(host) if host == "localhost" else x509.IPAddress(ipaddress.ip_address(host))
