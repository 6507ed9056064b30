"""The signature container, written as DER: CMS SignedData (RFC 5652) in the profile of PAdES baseline (EN 319 142-1).

What one certificate fixes is encoded once; its key says by which scheme is signed and hashed. Signed attributes are content
type, message digest and the ESS certificate id (RFC 5035), nothing else; the only unsigned attribute is one signature
time-stamp (RFC 3161).
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from certs import der, schemes
from certs.der import Malformed, Reader
from certs.schemes import SHA256, Scheme

_DATA = der.oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = der.sequence(der.oid("1.2.840.113549.1.9.3"), der.set_of(_DATA))
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
_TIME_STAMP = der.oid("1.2.840.113549.1.9.16.2.14")
_VERSION_1 = der.integer(1)


@dataclass(frozen=True)
class Template:
    """The parts of the container that one certificate chain fixes."""

    scheme: Scheme
    signer: bytes
    ess: bytes
    certificates: bytes

    def attributes(self, digest: bytes) -> bytes:
        """The signed attributes as the SET that is signed (RFC 5652 5.4)."""
        return der.set_of(_CONTENT_TYPE, _attribute(_MESSAGE_DIGEST, der.octets(digest)), self.ess)

    def container(self, attributes: bytes, signature: bytes, token: bytes | None) -> bytes:
        """The whole ContentInfo."""
        signed = bytes((der.CONTEXT,)) + attributes[1:]  # [0] IMPLICIT in the message, SET OF under the signature
        hashing = self.scheme.digest_identifier
        info = [_VERSION_1, self.signer, hashing, signed, self.scheme.identifier, der.octets(signature)]
        if token is not None:
            info.append(der.explicit(1, _attribute(_TIME_STAMP, token)))
        signers = der.set_of(der.sequence(*info))
        data = der.sequence(_VERSION_1, der.set_of(hashing), der.sequence(_DATA), self.certificates, signers)
        return der.sequence(_SIGNED_DATA, der.explicit(0, data))

    @property
    def longest(self) -> int:
        """The octets of the longest container without a time-stamp."""
        attributes = self.attributes(bytes(hashlib.new(self.scheme.hash).digest_size))
        return len(self.container(attributes, bytes(self.scheme.longest), None))


@lru_cache(maxsize=1024)
def template(chain: tuple[bytes, ...]) -> Template:
    """The fixed parts for a chain of DER certificates, the signer's own first. Raises Malformed, KeyWrong."""
    issuer, serial = issuer_and_serial(chain[0])
    issuer_serial = der.sequence(der.sequence(der.explicit(4, issuer)), serial)
    # The hash algorithm is left out: SHA-256 is the default, and DER omits defaults (RFC 5035 3, X.690 11.5).
    certificate_id = der.sequence(der.octets(hashlib.sha256(chain[0]).digest()), issuer_serial)
    ess = _attribute(_SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(certificate_id)))
    scheme = schemes.of_public(public_key(chain[0]))
    return Template(scheme, der.sequence(issuer, serial), ess, der.explicit(0, *sorted(chain)))


def issuer_and_serial(certificate: bytes) -> tuple[bytes, bytes]:
    """The issuer's name and the serial number of a certificate, both as they are encoded in it. Raises Malformed."""
    issuer, serial, _ = _named(certificate)
    return issuer, serial


def public_key(certificate: bytes) -> bytes:
    """The key of a certificate as DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7). Raises Malformed."""
    fields = _named(certificate)[2]
    fields.take(der.SEQUENCE)  # validity
    fields.take(der.SEQUENCE)  # the subject
    return fields.raw(der.SEQUENCE)


def _named(certificate: bytes) -> tuple[bytes, bytes, Reader]:
    """Issuer, serial number and the fields that follow."""
    fields = Reader(certificate).into(der.SEQUENCE).into(der.SEQUENCE)
    fields.maybe(der.CONTEXT)  # the version
    serial = fields.raw(der.INTEGER)
    fields.take(der.SEQUENCE)  # the algorithm
    return fields.raw(der.SEQUENCE), serial, fields


def is_ours(container: bytes, digest: bytes, chain: tuple[bytes, ...]) -> bool:
    """Whether a container is, octet for octet, what we write over `digest` with this chain (the signer's certificate first).

    A signature leaves parts of its container unprotected: certificates, unsigned attributes, the signature's form. Whoever
    also asks this finds each change there. It does not check the signature or the token themselves.
    """
    fixed = template(chain)
    try:
        signature, token = _variable(container)
    except Malformed:
        return False
    return (
        fixed.scheme.is_canonical(signature)
        and fixed.container(fixed.attributes(digest), signature, token) == container
    )


def _variable(container: bytes) -> tuple[bytes, bytes | None]:
    """Signature and time-stamp token, found where we put them. Raises Malformed."""
    outer = Reader(container).into(der.SEQUENCE)
    outer.take(der.OID)
    data = outer.into(der.CONTEXT).into(der.SEQUENCE)
    for tag in (der.INTEGER, der.SET, der.SEQUENCE, der.CONTEXT):  # version, digests, content type, certificates
        data.take(tag)
    info = data.into(der.SET).into(der.SEQUENCE)
    for tag in (der.INTEGER, der.SEQUENCE, der.SEQUENCE, der.CONTEXT, der.SEQUENCE):
        info.take(tag)
    signature = info.take(der.OCTET_STRING)
    if info.done:
        return signature, None
    attribute = info.into(der.CONTEXT + 1).into(der.SEQUENCE)
    attribute.take(der.OID)
    return signature, attribute.into(der.SET).raw(der.SEQUENCE)


def imprint(token: bytes) -> bytes:
    """The SHA-256 digest that a time-stamp token covers (RFC 3161 2.4.2). Raises Malformed if it covers none."""
    outer = Reader(token)
    message = outer.into(der.SEQUENCE)
    outer.end()
    kind = message.raw(der.OID)
    signed = message.into(der.CONTEXT).into(der.SEQUENCE)
    signed.whole()  # the version
    signed.take(der.SET)  # the digest algorithms
    content = signed.into(der.SEQUENCE)
    if (kind, content.raw(der.OID)) != (_SIGNED_DATA, _TST_INFO):
        raise Malformed("this is not a time-stamp token")
    info = Reader(content.into(der.CONTEXT).take(der.OCTET_STRING)).into(der.SEQUENCE)
    info.whole()  # the version
    info.take(der.OID)  # the policy
    covered = info.into(der.SEQUENCE)
    if covered.into(der.SEQUENCE).raw(der.OID) != SHA256[2:]:
        raise Malformed("the time-stamp covers another digest")
    return covered.take(der.OCTET_STRING)


def _attribute(kind: bytes, value: bytes) -> bytes:
    return der.sequence(kind, der.set_of(value))
