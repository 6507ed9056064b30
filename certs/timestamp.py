"""The time-stamp authority (RFC 3161, EN 319 421/422): over HTTP for everyone, as a function for our own sealing."""

from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certs import authority, der, schemes, tsp
from certs.model import TIMESTAMP_POLICY, Certificate, NoAuthority
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("certs")
UNIT = "time-stamp-unit"
POLICY = der.oid(TIMESTAMP_POLICY)


def answer(house: "House", request: bytes, now: datetime) -> bytes:
    """Answer a TimeStampReq. Whatever comes in gets a TimeStampResp: a token, or the reason why there is none."""
    try:
        asked = tsp.read(request, POLICY)
        return tsp.granted(_unit(house, now).token(asked, now))
    except tsp.Refused as refused:
        return tsp.refusal(refused.failure)
    except Unavailable as problem:
        log.warning("timestamp.unavailable", why=problem.code)
        return tsp.refusal(tsp.SYSTEM_FAILURE)


def token(house: "House", imprint: bytes, now: datetime) -> bytes:
    """A time-stamp token with its certificate over a SHA-256, -384 or -512 hash. Raises NoAuthority, Refused."""
    return _unit(house, now).token(tsp.Asked(tsp.imprint(imprint), b"", wants_certificate=True), now)


def _unit(house: "House", now: datetime) -> tsp.Unit:
    """The unit in office, ready; made once per process and certificate."""
    own = authority.in_office(house, "time-stamp", now)
    known = house.cache.get(UNIT)
    if known is None or known[0] != own.serial:
        known = (own.serial, _make_unit(house, own))
        house.cache[UNIT] = known
    unit: tsp.Unit = known[1]
    return unit


def _make_unit(house: "House", own: Certificate) -> tsp.Unit:
    certificate = x509.load_der_x509_certificate(own.der)
    key = house.keys.signer(own.key)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NoAuthority("The key %(name)s is not an elliptic-curve key", name=own.key)
    return tsp.Unit(
        policy=POLICY,
        certificate=own.der,
        signer=der.sequence(certificate.issuer.public_bytes(), der.integer(certificate.serial_number)),
        attribute=tsp.signing_certificate(own.der),
        algorithm=schemes.P256.identifier,
        sign=lambda attributes: key.sign(attributes, ec.ECDSA(hashes.SHA256())),
    )
