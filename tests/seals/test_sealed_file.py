"""The sealed file: one revision that other people's tools call valid, with the red seal, its tags and the evidence inside."""

import hashlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from seals import sealing, sealing_tags
from seals.model import (
    Level,
    Sealed,
)
from tests.seals import judge
from tests.seals.conftest import PLACE, Office
from tests.seals.paper import page

# -- what others say


def test_pyhanko_calls_it_valid_offline_with_our_root(sealed: Sealed, bureau: Office) -> None:
    found = judge.status(sealed.pdf, bureau)
    assert found.bottom_line, found.pretty_print_details()
    assert "The signature covers the entire file" in found.pretty_print_details()
    assert found.timestamp_validity is not None
    assert found.timestamp_validity.trusted


@pytest.mark.system
def test_pdfsig_calls_it_valid_and_totally_signed(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "sealed.pdf").write_bytes(sealed.pdf)
    said = judge.tool("pdfsig", "-nocert", tmp_path / "sealed.pdf")
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Signature #2" not in said


@pytest.mark.system
def test_qpdf_finds_nothing_to_say(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "sealed.pdf").write_bytes(sealed.pdf)
    said = judge.tool("qpdf", "--check", tmp_path / "sealed.pdf")
    assert "No syntax or stream encoding errors found" in said
    assert said.endswith("exit 0")


# -- how it is built


def test_it_is_the_page_and_one_more_revision(sealed: Sealed) -> None:
    assert sealed.pdf.startswith(page() + b"\n")  # typst ends without a line end; PDF/A 6.1.9 wants one
    assert PdfFileReader(BytesIO(sealed.pdf)).xrefs.total_revisions == 2
    assert sealed.pdf.count(b"%%EOF") == 2
    assert sealed.pdf.endswith(b"%%EOF\n")


def test_no_second_line_end_is_added(bureau: Office) -> None:
    ticket = bureau.lay(page() + b"\n")
    assert ticket.prepared.startswith(page() + b"\n")
    assert not ticket.prepared.startswith(page() + b"\n\n")


def test_it_is_a_certification_that_allows_no_changes_and_the_only_signature(sealed: Sealed) -> None:
    root, field = PdfFileReader(BytesIO(sealed.pdf)).root, judge.field(sealed.pdf)
    (reference,) = field["/V"]["/Reference"]
    assert root["/Perms"]["/DocMDP"] == field["/V"]
    assert (reference["/TransformMethod"], reference["/TransformParams"]["/P"]) == ("/DocMDP", 1)
    assert field["/V"]["/SubFilter"] == "/ETSI.CAdES.detached"
    assert root["/AcroForm"]["/SigFlags"] == 3


def test_nothing_in_the_signature_dictionary_says_more_than_it_must(sealed: Sealed) -> None:
    field = judge.field(sealed.pdf)
    assert set(field["/V"]) == {"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Reference"}


def test_the_widget_is_the_red_seal_in_true_size(sealed: Sealed, bureau: Office) -> None:
    field = judge.field(sealed.pdf)
    left, lower, right, upper = (float(number) for number in field["/Rect"])
    for side in (right - left, upper - lower):
        assert side * 25.4 / 72 == pytest.approx(42, abs=0.01)
    assert ((left + right) / 2 * 25.4 / 72, 210 - (lower + upper) / 2 * 25.4 / 72) == pytest.approx(
        (230, 150), abs=0.02
    )
    form = field["/AP"]["/N"]
    assert form.data == bureau.material()[0].form
    assert form["/Resources"]["/ExtGState"]["/M"]["/BM"] == "/Multiply"
    assert "/Font" not in form["/Resources"]
    assert field["/F"] == 4 | 128  # print, locked
    assert field["/TU"] == "栖云市市场监督管理局电子证照专用章（电子印章 e-seal）"


def test_what_the_seal_crosses_stays_readable(sealed: Sealed) -> None:
    def dark(pdf: bytes) -> set[int]:
        document = pypdfium2.PdfDocument(pdf)
        document.init_forms()
        grey = document[0].render(scale=2).to_pil().split()[0].tobytes()  # the red channel: red ink is light in it
        return {at for at, value in enumerate(grey) if value < 100}

    text = dark(page())
    assert text
    assert text <= dark(sealed.pdf)


def test_the_widget_is_tagged_as_a_form(sealed: Sealed) -> None:
    reader = PdfFileReader(BytesIO(sealed.pdf))
    tree, field = reader.root["/StructTreeRoot"], judge.field(sealed.pdf)
    key, numbers = int(field["/StructParent"]), judge.members(tree["/ParentTree"]["/Nums"])
    element = numbers[numbers.index(key) + 1]
    assert (element["/S"], element["/K"]["/Type"]) == ("/Form", "/OBJR")
    assert element["/K"].raw_get("/Obj") == reader.root["/AcroForm"]["/Fields"].raw_get(0)
    assert element["/P"]["/S"] == "/Document"
    assert element in judge.members(element["/P"]["/K"])
    assert int(tree["/ParentTreeNextKey"]) == key + 1
    assert element["/Pg"]["/Tabs"] == "/S"


def test_the_evidence_lies_inside_the_sealed_revision(sealed: Sealed, bureau: Office) -> None:
    store = PdfFileReader(BytesIO(sealed.pdf)).root["/DSS"]
    material, evidence = bureau.material()
    assert [each.data for each in judge.members(store["/Certs"])] == list(material.chain)
    assert [each.data for each in judge.members(store["/CRLs"])] == list(evidence.crls)
    assert len(store["/OCSPs"]) == 1


def test_the_digest_names_the_whole_file(sealed: Sealed) -> None:
    assert sealed.digest == hashlib.sha256(sealed.pdf).digest()
    assert (sealed.level, sealed.missing) == (Level.timed, ())


def test_a_seal_may_stand_on_a_later_page(bureau: Office) -> None:
    done = sealing.seal_once(bureau.lay(page(pages=3), replace(PLACE, page=3)))
    assert judge.is_valid(done.pdf, bureau)
    reader = PdfFileReader(BytesIO(done.pdf))
    assert judge.field(done.pdf).raw_get("/P") == reader.root["/Pages"]["/Kids"].raw_get(2)


def test_a_number_tree_with_branches_gets_one_more() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(page()))
    branch = generic.DictionaryObject({generic.pdf_name("/Nums"): generic.ArrayObject()})
    tree = generic.DictionaryObject({generic.pdf_name("/Kids"): generic.ArrayObject([writer.add_object(branch)])})
    value = writer.add_object(generic.NullObject())
    sealing_tags.add_number(writer, tree, generic.NumberObject(7), value)
    assert [list(kid.get("/Limits", [])) for kid in judge.members(tree["/Kids"])] == [[], [7, 7]]
    assert tree["/Kids"][1]["/Nums"].raw_get(1) == value


def test_the_seal_is_tagged_below_the_root_if_there_is_no_document_element() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(page()))
    tree = writer.root["/StructTreeRoot"]
    for kid in judge.members(tree["/K"]):
        kid["/S"] = generic.pdf_name("/Sect")
    assert sealing_tags.document(writer)[0] is tree
    assert len(sealing_tags.kids(tree)) == 1
    del tree["/K"]
    assert sealing_tags.kids(tree) == []
