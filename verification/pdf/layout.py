"""Rules on the raw bytes, before any parser sees the file: what we issue has one layout, whatever parsers think of it."""

import re
from dataclasses import dataclass
from itertools import islice

from certs import der
from certs.der import Malformed, Reader

RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]")
CONTENTS = re.compile(rb"/Contents\s*<([0-9A-Fa-f\s]{200,})>")
MARK = b"/ByteRange"
ENDS = (b"%%EOF", b"%%EOF\n", b"%%EOF\r", b"%%EOF\r\n")
MOST_SEALS = 20  # a file with more signatures is none of ours, and not worth our time


@dataclass(frozen=True)
class Hole:
    """One place for a signature: the four numbers of its ByteRange, and what stands in it."""

    range: tuple[int, int, int, int]
    container: bytes  # the DER in it without what follows; empty if there is none
    padding: bytes  # the digits that follow it
    digits: bytes
    held: bytes  # whatever the digits decode to, however they are written: to find out whose seal this wants to be
    at: int = 0  # where its ByteRange is named

    @property
    def framed(self) -> bool:
        """Whether the hole is exactly one hexadecimal string: `<`, digits, `>`, as we write them (capitals)."""
        return bool(self.container) and re.fullmatch(rb"<[0-9A-F]+>", self.digits) is not None

    @property
    def clean(self) -> bool:
        """Whether nothing but zeros follows the container."""
        return not self.padding.strip(b"0")

    @property
    def end(self) -> int:
        """Where what the signature covers ends."""
        return self.range[2] + self.range[3]

    def covers(self, size: int) -> bool:
        """Whether everything else up to that end, which lies in a file of this size, is under the signature."""
        first, length, second, _ = self.range
        return first == 0 and length + len(self.digits) == second and self.end <= size

    def ends(self, size: int) -> bool:
        """Whether nothing follows what the signature covers."""
        return self.end >= size


@dataclass(frozen=True)
class Layout:
    """What the raw bytes tell about a file."""

    size: int
    starts: bool
    ends: bool
    marks: int  # how often a ByteRange is named
    holes: tuple[Hole, ...]
    loose: tuple[bytes, ...]  # containers as they stand in the text, wherever a ByteRange says that they are


def look(data: bytes) -> Layout:
    """Find every place for a signature by the bytes alone."""
    found = [_hole(data, match) for match in islice(RANGE.finditer(data), MOST_SEALS)]
    loose = tuple(_decoded(match[1]) for match in islice(CONTENTS.finditer(data), MOST_SEALS))
    return Layout(len(data), data.startswith(b"%PDF-"), data.endswith(ENDS), data.count(MARK), tuple(found), loose)


def _hole(data: bytes, match: re.Match[bytes]) -> Hole:
    first, length, second, rest = (int(number) for number in match.groups())
    digits = data[length:second] if length < second <= len(data) else b""
    inner = digits[1:-1]
    held = _decoded(inner)
    container = _first(held)
    return Hole((first, length, second, rest), container, inner[2 * len(container) :], digits, held, match.start())


def _decoded(digits: bytes) -> bytes:
    """Whatever a reader of good will would make of the digits."""
    found = re.sub(rb"[^0-9A-Fa-f]", b"", digits)
    return bytes.fromhex(found[: len(found) // 2 * 2].decode("ascii"))


def _first(held: bytes) -> bytes:
    """The strict DER element at the beginning; empty if there is none."""
    try:
        return Reader(held).raw(der.SEQUENCE)
    except Malformed:
        return b""
