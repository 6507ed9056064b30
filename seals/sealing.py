"""Sealing a page: the signing door of pyHanko, and pure. PAdES baseline, certification with DocMDP P=1, one revision.

The sealed revision holds everything: the red seal as the signature's own widget, a structure element for it (PDF/UA), the
certificates and revocation data (DSS), the signature and its time-stamp. Nothing is added later, so that viewers can say
"total document signed"; there is exactly one signature field, its padding is zero and its s is low, so that the digest of the
file names the document.
"""

import hashlib
import zlib
from functools import lru_cache
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from seals import cms
from seals.model import Evidence, Level, NotAPage, Place, Sealed, SealingFailed, SealMaterial, SealUse, Ticket

Box = tuple[float, float, float, float]

FIELD = "Seal"
POINTS_PER_MM = 72 / 25.4
TOKEN_ROOM = 3072  # bytes kept free for the time-stamp token with its certificate; ours takes about half


def prepare(page: bytes, material: SealMaterial, use: SealUse, place: Place, evidence: Evidence) -> Ticket:
    """Check everything and lay out the document with a hole for the signature. Nothing is signed.

    The use must be reserved (UseSpent). Raises NotAPage for anything but a tagged, unsigned, single-revision PDF.
    """
    use.open()
    if use.seal != material.seal:
        raise SealingFailed("The use %(use)s is for another seal", use=use.id)
    writer = _opened(page)
    try:
        spot = _spot(writer, place)
        _add_evidence(writer, material, evidence)
        prepared, hole, digest = _lay_out(writer, material, place.page, spot, evidence)
    except NotAPage:
        raise
    except Exception as error:  # pyHanko lets KeyError, TypeError and AttributeError through on damaged files
        raise NotAPage("The page is damaged or not of our making") from error
    attributes = cms.template(material.chain).attributes(digest)
    return Ticket(use, material, evidence, prepared, hole, attributes)


def seal_once(ticket: Ticket) -> Sealed:
    """Sign, time-stamp and close the document. A ticket seals once: the second call raises UseSpent.

    Without a time-stamp the document is whole all the same; its level is lower, and `missing` says why.
    """
    ticket.once.take()
    signature = ticket.material.sign(ticket.attributes)
    if not cms.is_low_s(signature):
        raise SealingFailed("The key of the seal %(seal)s gave a signature that we do not use", seal=ticket.use.seal)
    template = cms.template(ticket.material.chain)
    token = _time_stamp(ticket, signature)
    container = template.container(ticket.attributes, signature, token)
    start, end = ticket.hole
    if token is not None and 2 * len(container) > end - start:
        token, container = None, template.container(ticket.attributes, signature, None)
    digits = container.hex().upper().encode()
    pdf = bytearray(ticket.prepared)
    pdf[start : start + len(digits)] = digits
    missing = ticket.evidence.missing + (() if token else ("time-stamp",))
    level = Level.timed if token else Level.bare
    digest = hashlib.sha256(pdf).digest()
    return Sealed(ticket.use.id, bytes(pdf), digest, level, missing, ticket.evidence.at)


def _time_stamp(ticket: Ticket, signature: bytes) -> bytes | None:
    """A token over the signature, or None if none can be had."""
    if ticket.evidence.stamp is None:
        return None
    wanted = hashlib.sha256(signature).digest()
    try:
        token = ticket.evidence.stamp(wanted)
        return token if cms.imprint(token) == wanted else None
    except Exception:  # noqa: BLE001  the time-stamper is another service and may fail in any way; it tells the log itself
        return None


class _Writer(IncrementalPdfFileWriter):
    """pyHanko's incremental writer, except that it leaves the page's metadata alone: the page states its own times."""

    def _update_meta(self) -> None:
        return


