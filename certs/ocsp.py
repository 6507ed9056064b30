"""OCSP on the wire (RFC 6960): reads requests, writes responses. Pure."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from certs import der
from certs.model import Reason, Revocation

MALFORMED, TRY_LATER, UNAUTHORIZED = 1, 3, 6  # OCSPResponseStatus, 4.2.1
MOST_IDS = 32  # certificates in one request; a browser asks for one
NONCE_OCTETS = range(1, 129)  # RFC 9654 2.1, which replaced RFC 8954 and its 32
NONCE = der.oid("1.3.6.1.5.5.7.48.1.2")
BASIC = der.oid("1.3.6.1.5.5.7.48.1.1")
ARCHIVE_CUTOFF = der.oid("1.3.6.1.5.5.7.48.1.6")
INVALIDITY_DATE = der.oid("2.5.29.24")


SHA1, SHA256 = der.oid("1.3.14.3.2.26")[2:], der.oid("2.16.840.1.101.3.4.2.1")[2:]
HASHES = {  # which of them a CertID uses is the client's choice
    SHA1: "sha1",
    SHA256: "sha256",
    der.oid("2.16.840.1.101.3.4.2.2")[2:]: "sha384",
    der.oid("2.16.840.1.101.3.4.2.3")[2:]: "sha512",
}
Issuer = tuple[bytes, bytes, bytes]  # hash algorithm (contents of its identifier), hash of name, hash of key


@dataclass(frozen=True)
class CertId:
    """Which certificate is asked about. `raw` is repeated in the answer octet by octet."""

    raw: bytes
    issuer: Issuer
    serial: int


@dataclass(frozen=True)
class Asked:
    """A request: about which certificates, with which nonce (the whole extension, to be echoed)."""

    ids: tuple[CertId, ...]
    nonce: bytes | None


@dataclass(frozen=True)
class Status:
    """What we know of one certificate. `known` False: we never issued it."""

    about: CertId
    known: bool
    end: Revocation | None = None


def read(request: bytes) -> Asked:
    """Read an OCSPRequest (4.1.1). Raises Malformed. A signature on it does not matter: our answers are for everyone."""
    outer = der.Reader(request)
    whole = outer.into(der.SEQUENCE)
    outer.end()
    tbs = whole.into(der.SEQUENCE)
    whole.maybe(der.CONTEXT)  # optionalSignature
    whole.end()
    version = tbs.maybe(der.CONTEXT)
    if version is not None and version != der.integer(0):
        raise der.Malformed("there is only version 1")
    tbs.maybe(der.CONTEXT + 1)  # requestorName
    requests, ids = tbs.into(der.SEQUENCE), []
    while not requests.done:
        ids.append(_cert_id(requests.into(der.SEQUENCE)))
        if len(ids) > MOST_IDS:
            raise der.Malformed("too many certificates in one request")
    extensions = tbs.maybe(der.CONTEXT + 2)
    tbs.end()
    if not ids:
        raise der.Malformed("no certificate is asked about")
    return Asked(tuple(ids), None if extensions is None else _nonce(extensions))


def _cert_id(request: der.Reader) -> CertId:
    raw = request.raw(der.SEQUENCE)
    extensions = request.maybe(der.CONTEXT)
    request.end()
    if extensions is not None:
        list(_extensions(extensions))
    fields = der.Reader(raw).into(der.SEQUENCE)
    algorithm = fields.into(der.SEQUENCE)
    name = algorithm.take(der.OID)
    if not algorithm.done and algorithm.take(der.NULL):
        raise der.Malformed("a hash algorithm has no parameters")
    algorithm.end()
    found = CertId(raw, (name, fields.take(der.OCTET_STRING), fields.take(der.OCTET_STRING)), fields.whole())
    fields.end()
    return found


def _nonce(body: bytes) -> bytes | None:
    """The nonce extension, if there is one. Raises Malformed if its length is out of range (RFC 9654 2.1)."""
    nonce = None
    for raw, name, value in _extensions(body):
        if name == NONCE:
            inner = der.Reader(value)
            if nonce or len(inner.take(der.OCTET_STRING)) not in NONCE_OCTETS:
                raise der.Malformed("the nonce is given twice, empty or too long")
            inner.end()
            nonce = raw
    return nonce


def _extensions(body: bytes) -> Iterable[tuple[bytes, bytes, bytes]]:
    """Each extension: as it stands, its identifier, its value. Raises Malformed for an unknown critical one."""
    outer = der.Reader(body)
    every = outer.into(der.SEQUENCE)
    outer.end()
    while not every.done:
        raw = every.raw(der.SEQUENCE)
        fields = der.Reader(raw).into(der.SEQUENCE)
        name, critical, value = fields.raw(der.OID), fields.maybe(der.BOOLEAN), fields.take(der.OCTET_STRING)
        fields.end()
        if name != NONCE and critical not in {None, b"\0"}:
            raise der.Malformed("a critical extension is unknown here")
        yield raw, name, value


def cert_id(issuer: Issuer, serial: int, *, null: bool = True) -> CertId:
    """The CertID of a certificate of ours, for answers that nobody asked for; its hash with NULL or without parameters."""
    algorithm = der.sequence(der.tlv(der.OID, issuer[0]), der.tlv(der.NULL) if null else b"")
    raw = der.sequence(algorithm, der.octets(issuer[1]), der.octets(issuer[2]), der.integer(serial))
    return CertId(raw, issuer, serial)


def issuer_hashes(name: bytes, key: bytes) -> frozenset[Issuer]:
    """All the ways in which a CertID may name an issuer: by its distinguished name and public key under each hash."""
    return frozenset(
        (oid, hashlib.new(each, name).digest(), hashlib.new(each, key).digest()) for oid, each in HASHES.items()
    )


def sha1(data: bytes) -> bytes:
    """The hash that names a responder by its key (4.2.1). Nothing rests on its strength."""
    return hashlib.sha1(data, usedforsecurity=False).digest()


def refusal(status: int) -> bytes:
    """An OCSPResponse that tells nothing but why (4.2.1, 2.3)."""
    return der.sequence(der.tlv(der.ENUMERATED, bytes((status,))))


@dataclass(frozen=True)
class Responder:
    """One OCSP signer, ready to answer for the issuers whose hashes it knows. `sign` makes an ECDSA signature."""

    issuers: frozenset[Issuer]
    key_hash: bytes
    certificate: bytes
    algorithm: bytes
    cutoff: bytes  # the archive cutoff extension (4.4.4): we answer for every certificate that this issuer ever issued
    life: Callable[[datetime], datetime]
    sign: Callable[[bytes], bytes]

    def answer(self, found: Iterable[Status], nonce: bytes | None, now: datetime) -> bytes:
        """A signed response about all of them (4.2.1)."""
        at, until = der.moment(now), der.explicit(0, der.moment(self.life(now)))
        singles = der.sequence(*(self._single(status, at, until) for status in found))
        by = der.explicit(2, der.octets(self.key_hash))
        extensions = der.explicit(1, der.sequence(nonce)) if nonce else b""
        tbs = der.sequence(by, at, singles, extensions)
        certificates = der.explicit(0, der.sequence(self.certificate))
        basic = der.sequence(tbs, self.algorithm, der.bits(self.sign(tbs)), certificates)
        return der.sequence(der.tlv(der.ENUMERATED, b"\0"), der.explicit(0, der.sequence(BASIC, der.octets(basic))))

    def _single(self, status: Status, at: bytes, until: bytes) -> bytes:
        extensions = self.cutoff if status.known else b""
        if status.end and status.end.invalid_from:
            date = der.octets(der.moment(status.end.invalid_from))
            extensions += der.sequence(INVALIDITY_DATE, date)
        more = der.explicit(1, der.sequence(extensions)) if extensions else b""
        return der.sequence(status.about.raw, _state(status), at, until, more)


def _state(status: Status) -> bytes:
    """CertStatus: good [0], revoked [1], unknown [2] (4.2.1)."""
    if not status.known:
        return der.tlv(der.PRIMITIVE_CONTEXT + 2)
    if status.end is None:
        return der.tlv(der.PRIMITIVE_CONTEXT)
    reason = b""
    if status.end.reason is not Reason.unspecified:
        reason = der.explicit(0, der.tlv(der.ENUMERATED, bytes((status.end.reason.code,))))
    return der.explicit(1, der.moment(status.end.at), reason)
