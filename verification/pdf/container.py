"""The signature container of a seal, read in the one form in which we write it: CMS SignedData, PAdES baseline (EN 319 142-1).

The container lies in the only hole that the signature does not cover. So every octet of it must follow from the document, the
certificates, the signature and the time-stamp: whatever else could be varied there would give one seal two files.
"""

import hashlib
from dataclasses import dataclass

from certs import der, schemes
from certs.der import Malformed, Reader
from certs.model import KeyWrong
from certs.schemes import P256, Scheme

DATA = der.oid("1.2.840.113549.1.7.1")
SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
TIME_STAMP = der.oid("1.2.840.113549.1.9.16.2.14")


class AttributeRefused(ValueError):
    """The container holds an attribute, or a value of one, that a seal of ours never has."""


@dataclass(frozen=True)
class Container:
    """What a container holds. `certificate` is the signer's own, `others` are the rest; `signed` is what the signature covers."""

    certificate: bytes
    others: tuple[bytes, ...]
    signed: bytes
    digest: bytes
    signature: bytes
    token: bytes | None
    scheme: Scheme = P256

    @property
    def canonical(self) -> bool:
        """Whether the signature has the one form that we give out: on a curve, the lower of its two."""
        return self.scheme.is_canonical(self.signature)


@dataclass(frozen=True)
class _Signer:
    name: bytes  # issuer and serial, as they stand
    digest_identifier: bytes
    identifier: bytes
    signed: bytes
    attributes: dict[bytes, bytes]
    unsigned: dict[bytes, bytes]
    signature: bytes


def read(container: bytes) -> Container:
    """Read a seal's container. Raises Malformed for another form, AttributeRefused for other contents."""
    data = _signed_data(container)
    _same(data.whole(), 1, "the version")
    digests = data.raw(der.SET)
    _same(data.raw(der.SEQUENCE), der.sequence(DATA), "the content")
    certificates = _certificates(data)
    signer = _only_signer(data)
    own = _named(certificates, signer.name)
    scheme = _scheme(own, signer, digests)
    _same(
        set(signer.attributes),
        {CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE_V2},
        "the signed attributes",
        AttributeRefused,
    )
    if set(signer.unsigned) - {TIME_STAMP}:
        raise AttributeRefused("an unsigned attribute besides the time-stamp")
    _same(signer.attributes[CONTENT_TYPE], DATA, "the content type", AttributeRefused)
    _names_certificate(signer.attributes[SIGNING_CERTIFICATE_V2], own)
    digest = _octets(signer.attributes[MESSAGE_DIGEST])
    others = tuple(one for one in certificates if one != own)
    return Container(own, others, signer.signed, digest, signer.signature, signer.unsigned.get(TIME_STAMP), scheme)


def read_token(token: bytes) -> Container:
    """Read a time-stamp token in the same strict way (RFC 3161 2.4.2, RFC 5816). Its time and imprint are checked elsewhere."""
    data = _signed_data(token)
    _same(data.whole(), 3, "the version")
    digests = data.raw(der.SET)
    content = data.into(der.SEQUENCE)
    _same(content.raw(der.OID), TST_INFO, "the content")
    wrapped = content.into(der.CONTEXT)
    content.end()
    info = wrapped.take(der.OCTET_STRING)
    wrapped.end()
    certificates = _certificates(data)
    signer = _only_signer(data)
    if signer.unsigned:
        raise AttributeRefused("an unsigned attribute in the time-stamp")
    own = _named(certificates, signer.name)
    _same(_scheme(own, signer, digests), P256, "the kind of key")  # time-stamps stay with one kind
    _names_certificate(signer.attributes.get(SIGNING_CERTIFICATE_V2, b""), own)
    digest = _octets(signer.attributes.get(MESSAGE_DIGEST, b""))
    _same(digest, hashlib.sha256(info).digest(), "the digest of the time-stamp", AttributeRefused)
    others = tuple(one for one in certificates if one != own)
    return Container(own, others, signer.signed, digest, signer.signature, None)


def _scheme(certificate: bytes, signer: _Signer, digests: bytes) -> Scheme:
    """The one kind of signature that fits the key in the signer's certificate: what the container names must be that."""
    try:
        scheme = schemes.of_public(_public(certificate))
    except KeyWrong as error:
        raise Malformed("the key of the signer is of another kind than ours") from error
    _same(digests, der.set_of(scheme.digest_identifier), "the digest algorithms")
    _same(signer.digest_identifier, scheme.digest_identifier, "the digest algorithm")
    _same(signer.identifier, scheme.identifier, "the signature algorithm")
    return scheme


