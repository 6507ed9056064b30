"""Distinguished Encoding Rules (X.690): the forms that our answers are made of, and a strict reader for questions.

Answers that are given thousands of times a second (OCSP, time-stamps) are put together from ready-made bytes; a general
ASN.1 library takes far longer for the same octets.
"""

from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A
UTF8, GENERALIZED_TIME, SEQUENCE, SET = 0x0C, 0x18, 0x30, 0x31
CONTEXT = 0xA0  # [0] constructed; add the number
PRIMITIVE_CONTEXT = 0x80  # [0] primitive


class Malformed(ValueError):
    """The octets are not the DER of what was expected here."""


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element: tag, shortest length, contents (X.690 8.1, 10.1)."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of what has been encoded already."""
    return tlv(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """A SET OF, its members in the order of their encodings (X.690 11.6)."""
    return tlv(SET, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    """A constructed context tag `[number]`."""
    return tlv(CONTEXT + number, *parts)


def integer(value: int) -> bytes:
    """An INTEGER in the fewest octets (X.690 8.3)."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def octets(value: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(OCTET_STRING, value)


def bits(value: bytes, unused: int = 0) -> bytes:
    """A BIT STRING of whole octets, less the unused bits of the last one."""
    return tlv(BIT_STRING, bytes((unused,)), value)


def named_bit(number: int) -> bytes:
    """A named-bit list with one bit set, without trailing zero bits (X.690 11.2.2)."""
    return bits(bytes(number // 8) + bytes((0x80 >> number % 8,)), 7 - number % 8)


def oid(dotted: str) -> bytes:
    """An object identifier (X.690 8.19)."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(OID, *(_base128(arc) for arc in (first * 40 + second, *rest)))


def moment(at: datetime) -> bytes:
    """A GeneralizedTime in whole seconds, UTC (RFC 5280 4.1.2.5.2)."""
    return tlv(GENERALIZED_TIME, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def moment_exactly(at: datetime) -> bytes:
    """The same to the millisecond, without trailing zeros (X.690 11.7.3; RFC 3161 2.4.2)."""
    text = at.astimezone(UTC).strftime("%Y%m%d%H%M%S.%f")[:-3].rstrip("0").rstrip(".")
    return tlv(GENERALIZED_TIME, f"{text}Z".encode())


def _base128(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


class Reader:
    """Reads elements one after the other. Whatever is not strict DER raises Malformed, and nothing else does."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether everything was read."""
        return self._at == len(self._data)

    def end(self) -> None:
        """Nothing may follow."""
        if not self.done:
            raise Malformed("octets are left over")

    def peek(self) -> int:
        """The next tag, or -1 at the end."""
        return -1 if self.done else self._data[self._at]

    def raw(self, tag: int) -> bytes:
        """The next element as it stands, which must have this tag."""
        start, _ = self._at, self.take(tag)
        return self._data[start : self._at]

    def take(self, tag: int) -> bytes:
        """The contents of the next element, which must have this tag."""
        if self.peek() != tag:
            raise Malformed(f"tag {tag:#x} was expected, there is {self.peek():#x}")
        start, size = self._length(self._at + 1)
        if start + size > len(self._data):
            raise Malformed("the element is cut off")
        self._at = start + size
        return self._data[start : self._at]

    def maybe(self, tag: int) -> bytes | None:
        """The contents of the next element if it has this tag."""
        return self.take(tag) if self.peek() == tag else None

    def into(self, tag: int) -> "Reader":
        """A reader for the contents of the next element."""
        return Reader(self.take(tag))

    def whole(self) -> int:
        """The next element as an INTEGER (X.690 8.3.2: no needless leading octet)."""
        return number(self.take(INTEGER))

    def _length(self, at: int) -> tuple[int, int]:
        """Where the contents start, and how long they are."""
        if at >= len(self._data):
            raise Malformed("the length is cut off")
        first = self._data[at]
        if first < 0x80:
            return at + 1, first
        count = first & 0x7F
        digits = self._data[at + 1 : at + 1 + count]
        if not 1 <= count <= 4 or len(digits) < count:
            raise Malformed("the length is indefinite, too long or cut off")
        size = int.from_bytes(digits, "big")
        if digits[0] == 0 or size < 0x80:
            raise Malformed("the length is not the shortest")
        return at + 1 + count, size


def number(body: bytes) -> int:
    """The value of an INTEGER's contents."""
    if not body or (len(body) > 1 and (body[0], body[1] >> 7) in {(0x00, 0), (0xFF, 1)}):
        raise Malformed("the integer is not the shortest")
    return int.from_bytes(body, "big", signed=True)