def _opened(page: bytes) -> _Writer:
    """The page, ready for one more revision. Raises NotAPage for what we would not make ourselves."""
    if not page.rstrip(b"\r\n").endswith(b"%%EOF"):
        raise NotAPage("The file does not end where a PDF ends")
    # Without a line end before the update PDF/A clause 6.1.9-1 fails; typst writes none.
    stream = BytesIO(page if page.endswith(b"\n") else page + b"\n")
    try:
        reader = PdfFileReader(stream)
        root = reader.root
        single = reader.xrefs.total_revisions == 1
        taken = [name for name in ("/AcroForm", "/DSS", "/Perms") if name in root]
        tagged = bool(root["/MarkInfo"]["/Marked"]) and "/ParentTree" in root["/StructTreeRoot"]
        encrypted = reader.encrypted
    except Exception as error:  # hostile or damaged: any failure means that it is not our page
        raise NotAPage("The file cannot be read as a tagged PDF") from error
    if encrypted or taken or not single or not tagged:
        raise NotAPage("The file has been signed, filled in, encrypted or changed, or has no tags")
    return _Writer(stream, prev=reader)


def _spot(writer: IncrementalPdfFileWriter, place: Place) -> tuple[Any, Box]:
    """The page object's reference, and the widget's rectangle in points from the lower left. Raises NotAPage if it sticks out."""
    if not 1 <= place.page <= int(writer.root["/Pages"]["/Count"]):
        raise NotAPage("There is no page %(page)s", page=place.page)
    reference, _ = writer.find_page_for_modification(place.page - 1)
    node = reference.get_object()
    while "/MediaBox" not in node:  # inherited (ISO 32000-1 7.7.3.4)
        node = node["/Parent"]
    media = [float(number) for number in node["/MediaBox"]]
    x, y = media[0] + place.x_mm * POINTS_PER_MM, media[3] - place.y_mm * POINTS_PER_MM
    half = place.diameter_mm * POINTS_PER_MM / 2
    left, lower, right, upper = x - half, y - half, x + half, y + half
    if left < media[0] or lower < media[1] or right > media[2] or upper > media[3]:
        raise NotAPage("The seal would stand outside of the page")
    return reference, (left, lower, right, upper)


def _add_evidence(writer: IncrementalPdfFileWriter, material: SealMaterial, evidence: Evidence) -> None:
    """The document security store (ISO 32000-2 12.8.4.3), written into the revision that will be sealed."""
    parts = {
        "/Certs": dict.fromkeys((*material.chain, *evidence.certificates)),
        "/OCSPs": dict.fromkeys(evidence.ocsps),
        "/CRLs": dict.fromkeys(evidence.crls),
    }
    store = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/DSS")})
    for name, members in parts.items():
        if members:
            store[pdf_name(name)] = generic.ArrayObject(writer.add_object(_stream(bytes(each))) for each in members)
    writer.root[pdf_name("/DSS")] = writer.add_object(store)
    writer.update_root()


def _lay_out(
    writer: IncrementalPdfFileWriter, material: SealMaterial, page: int, spot: tuple[Any, Box], evidence: Evidence
) -> tuple[bytes, tuple[int, int], bytes]:
    """Write field, widget, tags and an empty signature. Gives the bytes, the hole for the digits, and the digest."""
    box: Any = spot[1]  # pyHanko declares whole numbers and takes any
    spec = SigFieldSpec(FIELD, on_page=page - 1, box=box, readable_field_name=material.label)
    steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name=FIELD, writer=writer)
    reference = next(steps)
    field = reference.get_object()
    field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): writer.add_object(_appearance(material))})
    _tag(writer, reference, spot[0])
    signature = SignatureObject(
        timestamp=evidence.at, subfilter=SigSeedSubFilter.PADES, bytes_reserved=2 * _room(material, evidence)
    )
    certify = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(SigObjSetup(sig_placeholder=signature, mdp_setup=certify))
    digest, output = steps.send(SigIOSetup(md_algorithm="sha256", in_place=True))
    hole = (digest.reserved_region_start + 1, digest.reserved_region_end - 1)
    return output.getvalue(), hole, digest.document_digest


def _room(material: SealMaterial, evidence: Evidence) -> int:
    """Bytes to keep free for the container."""
    template = cms.template(material.chain)
    longest = template.container(template.attributes(bytes(32)), bytes(cms.LONGEST_SIGNATURE), None)
    return len(longest) + (TOKEN_ROOM if evidence.stamp else 0)


