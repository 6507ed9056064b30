"""Archive editions and the kinds of keys: what follows the sealed revision is evidence only, and never needed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs.schemes import SCHEMES
from seals import lifecycle, material, sealing_archive
from seals.model import Design
from tests.licenses.samples import MARKET
from tests.verification.desk import Desk
from verification import words
from verification.model import Paper, Reason, Result, Step, Verdict
from verification.pdf import examine
from verification.pdf.tail import read


@pytest.fixture(scope="session")
def edition(desk: Desk, paper: bytes) -> bytes:
    """The archive's edition of the one genuine license."""
    return desk.archived(paper)


def test_each_level_is_told(desk: Desk, paper: bytes, edition: bytes) -> None:
    anchors = desk.trust().anchors
    tool, evidence = desk.material()
    made = desk.record(desk.identifier("20260000081"))
    page = desk.page(made, desk.code(desk.identifier("20260000081"), made))
    bare = desk.sealed(page, (tool, replace(evidence, stamp=None)))
    editions = {
        "B-B": bare,
        "B-T": paper,
        "B-LT": desk.archived(paper, stamped=False),
        "B-LTA": edition,
    }
    marks = {level: examine(pdf, anchors, desk.now).seal for level, pdf in editions.items()}
    assert {level: mark.level for level, mark in marks.items() if mark} == {level: level for level in editions}
    assert [level for level, mark in marks.items() if mark and mark.archived] == ["B-LTA"]


def test_an_archive_edition_is_the_same_document(desk: Desk, paper: bytes, edition: bytes) -> None:
    pdf = edition
    anchors = desk.trust().anchors
    found, holders = examine(pdf, anchors, desk.now), examine(paper, anchors, desk.now)
    assert found.digest == holders.digest
    assert {check.result for check in found.checks} == {Result.passed}
    assert Paper.from_json(found.to_json()) == found


def test_cut_back_to_the_holders_file_it_is_still_valid(desk: Desk, paper: bytes) -> None:
    """What the archive added is nobody's secret and nobody's protection: without it the file is what the holder has."""
    pdf = desk.archived(paper)
    assert pdf[: len(paper)] == paper
    assert desk.report(pdf[: len(paper)]).reason is Reason.valid
    assert desk.report(desk.archived(paper, stamped=False)).reason is Reason.valid


def test_a_second_round_of_evidence_is_taken(desk: Desk, edition: bytes) -> None:
    report = desk.report(desk.archived(edition))
    assert report.reason is Reason.valid
    assert report.seal
    assert report.seal.level == "B-LTA"


def test_the_archives_time_stamp_stands_in_where_the_clock_was_down(desk: Desk) -> None:
    tool, evidence = desk.material()
    made = desk.record(desk.identifier("20260000082"))
    page = desk.page(made, desk.code(desk.identifier("20260000082"), made))
    bare = desk.sealed(page, (tool, replace(evidence, stamp=None)))
    assert desk.report(bare).reason is Reason.no_evidence
    lifted = desk.report(desk.archived(bare))
    assert lifted.reason is Reason.valid
    assert lifted.seal
    assert lifted.seal.at


def test_words_tell_the_level_and_the_evidence(desk: Desk, edition: bytes) -> None:
    report = desk.report(edition)
    assert ("Level of the signature", words.of(report, "en").sealed[2][1]) == words.of(report, "en").sealed[2]
    assert words.of(report, "en").sealed[2][1].startswith("B-LTA: ")
    assert words.of(report, "zh-Hans").sealed[3][0] == "存档证据时间"
    assert words.body(report, "en")["sealed"]["level"] == "B-LTA"


def test_a_stamp_without_new_evidence_lifts_nothing(desk: Desk, paper: bytes) -> None:
    found = examine(sealing_archive.with_archive_stamp(paper, desk.stamp), desk.trust().anchors, desk.now)
    assert found.seal
    assert (found.seal.level, found.seal.archived is not None) == ("B-T", True)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_spoiled_tail_is_never_green(desk: Desk, paper: bytes, edition: bytes, data: st.DataObject) -> None:
    pdf = edition
    start = data.draw(st.integers(len(paper), len(pdf) - 1))
    end = data.draw(st.integers(start, min(len(pdf), start + 400)))
    spoiled = pdf[:start] + data.draw(st.binary(max_size=32)) + pdf[end:]
    if not pdf.startswith(spoiled):  # cut back to an earlier edition it is that edition
        assert desk.report(spoiled).verdict is not Verdict.valid


@given(st.binary(max_size=300))
def test_any_bytes_are_no_tail(junk: bytes) -> None:
    assert read(b"%PDF-1.7\n" + junk, 9) is None or not junk


@pytest.mark.parametrize("algorithm", ["P-384", "RSA-3072"])
def test_a_seal_of_another_kind_of_key_is_judged_alike(algorithm: str, desk: Desk) -> None:
    design = Design(MARKET.name, f"880101000{list(SCHEMES).index(algorithm):04d}")
    made = lifecycle.make_seal(desk.house, MARKET, by="test", now=desk.now, design=design, algorithm=algorithm)
    own = Desk(desk.house, made, desk.now)
    given_ = material.for_seal(desk.house, made, desk.now)
    record = own.record(own.identifier("20260000083"))
    pdf = own.sealed(own.page(record, own.code(own.identifier("20260000083"), record)), given_)
    for edition in (pdf, own.archived(pdf)):
        found = examine(edition, own.trust().anchors, own.now)
        assert {check.result for check in found.checks} == {Result.passed}
    later = examine(pdf, own.trust().anchors, own.now + timedelta(days=1500))
    assert Step.not_revoked in {check.step for check in later.checks if check.result is Result.passed}
