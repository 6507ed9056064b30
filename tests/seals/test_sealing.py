"""Sealing a page: one revision that other people's tools call valid, whatever evidence is missing; everything odd is refused."""

import hashlib
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from asn1crypto import cms as asn1
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from seals import cms, sealing, use
from seals.model import (
    Evidence,
    Level,
    NotAPage,
    Place,
    Sealed,
    SealingFailed,
    Ticket,
    UseSpent,
    UseState,
)
from tests.seals import judge
from tests.seals.conftest import PLACE, Office
from tests.seals.paper import form_as_pdf, page

Record = Callable[[], bytes]


def signer_info(pdf: bytes) -> asn1.SignerInfo:
    (signer,) = asn1.ContentInfo.load(judge.container(pdf)[0], strict=True)["content"]["signer_infos"]
    return signer


def lay(bureau: Office, pdf: bytes, place: Place = PLACE, evidence: Evidence | None = None) -> Ticket:
    """A ticket with a use that is in no register: for pages that are refused, and for odd evidence."""
    material, given = bureau.material()
    return sealing.prepare(pdf, material, replace(bureau.reserve(bytes(32)), id="x"), place, evidence or given)


def members(array: Any) -> list[Any]:
    """What an array refers to."""
    return [array[index] for index in range(len(array))]


def the_field(pdf: bytes) -> Any:
    (field,) = members(PdfFileReader(BytesIO(pdf)).root["/AcroForm"]["/Fields"])
    return field


# -- what others say


def test_pyhanko_calls_it_valid_offline_with_our_root(sealed: Sealed, bureau: Office) -> None:
    found = judge.status(sealed.pdf, bureau)
    assert found.bottom_line, found.pretty_print_details()
    assert "The signature covers the entire file" in found.pretty_print_details()
    assert found.timestamp_validity is not None
    assert found.timestamp_validity.trusted


def test_pdfsig_calls_it_valid_and_totally_signed(sealed: Sealed, tmp_path: Path) -> None:
    (tmp_path / "sealed.pdf").write_bytes(sealed.pdf)
    said = judge.tool("pdfsig", "-nocert", tmp_path / "sealed.pdf")
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Signature #2" not in said


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
    ticket = lay(bureau, page() + b"\n")
    assert ticket.prepared.startswith(page() + b"\n")
    assert not ticket.prepared.startswith(page() + b"\n\n")


def test_it_is_a_certification_that_allows_no_changes_and_the_only_signature(sealed: Sealed) -> None:
    root, field = PdfFileReader(BytesIO(sealed.pdf)).root, the_field(sealed.pdf)
    (reference,) = field["/V"]["/Reference"]
    assert root["/Perms"]["/DocMDP"] == field["/V"]
    assert (reference["/TransformMethod"], reference["/TransformParams"]["/P"]) == ("/DocMDP", 1)
    assert field["/V"]["/SubFilter"] == "/ETSI.CAdES.detached"
    assert root["/AcroForm"]["/SigFlags"] == 3


def test_nothing_in_the_signature_dictionary_says_more_than_it_must(sealed: Sealed) -> None:
    field = the_field(sealed.pdf)
    assert set(field["/V"]) == {"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Reference"}


def test_the_widget_is_the_red_seal_in_true_size(sealed: Sealed, bureau: Office) -> None:
    field = the_field(sealed.pdf)
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
    tree, field = reader.root["/StructTreeRoot"], the_field(sealed.pdf)
    key, numbers = int(field["/StructParent"]), members(tree["/ParentTree"]["/Nums"])
    element = numbers[numbers.index(key) + 1]
    assert (element["/S"], element["/K"]["/Type"]) == ("/Form", "/OBJR")
    assert element["/K"].raw_get("/Obj") == reader.root["/AcroForm"]["/Fields"].raw_get(0)
    assert element["/P"]["/S"] == "/Document"
    assert element in members(element["/P"]["/K"])
    assert int(tree["/ParentTreeNextKey"]) == key + 1
    assert element["/Pg"]["/Tabs"] == "/S"


def test_the_evidence_lies_inside_the_sealed_revision(sealed: Sealed, bureau: Office) -> None:
    store = PdfFileReader(BytesIO(sealed.pdf)).root["/DSS"]
    material, evidence = bureau.material()
    assert [each.data for each in members(store["/Certs"])] == list(material.chain)
    assert [each.data for each in members(store["/CRLs"])] == list(evidence.crls)
    assert len(store["/OCSPs"]) == 1


def test_the_digest_names_the_whole_file(sealed: Sealed) -> None:
    assert sealed.digest == hashlib.sha256(sealed.pdf).digest()
    assert (sealed.level, sealed.missing) == (Level.timed, ())


