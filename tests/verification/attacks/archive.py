"""Forgeries made from an archive edition, or of what may stand after the sealed revision. Each with its answer."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.fields import SigFieldSpec

from certs import status
from seals import sealing_archive
from seals.model import Evidence
from seals.sealing_page import Writer
from tests.verification.attacks.forge import Forger, Make, _authority, _insider, _signed, _signer, _turned, resigned
from tests.verification.attacks.tree import Seal
from verification.model import Reason
from verification.pdf.layout import look

ARCHIVE: dict[str, tuple[Make, Reason]] = {}
NO_TIME: Any = None  # nobody reads it here


def forgery(make: Make) -> Make:
    """Enter a forgery in the table; whoever adds to a sealed file has changed it."""
    ARCHIVE[make.__name__] = (make, Reason.altered)
    return make


def archived(forger: Forger) -> bytes:
    return forger.desk.archived(forger.paper)


def written(pdf: bytes, change: Callable[[Writer], None]) -> bytes:
    """One more revision, written as ours are."""
    writer = Writer(BytesIO(pdf))
    change(writer)
    return bytes(writer.finished())


def holding(pdf: bytes, **parts: bytes) -> bytes:
    """One more revision of evidence, written by our own sealing."""
    given: Any = {name: (data,) for name, data in parts.items()}
    return sealing_archive.with_evidence(pdf, Evidence(NO_TIME, **given))


@forgery
def junk_among_the_certificates(forger: Forger) -> bytes:
    return holding(forger.paper, certificates=b"other people's data")


@forgery
def junk_among_the_answers(forger: Forger) -> bytes:
    return holding(archived(forger), ocsps=b"0\x03\n\x01\x00")


@forgery
def a_strangers_certificate_in_the_store(forger: Forger) -> bytes:
    return holding(forger.paper, certificates=_authority("Stranger")[0].public_bytes(Encoding.DER))


@forgery
def a_certificate_of_ours_with_something_behind_it(forger: Forger) -> bytes:
    return holding(forger.paper, certificates=_insider(forger)[0].public_bytes(Encoding.DER) + b"more")


@forgery
def a_list_that_nobody_of_us_signed(forger: Forger) -> bytes:
    crl = bytearray(status.crl(forger.desk.house, "root", forger.desk.now))
    crl[-1] ^= 1
    return holding(forger.paper, crls=bytes(crl))


@forgery
def another_part_of_the_store(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        writer.root["/DSS"][pdf_name("/VRI")] = generic.DictionaryObject()
        writer.update_container(writer.root["/DSS"])

    return written(archived(forger), add)


@forgery
def a_note_in_a_stream_of_the_store(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        stream = generic.StreamObject(stream_data=_insider(forger)[0].public_bytes(Encoding.DER))
        stream[pdf_name("/Note")] = generic.TextStringObject("SECRET")
        writer.root["/DSS"]["/Certs"].append(writer.add_object(stream))
        writer.update_container(writer.root["/DSS"])

    return written(archived(forger), add)


@forgery
def an_object_that_belongs_to_nothing(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        writer.add_object(generic.TextStringObject("SECRET"))

    return written(archived(forger), add)


@forgery
def a_note_over_the_page_of_the_archive(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        about = b"<<\n/Type /Annot\n/Subtype /FreeText\n/Rect [ 60 60 400 400 ]\n/Contents (1)\n/F 4\n>>"
        page = writer.page(1)
        page.get_object()["/Annots"].append(writer.add(about))
        writer.update_container(page.get_object()["/Annots"])
        writer.mark_update(page)

    return written(archived(forger), add)


@forgery
def another_title_of_the_archive(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        writer.set_info(generic.DictionaryObject({pdf_name("/Title"): generic.TextStringObject("X")}))

    return written(archived(forger), add)


@forgery
def other_metadata_of_the_archive(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        writer.say(
            "/Metadata", writer.add_object(generic.StreamObject(stream_data=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"))
        )

    return written(archived(forger), add)


@forgery
def a_second_field_in_the_archive(forger: Forger) -> bytes:
    def add(writer: IncrementalPdfFileWriter) -> None:
        fields.append_signature_field(writer, SigFieldSpec("Open"))

    return forger.updated(add, archived(forger))


@forgery
def a_text_field_in_the_archive(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        field = writer.add(b"<<\n/FT /Tx\n/T (More)\n/V (1)\n>>")
        writer.root["/AcroForm"]["/Fields"].append(field)
        writer.update_container(writer.root["/AcroForm"])

    return written(archived(forger), add)


@forgery
def a_strangers_signature_on_the_archive(forger: Forger) -> bytes:
    return _signed(archived(forger), *_signer("Stranger"), field="Second", certify=None)


@forgery
def the_agencys_second_signature_on_the_archive(forger: Forger) -> bytes:
    return _signed(archived(forger), *_insider(forger), field="Second", certify=None)


@forgery
def a_strangers_clock_over_the_document(forger: Forger) -> bytes:
    def token(imprint: bytes) -> bytes:
        held = Seal(forger.desk.stamp(imprint))
        resigned(held)
        return held.root.encoded

    return sealing_archive.with_archive_stamp(forger.paper, token)


@forgery
def bytes_after_the_archive(forger: Forger) -> bytes:
    return archived(forger) + b"%% a note\n"


@forgery
def a_remark_between_the_objects(forger: Forger) -> bytes:
    more = forger.desk.archived(forger.paper, stamped=False)
    at = more.rindex(b"xref\n0 1")
    return more[:at] + b"% a remark\n" + more[at:]


@forgery
def a_stamp_that_covers_another_part(forger: Forger) -> bytes:
    """The token of one round, put under another byte range."""
    pdf = archived(forger)
    hole = look(pdf).holes[-1]
    was = b"[0 %d %d %d]" % hole.range[1:]
    return pdf[: pdf.rindex(was)] + was.replace(b"[0 ", b"[9 ") + pdf[pdf.rindex(was) + len(was) :]


@forgery
def one_bit_under_the_last_stamp(forger: Forger) -> bytes:
    """Between the sealed revision and the stamp: a name in the store of evidence."""
    pdf = archived(forger)
    at = pdf.index(b"/DSS", len(forger.paper))
    return pdf[: at + 1] + b"E" + pdf[at + 2 :]


@forgery
def data_hidden_after_the_token(forger: Forger) -> bytes:
    pdf = archived(forger)
    end = look(pdf).holes[-1].range[2] - 1
    return pdf[: end - 8] + b"53454352" + pdf[end:]


@forgery
def the_other_form_of_a_stamps_signature(forger: Forger) -> bytes:
    def turned(imprint: bytes) -> bytes:
        token = Seal(forger.desk.stamp(imprint))
        token.signature.octets = _turned(token.signature.octets)
        return token.root.encoded

    return sealing_archive.with_archive_stamp(forger.desk.archived(forger.paper, stamped=False), turned)
