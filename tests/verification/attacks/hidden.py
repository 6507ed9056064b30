"""Data hidden in what an archive adds: in the parts of evidence that no signature covers, and beside a genuine time-stamp."""

import hashlib
import re
import zlib
from dataclasses import replace
from io import BytesIO

from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name

from certs import der, status
from seals import sealing_page
from seals.sealing_archive import LABEL, STAMP, TOKEN_ROOM, with_archive_stamp
from seals.sealing_page import Gap, Writer
from tests.verification.attacks.archive import archived, holding, written
from tests.verification.attacks.forge import Forger, Make, _authority
from tests.verification.attacks.tree import Node, tree
from verification.model import Reason

HIDDEN: dict[str, tuple[Make, Reason]] = {}
NOTE = b"SECRET" * 100


def forgery(make: Make) -> Make:
    """Enter a forgery in the table; whoever adds to a sealed file has changed it."""
    HIDDEN[make.__name__] = (make, Reason.altered)
    return make


def _answer(forger: Forger) -> tuple[Node, Node]:
    """A genuine answer about the seal, and the answer proper that lies in its octets."""
    _, evidence = forger.desk.material()
    outer = tree(evidence.ocsps[0])
    return outer, tree(outer[1][0][1].octets)


def _with(forger: Forger, outer: Node, basic: bytes) -> bytes:
    outer[1][0][1].octets = basic
    return holding(forger.paper, ocsps=outer.encoded)


@forgery
def something_beside_the_certificate_of_an_answer(forger: Forger) -> bytes:
    outer, basic = _answer(forger)
    basic[3][0].kids.append(tree(_authority("Stranger")[0].public_bytes(Encoding.DER)))
    return _with(forger, outer, basic.encoded)


@forgery
def something_behind_an_answer_within_its_octets(forger: Forger) -> bytes:
    outer, basic = _answer(forger)
    return _with(forger, outer, basic.encoded + NOTE)


@forgery
def a_parameter_of_an_answers_algorithm(forger: Forger) -> bytes:
    outer, basic = _answer(forger)
    basic[1].kids.append(Node(der.OCTET_STRING, NOTE))
    return _with(forger, outer, basic.encoded)


@forgery
def a_parameter_of_a_lists_algorithm(forger: Forger) -> bytes:
    held = tree(status.crl(forger.desk.house, "root", forger.desk.now))
    held[1].kids.append(Node(der.OCTET_STRING, NOTE))
    return holding(forger.paper, crls=held.encoded)


@forgery
def a_parameter_of_a_certificates_algorithm(forger: Forger) -> bytes:
    _, basic = _answer(forger)
    held = basic[3][0][0]
    held[1].kids.append(Node(der.OCTET_STRING, NOTE))
    return holding(forger.paper, certificates=held.encoded)


@forgery
def data_behind_what_a_stream_unpacks_to(forger: Forger) -> bytes:
    crl = status.crl(forger.desk.house, "root", forger.desk.now)
    packed = zlib.compress(crl) + NOTE

    def add(writer: Writer) -> None:
        about = b"<<\n/Filter /FlateDecode\n/Length %d\n>>\nstream\n%s\nendstream" % (len(packed), packed)
        stream = writer.add(about)
        writer.say("/DSS", writer.add(b"<<\n/Type /DSS\n/CRLs [ %s ]\n>>" % sealing_page.named(stream)))

    return written(forger.paper, add)


@forgery
def a_note_in_the_name_of_the_store(forger: Forger) -> bytes:
    def add(writer: Writer) -> None:
        writer.root["/DSS"][pdf_name("/Type")] = generic.TextStringObject(NOTE.decode())
        writer.update_container(writer.root["/DSS"])

    return written(archived(forger), add)