def _appearance(material: SealMaterial) -> generic.StreamObject:
    """The red seal. It multiplies with what lies below, as ink does: a date that crosses it stays readable."""
    side = generic.NumberObject(material.units)
    ink = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/ExtGState"), pdf_name("/BM"): pdf_name("/Multiply")})
    states = generic.DictionaryObject({pdf_name("/M"): ink})
    about = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): generic.ArrayObject([generic.NumberObject(0), generic.NumberObject(0), side, side]),
        pdf_name("/Resources"): generic.DictionaryObject({pdf_name("/ExtGState"): states}),
    }
    return _stream(material.form, about)


def _stream(data: bytes, about: dict[Any, Any] | None = None) -> generic.StreamObject:
    """A compressed stream object."""
    entries = {**(about or {}), pdf_name("/Filter"): pdf_name("/FlateDecode")}
    return generic.StreamObject(entries, encoded_data=_deflated(data))


@lru_cache(maxsize=512)
def _deflated(data: bytes) -> bytes:
    """Compressed once: forms, certificates and revocation data are the same in thousands of documents."""
    return zlib.compress(data, 9)


def _tag(writer: IncrementalPdfFileWriter, widget: Any, page: Any) -> None:
    """Give the widget its Form element, object reference and parent-tree entry (ISO 14289-1 7.18.4, ISO 32000-1 14.7.4)."""
    page.get_object()[pdf_name("/Tabs")] = pdf_name("/S")  # ISO 14289-1 7.18.3
    writer.mark_update(page)
    tree = writer.root["/StructTreeRoot"]
    parent, above = _document(writer)
    object_reference = {pdf_name("/Type"): pdf_name("/OBJR"), pdf_name("/Pg"): page, pdf_name("/Obj"): widget}
    element = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/StructElem"),
                pdf_name("/S"): pdf_name("/Form"),
                pdf_name("/P"): above,
                pdf_name("/Pg"): page,
                pdf_name("/K"): generic.DictionaryObject(object_reference),
            }
        )
    )
    parent[pdf_name("/K")] = generic.ArrayObject([*_kids(parent), element])
    writer.update_container(parent)
    key = generic.NumberObject(int(tree["/ParentTreeNextKey"]))
    widget.get_object()[pdf_name("/StructParent")] = key
    _add_number(writer, tree["/ParentTree"], key, element)
    tree[pdf_name("/ParentTreeNextKey")] = generic.NumberObject(key + 1)
    writer.update_container(tree)


def _kids(element: Any) -> list[Any]:
    """The children of a structure element, references left as they are (ISO 32000-1 14.7.2: an array, one child or none)."""
    kids = element.get("/K")
    if kids is None:
        return []
    return list(kids) if isinstance(kids, list) else [element.raw_get("/K")]


def _document(writer: IncrementalPdfFileWriter) -> tuple[Any, Any]:
    """The element under which the seal is tagged, and its reference: the Document element, or else the root of the tree."""
    tree = writer.root["/StructTreeRoot"]
    for kid in _kids(tree):
        if isinstance(kid, generic.IndirectObject) and kid.get_object().get("/S") == "/Document":
            return kid.get_object(), kid
    return tree, writer.root.raw_get("/StructTreeRoot")


def _add_number(writer: IncrementalPdfFileWriter, tree: Any, key: generic.NumberObject, value: Any) -> None:
    """Append the largest key to a number tree (ISO 32000-1 7.9.7)."""
    if "/Nums" in tree:
        tree[pdf_name("/Nums")] = generic.ArrayObject([*tree["/Nums"], key, value])
    else:
        leaf = generic.DictionaryObject(
            {
                pdf_name("/Limits"): generic.ArrayObject([key, key]),
                pdf_name("/Nums"): generic.ArrayObject([key, value]),
            }
        )
        tree[pdf_name("/Kids")] = generic.ArrayObject([*tree["/Kids"], writer.add_object(leaf)])
    writer.update_container(tree)