def test_a_seal_may_stand_on_a_later_page(bureau: Office) -> None:
    done = sealing.seal_once(lay(bureau, page(pages=3), replace(PLACE, page=3)))
    assert judge.is_valid(done.pdf, bureau)
    reader = PdfFileReader(BytesIO(done.pdf))
    assert the_field(done.pdf).raw_get("/P") == reader.root["/Pages"]["/Kids"].raw_get(2)


def test_a_number_tree_with_branches_gets_one_more() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(page()))
    branch = generic.DictionaryObject({generic.pdf_name("/Nums"): generic.ArrayObject()})
    tree = generic.DictionaryObject({generic.pdf_name("/Kids"): generic.ArrayObject([writer.add_object(branch)])})
    value = writer.add_object(generic.NullObject())
    sealing._add_number(writer, tree, generic.NumberObject(7), value)
    assert [list(kid.get("/Limits", [])) for kid in members(tree["/Kids"])] == [[], [7, 7]]
    assert tree["/Kids"][1]["/Nums"].raw_get(1) == value


def test_the_seal_is_tagged_below_the_root_if_there_is_no_document_element() -> None:
    writer = IncrementalPdfFileWriter(BytesIO(page()))
    tree = writer.root["/StructTreeRoot"]
    for kid in members(tree["/K"]):
        kid["/S"] = generic.pdf_name("/Sect")
    assert sealing._document(writer)[0] is tree
    assert len(sealing._kids(tree)) == 1
    del tree["/K"]
    assert sealing._kids(tree) == []


# -- the signature


def test_signed_and_unsigned_attributes_are_those_we_allow(sealed: Sealed) -> None:
    info = signer_info(sealed.pdf)
    signed = [attribute["type"].native for attribute in info["signed_attrs"]]
    assert sorted(signed) == ["content_type", "message_digest", "signing_certificate_v2"]
    assert [attribute["type"].native for attribute in info["unsigned_attrs"]] == ["signature_time_stamp_token"]
    assert info["signed_attrs"].untag().dump() == cms.template(chain_in(sealed)).attributes(judge.digest(sealed.pdf))


def chain_in(sealed: Sealed) -> tuple[bytes, ...]:
    return tuple(each.data for each in members(PdfFileReader(BytesIO(sealed.pdf)).root["/DSS"]["/Certs"]))


def test_the_padding_is_zero(sealed: Sealed) -> None:
    _, padding = judge.container(sealed.pdf)
    assert padding
    assert not any(padding)


def test_s_is_always_low(bureau: Office) -> None:
    material, evidence = bureau.material()
    bare = replace(evidence, stamp=None)
    for _ in range(24):  # a signer that did not care would pass with a chance of 1 in 16 million
        done = sealing.seal_once(lay(bureau, page(), evidence=bare))
        assert cms.is_low_s(signer_info(done.pdf)["signature"].native)
        assert judge.is_canonical(done.pdf, material)


def test_a_key_that_gives_high_s_seals_nothing(bureau: Office) -> None:
    material, evidence = bureau.material()

    def high(data: bytes) -> bytes:
        r, s = decode_dss_signature(material.sign(data))
        return encode_dss_signature(r, cms.P256_ORDER - s)

    ticket = sealing.prepare(page(), replace(material, sign=high), bureau.reserve(bytes(32)), PLACE, evidence)
    with pytest.raises(SealingFailed):
        sealing.seal_once(ticket)


# -- once


def test_a_ticket_seals_once(bureau: Office) -> None:
    ticket = lay(bureau, page())
    sealing.seal_once(ticket)
    with pytest.raises(UseSpent):
        sealing.seal_once(ticket)


def test_of_many_threads_with_one_ticket_one_seals(bureau: Office) -> None:
    ticket = lay(bureau, page())

    def attempt(_: int) -> bool:
        try:
            sealing.seal_once(ticket)
        except UseSpent:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_a_ticket_is_spent_even_if_signing_failed(bureau: Office) -> None:
    material, evidence = bureau.material()

    def broken(_: bytes) -> bytes:
        raise OSError("token gone")

    ticket = sealing.prepare(page(), replace(material, sign=broken), bureau.reserve(bytes(32)), PLACE, evidence)
    with pytest.raises(OSError, match="token gone"):
        sealing.seal_once(ticket)
    with pytest.raises(UseSpent):
        sealing.seal_once(ticket)


@pytest.mark.parametrize("state", [UseState.sealed, UseState.void])
def test_no_ticket_for_a_use_that_has_ended(bureau: Office, state: UseState) -> None:
    material, evidence = bureau.material()
    with pytest.raises(UseSpent):
        sealing.prepare(page(), material, replace(bureau.reserve(bytes(32)), state=state), PLACE, evidence)


def test_no_ticket_for_another_seals_use(bureau: Office) -> None:
    material, evidence = bureau.material()
    with pytest.raises(SealingFailed):
        sealing.prepare(page(), material, replace(bureau.reserve(bytes(32)), seal="other"), PLACE, evidence)