def _stamped(
    forger: Forger, pdf: bytes, *, about: bytes = STAMP, field: bytes = b"", label: str = LABEL, part: bool = False
) -> bytes:
    """A genuine time-stamp over the document, with something of the forger's: anybody may ask our clock."""
    writer = Writer(BytesIO(pdf))
    gap, widget = Gap(about, TOKEN_ROOM), writer.allocate_placeholder()
    more = b"/V %s\n" % sealing_page.named(writer.add_object(gap)) + field
    sealing_page.add_field(writer, "Evidence9", label, writer.page(1), sealing_page.NOWHERE, more, widget)
    made = writer.finished()
    wanted = gap.close(made, "sha256")
    if part:
        numbers = b"[0 9 20 9]"
        at = made.rindex(b"/ByteRange ") + len(b"/ByteRange ")
        made[at : at + sealing_page.RANGE_ROOM] = numbers.ljust(sealing_page.RANGE_ROOM)
        wanted = hashlib.sha256(made[:9] + made[20:29]).digest()
    token = forger.desk.stamp(wanted)
    made[gap.start : gap.start + 2 * len(token)] = token.hex().upper().encode()
    return bytes(made)


@forgery
def a_note_in_a_stamps_dictionary(forger: Forger) -> bytes:
    return _stamped(forger, forger.paper, about=STAMP + b"\n/Reason (%s)" % NOTE)


@forgery
def a_note_in_the_field_of_a_stamp(forger: Forger) -> bytes:
    return _stamped(forger, forger.paper, field=b"/Note (%s)\n" % NOTE)


@forgery
def a_note_as_the_mapping_name_of_a_stamp(forger: Forger) -> bytes:
    return _stamped(forger, forger.paper, field=b"/TM (%s)\n" % NOTE)


@forgery
def a_note_as_the_label_of_a_stamp(forger: Forger) -> bytes:
    return _stamped(forger, forger.paper, label=NOTE.decode())


@forgery
def a_stamp_over_what_every_document_holds(forger: Forger) -> bytes:
    """A token that was got before the document was made: it says a time, but nothing about this document."""
    return _stamped(forger, forger.paper, part=True)


@forgery
def a_stamp_of_long_ago_on_a_seal_that_has_none(forger: Forger) -> bytes:
    desk = forger.desk
    tool, evidence = desk.material()
    made = desk.record(desk.identifier("20260000091"))
    page = desk.page(made, desk.code(desk.identifier("20260000091"), made))
    return _stamped(forger, desk.sealed(page, (tool, replace(evidence, stamp=None))), part=True)


@forgery
def data_after_the_token_of_the_last_of_many_stamps(forger: Forger) -> bytes:
    pdf = forger.paper
    for _ in range(20):
        pdf = with_archive_stamp(pdf, forger.desk.stamp)
    end = pdf.rindex(b">\n/ByteRange")
    return pdf[: end - 8] + b"53454352" + pdf[end:]


def _rewritten(pdf: bytes, old: bytes, new: bytes) -> bytes:
    """The last revision with something of it written otherwise; the cross-references follow."""
    start = pdf.rindex(b"%%EOF\n", 0, len(pdf) - 6) + 6
    at = pdf.index(old, start)
    made = pdf[:at] + new + pdf[at + len(old) :]
    table, was = made.rindex(b"\nxref\n") + 1, pdf.rindex(b"\nxref\n") + 1
    moved = made[:table] + re.sub(
        rb"(\d{10})(?= 00000 n)",
        lambda found: b"%010d" % (int(found[1]) + (len(new) - len(old) if int(found[1]) > at else 0)),
        made[table:],
    )
    return moved.replace(b"startxref\n%d\n" % was, b"startxref\n%d\n" % table)


@forgery
def a_name_that_stands_twice_in_the_store(forger: Forger) -> bytes:
    pdf = forger.desk.archived(forger.paper, stamped=False)
    return _rewritten(pdf, b"<<\n/Type /DSS\n", b"<<\n/Type (%s)\n/Type /DSS\n" % NOTE)


@forgery
def a_note_as_the_identifier_of_the_file(forger: Forger) -> bytes:
    pdf = forger.desk.archived(forger.paper, stamped=False)
    own = re.findall(rb"/ID \[[^\]]*\]", pdf)[-1]
    return _rewritten(pdf, own, b"/ID [ (%s) (x) ]" % NOTE[:300])
