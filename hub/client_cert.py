"""The TLS certificate that a program showed to our own proxy, and whom it names (RFC 9440, RFC 8705).

Our own listener cannot ask: the web server verifies client certificates but does not tell them to the application. So a proxy
asks, checks that the program holds the key, and passes the certificate on in the header `Client-Cert`.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from hub.house import House

LONGEST = 16_384  # characters of the header
SANS: dict[str, Any] = {
    "dns": x509.DNSName,
    "uri": x509.UniformResourceIdentifier,
    "ip": x509.IPAddress,
    "email": x509.RFC822Name,
}


def passed_on(house: House, environ: Mapping[str, Any]) -> bytes:
    """The certificate (DER) of this request, or nothing. A header from anybody but our proxy is dropped (RFC 9440 3)."""
    if not house.settings.mtls_url or "HTTP_CLIENT_CERT" not in environ:
        return b""
    before = environ.get(
        "werkzeug.proxy_fix.orig", environ
    )  # the address of the peer, before X-Forwarded-For replaced it
    if before.get("REMOTE_ADDR") not in house.settings.mtls_proxies.split(","):
        return b""
    field = str(environ["HTTP_CLIENT_CERT"]).strip()
    if len(field) > LONGEST or not (len(field) > 2 and field[0] == field[-1] == ":"):  # RFC 8941 3.3.5
        return b""
    try:
        der = base64.b64decode(field[1:-1], validate=True)
        x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError, x509.InvalidVersion):
        return b""
    return der


def issued_by_trusted(house: House, der: bytes, now: datetime) -> bool:
    """Whether a certificate is in its time and was issued by a CA of the configured file (RFC 8705 2.1)."""
    path = house.settings.mtls_ca
    if path is None:
        return False
    try:
        builder = PolicyBuilder().store(_store(house, path)).time(now)
        leaf = ExtensionPolicy.permit_all()  # whom it names is compared with what was registered
        verifier = builder.extension_policies(ee_policy=leaf, ca_policy=ExtensionPolicy.webpki_defaults_ca())
        verifier.build_client_verifier().verify(x509.load_der_x509_certificate(der), [])
    except (VerificationError, ValueError, x509.ExtensionNotFound):
        return False
    return True


def subject_is(der: bytes, name: str) -> bool:
    """Whether the certificate's subject is this distinguished name (RFC 4514)."""
    try:
        return x509.load_der_x509_certificate(der).subject == x509.Name.from_rfc4514_string(name)
    except ValueError:
        return False


def has_san(der: bytes, kind: str, value: str) -> bool:
    """Whether the certificate carries this alternative name of this kind."""
    try:
        found = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = found.value.get_values_for_type(SANS[kind])
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    if kind in ("dns", "email"):  # compared without regard to case, for the sake of hosts
        return value.lower() in [str(name).lower() for name in names]
    return value in [str(name) for name in names]


def _store(house: House, path: Path) -> Store:
    kept = house.cache.get("mtls-ca")
    stamp = path.stat().st_mtime_ns
    if kept is None or kept[0] != stamp:
        kept = house.cache["mtls-ca"] = (stamp, Store(x509.load_pem_x509_certificates(path.read_bytes())))
    store: Store = kept[1]
    return store
