"""Sealing a page: the signing door of pyHanko, and pure. PAdES baseline, certification with DocMDP P=1, one revision.

The sealed revision holds everything: the red seal as the signature's own widget, a structure element for it (PDF/UA), the
certificates and revocation data (DSS), the signature and its time-stamp. So viewers can say "total document signed"; there is
exactly one signature field, its padding is zero and its signature has one form, so that the digest of the file names the
document. `sealing_archive` adds evidence in later revisions and leaves this one as it is.
"""

import hashlib
from typing import Any

from seals import cms
from seals import sealing_page as pages
from seals.model import Evidence, Level, NotAPage, Place, Sealed, SealingFailed, SealMaterial, SealUse, Ticket
from seals.sealing_page import Gap, Raw, Writer
from seals.sealing_tags import tag

FIELD = "Seal"
TOKEN_ROOM = 3072  # bytes kept free for the time-stamp token with its certificate; ours takes about half
CERTIFIES = (  # DocMDP P=1: nothing may be changed (ISO 32000-2 12.8.2.2)
    b"/Reference [ <</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /V /1.2 /P 1>>>> ]"
)


def prepare(page: bytes, material: SealMaterial, use: SealUse, place: Place | None, evidence: Evidence) -> Ticket:
    """Check everything and lay out the document with a hole for the signature. Nothing is signed.

    Without a place the seal is not seen. The use must be reserved (UseSpent). Raises NotAPage for anything but a tagged,
    unsigned, single-revision PDF.
    """
    return _prepared(page, material, use, place, evidence, untagged=False)


def prepare_document(
    page: bytes, material: SealMaterial, use: SealUse, place: Place | None, evidence: Evidence
) -> Ticket:
    """The same for a document that others made, which may have no tags: it is then no worse to read than it was."""
    return _prepared(page, material, use, place, evidence, untagged=True)


def _prepared(
    page: bytes, material: SealMaterial, use: SealUse, place: Place | None, evidence: Evidence, *, untagged: bool
) -> Ticket:
    use.open()
    if use.seal != material.seal:
        raise SealingFailed("The use %(use)s is for another seal", use=use.id)
    template = cms.template(material.chain)
    writer = pages.opened(page, untagged=untagged)
    try:
        gap = _lay_out(writer, material, place, evidence)
        prepared = writer.finished()
    except NotAPage:
        raise
    except Exception as error:  # pyHanko lets KeyError, TypeError and AttributeError through on damaged files
        raise NotAPage("The page is damaged or not of our making") from error
    attributes = template.attributes(gap.close(prepared, template.scheme.hash))
    return Ticket(use, material, evidence, bytes(prepared), (gap.start, gap.end), attributes)


def seal_once(ticket: Ticket) -> Sealed:
    """Sign, time-stamp and close the document. A ticket seals once: the second call raises UseSpent.

    Without a time-stamp the document is whole all the same; its level is lower, and `missing` says why.
    """
    ticket.once.take()
    template = cms.template(ticket.material.chain)
    signature = ticket.material.sign(ticket.attributes)
    if not template.scheme.is_canonical(signature):
        raise SealingFailed("The key of the seal %(seal)s gave a signature that we do not use", seal=ticket.use.seal)
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


def _lay_out(writer: Writer, material: SealMaterial, place: Place | None, evidence: Evidence) -> Gap:
    """Evidence, field, widget, tags and an empty signature, as the objects of a new revision."""
    page, box = pages.spot(writer, place)
    if evidence.certificates or evidence.ocsps or evidence.crls:
        certificates = (*material.chain, *evidence.certificates)
        pages.add_evidence(writer, {"/Certs": certificates, "/OCSPs": evidence.ocsps, "/CRLs": evidence.crls})
    widget, signature = writer.allocate_placeholder(), writer.allocate_placeholder()
    more = b"/V %s\n" % pages.named(signature)
    if place:
        more += b"/AP <</N %s>>\n" % pages.named(writer.add(pages.appearance(material)))
        if pages.is_tagged(writer):
            more += b"/StructParent %d\n" % tag(writer, widget, page)
    pages.add_field(writer, FIELD, material.label, page, box, more, widget)
    writer.say("/Perms", Raw(b"<</DocMDP %s>>" % pages.named(signature)))
    return _gap(writer, material, evidence, signature)


def _gap(writer: Writer, material: SealMaterial, evidence: Evidence, at: Any) -> Gap:
    about = b"/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/M %s\n" % pages.moment(evidence.at)
    room = cms.template(material.chain).longest + (TOKEN_ROOM if evidence.stamp else 0)
    gap = Gap(about + CERTIFIES, room)
    writer.add_object(gap, idnum=at.idnum)
    return gap
