"""Examine one file: every rule is one named check. Rules for what we issued come first, on the raw bytes; then the library."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO

from asn1crypto import cms, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from certs.der import Malformed
from verification.model import Check, Paper, Reason, SealMark, Step, failed, not_done, passed
from verification.pdf import archive, attached, chain, seal, tail
from verification.pdf.archive import Archived
from verification.pdf.chain import Anchors, Inside
from verification.pdf.container import AttributeRefused, Container, read, read_token
from verification.pdf.layout import Hole, Layout, look
from verification.pdf.tail import Tail

MOST_BYTES = 20_500_000  # of a file: the largest document that is sealed, and its seal
TAIL_BYTES = (
    2048  # in which the pointer to the cross-references stands; pyHanko would look for it through the whole file
)


def examine(data: bytes, anchors: Anchors, now: datetime) -> Paper:
    """Everything that a file alone can tell. Never raises for what the file holds; never green by default."""
    refused = _readable(data)
    if refused is not None:
        return Paper((refused,))
    layout = look(data)
    reader, opened = _opened(data)
    hole = _our_hole(layout, anchors)
    if hole is None:
        return Paper((opened, *_without_hole(reader, layout, anchors)))
    added = tail.read(data, hole.end) if hole.end < layout.size else None
    raw = tuple(_raw_rules(layout, hole, added, anchors))
    parsed = _parsed(reader, hole, added, anchors, now) if reader is not None else Paper(())
    return Paper(
        checks=(opened, passed(Step.sealed), passed(Step.our_seal), *raw, *parsed.checks),
        digest=hashlib.sha256(data[: hole.end]).hexdigest(),
        seal=parsed.seal,
        record=parsed.record,
        record_digest=parsed.record_digest,
        codes=parsed.codes,
        covered=_covered(hole),
    )


def _readable(data: bytes) -> Check | None:
    if len(data) > MOST_BYTES:
        return failed(Step.readable, Reason.too_large)
    if b"%PDF-" not in data[:1024]:
        return failed(Step.readable, Reason.not_a_document)
    return None


def _opened(data: bytes) -> tuple[PdfFileReader | None, Check]:
    """The file for pyHanko, in strict mode and with its limits for strangers' files."""
    if b"startxref" not in data[-TAIL_BYTES:]:
        return None, failed(Step.readable, Reason.damaged, "The reader stopped within it", kind="startxref")
    try:
        reader = PdfFileReader(BytesIO(data), strict=True)
        if reader.encrypted:
            return None, failed(Step.readable, Reason.damaged, "It is encrypted")
        if not 1 <= attached.page_count(reader) <= attached.MOST_PAGES:
            return None, failed(Step.readable, Reason.too_large, "It has too many pages")
        list(enumerate_sig_fields(reader))
    except Exception as error:  # noqa: BLE001  hostile bytes: pyHanko lets KeyError, TypeError and others through
        return None, failed(Step.readable, Reason.damaged, "The reader stopped within it", kind=type(error).__name__)
    return reader, passed(Step.readable)


# -- whose seal is it?


def _our_hole(layout: Layout, anchors: Anchors) -> Hole | None:
    """The first place in which a certificate of ours signs."""
    for hole in layout.holes:
        if any(_is_ours(certificate, anchors) for certificate in _signers(hole.held)):
            return hole
    return None


def _signers(container: bytes) -> Iterator[bytes]:
    """The certificates in a container, as the library finds them: a damaged container of ours is still ours."""
    try:
        for one in cms.ContentInfo.load(container)["content"]["certificates"]:
            yield one.chosen.dump()
    except Exception:  # noqa: BLE001  hostile bytes
        return


def _is_ours(certificate: bytes, anchors: Anchors) -> bool:
    try:
        held = x509.Certificate.load(certificate)
        return not held.ca and chain.issued_by_us(certificate, anchors)
    except Exception:  # noqa: BLE001  hostile bytes
        return False


def _without_hole(reader: PdfFileReader | None, layout: Layout, anchors: Anchors) -> tuple[Check, ...]:
    """No seal of ours stands where a ByteRange says: is one there all the same, or another's, or none?"""
    certificates = [one for container in layout.loose for one in _signers(container)]
    if any(_is_ours(one, anchors) for one in certificates):
        why = "The seal does not stand where it says"
        return (passed(Step.sealed), passed(Step.our_seal), failed(Step.whole_file, Reason.altered, why))
    if any(_claims_us(one, anchors) for one in certificates):
        why = "It names one of our authorities as its issuer, which never signed it"
        return (passed(Step.sealed), failed(Step.our_seal, Reason.forged, why))
    if layout.marks or (reader is not None and list(enumerate_sig_fields(reader, filled_status=True))):
        return (passed(Step.sealed), failed(Step.our_seal, Reason.foreign))
    return () if reader is None else (failed(Step.sealed, Reason.not_sealed),)


def _claims_us(certificate: bytes, anchors: Anchors) -> bool:
    try:
        return chain.names_us(certificate, anchors)
    except Exception:  # noqa: BLE001  hostile bytes
        return False


# -- the raw bytes


