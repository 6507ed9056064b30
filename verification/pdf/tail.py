"""The bytes after the sealed revision: whole revisions and nothing between their objects, whatever parsers think of them."""

import re
from dataclasses import dataclass
from itertools import pairwise

from certs.der import Malformed
from verification.pdf.chain import Anchors
from verification.pdf.container import AttributeRefused, read_token
from verification.pdf.layout import MARK, Hole, Layout

MOST_REVISIONS = 40  # two for each round of evidence, and a round lasts years
MOST_OBJECTS = 100  # of one revision; ours have about ten
STAMP = b"/Type /DocTimeStamp"

_OBJECT = re.compile(rb"(\d{1,7}) 0 obj\n")
_LENGTH = re.compile(rb"/Length (\d{1,8})\n")
_TABLE = re.compile(rb"xref\n((?:\d{1,7} \d{1,7}\n(?:\d{10} \d{5} [nf] \n)+)+)trailer\n<<([^%]{0,800}?)>>\n")
_CLOSED = re.compile(rb"startxref\n\d{1,10}\n%%EOF\n")
_TRAILER = {b"/Size", b"/Root", b"/Info", b"/ID", b"/Prev"}


class NotEvidence(ValueError):
    """Something besides evidence stands after the sealed revision."""


@dataclass(frozen=True)
class Tail:
    """The bytes after the sealed revision: where each further revision ends, and where its objects stand by their number."""

    start: int
    ends: tuple[int, ...]
    objects: tuple[dict[int, int], ...]
    marks: int  # how often a ByteRange is named
    stamps: int  # how often an object says that it is a time-stamp over the document


def read(data: bytes, start: int) -> Tail | None:
    """Read what follows the sealed revision; None unless it is whole revisions with nothing between their objects."""
    at, ends, objects = start, list[int](), list[dict[int, int]]()
    try:
        while at < len(data) and len(ends) <= MOST_REVISIONS:
            at, found = _revision(data, at)
            ends.append(at)
            objects.append(found)
    except NotEvidence:
        return None
    if at < len(data):
        return None
    rest = data[start:]
    return Tail(start, tuple(ends), tuple(objects), rest.count(MARK), rest.count(STAMP))


def _revision(data: bytes, at: int) -> tuple[int, dict[int, int]]:
    found: dict[int, int] = {}
    while (head := _OBJECT.match(data, at)) is not None and len(found) <= MOST_OBJECTS:
        number = int(head[1])
        if number in found:
            raise NotEvidence("an object stands there twice")
        found[number] = at
        at = _after_object(data, head.end())
    table = _TABLE.match(data, at)
    if table is not None:
        if set(re.findall(rb"/[A-Za-z]+", table[2])) - _TRAILER:
            raise NotEvidence("the trailer says more than ours")
        at = table.end()
    closed = _CLOSED.match(data, at)
    if closed is None or not found:
        raise NotEvidence("this is no revision")
    return closed.end(), found


def _after_object(data: bytes, at: int) -> int:
    """Where an object ends. In its dictionary no comment can hide, and its stream is as long as it says."""
    stop = data.find(b"endobj\n", at)
    flow = data.find(b"stream\n", at, max(stop, at))
    if stop < 0 or b"%" in data[at : flow if flow >= 0 else stop]:
        raise NotEvidence("an object has no end, or a comment")
    if flow < 0:
        return stop + len(b"endobj\n")
    length = _LENGTH.search(data, at, flow)
    end = flow + len(b"stream\n") + (int(length[1]) if length else 0)
    if length is None or data[end : end + 18] != b"\nendstream\nendobj\n":
        raise NotEvidence("a stream is not as long as it says")
    return end + 18


# -- time-stamps over the document


def refused(layout: Layout, tail: Tail, anchors: Anchors) -> str:
    """Why a time-stamp over the document has not our form; empty if all have."""
    held = [hole for hole in layout.holes if hole.at >= tail.start]
    if len(held) != tail.marks:  # more than we look at, or written so that only others find it
        return "the place of a time-stamp"
    return next((why for hole in held if (why := _refused(hole, tail, anchors))), "")


def _refused(hole: Hole, tail: Tail, anchors: Anchors) -> str:
    first, length, second, _ = hole.range
    before, end = next(each for each in pairwise((tail.start, *tail.ends)) if hole.at < each[1])
    own = (
        before <= length and hole.end == end
    )  # all up to the end of the revision that it stands in, and but for itself
    joined = first == 0 and length + len(hole.digits) == second
    if not (own and joined and hole.framed and hole.clean):
        return "the place of a time-stamp"
    try:
        token = read_token(hole.container)
    except (AttributeRefused, Malformed) as error:
        return str(error)
    known = {*anchors.roots, *anchors.authorities}.issuperset(token.others)
    return "" if token.canonical and known else "the form of a time-stamp"
