"""Time-stamps on the wire (RFC 3161, EN 319 422): reads requests, writes tokens and refusals. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from certs import der

BAD_ALG, BAD_REQUEST, BAD_FORMAT = 0, 2, 5  # PKIFailureInfo (RFC 3161 2.4.2)
TIME_NOT_AVAILABLE, UNACCEPTED_POLICY, UNACCEPTED_EXTENSION, SYSTEM_FAILURE = 14, 15, 16, 25
WHY = {
    BAD_ALG: "this hash algorithm is not accepted: use SHA-256, SHA-384 or SHA-512",
    BAD_REQUEST: "only version 1 requests are known",
    BAD_FORMAT: "the request cannot be read, or the hash has the wrong length",
    TIME_NOT_AVAILABLE: "the clock is not known to be right",
    UNACCEPTED_POLICY: "this policy is not offered",
    UNACCEPTED_EXTENSION: "no extensions are known",
    SYSTEM_FAILURE: "the time-stamp unit is not in operation",
}
HASHES = {  # EN 319 422 5.1.2 by TS 119 312: identifier's contents -> octets of the hash
    der.oid("2.16.840.1.101.3.4.2.1")[2:]: 32,
    der.oid("2.16.840.1.101.3.4.2.2")[2:]: 48,
    der.oid("2.16.840.1.101.3.4.2.3")[2:]: 64,
}
ALGORITHMS = {size: der.sequence(der.tlv(der.OID, oid)) for oid, size in HASHES.items()}
SHA256 = ALGORITHMS[32]
SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE = der.sequence(der.oid("1.2.840.113549.1.9.3"), der.set_of(TST_INFO))
MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE = der.oid("1.2.840.113549.1.9.16.2.47")  # ESS version 2 (RFC 5035, RFC 5816)
# Seconds; EN 319 422 6.3: at least that good. The clock may be off by so much, so the time is told to the millisecond: cut to
# whole seconds it could be off by two.
ACCURACY = der.sequence(der.integer(1))


class Refused(ValueError):
    """The request gets no token; `failure` is the bit of PKIFailureInfo that says why."""

    def __init__(self, failure: int) -> None:
        self.failure = failure
        super().__init__(WHY[failure])


@dataclass(frozen=True)
class Asked:
    """A request that can be served. `imprint` and `nonce` are repeated in the token octet by octet."""

    imprint: bytes
    nonce: bytes
    wants_certificate: bool


def read(request: bytes, policy: bytes) -> Asked:
    """Read a TimeStampReq (2.4.1). `policy` is the only one offered. Raises Refused, and nothing else."""
    try:
        return _read(request, policy)
    except der.Malformed as error:
        raise Refused(BAD_FORMAT) from error


def _read(request: bytes, policy: bytes) -> Asked:
    outer = der.Reader(request)
    fields = outer.into(der.SEQUENCE)
    outer.end()
    if fields.whole() != 1:
        raise Refused(BAD_REQUEST)
    imprint = fields.raw(der.SEQUENCE)
    asked_policy = fields.raw(der.OID) if fields.peek() == der.OID else policy
    nonce = fields.raw(der.INTEGER) if fields.peek() == der.INTEGER else b""
    wants = fields.maybe(der.BOOLEAN)
    extensions = fields.maybe(der.CONTEXT)
    fields.end()
    _check_imprint(imprint)
    if nonce:
        der.number(der.Reader(nonce).take(der.INTEGER))
    if asked_policy != policy:
        raise Refused(UNACCEPTED_POLICY)
    if extensions is not None:  # 2.4.1: whether critical or not
        raise Refused(UNACCEPTED_EXTENSION)
    return Asked(imprint, nonce, wants not in {None, b"\0"})


def _check_imprint(imprint: bytes) -> None:
    fields = der.Reader(imprint).into(der.SEQUENCE)
    algorithm = fields.into(der.SEQUENCE)
    name, parameters = algorithm.take(der.OID), algorithm.maybe(der.NULL)
    hashed = fields.take(der.OCTET_STRING)
    fields.end()
    if name not in HASHES:
        raise Refused(BAD_ALG)
    algorithm.end()
    if parameters or len(hashed) != HASHES[name]:
        raise Refused(BAD_FORMAT)


def imprint(digest: bytes) -> bytes:
    """The MessageImprint of a hash; its length tells which of the SHA-2 family made it. Raises Refused."""
    if len(digest) not in ALGORITHMS:
        raise Refused(BAD_FORMAT)
    return der.sequence(ALGORITHMS[len(digest)], der.octets(digest))


def refusal(failure: int) -> bytes:
    """A TimeStampResp without token: status rejection, why in words, why as a bit (2.4.2)."""
    why = der.sequence(der.tlv(der.UTF8, WHY[failure].encode()))
    return der.sequence(der.sequence(der.integer(2), why, der.named_bit(failure)))


def granted(token: bytes) -> bytes:
    """A TimeStampResp with its token."""
    return der.sequence(der.sequence(der.integer(0)), token)


@dataclass(frozen=True)
class Unit:
    """One time-stamp unit, ready: all that stays the same from token to token is encoded once."""

    policy: bytes
    certificate: bytes
    signer: bytes  # SignerIdentifier: issuer and serial number
    attribute: bytes  # signing-certificate-v2
    algorithm: bytes
    sign: Callable[[bytes], bytes]

    def token(self, asked: Asked, serial: int, now: datetime) -> bytes:
        """A time-stamp token: CMS SignedData over TSTInfo, signed attributes in DER order (2.4.2, RFC 5652 5)."""
        number, at = der.integer(serial), der.moment_exactly(now)
        info = der.sequence(der.integer(1), self.policy, asked.imprint, number, at, ACCURACY, asked.nonce)
        digest = der.sequence(MESSAGE_DIGEST, der.set_of(der.octets(hashlib.sha256(info).digest())))
        attributes = der.set_of(CONTENT_TYPE, digest, self.attribute)
        signature = der.octets(self.sign(attributes))
        tagged = bytes((der.CONTEXT,)) + attributes[1:]  # signed as SET OF, sent as [0] (RFC 5652 5.4)
        signer = der.sequence(der.integer(1), self.signer, SHA256, tagged, self.algorithm, signature)
        content = der.sequence(TST_INFO, der.explicit(0, der.octets(info)))
        certificates = der.explicit(0, self.certificate) if asked.wants_certificate else b""
        signed = der.sequence(der.integer(3), der.set_of(SHA256), content, certificates, der.set_of(signer))
        return der.sequence(SIGNED_DATA, der.explicit(0, signed))


def signing_certificate(certificate: bytes) -> bytes:
    """The attribute that ties a signature to its certificate: SHA-256, the default, so not named (RFC 5035 3)."""
    hashed = der.sequence(der.octets(hashlib.sha256(certificate).digest()))
    return der.sequence(SIGNING_CERTIFICATE, der.set_of(der.sequence(der.sequence(hashed))))
