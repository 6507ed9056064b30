"""Sealed documents that are no licenses: the file door says whose they are, with its three answers."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from certs.model import Reason as Cause
from seals import by_hash, cage, documents, grants, lifecycle, seal_document, sealing, use
from tests.seals import foreign
from tests.verification.desk import CALLER, Desk
from verification import words
from verification.answer import verify
from verification.judge import file_report
from verification.model import Door, Reason, Verdict
from verification.pdf import examine


def sealed(desk: Desk, data: bytes | None = None) -> bytes:
    """A decision of the agency under its seal."""
    given = documents.upload(
        desk.house,
        data or foreign.pdf(),
        name="决定 7.pdf",
        seal=desk.seal.id,
        kind="decision",
        caller=CALLER,
        now=desk.now,
    )
    done = seal_document.seal(desk.house, given.id, caller=CALLER, now=desk.now)
    return documents.file(desk.house, done)


@pytest.fixture(scope="session")
def document(desk: Desk) -> bytes:
    return sealed(desk)


def test_a_sealed_document_is_told_with_its_agency(desk: Desk, document: bytes) -> None:
    report = verify(desk.house, file=document, now=desk.now)
    assert (report.reason, report.verdict, report.door) == (Reason.document_sealed, Verdict.valid, Door.document)
    told = words.of(report, "en")
    assert told.says == "This is a document sealed by the agency named below, unchanged since."
    assert told.sealed[0] == ("Sealed by", "栖云市市场监督管理局 (11880100DEM000049A)")
    assert told.facts == ()


def test_without_a_server_it_is_told_alike(desk: Desk, document: bytes) -> None:
    assert desk.report(document).reason is Reason.document_sealed
    assert desk.report(desk.archived(document)).reason is Reason.document_sealed


def test_its_archive_edition_is_the_same_document(desk: Desk, document: bytes) -> None:
    report = verify(desk.house, file=desk.archived(document), now=desk.now)
    assert report.reason is Reason.document_sealed
    assert report.seal
    assert report.seal.level == "B-LTA"


def test_a_changed_document_is_not_valid(desk: Desk, document: bytes) -> None:
    at = document.index(b"stream") + 12
    spoiled = document[:at] + bytes([document[at] ^ 1]) + document[at + 1 :]
    assert verify(desk.house, file=spoiled, now=desk.now).reason is Reason.altered


def test_what_no_register_knows_is_not_valid_online(desk: Desk) -> None:
    """The key signed it, but no department sealed it here: so works a thief, or who goes round the books."""
    tool, evidence = desk.material()
    spent = use.reserve(
        desk.house, desk.seal.id, purpose="test", record_digest=b"thief", caller=CALLER, now=desk.now
    )  # fmt: skip
    pdf = sealing.seal_once(cage.CAGE.prepare(foreign.pdf(), tool, spent, None, evidence)).pdf
    assert verify(desk.house, file=pdf, now=desk.now).reason is Reason.unregistered


def test_a_document_that_was_sealed_by_hash_is_known(desk: Desk) -> None:
    """The department laid it out and put our container in; we never saw it before."""
    tool, evidence = desk.material()
    spent = use.reserve(desk.house, desk.seal.id, purpose="test", record_digest=b"own", caller=CALLER, now=desk.now)
    ticket = cage.CAGE.prepare(foreign.pdf(pages=2), tool, spent, None, evidence)
    start, end = ticket.hole
    digest = hashlib.sha256(ticket.prepared[: start - 1] + ticket.prepared[end + 1 :]).hexdigest()
    what = {"algorithm": "sha256", "digest": digest, "kind": "contract", "key": "one"}
    grants.grant(desk.house, desk.seal.id, CALLER.agency or "", purposes=("hash:contract",), by="test", now=desk.now)
    made = by_hash.sign_hash(desk.house, desk.seal.id, **what, caller=CALLER, now=desk.now)
    digits = made.container.hex().upper().encode()
    pdf = ticket.prepared[:start] + digits + ticket.prepared[start + len(digits) :]
    assert verify(desk.house, file=pdf, now=desk.now).reason is Reason.document_sealed


def test_a_document_that_shows_the_code_of_a_license_is_not_green(desk: Desk) -> None:
    made = desk.record(desk.identifier("20260000092"))
    page = desk.page(made, desk.code(desk.identifier("20260000092"), made))
    assert b"license.json" in page
    assert desk.report(desk.sealed(page.replace(b"license.json", b"licence.json"))).reason is Reason.mismatch


def test_a_document_of_a_revoked_seal_is_not_valid(own_desk: Desk) -> None:
    pdf = sealed(own_desk)
    after, since = own_desk.now + timedelta(hours=1), own_desk.now - timedelta(days=1)
    lifecycle.cancel(
        own_desk.house,
        own_desk.seal.id,
        cause=Cause.key_compromise,
        reason="stolen",
        by="test",
        now=after,
        invalid_from=since,
    )
    assert verify(own_desk.house, file=pdf, now=after).reason is Reason.seal_revoked


def test_without_a_trust_list_nothing_is_said(desk: Desk, document: bytes) -> None:
    bare = replace(desk.trust(), list=None)
    report = file_report(examine(document, bare.anchors, desk.now), bare, desk.now)
    assert report.verdict is Verdict.cannot_say
