"""The form of what an archive adds, octet by octet. No signature covers all of it: what could be varied there could hide data."""

import re
import zlib
from typing import Any

from certs import der, ocsp, schemes
from certs.der import Reader

LABEL = "存档时间戳 archive time-stamp"
FIELD = {
    "/FT": "/Sig",
    "/Type": "/Annot",
    "/Subtype": "/Widget",
    "/F": 132,
    "/TU": LABEL,
}  # of a time-stamp, as we write it
OPEN = {"/T", "/Rect", "/P", "/V"}  # whose values differ or are written in several ways
STAMP = {"/Type": "/DocTimeStamp", "/Filter": "/Adobe.PPKLite", "/SubFilter": "/ETSI.RFC3161"}
PLACES = {"/Contents", "/ByteRange"}  # judged by the bytes
NAME = re.compile(r"Evidence\d{1,3}")
SLACK = 64  # octets by which packed data may be longer than they are unpacked
IDENTIFIERS = {scheme.identifier for scheme in schemes.SCHEMES.values()}


def signed(data: bytes) -> bool:
    """Whether a certificate or list has nothing beside what is signed, the algorithm by its name alone and the signature.

    Raises Malformed.
    """
    outer = Reader(data)
    parts = outer.into(der.SEQUENCE)
    outer.end()
    parts.raw(der.SEQUENCE)
    algorithm = parts.raw(der.SEQUENCE)
    parts.raw(der.BIT_STRING)
    parts.end()
    return algorithm in IDENTIFIERS


def answer(data: bytes) -> list[bytes]:
    """The certificates that an OCSP response brings: one at most. Raises Malformed for anything else beside what is signed."""
    outer = Reader(data)
    response = outer.into(der.SEQUENCE)
    outer.end()
    state = response.take(der.ENUMERATED)
    wrapped = response.into(der.CONTEXT)
    response.end()
    named = wrapped.into(der.SEQUENCE)
    wrapped.end()
    kind = named.raw(der.OID)
    within = Reader(named.take(der.OCTET_STRING))
    named.end()
    basic = within.into(der.SEQUENCE)
    within.end()
    basic.raw(der.SEQUENCE)
    algorithm = basic.raw(der.SEQUENCE)
    basic.raw(der.BIT_STRING)
    brought = basic.maybe(der.CONTEXT)
    basic.end()
    if (state, kind) != (b"\0", ocsp.BASIC) or algorithm not in IDENTIFIERS:
        raise der.Malformed("the response has another form than ours")
    if brought is None:
        return []
    certificates = Reader(brought)
    inner = certificates.into(der.SEQUENCE)
    certificates.end()
    only = inner.raw(der.SEQUENCE)
    inner.end()
    if not signed(only):
        raise der.Malformed("the certificate of the response has another form than ours")
    return [only]


def unpacked(stream: Any) -> bytes | None:
    """What a stream of ours holds; None if something stands in it besides that."""
    if set(stream) != {"/Filter", "/Length"} or stream["/Filter"] != "/FlateDecode":
        return None
    packed, unpacking = bytes(stream.encoded_data), zlib.decompressobj()
    data = unpacking.decompress(packed)
    whole = unpacking.eof and not unpacking.unused_data and len(packed) <= len(data) + SLACK
    return data if whole and bytes(stream.data) == data else None


def is_stamp(field: Any) -> bool:
    """Whether a field and its value are those of a time-stamp as we write them: not seen, and without room for other words."""
    value = field["/V"]
    fixed = {name: field[name] for name in FIELD} == FIELD and {name: value[name] for name in STAMP} == STAMP
    names = set(field) == {*FIELD, *OPEN} and set(value) == {*STAMP, *PLACES}
    nowhere = [float(side) for side in field["/Rect"]] == [0.0] * 4
    return fixed and names and nowhere and NAME.fullmatch(str(field["/T"])) is not None
