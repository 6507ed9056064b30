"""The page under the seal: opened as pyHanko reads it, extended by one revision of objects that are written as ready bytes.

What a library would build name by name and then write name by name is the same in every document but for a few references.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from seals.model import NotAPage, Place, SealMaterial

Box = tuple[float, float, float, float]

POINTS_PER_MM = 72 / 25.4
NOWHERE: Box = (0, 0, 0, 0)  # the box of a field that is not seen (ISO 32000-2 12.7.5.5)
RANGE_ROOM = 60  # characters kept free for the numbers of a byte range


class Writer(IncrementalPdfFileWriter):
    """pyHanko's incremental writer, except that it leaves the page's metadata alone: the page states its own times."""

    def _update_meta(self) -> None:
        return

    def add(self, data: bytes, place: Any = None) -> Any:
        """A new object of ready bytes, at a reference that was reserved for it."""
        return self.add_object(Raw(data), idnum=place.idnum if place is not None else None)

    def say(self, name: str, value: generic.PdfObject) -> None:
        """Set an entry of the catalog."""
        self.root[pdf_name(name)] = value
        super().update_root()  # type: ignore[no-untyped-call]

    def page(self, number: int) -> Any:
        """The reference of a page, from 1. Raises NotAPage."""
        if not 1 <= number <= int(self.root["/Pages"]["/Count"]):
            raise NotAPage("There is no page %(page)s", page=number)
        return super().find_page_for_modification(number - 1)[0]  # type: ignore[no-untyped-call]

    def finished(self) -> bytearray:
        """The file with its new revision."""
        super().write_in_place()  # type: ignore[no-untyped-call]
        return bytearray(self.prev.stream.getbuffer())


class Raw(generic.PdfObject):
    """An object, or the value of one, as it stands in the file."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:
        """Write it."""
        stream.write(self.data)


class Gap(generic.PdfObject):
    """A signature's dictionary with room for its byte range and its contents, which are filled in when all else is written."""

    def __init__(self, about: bytes, room: int) -> None:
        self._about, self._room = about, room
        self._range = self.start = self.end = 0

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:
        """Write it, and note where the room is."""
        stream.write(b"<<\n/Contents ")
        self.start = stream.tell() + 1
        stream.write(b"<%s>\n/ByteRange " % (b"0" * 2 * self._room))
        self.end = self.start + 2 * self._room
        self._range = stream.tell()
        stream.write(b" " * RANGE_ROOM + b"\n" + self._about + b"\n>>")

    def close(self, pdf: bytearray, hash_name: str) -> bytes:
        """State in a finished file what is signed: everything but the digits. Gives its digest."""
        after = self.end + 1
        numbers = b"[0 %d %d %d]" % (self.start - 1, after, len(pdf) - after)
        pdf[self._range : self._range + len(numbers)] = numbers
        view = memoryview(pdf)
        digest = hashlib.new(hash_name, view[: self.start - 1])
        digest.update(view[after:])
        return digest.digest()


# -- opening


def opened(page: bytes, *, untagged: bool = False) -> Writer:
    """A page, ready for one more revision. Raises NotAPage for what has been signed, filled in or changed, or has no tags."""
    writer = written_on(page)
    reader = writer.prev
    try:
        root = reader.root
        single = reader.xrefs.total_revisions == 1
        taken = [name for name in ("/AcroForm", "/DSS", "/Perms") if name in root]
        fit = untagged or is_tagged(writer)
        encrypted = reader.encrypted
    except Exception as error:  # hostile or damaged: any failure means that it is not our page
        raise NotAPage("The file cannot be read as a tagged PDF") from error
    if encrypted or taken or not single or not fit:
        raise NotAPage("The file has been signed, filled in, encrypted or changed, or has no tags")
    return writer


def written_on(pdf: bytes) -> Writer:
    """Any PDF, ready for one more revision. Raises NotAPage."""
    if not pdf.rstrip(b"\r\n").endswith(b"%%EOF"):
        raise NotAPage("The file does not end where a PDF ends")
    # Without a line end before the update PDF/A clause 6.1.9-1 fails; typst writes none.
    stream = BytesIO(pdf if pdf.endswith(b"\n") else pdf + b"\n")
    try:
        return Writer(stream, prev=PdfFileReader(stream))
    except Exception as error:  # pyHanko lets KeyError, TypeError and AttributeError through on damaged files
        raise NotAPage("The file cannot be read as a tagged PDF") from error


def is_tagged(writer: Writer) -> bool:
    """Whether the page has a structure that a seal's own element can join."""
    root = writer.prev.root
    try:
        return bool(root["/MarkInfo"]["/Marked"]) and "/ParentTree" in root["/StructTreeRoot"]
    except KeyError:
        return False


# -- places


def spot(writer: Writer, place: Place | None) -> tuple[Any, Box]:
    """The page object's reference, and the widget's box in points from the lower left. Raises NotAPage if it sticks out."""
    reference = writer.page(place.page if place else 1)
    return reference, _box(reference.get_object(), place) if place else NOWHERE


