"""What may stand after the sealed revision: evidence only, each piece ours and checked (levels B-LT and B-LTA).

Anybody can add to a file, and readers take a lot for harmless. So nothing is here but what an archive adds: certificates and
revocation data of this very seal, and time-stamps of our own clock over everything before them (EN 319 142-1 5.5).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from asn1crypto import ocsp, x509
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DSSCompareRule,
    FormUpdatingRule,
    ModificationLevel,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import DocumentTimestampStatus

from seals.model import Level
from verification.model import Check, Reason, Step, failed, passed
from verification.pdf import attached, chain, evidence
from verification.pdf.chain import Anchors
from verification.pdf.tail import NotEvidence, Tail

# What pyHanko takes for harmless and an archive never does (other metadata, a filled form) is left out.
POLICY = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(frozenset(("/AcroForm", "/DSS"))),
        XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        DSSCompareRule().as_qualified(ModificationLevel.LTA_UPDATES),
    ],
    form_rule=FormUpdatingRule(field_rules=[SigFieldCreationRule(), SigFieldModificationRule()]),
)
ID_OCTETS = 16
STORE = {"/Type", "/Certs", "/OCSPs", "/CRLs"}


@dataclass(frozen=True)
class Archived:
    """What later revisions prove: the first and the last time-stamp over the document, and whether evidence was added."""

    evidence: bool = False
    first: datetime | None = None
    last: datetime | None = None

    def level(self, *, timed: bool) -> str:
        """The level of the file (EN 319 142-1), from what was proved."""
        if self.last is not None:
            return Level.archive.value if self.evidence else Level.timed.value
        if not timed:
            return Level.bare.value
        return Level.long_term.value if self.evidence else Level.timed.value


Judge = Callable[[EmbeddedPdfSignature], DocumentTimestampStatus]


def read(
    reader: PdfFileReader, signature: EmbeddedPdfSignature, tail: Tail, anchors: Anchors, judge: Judge
) -> tuple[Archived, Check]:
    """What the later revisions prove, and whether they hold evidence on this seal alone. `judge` looks at one time-stamp."""
    try:
        _refuse(reader, signature, tail, anchors)
        proved = [_proved(one, judge) for one in reader.embedded_timestamp_signatures]
    except Exception as error:  # noqa: BLE001  hostile bytes: pyHanko lets AttributeError, KeyError and TypeError through
        what = str(error) if isinstance(error, NotEvidence) else type(error).__name__
        return Archived(), failed(Step.evidence, Reason.altered, "Something was added after it was sealed", what=what)
    times = sorted(at for at in proved if at is not None)
    found = Archived(_adds_evidence(reader, signature.signed_revision), *((times[0], times[-1]) if times else ()))
    if not times:
        return found, passed(Step.evidence)
    return found, passed(Step.evidence, "Time-stamped for the archive at %(at)s", at=times[-1].isoformat())


def _proved(stamp: EmbeddedPdfSignature, judge: Judge) -> datetime | None:
    """The time of a stamp; None if it cannot be proved by what is at hand. Raises NotEvidence for a stranger's."""
    status = judge(stamp)
    if not (status.intact and status.valid) or status.revoked or status.trust_problem_indic in chain.BROKEN:
        raise NotEvidence("a time-stamp is not from a clock that we trust")
    at: datetime = status.timestamp
    return at if status.trusted else None


def _refuse(reader: PdfFileReader, signature: EmbeddedPdfSignature, tail: Tail, anchors: Anchors) -> None:
    sealed = signature.signed_revision
    if reader.xrefs.total_revisions != sealed + 1 + len(tail.ends):
        raise NotEvidence("the revisions do not follow each other")
    signature.compute_integrity_info(diff_policy=POLICY)
    level = getattr(signature.diff_result, "modification_level", None)
    if level is None or level > ModificationLevel.LTA_UPDATES:
        raise NotEvidence("the document was changed")
    first = reader.get_historical_resolver(sealed)
    for (before, after), objects in zip(
        pairwise(range(sealed, reader.xrefs.total_revisions)), tail.objects, strict=True
    ):
        _explained(reader, before, after, objects)
        _same_file(reader, sealed, after)
        _store(reader.get_historical_resolver(after), first, signature, anchors)
        _stamps(reader.get_historical_resolver(after), first)


def _explained(reader: PdfFileReader, before: int, after: int, objects: dict[int, int]) -> None:
    """Every object of a revision stands where the cross-references say, and each new one is named by the catalog's own parts."""
    refs = reader.xrefs.explicit_refs_in_revision(after)
    places = {ref.idnum: reader.xrefs.get_historical_ref(ref, after) for ref in refs}
    own = reader.xrefs.get_xref_container_info(after).stream_ref
    listed = {number: place for number, place in places.items() if own is None or number != own.idnum}
    if listed != {number: place for number, place in objects.items() if own is None or number != own.idnum}:
        raise NotEvidence("an object stands beside the list of objects")
    known = {*_named(reader.get_historical_resolver(after)), *([own.idnum] if own else ())}
    old = reader.get_historical_resolver(before)
    if any(old.is_ref_unassignable(ref) and ref.idnum not in known for ref in refs):
        raise NotEvidence("an object belongs to nothing")