def _raw_rules(layout: Layout, hole: Hole, added: Tail | None, anchors: Anchors) -> Iterator[Check]:
    whole = added is not None or hole.ends(layout.size)
    if layout.starts and layout.ends and whole:
        yield passed(Step.file_ends)
    else:
        yield failed(Step.file_ends, Reason.altered, "Something stands before or after the sealed part")
    if hole.framed and hole.covers(layout.size):
        yield passed(Step.whole_file)
    else:
        yield failed(Step.whole_file, Reason.altered, "Some bytes are not under the seal")
    yield passed(Step.padding) if hole.clean else failed(Step.padding, Reason.altered, "Data are hidden after the seal")
    seals = layout.marks - (added.stamps if added is not None else 0)
    if seals == 1 and (added is None or added.marks == added.stamps):
        yield passed(Step.one_seal)
    else:
        yield failed(Step.one_seal, Reason.altered, "%(count)s signatures are in the file", count=str(seals))
    yield from _container_rules(hole, anchors)
    why = tail.refused(layout, added, anchors) if added is not None else ""
    if why:
        yield failed(Step.evidence, Reason.altered, "Something was added after it was sealed", what=why)


def _container_rules(hole: Hole, anchors: Anchors) -> Iterator[Check]:
    try:
        container = read(hole.container)
        token = read_token(container.token) if container.token is not None else None
    except AttributeRefused as error:
        yield failed(Step.attributes, Reason.altered, "The seal holds something that ours do not hold", what=str(error))
        return
    except Malformed as error:
        yield failed(Step.strict_form, Reason.altered, "The seal is written in another form than ours", what=str(error))
        return
    canonical = container.canonical and (token is None or token.canonical)
    if canonical and _chain_known(container, token, anchors):
        yield passed(Step.strict_form)
    else:
        yield failed(Step.strict_form, Reason.altered, "The seal is written in another form than ours")
    yield passed(Step.attributes)


def _chain_known(container: Container, token: Container | None, anchors: Anchors) -> bool:
    """Besides the signers' own, only certificates that we know octet by octet may lie in the hole."""
    known = {*anchors.roots, *anchors.authorities}
    return known.issuperset(container.others) and (token is None or known.issuperset(token.others))


def _covered(hole: Hole) -> str:
    """What the seal says that it covers; the check of the content finds whether that is so."""
    try:
        return read(hole.container).digest.hex()
    except (AttributeRefused, Malformed):
        return ""


# -- what the library finds


def _parsed(reader: PdfFileReader, hole: Hole, added: Tail | None, anchors: Anchors, now: datetime) -> Paper:
    try:
        return _judged(reader, hole, added, anchors, now)
    except Exception as error:  # noqa: BLE001  hostile bytes: pyHanko lets AttributeError, KeyError and TypeError through
        kind = type(error).__name__
        if added is not None:  # what was sealed can be read: whatever cannot came after it
            return Paper((failed(Step.evidence, Reason.altered, "Something was added after it was sealed", what=kind),))
        return Paper((failed(Step.content, Reason.damaged, "The reader stopped within it", kind=kind),))


def _judged(reader: PdfFileReader, hole: Hole, added: Tail | None, anchors: Anchors, now: datetime) -> Paper:
    stamps = added.stamps if added is not None else 0
    fields = list(enumerate_sig_fields(reader))
    found = [one for one in reader.embedded_signatures if tuple(int(each) for each in one.byte_range) == hole.range]
    named = {len(fields), len(reader.embedded_signatures), len(reader.root["/AcroForm"]["/Fields"])}
    if named != {1 + stamps} or len(reader.embedded_timestamp_signatures) != stamps or len(found) != 1:
        return Paper((failed(Step.one_seal, Reason.altered, "The seal is not the only field of the document"),))
    signature, inside = found[0], attached.inside(reader)
    archived, later = _later(reader, signature, added, anchors, inside)
    judged = seal.judge(signature, anchors, inside, now, archived.first)
    certified = passed(Step.no_changes) if seal.certifies(signature) else failed(Step.no_changes, Reason.altered)
    code, name = chain.owner(signature.signer_cert)
    serial = f"{signature.signer_cert.serial_number:040x}"
    record = attached.record(reader)
    return Paper(
        checks=(certified, *later, *judged.checks, _record(record)),
        seal=SealMark(code, name, serial, judged.at, archived.level(timed=judged.at is not None), archived.last),
        record=record.decode("utf-8", "replace") if record else "",
        record_digest=hashlib.sha256(record).hexdigest() if record else "",
        codes=attached.links(reader),
    )


def _later(
    reader: PdfFileReader, signature: EmbeddedPdfSignature, added: Tail | None, anchors: Anchors, inside: Inside
) -> tuple[Archived, tuple[Check, ...]]:
    if added is None:
        return Archived(), ()
    found, check = archive.read(reader, signature, added, anchors, lambda one: seal.stamp(one, anchors, inside))
    return found, (check,)


def _record(record: bytes | None) -> Check:
    if record is None:
        return not_done(Step.record, "No record is attached", Reason.no_evidence)
    return passed(Step.record)
