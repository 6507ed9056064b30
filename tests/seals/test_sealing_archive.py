"""Archive editions: evidence and time-stamps in later revisions, and the sealed revision as it was."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation.status import SignatureCoverageLevel

from certs import authority
from seals import sealing, sealing_archive
from seals.model import Evidence, NotAPage, Place, Sealed, SealingFailed
from tests.seals import judge
from tests.seals.conftest import PLACE, Office
from tests.seals.paper import page


def full(bureau: Office) -> Evidence:
    """Everything that a stranger needs later."""
    material, evidence = bureau.material()
    unit = authority.authority(bureau.house, "time-stamp", bureau.now).der
    return replace(evidence, certificates=(*material.chain, unit))


def archived(bureau: Office, pdf: bytes) -> bytes:
    evidence = full(bureau)
    assert evidence.stamp is not None
    return sealing_archive.archived(pdf, evidence, evidence.stamp)


def timed(bureau: Office, place: Place | None = PLACE) -> Sealed:
    """A seal with a time-stamp and no evidence."""
    evidence = replace(bureau.material()[1], ocsps=(), crls=())
    return sealing.seal_once(bureau.lay(page(), evidence=evidence, place=place))


def test_the_sealed_revision_stays_octet_for_octet(bureau: Office, sealed: Sealed) -> None:
    assert archived(bureau, sealed.pdf).startswith(sealed.pdf)


def test_pyhanko_finds_nothing_but_evidence_after_the_seal(bureau: Office, sealed: Sealed) -> None:
    found = judge.status(archived(bureau, sealed.pdf), bureau)
    assert found.bottom_line, found.pretty_print_details()
    assert found.coverage is SignatureCoverageLevel.ENTIRE_REVISION
    assert found.modification_level is ModificationLevel.LTA_UPDATES


def test_evidence_that_is_there_already_is_not_added_twice(bureau: Office, sealed: Sealed) -> None:
    evidence = full(bureau)
    once = sealing_archive.with_evidence(sealed.pdf, evidence)
    store = PdfFileReader(BytesIO(sealing_archive.with_evidence(once, evidence))).root["/DSS"]
    assert [each.data for each in judge.members(store["/Certs"])] == list(evidence.certificates)
    assert (len(store["/OCSPs"]), len(store["/CRLs"])) == (1, 1)


def test_a_document_without_a_store_gets_one(bureau: Office) -> None:
    made = sealing_archive.with_evidence(timed(bureau).pdf, full(bureau))
    assert set(PdfFileReader(BytesIO(made)).root["/DSS"]) == {"/Type", "/Certs", "/OCSPs", "/CRLs"}
    assert judge.status(made, bureau).bottom_line


def test_a_stamp_covers_all_that_is_before_it_and_can_be_renewed(bureau: Office, sealed: Sealed) -> None:
    first = archived(bureau, sealed.pdf)
    second = archived(bureau, first)
    assert second.startswith(first)
    stamps = PdfFileReader(BytesIO(second)).embedded_timestamp_signatures
    assert [stamp.field_name for stamp in stamps] == ["Evidence1", "Evidence2"]
    assert stamps[1].evaluate_signature_coverage() is SignatureCoverageLevel.ENTIRE_FILE
    assert judge.status(second, bureau).bottom_line


def test_a_seal_that_is_not_seen_is_a_field_of_no_size(bureau: Office) -> None:
    done = timed(bureau, None)
    field = judge.field(done.pdf)
    assert [float(side) for side in field["/Rect"]] == [0, 0, 0, 0]
    assert "/AP" not in field
    assert judge.status(archived(bureau, done.pdf), bureau).bottom_line


def test_a_stamp_over_something_else_is_not_written(bureau: Office, sealed: Sealed) -> None:
    stamp = bureau.material()[1].stamp
    assert stamp is not None
    with pytest.raises(SealingFailed):
        sealing_archive.with_archive_stamp(sealed.pdf, lambda _: stamp(bytes(32)))


@pytest.mark.parametrize("damaged", [b"", b"%PDF-1.7\n%%EOF", page()[:900] + b"%%EOF"], ids=["empty", "hollow", "cut"])
def test_what_is_no_document_gets_no_evidence(bureau: Office, damaged: bytes) -> None:
    with pytest.raises(NotAPage):
        archived(bureau, damaged)


@pytest.mark.system
def test_other_tools_find_seal_and_stamp(bureau: Office, sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "archived.pdf").write_bytes(archived(bureau, sealed.pdf))
    said = judge.tool("pdfsig", "-nocert", tmp_path / "archived.pdf")
    assert "Signature is Valid" in said
    stamp = said.partition("Signature #2")[2]
    assert "Field Name: Evidence1" in stamp
    assert "Total document signed" in stamp
    assert judge.tool("qpdf", "--check", tmp_path / "archived.pdf").endswith("exit 0")
