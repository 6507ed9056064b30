"""The seal as its maker signed it: header, property and picture with the fields of SESeal in GB/T 38540, written in DER.

That standard signs with SM2 alone; this structure is our own, with the same fields under P-256. The picture stands in it by its
digest, and so does the form that a PDF shows (as extension data).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from certs import der, schemes, signed
from certs.der import Malformed, Reader
from certs.model import POLICY_ARC
from seals.model import Artwork, Kind, ObjectWrong, Seal

IA5, PRINTABLE = 0x16, 0x13
VERSION, VENDOR = 1, "YINXIN"
BY_DIGEST = 2  # certListType of the standard: digests of certificates, not the certificates
TYPES = {Kind.statutory: 1, Kind.business: 2}
FORM = der.oid(f"{POLICY_ARC}.3.1")  # our extension data: the digest of the PDF form


@dataclass(frozen=True)
class SealObject:
    """What the maker vouches for."""

    seal: str
    type: int
    name: str
    certificate: bytes  # SHA-256 of the seal's own certificate
    created: datetime
    since: datetime
    until: datetime
    picture: bytes  # SHA-256 of the SVG
    width_mm: int
    height_mm: int
    form: bytes  # SHA-256 of the PDF form
    maker: bytes = b""  # his certificate

    def same_as(self, other: "SealObject") -> bool:
        """Whether both say the same of the seal, whoever and whenever made them."""
        ignored = ("maker", "created")
        return all(
            getattr(self, name) == getattr(other, name) for name in self.__dataclass_fields__ if name not in ignored
        )


def expected(
    seal: Seal, artwork: Artwork, certificate: bytes, since: datetime, until: datetime, now: datetime
) -> SealObject:
    """What the maker has to sign of a seal as it stands in the register."""
    return SealObject(
        seal=seal.id,
        type=TYPES[seal.kind],
        name=seal.design.name,
        certificate=hashlib.sha256(certificate).digest(),
        created=now.replace(microsecond=0),
        since=since.replace(microsecond=0),
        until=until.replace(microsecond=0),
        picture=hashlib.sha256(artwork.svg.encode()).digest(),
        width_mm=seal.design.diameter_mm,
        height_mm=seal.design.high_mm,
        form=hashlib.sha256(artwork.form).digest(),
    )


def write(made: SealObject, maker: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """The object, signed by the maker's key."""
    info = _info(made)
    scheme = schemes.P256
    return der.sequence(info, der.octets(maker), scheme.identifier, der.bits(sign(info)))


def read(data: bytes) -> SealObject:
    """The object, whose signature is that of the certificate in it. Raises ObjectWrong.

    Whether that certificate is our maker's is for the caller to judge.
    """
    try:
        return _read(data)
    except (Malformed, ValueError, KeyError) as error:
        raise ObjectWrong("The seal object cannot be read") from error


def _info(made: SealObject) -> bytes:
    digest = der.sequence(der.tlv(PRINTABLE, b"SHA-256"), der.octets(made.certificate))
    dates = (der.moment(at) for at in (made.created, made.since, made.until))
    name = der.tlv(der.UTF8, made.name.encode())
    kinds = (der.integer(made.type), name, der.integer(BY_DIGEST))
    sizes = (der.integer(made.width_mm), der.integer(made.height_mm))
    return der.sequence(
        der.sequence(der.tlv(IA5, b"ES"), der.integer(VERSION), der.tlv(IA5, VENDOR.encode())),
        der.tlv(IA5, made.seal.encode()),
        der.sequence(*kinds, der.sequence(digest), *dates),
        der.sequence(der.tlv(IA5, b"SVG"), der.octets(made.picture), *sizes),
        der.explicit(0, der.sequence(der.sequence(FORM, der.tlv(der.BOOLEAN, b"\xff"), der.octets(made.form)))),
    )


def _read(data: bytes) -> SealObject:
    whole = Reader(data)
    outer = whole.into(der.SEQUENCE)
    whole.end()
    info, maker = outer.raw(der.SEQUENCE), outer.take(der.OCTET_STRING)
    algorithm, signature = outer.raw(der.SEQUENCE), outer.take(der.BIT_STRING)
    outer.end()
    if algorithm != schemes.P256.identifier or not signature.startswith(b"\0"):
        raise Malformed("another kind of signature")
    if not signed.is_signed(maker, signature[1:], info):
        raise ObjectWrong("The maker's signature does not fit")
    made = _fields(info, maker)
    if _info(made) != info:
        raise Malformed("not as we write it")
    return made


def _fields(info: bytes, maker: bytes) -> SealObject:
    inner = Reader(info).into(der.SEQUENCE)
    inner.raw(der.SEQUENCE)  # the header: whoever calls compares every octet
    id = inner.take(IA5).decode("ascii")
    prop, picture = inner.into(der.SEQUENCE), inner.into(der.SEQUENCE)
    extension = inner.into(der.CONTEXT).into(der.SEQUENCE).into(der.SEQUENCE)
    kind, name, _ = prop.whole(), prop.take(der.UTF8).decode(), prop.whole()
    digest = prop.into(der.SEQUENCE).into(der.SEQUENCE)
    digest.take(PRINTABLE)
    created, since, until = (_moment(prop.take(der.GENERALIZED_TIME)) for _ in range(3))
    picture.take(IA5)
    drawn, width, height = picture.take(der.OCTET_STRING), picture.whole(), picture.whole()
    extension.raw(der.OID)
    extension.take(der.BOOLEAN)
    certificate, form = digest.take(der.OCTET_STRING), extension.take(der.OCTET_STRING)
    return SealObject(id, kind, name, certificate, created, since, until, drawn, width, height, form, maker)


def _moment(text: bytes) -> datetime:
    return datetime.strptime(text.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