def _box(node: Any, place: Place) -> Box:
    while "/MediaBox" not in node:  # inherited (ISO 32000-1 7.7.3.4)
        node = node["/Parent"]
    media = [float(number) for number in node["/MediaBox"]]
    x, y = media[0] + place.x_mm * POINTS_PER_MM, media[3] - place.y_mm * POINTS_PER_MM
    wide = place.diameter_mm * POINTS_PER_MM / 2
    high = (place.height_mm or place.diameter_mm) * POINTS_PER_MM / 2
    left, lower, right, upper = x - wide, y - high, x + wide, y + high
    if left < media[0] or lower < media[1] or right > media[2] or upper > media[3]:
        raise NotAPage("The seal would stand outside of the page")
    return left, lower, right, upper


# -- objects


def add_field(writer: Writer, name: str, label: str, page: Any, box: Box, more: bytes, at: Any) -> None:
    """A signature field that is its own widget, entered into the form and the page; `more` are its other entries."""
    about = b"/FT /Sig\n/T (%s)\n/Type /Annot\n/Subtype /Widget\n/F 132\n" % name.encode()  # printed, locked
    where = b"/Rect [ %s ]\n/P %s\n/TU %s\n" % (b" ".join(b"%.4f" % side for side in box), named(page), _text(label))
    writer.add(b"<<\n" + about + where + more + b">>", at)
    _list(writer, page.get_object(), "/Annots", at)
    page.get_object()[pdf_name("/Tabs")] = pdf_name("/S")  # ISO 14289-1 7.18.3
    writer.mark_update(page)
    if "/AcroForm" in writer.root:
        form = writer.root["/AcroForm"]
        _list(writer, form, "/Fields", at)
        writer.update_container(form)
    else:
        writer.say("/AcroForm", writer.add(b"<<\n/Fields [ %s ]\n/SigFlags 3\n>>" % named(at)))


def _list(writer: Writer, owner: Any, name: str, member: Any) -> None:
    """One more member of an array that an object has, or refers to, or has not."""
    array = held(owner, name, ())
    if name in owner and isinstance(owner.raw_get(name), generic.IndirectObject):
        array.append(member)
        writer.update_container(array)
    else:
        owner[pdf_name(name)] = generic.ArrayObject([*array, member])


def add_evidence(writer: Writer, parts: Mapping[str, Iterable[bytes]]) -> None:
    """The document security store (ISO 32000-2 12.8.4.3); what one before it holds stays."""
    before = held(writer.root, "/DSS", {})
    entries = []
    for name in ("/Certs", "/OCSPs", "/CRLs"):
        old = held(before, name, ())
        kept = [old.raw_get(index) for index in range(len(old))]
        known = {bytes(old[index].data) for index in range(len(old))}
        new = [each for each in dict.fromkeys(parts.get(name, ())) if each not in known]
        members = [named(each) for each in (*kept, *(writer.add(_stream(bytes(each))) for each in new))]
        if members:
            entries.append(b"%s [ %s ]\n" % (name.encode(), b" ".join(members)))
    writer.say("/DSS", writer.add(b"<<\n/Type /DSS\n" + b"".join(entries) + b">>"))


def appearance(material: SealMaterial) -> bytes:
    """The red seal. It multiplies with what lies below, as ink does: a date that crosses it stays readable."""
    about = b"/Type /XObject\n/Subtype /Form\n/BBox [ 0 0 %d %d ]\n" % (
        material.units,
        material.height or material.units,
    )
    return _stream(material.form, about + b"/Resources <</ExtGState <</M <</Type /ExtGState /BM /Multiply>>>>>>\n")


def held(owner: Any, name: str, otherwise: Any) -> Any:
    """What an entry holds or refers to (`get` of pyHanko's dictionaries gives the reference itself)."""
    try:
        return owner[name]
    except KeyError:
        return otherwise


def named(reference: Any) -> bytes:
    """A reference as it is written."""
    return b"%d %d R" % (reference.idnum, reference.generation)


def moment(at: datetime) -> bytes:
    """A date (ISO 32000-2 7.9.4)."""
    return at.astimezone(UTC).strftime("(D:%Y%m%d%H%M%SZ)").encode()


@lru_cache(maxsize=256)
def _text(words: str) -> bytes:
    """A text string (ISO 32000-2 7.9.2.2), in hexadecimal digits so that nothing in it needs care."""
    return b"<FEFF%s>" % words.encode("utf-16-be").hex().upper().encode()


def _stream(data: bytes, about: bytes = b"") -> bytes:
    packed = _deflated(data)
    return b"<<\n%s/Filter /FlateDecode\n/Length %d\n>>\nstream\n%s\nendstream" % (about, len(packed), packed)


@lru_cache(maxsize=512)
def _deflated(data: bytes) -> bytes:
    """Compressed once: forms, certificates and revocation data are the same in thousands of documents."""
    return zlib.compress(data, 9)