def _same_file(reader: PdfFileReader, sealed: int, after: int) -> None:
    """The identifier of the file is the sealed one's, and its second half a digest (ISO 32000-2 14.4): no room for words."""
    first, own = (reader.trailer.raw_get("/ID", revision=each) for each in (sealed, after))
    kept, fresh = (getattr(each, "original_bytes", each) for each in own)
    if kept != getattr(first[0], "original_bytes", first[0]) or len(fresh) != ID_OCTETS:
        raise NotEvidence("the identifier of the file differs")


def _named(seen: HistoricalResolver) -> Iterator[int]:
    """The numbers of all that may be new: the store of evidence with its streams, and fields with their time-stamps."""
    root = seen.root
    for name in ("/DSS", "/AcroForm"):
        yield from _number(root, name)
    for each in _members(root, "/DSS", "/Certs", "/OCSPs", "/CRLs"):
        yield each.idnum
    for each in _members(root, "/AcroForm", "/Fields"):
        yield each.idnum
        yield from _number(each.get_object(), "/V")


def _members(root: Any, owner: str, *names: str) -> Iterator[Any]:
    held = attached.held(root, owner, {})
    for name in names:
        array = attached.held(held, name, ())
        yield from (array.raw_get(at) for at in range(len(array)))


def _number(owner: Any, name: str) -> Iterator[int]:
    raw: Any = owner.raw_get(name) if name in owner else None
    if hasattr(raw, "idnum"):
        yield raw.idnum


def _adds_evidence(reader: PdfFileReader, sealed: int) -> bool:
    return {*_number(reader.root, "/DSS")} != {*_number(reader.get_historical_root(sealed), "/DSS")}


# -- the store of evidence


def _store(
    seen: HistoricalResolver, first: HistoricalResolver, signature: EmbeddedPdfSignature, anchors: Anchors
) -> None:
    """Raise NotEvidence unless each stream that the seal does not cover is of ours, and on this seal."""
    store = attached.held(seen.root, "/DSS", {})
    if set(store) - STORE or attached.held(store, "/Type", "/DSS") != "/DSS":
        raise NotEvidence("the store of evidence has other parts")
    for name, judge in (("/Certs", _certificate), ("/OCSPs", _answer), ("/CRLs", _list)):
        new = [each for each in _members(seen.root, "/DSS", name) if first.is_ref_unassignable(each.reference)]
        found = [seen.get_object(each.reference) for each in new]
        if len(found) > attached.MOST_EVIDENCE:
            raise NotEvidence("the store of evidence has too many parts")
        for each in found:
            data = evidence.unpacked(each)
            if data is None or not judge(data, signature, anchors):
                raise NotEvidence("the store of evidence holds something else")


def _stamps(seen: HistoricalResolver, first: HistoricalResolver) -> None:
    """Raise NotEvidence unless each field that the seal does not cover is that of a time-stamp, and says nothing else."""
    for each in _members(seen.root, "/AcroForm", "/Fields"):
        if first.is_ref_unassignable(each.reference) and not evidence.is_stamp(seen.get_object(each.reference)):
            raise NotEvidence("a field has another form than that of our time-stamps")


def _certificate(data: bytes, signature: EmbeddedPdfSignature, anchors: Anchors) -> bool:
    """Whether it is one of our signers': the seal's own, an authority, a clock, or who answers on revocation."""
    known = {*anchors.roots, *anchors.authorities, signature.signer_cert.dump()}
    return data in known or (evidence.signed(data) and _answers(data, anchors))


def _answers(data: bytes, anchors: Anchors) -> bool:
    purposes = x509.Certificate.load(data).extended_key_usage_value
    return chain.issued_by_us(data, anchors) and purposes is not None and "ocsp_signing" in purposes.native


def _answer(data: bytes, signature: EmbeddedPdfSignature, anchors: Anchors) -> bool:
    """Whether it is an answer on this seal or one of our signers, signed by our authority or whom it certified for that."""
    brought = evidence.answer(data)
    basic = ocsp.OCSPResponse.load(data, strict=True).basic_ocsp_response
    about = [one["cert_id"]["serial_number"].native for one in basic["tbs_response_data"]["responses"]]
    ours = [*map(x509.Certificate.load, (*anchors.roots, *anchors.authorities)), signature.signer_cert]
    if not all(_answers(one, anchors) for one in brought):
        return False
    signers = [*map(x509.Certificate.load, brought), *(one for one in ours if one.ca)]
    right = any(chain.signed_by(basic, one) for one in signers)
    return {*about} <= {one.serial_number for one in ours} and bool(about) and right


def _list(data: bytes, signature: EmbeddedPdfSignature, anchors: Anchors) -> bool:
    """Whether it is a list of one of our authorities."""
    return evidence.signed(data) and chain.listed_by_us(data, anchors)
