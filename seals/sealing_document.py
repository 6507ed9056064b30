"""Documents that others made: what may be sealed, in which form, and where on the page as a reader sees it. Pure.

Everything here reads hostile bytes; `cage` runs it in a process of its own.
"""

from dataclasses import replace
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from seals.model import Place, SealMaterial
from seals.model.document import MOST_PAGES, NotSealable, Page
from seals.sealing_page import POINTS_PER_MM

ALIVE = "It runs programs or opens other files; print it to PDF and give that file"
REFUSED = {  # in the catalogue of the file: message ids
    "/Perms": "It bears a seal or a signature already; a seal says that nothing was changed since",
    "/DSS": "It bears a seal or a signature already; a seal says that nothing was changed since",
    "/AA": ALIVE,
    "/OCProperties": "It has layers that can be shown and hidden; print it to PDF and give that file",
    "/Collection": "It is a collection of files; give the document alone",
    "/AF": "It carries other files; a seal would cover what nobody sees. Take them out",
}
ACTIONS = ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/RichMediaExecute")
MOVING = ("/FileAttachment", "/Movie", "/Sound", "/Screen", "/3D", "/RichMedia")
DEPTH = 60  # of a tree of pages or attributes; what lies deeper was made to hurt


def read(data: bytes) -> tuple[bytes, tuple[Page, ...]]:
    """The document as it will be sealed, and its pages. Raises NotSealable, which says what stands in the way.

    A file in one piece stays as it is, byte for byte. One with earlier versions within, or two tables of contents that may
    disagree, is written anew: what nobody sees does not come under the seal.
    """
    if b"%PDF-" not in data[:1024]:
        raise NotSealable("It is not a PDF")
    try:
        reader = PdfFileReader(BytesIO(data), strict=False)
        _look(reader)
        clean = data if _whole(data, reader) else _anew(reader)
        pages = _pages(PdfFileReader(BytesIO(clean)))
    except NotSealable:
        raise
    except Exception as error:  # hostile bytes: pyHanko lets KeyError, TypeError and others through
        raise NotSealable("The file is damaged and cannot be read") from error
    return clean, pages


def laid(pdf: bytes, place: Place | None, material: SealMaterial) -> tuple[Place | None, SealMaterial]:
    """Place and seal for a page that is shown turned or cut: given as its reader sees it, they come out as the page counts."""
    if place is None:
        return None, material
    node = _page(PdfFileReader(BytesIO(pdf)), place.page)
    media, shown, turn = _boxes(node)
    wide, high = place.diameter_mm, place.height_mm or place.diameter_mm
    x, y = place.x_mm * POINTS_PER_MM, place.y_mm * POINTS_PER_MM  # from the left and upper edge of what is seen
    left, lower, right, upper = shown
    across, up = {
        0: (left + x, upper - y),
        90: (left + y, lower + x),
        180: (right - x, lower + y),
        270: (right - y, upper - x),
    }[turn]
    if turn in (90, 270):
        wide, high = high, wide
    put = Place(
        page=place.page,
        x_mm=(across - media[0]) / POINTS_PER_MM,
        y_mm=(media[3] - up) / POINTS_PER_MM,
        diameter_mm=wide,
        height_mm=high if high != wide else 0,
    )
    return put, _turned(material, turn)


def _turned(material: SealMaterial, turn: int) -> SealMaterial:
    """The seal's form, turned with the page so that it stands upright."""
    wide, high = material.units, material.height or material.units
    if turn == 0:
        return material
    move = {90: (0, 1, -1, 0, high, 0), 180: (-1, 0, 0, -1, wide, high), 270: (0, -1, 1, 0, 0, wide)}[turn]
    form = b"%d %d %d %d %d %d cm\n" % move + material.form
    if turn == 180:
        return replace(material, form=form)
    return replace(material, form=form, units=high, height=wide)


# -- what stands in the way


def _look(reader: PdfFileReader) -> None:
    if reader.encrypted:
        raise NotSealable("It is encrypted; save it without a password")
    root = reader.root
    for name, why in REFUSED.items():
        if name in root:
            raise NotSealable(why)
    form = _at(root, "/AcroForm")
    if form is not None and (_at(form, "/Fields") or "/XFA" in form):
        raise NotSealable("It has fields that can be filled in or signed; print it to PDF and give that file")
    names = _at(root, "/Names") or {}
    if "/JavaScript" in names or _acts(_at(root, "/OpenAction")):
        raise NotSealable(ALIVE)
    if "/EmbeddedFiles" in names:
        raise NotSealable(REFUSED["/AF"])


def _acts(action: Any) -> bool:
    """Whether an action does more than to lead elsewhere; `/Next` may lead on to one that does."""
    for _ in range(DEPTH):
        if not isinstance(action, dict):
            return False
        if _at(action, "/S") in ACTIONS or isinstance(_at(action, "/Next"), list):
            return True
        action = _at(action, "/Next")
    return True