def test_reserve_seal_and_note_the_end(office: Office, record: Record) -> None:
    done = sealing.seal_once(office.prepare(record()))
    with office.house.database.write() as db:
        ended = use.finish(db, done, office.now)
    assert (ended.state, ended.sealed_digest, ended.level) == (UseState.sealed, done.digest, "B-T")


# -- evidence that cannot be had lowers the level and loses no document


def down(_: bytes) -> bytes:
    raise TimeoutError


STAMPERS: dict[str, Callable[[Evidence], Callable[[bytes], bytes] | None]] = {
    "none": lambda _: None,
    "down": lambda _: down,
    "garbage": lambda _: lambda __: b"\x30\x03\x02\x01\x00",
    "empty": lambda _: lambda __: b"",
    "over-something-else": lambda given: lambda __: given.stamp(bytes(32)) if given.stamp else b"",
}


@pytest.mark.parametrize("stamper", STAMPERS)
def test_without_a_time_stamp_the_level_is_lower_and_the_document_whole(
    bureau: Office, stamper: str, tmp_path: Path
) -> None:
    material, given = bureau.material()
    done = sealing.seal_once(lay(bureau, page(), evidence=replace(given, stamp=STAMPERS[stamper](given))))
    assert (done.level, done.missing) == (Level.bare, ("time-stamp",))
    assert judge.status(done.pdf, bureau).bottom_line
    assert judge.is_canonical(done.pdf, material)
    (tmp_path / "sealed.pdf").write_bytes(done.pdf)
    assert "Total document signed" in judge.tool("pdfsig", "-nocert", tmp_path / "sealed.pdf")


def test_a_token_that_is_too_large_is_left_out(bureau: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "TOKEN_ROOM", 100)
    done = sealing.seal_once(lay(bureau, page()))
    assert (done.level, done.missing) == (Level.bare, ("time-stamp",))
    assert judge.status(done.pdf, bureau).bottom_line


def test_missing_revocation_data_is_said(bureau: Office) -> None:
    _, given = bureau.material()
    poor = replace(given, ocsps=(), crls=(), missing=("ocsp", "crl"))
    done = sealing.seal_once(lay(bureau, page(), evidence=poor))
    assert (done.level, done.missing) == (Level.timed, ("ocsp", "crl"))
    store = PdfFileReader(BytesIO(done.pdf)).root["/DSS"]
    assert "/OCSPs" not in store
    assert "/CRLs" not in store


# -- what is no page of ours


def encrypted() -> bytes:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(page())))
    writer.encrypt("owner", "user")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def updated(name: str) -> bytes:
    """The page in two revisions, the second with an entry in its catalog."""
    writer = IncrementalPdfFileWriter(BytesIO(page() + b"\n"))
    writer.root[generic.pdf_name(name)] = generic.DictionaryObject()
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def with_form() -> bytes:
    writer = copy_into_new_writer(PdfFileReader(BytesIO(page())))
    writer.root[generic.pdf_name("/AcroForm")] = generic.DictionaryObject()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


ODD: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"hello",
    "only-the-end": lambda: b"%%EOF",
    "cut": lambda: page()[: len(page()) // 2],
    "cut-end": lambda: page()[:-6],
    "something-behind": lambda: page() + b"\nsomething",
    "nothing-but-xref": lambda: b"%PDF-1.7\nxref\n0 0\ntrailer<<>>\nstartxref\n9\n%%EOF",
    "untagged": lambda: form_as_pdf(b"", 600),
    "encrypted": encrypted,
    "two-revisions": lambda: updated("/Extra"),
    "form": with_form,
    "compressed-bomb": lambda: form_as_pdf(zlib.compress(bytes(10_000_000)), 600),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_we_did_not_make_is_not_sealed(bureau: Office, odd: str) -> None:
    with pytest.raises(NotAPage):
        lay(bureau, ODD[odd]())


def test_a_sealed_document_is_not_sealed_again(bureau: Office, sealed: Sealed) -> None:
    with pytest.raises(NotAPage):
        lay(bureau, sealed.pdf)


@pytest.mark.parametrize(
    "place",
    [
        Place(0, 230, 150, 42),
        Place(2, 230, 150, 42),
        Place(1, 20, 150, 42),
        Place(1, 280, 150, 42),
        Place(1, 230, 195, 42),
    ],
    ids=["page-0", "page-2", "left", "right", "below"],
)
def test_the_seal_stays_on_the_page(bureau: Office, place: Place) -> None:
    with pytest.raises(NotAPage):
        lay(bureau, page(), place)


@given(at=st.integers(0, len(page()) - 1), byte=st.integers(0, 255), drop=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_a_damaged_page_is_refused_or_sealed_and_nothing_else(bureau: Office, at: int, byte: int, drop: int) -> None:
    damaged = page()[:at] + bytes([byte]) + page()[at + 1 + drop :]
    try:
        ticket = lay(bureau, damaged)
    except NotAPage:
        return
    assert ticket.prepared.startswith(damaged)