def _public(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate (RFC 5280 4.1)."""
    fields = Reader(certificate).into(der.SEQUENCE).into(der.SEQUENCE)
    fields.maybe(der.CONTEXT)  # the version
    fields.raw(der.INTEGER)
    for _ in ("algorithm", "issuer", "validity", "subject"):
        fields.raw(der.SEQUENCE)
    return fields.raw(der.SEQUENCE)


def _signed_data(container: bytes) -> Reader:
    outer = Reader(container)
    info = outer.into(der.SEQUENCE)
    outer.end()
    _same(info.raw(der.OID), SIGNED_DATA, "the content type")
    wrapped = info.into(der.CONTEXT)
    info.end()
    data = wrapped.into(der.SEQUENCE)
    wrapped.end()
    return data


def _certificates(data: Reader) -> list[bytes]:
    found = _members(data.take(der.CONTEXT), der.SEQUENCE)
    if found != sorted(set(found)):
        raise Malformed("the certificates are not in order, or one stands there twice")
    return found


def _only_signer(data: Reader) -> _Signer:
    signers = data.into(der.SET)  # a list of CRLs before it has another tag, and is refused by that
    data.end()
    info = signers.into(der.SEQUENCE)
    signers.end()
    _same(info.whole(), 1, "the version of the signer")
    name = info.raw(der.SEQUENCE)
    digest_identifier = info.raw(der.SEQUENCE)
    signed = info.take(der.CONTEXT)
    identifier = info.raw(der.SEQUENCE)
    signature = info.take(der.OCTET_STRING)
    unsigned = _attributes(info.take(der.CONTEXT + 1)) if not info.done else {}
    info.end()
    return _Signer(name, digest_identifier, identifier, signed, _attributes(signed), unsigned, signature)


def _attributes(body: bytes) -> dict[bytes, bytes]:
    """Each attribute with its single value; in order, none twice."""
    found: dict[bytes, bytes] = {}
    encoded = _members(body, der.SEQUENCE)
    if encoded != sorted(encoded):
        raise Malformed("the attributes are not in order")
    for each in encoded:
        attribute = Reader(each).into(der.SEQUENCE)
        kind = attribute.raw(der.OID)
        values = attribute.take(der.SET)
        attribute.end()
        first = Reader(values)
        first.raw(first.peek())
        if not first.done or kind in found:
            raise AttributeRefused("an attribute with more than one value")
        found[kind] = values
    return found


def _names_certificate(value: bytes, certificate: bytes) -> None:
    """Raise AttributeRefused unless the ESS certificate id (RFC 5035) is that of the signer's certificate, by SHA-256."""
    try:
        lists = Reader(value).into(der.SEQUENCE)
        identifiers = lists.into(der.SEQUENCE)
        lists.end()
        first = identifiers.into(der.SEQUENCE)
        digest = first.take(der.OCTET_STRING)  # another hash algorithm would stand before it; SHA-256 is the default
    except Malformed as error:
        raise AttributeRefused("the certificate id has another form") from error
    if not identifiers.done or digest != hashlib.sha256(certificate).digest():
        raise AttributeRefused("the certificate id names another certificate")


def _named(certificates: list[bytes], name: bytes) -> bytes:
    """The certificate of that issuer and serial number."""
    for each in certificates:
        fields = Reader(each).into(der.SEQUENCE).into(der.SEQUENCE)
        fields.maybe(der.CONTEXT)
        serial = fields.raw(der.INTEGER)
        fields.take(der.SEQUENCE)
        if der.sequence(fields.raw(der.SEQUENCE), serial) == name:
            return each
    raise Malformed("the certificate of the signer is not there")


def _members(body: bytes, tag: int) -> list[bytes]:
    reader, found = Reader(body), []
    while not reader.done:
        found.append(reader.raw(tag))
    return found


def _octets(value: bytes) -> bytes:
    reader = Reader(value)
    body = reader.take(der.OCTET_STRING)
    reader.end()
    return body


def _same(found: object, expected: object, what: str, refusal: type[ValueError] = Malformed) -> None:
    if found != expected:
        raise refusal(f"{what} differs")