def _checked(node: Any) -> None:
    if "/AA" in node:
        raise NotSealable(ALIVE)
    for drawn in _members(_at(node, "/Annots")):
        if _at(drawn, "/Subtype") == "/Widget":
            raise NotSealable("It has fields that can be filled in or signed; print it to PDF and give that file")
        if _at(drawn, "/Subtype") in MOVING or "/AF" in drawn:
            raise NotSealable(REFUSED["/AF"])
        if _acts(_at(drawn, "/A")) or "/AA" in drawn:
            raise NotSealable(ALIVE)


def _at(node: Any, name: str) -> Any:
    """A member of a dictionary, with what it refers to; its own `get` gives the reference."""
    return node[name] if name in node else None  # noqa: SIM401  `get` would not follow it


def _members(array: Any) -> list[Any]:
    """The members of an array, with what they refer to."""
    return [array[index] for index in range(len(array))] if array is not None else []


# -- its pages


def _pages(reader: PdfFileReader) -> tuple[Page, ...]:
    count = int(reader.root["/Pages"]["/Count"])
    if not 1 <= count <= MOST_PAGES:
        raise NotSealable("It has %(count)s pages; 1 to %(most)s can be sealed", count=count, most=MOST_PAGES)
    return tuple(_measured(reader, number) for number in range(1, count + 1))


def _measured(reader: PdfFileReader, number: int) -> Page:
    node = _page(reader, number)
    _checked(node)
    if float(_at(node, "/UserUnit") or 1) != 1:
        raise NotSealable("Page %(page)s counts in units of its own; print it to PDF and give that file", page=number)
    _, (left, lower, right, upper), turn = _boxes(node)
    wide, high = (right - left) / POINTS_PER_MM, (upper - lower) / POINTS_PER_MM
    if not (20 <= wide <= 5000 and 20 <= high <= 5000):
        raise NotSealable(
            "Page %(page)s is no sheet of paper: %(size)s", page=number, size=f"{wide:.0f} x {high:.0f} mm"
        )
    return Page(round(high, 1), round(wide, 1)) if turn in (90, 270) else Page(round(wide, 1), round(high, 1))


def _page(reader: PdfFileReader, number: int) -> Any:
    reference, _ = reader.find_page_for_modification(number - 1)
    return reference.get_object()


def _boxes(node: Any) -> tuple[list[float], list[float], int]:
    """The box in which the page counts, the part of it that is seen, and how it is turned."""
    media = _box(_inherited(node, "/MediaBox"))
    cut = _inherited(node, "/CropBox")
    shown = _box(cut) if cut is not None else media
    inner = [max(shown[0], media[0]), max(shown[1], media[1]), min(shown[2], media[2]), min(shown[3], media[3])]
    turn = int(_inherited(node, "/Rotate") or 0) % 360
    if turn % 90:
        raise NotSealable("The file is damaged and cannot be read")
    return media, inner, turn


def _box(given: Any) -> list[float]:
    a, b, c, d = (float(number) for number in _members(given))
    return [min(a, c), min(b, d), max(a, c), max(b, d)]


def _inherited(node: Any, name: str) -> Any:
    for _ in range(DEPTH):
        if name in node:
            return node[name]
        if "/Parent" not in node:
            return None
        node = node["/Parent"]
    raise NotSealable("The file is damaged and cannot be read")


# -- its form


def _whole(data: bytes, reader: PdfFileReader) -> bool:
    """Whether the file is one piece that the seal can be put on as it is."""
    ends = data.rstrip(b"\r\n").endswith(b"%%EOF") and data.startswith(b"%PDF-")
    one = reader.xrefs.total_revisions == 1 and not reader.xrefs.hybrid_xrefs_present
    return ends and one and "/AcroForm" not in reader.root and _tags_are_whole(reader.root)


def _tags_are_whole(root: Any) -> bool:
    """Whether the seal can join the structure, or there is none."""
    tree = _at(root, "/StructTreeRoot")
    if tree is None:
        return True
    if not isinstance(root.raw_get("/StructTreeRoot"), generic.IndirectObject):
        return False
    if "/ParentTree" not in tree:
        return True
    return "/ParentTreeNextKey" in tree and any(name in tree["/ParentTree"] for name in ("/Nums", "/Kids"))


def _anew(reader: PdfFileReader) -> bytes:
    """The same document in one piece, with everything that can be reached from its pages and nothing else."""
    writer = copy_into_new_writer(reader)
    root = writer.root
    if "/AcroForm" in root:  # without fields, as `_look` found
        del root["/AcroForm"]
    if not _tags_are_whole(root):  # the seal could not join them: a reader's program does better without a broken index
        for name in ("/StructTreeRoot", "/MarkInfo"):
            root.pop(name, None)
    root.pop("/OpenAction", None)
    root[pdf_name("/Type")] = pdf_name("/Catalog")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
