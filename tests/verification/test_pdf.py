"""The file engine: what is genuine passes every check; time, revocation and strange files have their own answers."""

from dataclasses import replace
from datetime import timedelta
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import revoke, timestamp
from certs.model import Reason as Cause
from tests.verification.desk import Desk
from verification.model import Paper, Reason, Result, Step, Verdict
from verification.pdf import Anchors, examine


def test_a_genuine_license_passes_every_check(desk: Desk, paper: bytes) -> None:
    found = examine(paper, desk.trust().anchors, desk.now)
    assert {check.step for check in found.checks if check.result is Result.passed} == set(Step) & {
        Step.readable, Step.sealed, Step.our_seal, Step.file_ends, Step.whole_file, Step.padding, Step.strict_form,
        Step.attributes, Step.one_seal, Step.no_changes, Step.content, Step.signature, Step.certificate, Step.time_stamp,
        Step.not_revoked, Step.record,
    }  # fmt: skip
    assert found.seal
    assert (found.seal.agency, found.seal.name) == ("11880100DEM000049A", "栖云市市场监督管理局")


def test_a_paper_survives_its_way_out_of_the_worker(desk: Desk, paper: bytes) -> None:
    found = examine(paper, desk.trust().anchors, desk.now)
    assert Paper.from_json(found.to_json()) == found


def test_a_license_stays_valid_after_its_certificate_has_ended(desk: Desk, paper: bytes) -> None:
    later = desk.now + timedelta(days=1500)
    found = examine(paper, desk.trust().anchors, later)
    assert all(check.result is Result.passed for check in found.checks)


def test_without_our_roots_it_is_a_strangers(desk: Desk, paper: bytes) -> None:
    found = examine(paper, Anchors(()), desk.now)
    assert found.checks[-1].reason is Reason.foreign


def test_a_seal_used_after_its_revocation_is_refused(own_desk: Desk) -> None:
    tool, evidence = own_desk.material()
    revoke.revoke(own_desk.house, own_desk.seal.certificate, Cause.key_compromise, "test", own_desk.now)
    after = own_desk.now + timedelta(hours=1)
    late = replace(evidence, stamp=lambda imprint: timestamp.token(own_desk.house, imprint, after))
    made = own_desk.record(own_desk.identifier())
    pdf = own_desk.sealed(own_desk.page(made, own_desk.code(own_desk.identifier(), made)), (tool, late))
    assert own_desk.report(pdf, after).reason is Reason.seal_revoked


def test_an_old_answer_about_revocation_does_not_cover_a_new_seal(own_desk: Desk) -> None:
    """A thief keeps last week's good answer, and seals after the key was revoked."""
    tool, evidence = own_desk.material()
    later = own_desk.now + timedelta(days=20)
    late = replace(evidence, stamp=lambda imprint: timestamp.token(own_desk.house, imprint, later))
    made = own_desk.record(own_desk.identifier())
    pdf = own_desk.sealed(own_desk.page(made, own_desk.code(own_desk.identifier(), made)), (tool, late))
    anchors = replace(own_desk.trust(later).anchors, crls=())
    found = examine(pdf, anchors, later)
    assert {check.reason for check in found.checks if check.result is not Result.passed} == {Reason.no_evidence}


def test_what_was_sealed_before_the_revocation_stays_valid(own_desk: Desk) -> None:
    pdf = own_desk.paper()
    after = own_desk.now + timedelta(hours=1)
    revoke.revoke(own_desk.house, own_desk.seal.certificate, Cause.superseded, "test", after)
    assert own_desk.report(pdf, after).reason is Reason.valid


def test_a_key_that_was_stolen_earlier_takes_its_seals_along(own_desk: Desk) -> None:
    pdf = own_desk.paper()
    after, since = own_desk.now + timedelta(hours=1), own_desk.now - timedelta(days=1)
    revoke.revoke(own_desk.house, own_desk.seal.certificate, Cause.key_compromise, "test", after, since)
    assert own_desk.report(pdf, after).reason is Reason.seal_revoked


def test_without_proof_of_revocation_nothing_is_said(desk: Desk) -> None:
    tool, evidence = desk.material()
    made = desk.record(desk.identifier("20260000077"))
    page = desk.page(made, desk.code(desk.identifier("20260000077"), made))
    pdf = desk.sealed(page, (tool, replace(evidence, ocsps=(), crls=())))
    trust = desk.trust()
    found = examine(pdf, replace(trust.anchors, crls=()), desk.now)
    assert {check.reason for check in found.checks if check.result is not Result.passed} == {Reason.no_evidence}
    assert all(check.result is Result.passed for check in examine(pdf, trust.anchors, desk.now).checks)


def test_a_future_time_of_sealing_says_that_a_clock_is_wrong(desk: Desk, paper: bytes) -> None:
    found = examine(paper, desk.trust().anchors, desk.now - timedelta(days=1))
    assert Reason.clock_wrong in {check.reason for check in found.checks}


@pytest.mark.parametrize("step", [101, 997])
def test_no_single_changed_byte_is_valid(desk: Desk, paper: bytes, step: int) -> None:
    """Every byte stands under the signature or in the container, whose form leaves no choice."""
    anchors = desk.trust().anchors
    places = range(step, len(paper), len(paper) // 25 + step)
    for place in places:
        spoiled = paper[:place] + bytes([paper[place] ^ 0x20]) + paper[place + 1 :]
        found = examine(spoiled, anchors, desk.now)
        assert any(check.result is Result.failed for check in found.checks), place


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_spoiled_files_never_crash_and_are_never_green(desk: Desk, paper: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(paper) - 1))
    end = data.draw(st.integers(start, min(len(paper), start + 5000)))
    middle = data.draw(st.binary(max_size=64))
    spoiled = paper[:start] + middle + paper[end:]
    if spoiled != paper:
        assert desk.report(spoiled).verdict is not Verdict.valid


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(desk: Desk, junk: bytes) -> None:
    for data in (junk, b"%PDF-1.7\n" + junk, b"%PDF-1.7\n" + junk + b"\nstartxref\n9\n%%EOF\n"):
        assert desk.report(data).verdict is Verdict.cannot_say


def test_a_large_file_without_an_end_costs_nothing(desk: Desk) -> None:
    """pyHanko would look for the end from behind, byte by byte, for five seconds."""
    for body in (b"/ByteRange [0 1 2 3]", b"/Contents <" + b"A" * 250, b"startxref\n9\n%%EOF\n" + b"A" * 5000):
        data = b"%PDF-1.7\n" + body * (18_000_000 // len(body)) + b"A" * 3000
        began = process_time()
        found = examine(data, desk.trust().anchors, desk.now)
        assert process_time() - began < 1.5  # a fifth of a second on a quiet machine
        assert found.checks[0].reason is Reason.damaged
