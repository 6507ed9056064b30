"""The seal itself, judged by pyHanko as of the moment that the time-stamp proves."""

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import (
    DocumentTimestampStatus,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    TimestampSignatureStatus,
)

from verification.model import Check, Reason, Step, failed, not_done, passed
from verification.pdf import archive, attached, chain
from verification.pdf.chain import Anchors, Inside

USE = KeyUsageConstraints(key_usage={"non_repudiation"}, match_all_key_usages=True)
Status = TypeVar("Status")
COVERED = (
    SignatureCoverageLevel.ENTIRE_FILE,
    SignatureCoverageLevel.ENTIRE_REVISION,
)  # what follows is judged by itself


@dataclass(frozen=True)
class Judged:
    """The checks of one seal, and when it was made: the proved time, if there is one."""

    checks: tuple[Check, ...]
    at: datetime | None


def judge(
    signature: EmbeddedPdfSignature, anchors: Anchors, inside: Inside, now: datetime, archived: datetime | None = None
) -> Judged:
    """Content, signature, certificate, time-stamp, revocation. Raises whatever the library raises on damaged files.

    `archived` is the first proved time-stamp over the whole document: it stands in where the seal has none of its own.
    """
    at = _stamped(signature) or archived
    moment = at or now
    status = _validated(signature, anchors, inside, moment, "inside")
    if status.trust_problem_indic is not None and status.trust_problem_indic not in chain.BROKEN and not status.revoked:
        status = _validated(signature, anchors, inside, moment, "at-hand")
    stamp = status.timestamp_validity
    proved = archived if stamp is None else at if _good(stamp) else None
    checks = (
        *_content(status),
        *_certificate(signature, status, anchors, inside, moment),
        _time_stamp(stamp, archived, now),
        _since(signature, anchors, moment) or _revocation(status),
    )
    return Judged(checks, proved)


def certifies(signature: EmbeddedPdfSignature) -> bool:
    """Whether the signature certifies the document and permits no change (DocMDP P=1; ISO 32000-2 12.8.2.2)."""
    reader = signature.reader
    named = attached.held(attached.held(reader.root, "/Perms", {}), "/DocMDP", None)
    same = named is not None and named.container_ref == signature.sig_object.container_ref
    return same and signature.docmdp_level is MDPPerm.NO_CHANGES


def _stamped(signature: EmbeddedPdfSignature) -> datetime | None:
    """The time that the first time-stamp states. Nothing is proved yet."""
    for attribute in signature.signer_info["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            data = attribute["values"][0]["content"]
            at: datetime = data["encap_content_info"]["content"].parsed["gen_time"].native
            return at
    return None


def _validated(
    signature: EmbeddedPdfSignature, anchors: Anchors, inside: Inside, at: datetime, evidence: str
) -> PdfSignatureStatus:
    context = chain.context(anchors, inside, at, evidence=evidence)  # for the seal and for its time-stamp
    work = async_validate_pdf_signature(
        signature, signer_validation_context=context, key_usage_settings=USE, diff_policy=archive.POLICY
    )
    return _finished(work)


def stamp(signature: EmbeddedPdfSignature, anchors: Anchors, inside: Inside) -> DocumentTimestampStatus:
    """A time-stamp over the whole document, as of the time that it states."""
    moment: datetime = signature.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    status = _stamp(signature, anchors, inside, moment, "inside")
    if status.trusted or status.trust_problem_indic in chain.BROKEN:
        return status
    return _stamp(signature, anchors, inside, moment, "at-hand")


def _stamp(
    signature: EmbeddedPdfSignature, anchors: Anchors, inside: Inside, at: datetime, evidence: str
) -> DocumentTimestampStatus:
    context = chain.context(anchors, inside, at, evidence=evidence)
    return _finished(async_validate_pdf_timestamp(signature, context, skip_diff=True))


def _finished(work: Coroutine[Any, Any, Status]) -> Status:
    """The result of a coroutine that has nothing to wait for, since nothing is fetched; works inside an event loop too."""
    try:
        work.send(None)
    except StopIteration as done:
        status: Status = done.value
        return status
    work.close()
    raise RuntimeError("the validator waits for something")


def _content(status: PdfSignatureStatus) -> tuple[Check, Check]:
    whole = status.intact and status.coverage in COVERED and bool(status.docmdp_ok)
    content = (
        passed(Step.content) if whole else failed(Step.content, Reason.altered, "The content is not what was sealed")
    )
    if status.valid:
        return content, passed(Step.signature)
    return content, failed(Step.signature, Reason.forged, "The signature does not fit the certificate")


def _certificate(
    signature: EmbeddedPdfSignature, status: PdfSignatureStatus, anchors: Anchors, inside: Inside, at: datetime
) -> tuple[Check, ...]:
    if not status.valid:
        return (not_done(Step.certificate, "Nobody's signature needs no certificate", Reason.forged),)
    if not chain.is_seal(signature.signer_cert):
        return (failed(Step.certificate, Reason.forged, "The certificate is not one for seals"),)
    problem = status.trust_problem_indic
    if problem is None or status.revoked:
        return (passed(Step.certificate),)
    if problem not in chain.BROKEN:  # the chain, or only the proof that it was not revoked?
        problem = _validated(signature, anchors, inside, at, "none").trust_problem_indic
    if problem is None:
        return (passed(Step.certificate),)
    return (failed(Step.certificate, Reason.forged, "The certificate was not good when the seal was used"),)


def _time_stamp(stamp: TimestampSignatureStatus | None, archived: datetime | None, now: datetime) -> Check:
    if stamp is None and archived is not None and archived <= now + chain.TOLERANCE:
        return passed(
            Step.time_stamp, "A time-stamp of the archive says that it was sealed by %(at)s", at=archived.isoformat()
        )
    if stamp is None:
        return not_done(Step.time_stamp, "There is no time-stamp", Reason.no_evidence)
    if not (stamp.intact and stamp.valid):
        return failed(Step.time_stamp, Reason.forged, "The time-stamp does not belong to this seal")
    if not stamp.trusted:
        broken = stamp.trust_problem_indic in chain.BROKEN or stamp.revoked
        reason = Reason.forged if broken else Reason.no_evidence
        return failed(Step.time_stamp, reason, "The time-stamp is not from a clock that we trust")
    if stamp.timestamp > now + chain.TOLERANCE:
        return failed(Step.time_stamp, Reason.clock_wrong, "The time of sealing lies in the future")
    return passed(Step.time_stamp, "Sealed at %(at)s", at=stamp.timestamp.isoformat(timespec="seconds"))


def _since(signature: EmbeddedPdfSignature, anchors: Anchors, at: datetime) -> Check | None:
    """A list at hand may know what nobody knew when the seal was used: that its key was already in other hands."""
    since = chain.invalid_since(signature.signer_cert, anchors)
    if since is not None and since <= at:
        return failed(
            Step.not_revoked, Reason.seal_revoked, "It must not be trusted from %(at)s on", at=since.isoformat()
        )
    return None


def _revocation(status: PdfSignatureStatus) -> Check:
    if status.revoked:
        return failed(Step.not_revoked, Reason.seal_revoked, "The certificate of the seal had been revoked")
    if status.trust_problem_indic is None and status.valid:
        return passed(Step.not_revoked)
    return not_done(Step.not_revoked, "There is no proof that the certificate was not revoked", Reason.no_evidence)


def _good(stamp: TimestampSignatureStatus) -> bool:
    return stamp.intact and stamp.valid and stamp.trusted
