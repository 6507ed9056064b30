"""What is no page of ours is refused before anything is signed, whatever is wrong with it."""

import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

from seals.model import (
    NotAPage,
    Place,
    Sealed,
)
from tests.seals.conftest import Office
from tests.seals.paper import form_as_pdf, page

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
        bureau.lay(ODD[odd]())


def test_a_sealed_document_is_not_sealed_again(bureau: Office, sealed: Sealed) -> None:
    with pytest.raises(NotAPage):
        bureau.lay(sealed.pdf)


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
        bureau.lay(page(), place)


@given(at=st.integers(0, len(page()) - 1), byte=st.integers(0, 255), drop=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_a_damaged_page_is_refused_or_sealed_and_nothing_else(bureau: Office, at: int, byte: int, drop: int) -> None:
    damaged = page()[:at] + bytes([byte]) + page()[at + 1 + drop :]
    try:
        ticket = bureau.lay(damaged)
    except NotAPage:
        return
    assert ticket.prepared.startswith(damaged)
