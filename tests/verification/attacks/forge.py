"""Forgeries made from our own sealed license, each named by what the forger does, with the answer it must get."""

import asyncio
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from typing import Any

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certs import der, status
from certs.der import Reader
from seals.cms import issuer_and_serial
from tests.verification.attacks.tree import Node, Seal, tree
from tests.verification.desk import Desk
from verification.model import Reason
from verification.pdf.container import SIGNING_CERTIFICATE_V2
from verification.pdf.layout import RANGE

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass
class Forger:
    """What a forger has: two genuine licenses, and the desk whose seal he may or may not have in his hands."""

    desk: Desk
    paper: bytes
    other: bytes

    @property
    def hole(self) -> tuple[int, int]:
        """Where the digits of the seal stand."""
        match = RANGE.search(self.paper)
        assert match
        return int(match[2]) + 1, int(match[3]) - 1

    @property
    def container(self) -> bytes:
        """The seal's container without its padding."""
        return _container(self.paper)

    def with_container(self, container: bytes) -> bytes:
        """The paper with another container in its seal."""
        return self.with_digits(container.hex().upper().encode())

    def with_digits(self, digits: bytes) -> bytes:
        """The paper with other digits in its seal."""
        start, end = self.hole
        assert len(digits) <= end - start
        return self.paper[:start] + digits.ljust(end - start, b"0") + self.paper[end:]

    def edited(self, edit: Callable[[Seal], None]) -> bytes:
        """The paper with the container of its seal changed."""
        seal = Seal(self.container)
        edit(seal)
        return self.with_container(seal.root.encoded)

    def updated(self, change: Callable[[IncrementalPdfFileWriter], None], paper: bytes | None = None) -> bytes:
        """The paper with one more revision."""
        writer = IncrementalPdfFileWriter(BytesIO(paper or self.paper))
        change(writer)
        out = BytesIO()
        writer.write(out)
        return out.getvalue()

    @cached_property
    def page(self) -> bytes:
        """A page that was never sealed."""
        made = self.desk.record(self.desk.identifier())
        return self.desk.page(made, self.desk.code(self.desk.identifier(), made)) + b"\n"


Make = Callable[[Forger], bytes]
FORGERIES: dict[str, tuple[Make, Reason]] = {}


def forgery(reason: Reason) -> Callable[[Make], Make]:
    """Enter a forgery in the table, under its name."""

    def enter(make: Make) -> Make:
        FORGERIES[make.__name__] = (make, reason)
        return make

    return enter


def _container(paper: bytes) -> bytes:
    match = RANGE.search(paper)
    assert match
    whole = bytes.fromhex(paper[int(match[2]) + 1 : int(match[3]) - 1].decode())
    return Reader(whole).raw(der.SEQUENCE)


# -- bytes around the sealed part


@forgery(Reason.altered)
def bytes_after_the_end(forger: Forger) -> bytes:
    return forger.paper + b"%% a note\n"


@forgery(Reason.altered)
def a_line_end_after_the_end(forger: Forger) -> bytes:
    return forger.paper + b"\n"


@forgery(Reason.altered)
def zeros_after_the_end(forger: Forger) -> bytes:
    return forger.paper + bytes(1000)


@forgery(Reason.altered)
def bytes_before_the_beginning(forger: Forger) -> bytes:
    return b"\n" + forger.paper


@forgery(Reason.altered)
def a_web_page_before_the_beginning(forger: Forger) -> bytes:
    return b"<html><script>alert(1)</script><!--" + forger.paper


@forgery(Reason.altered)
def the_last_byte_cut_off(forger: Forger) -> bytes:
    return forger.paper[:-1]


@forgery(Reason.altered)
def the_second_half_cut_off(forger: Forger) -> bytes:
    return forger.paper[: forger.hole[1] + 40]


# -- the sealed part


@forgery(Reason.altered)
def one_bit_of_the_page(forger: Forger) -> bytes:
    at = forger.paper.index(b"stream") + 40
    return forger.paper[:at] + bytes([forger.paper[at] ^ 1]) + forger.paper[at + 1 :]


@forgery(Reason.altered)
def another_name_in_the_code_link(forger: Forger) -> bytes:
    return forger.paper.replace(b"localhost:8001/#", b"localhost:8002/#", 1)


@forgery(Reason.altered)
def a_byte_range_that_leaves_out_the_end(forger: Forger) -> bytes:
    match = RANGE.search(forger.paper)
    assert match
    fourth = str(int(match[4]) - 20).encode().ljust(len(match[4]))
    return forger.paper[: match.start(4)] + fourth + forger.paper[match.end(4) :]


@forgery(Reason.altered)
def a_byte_range_with_a_wide_hole(forger: Forger) -> bytes:
    match = RANGE.search(forger.paper)
    assert match
    second = str(int(match[2]) - 9).encode().ljust(len(match[2]))
    return forger.paper[: match.start(2)] + second + forger.paper[match.end(2) :]


# -- the hole


@forgery(Reason.altered)
def data_hidden_after_the_seal(forger: Forger) -> bytes:
    return forger.with_digits(forger.container.hex().upper().encode() + b"5345435245542E")


@forgery(Reason.altered)
def the_last_digit_of_the_padding(forger: Forger) -> bytes:
    end = forger.hole[1]
    return forger.paper[: end - 1] + b"1" + forger.paper[end:]


@forgery(Reason.altered)
def small_letters_for_digits(forger: Forger) -> bytes:
    return forger.with_digits(forger.container.hex().encode())


@forgery(Reason.altered)
def spaces_between_the_digits(forger: Forger) -> bytes:
    start, end = forger.hole
    digits = forger.container.hex().upper().encode() + b" "
    return forger.paper[:start] + digits.ljust(end - start, b"0") + forger.paper[end:]


NOTE = tree(der.sequence(der.oid("1.2.3.4"), der.set_of(der.tlv(der.NULL))))


@forgery(Reason.altered)
def another_unsigned_attribute(forger: Forger) -> bytes:
    return forger.edited(lambda seal: seal.unsigned.kids.insert(0, NOTE))


@forgery(Reason.altered)
def the_time_stamp_twice_in_one_attribute(forger: Forger) -> bytes:
    return forger.edited(lambda seal: seal.unsigned[0][1].kids.append(seal.unsigned[0][1][0]))


@forgery(Reason.forged)
def the_other_form_of_the_signature(forger: Forger) -> bytes:
    def turn(seal: Seal) -> None:
        seal.signature.octets = _turned(seal.signature.octets)

    return forger.edited(turn)


@forgery(Reason.altered)
def the_other_form_of_the_time_stamps_signature(forger: Forger) -> bytes:
    def turn(seal: Seal) -> None:
        seal.token.signature.octets = _turned(seal.token.signature.octets)

    return forger.edited(turn)


@forgery(Reason.altered)
def an_unsigned_attribute_in_the_time_stamp(forger: Forger) -> bytes:
    return forger.edited(lambda seal: seal.token.signer.kids.append(Node(der.CONTEXT + 1, parts=[NOTE])))


@forgery(Reason.no_evidence)
def the_time_stamp_removed(forger: Forger) -> bytes:
    def remove(seal: Seal) -> None:
        seal.signer.kids.pop()

    return forger.edited(remove)


@forgery(Reason.forged)
def the_time_stamp_of_another_license(forger: Forger) -> bytes:
    other = Seal(_container(forger.other))

    def swap(seal: Seal) -> None:
        seal.signer.kids[6] = other.unsigned

    return forger.edited(swap)


@forgery(Reason.forged)
def a_time_stamp_of_a_strangers_clock(forger: Forger) -> bytes:
    """The genuine token, taken apart and signed anew by a clock that nobody certified."""
    return forger.edited(lambda seal: resigned(seal.token))


def resigned(token: Seal) -> None:
    """A time-stamp token under the signature of a stranger."""
    certificate, key = _signer("Stranger")
    encoded = certificate.public_bytes(Encoding.DER)
    token.certificates.parts = [tree(encoded)]
    token.signer.kids[1] = tree(der.sequence(*issuer_and_serial(encoded)))
    attributes = [node for node in token.signer[3].kids if node[0].encoded != SIGNING_CERTIFICATE_V2]
    identifier = der.sequence(der.sequence(der.sequence(der.octets(sha256(encoded).digest()))))
    attributes.append(tree(der.sequence(SIGNING_CERTIFICATE_V2, der.set_of(identifier))))
    token.signer[3].parts = sorted(attributes, key=lambda node: node.encoded)
    signed = der.set_of(*(node.encoded for node in attributes))
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    token.signature.octets = encode_dss_signature(r, min(s, ORDER - s))


@forgery(Reason.altered)
def the_seal_of_another_license(forger: Forger) -> bytes:
    return forger.with_container(_container(forger.other))


@forgery(Reason.forged)
def one_bit_of_the_signature(forger: Forger) -> bytes:
    def spoil(seal: Seal) -> None:
        r, s = decode_dss_signature(seal.signature.octets)
        seal.signature.octets = encode_dss_signature(r ^ 1, s)

    return forger.edited(spoil)


@forgery(Reason.altered)
def one_more_certificate(forger: Forger) -> bytes:
    stranger = tree(_authority("Stranger")[0].public_bytes(Encoding.DER))

    def add(seal: Seal) -> None:
        seal.certificates.parts = sorted([*seal.certificates.kids, stranger], key=lambda node: node.encoded)

    return forger.edited(add)


@forgery(Reason.altered)
def one_certificate_twice(forger: Forger) -> bytes:
    return forger.edited(lambda seal: seal.certificates.kids.append(seal.certificates[-1]))


@forgery(Reason.altered)
def certificates_in_another_order(forger: Forger) -> bytes:
    return forger.edited(lambda seal: seal.certificates.kids.reverse())


@forgery(Reason.altered)
def a_list_of_revocations_in_the_container(forger: Forger) -> bytes:
    crl = status.crl(forger.desk.house, "root", forger.desk.now)
    return forger.edited(lambda seal: seal.data.kids.insert(4, Node(der.CONTEXT + 1, parts=[tree(crl)])))


@forgery(Reason.altered)
def one_more_digest_algorithm(forger: Forger) -> bytes:
    return forger.edited(lambda seal: seal.algorithms.kids.append(tree(der.sequence(der.oid("1.3.14.3.2.26")))))


@forgery(Reason.altered)
def another_version_of_the_container(forger: Forger) -> bytes:
    def change(seal: Seal) -> None:
        seal.data[0].octets = b"\x03"

    return forger.edited(change)


@forgery(Reason.forged)
def another_algorithm_named(forger: Forger) -> bytes:
    def change(seal: Seal) -> None:
        seal.signer.kids[4] = tree(der.sequence(der.oid("1.2.840.10045.4.3.3")))

    return forger.edited(change)


@forgery(Reason.altered)
def parameters_to_an_algorithm(forger: Forger) -> bytes:
    return forger.edited(lambda seal: seal.signer[2].kids.append(Node(der.NULL)))


@forgery(Reason.altered)
def a_container_of_indefinite_length(forger: Forger) -> bytes:
    body = forger.container
    skip = 2 + (body[1] & 0x7F if body[1] & 0x80 else 0)
    return forger.with_container(b"\x30\x80" + body[skip:] + b"\x00\x00")


@forgery(Reason.foreign)
def an_empty_seal(forger: Forger) -> bytes:
    return forger.with_digits(b"")


def _turned(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, ORDER - s)


# -- one more revision


@forgery(Reason.altered)
def a_note_over_the_page(forger: Forger) -> bytes:
    def add(writer: IncrementalPdfFileWriter) -> None:
        text = generic.DictionaryObject({
            pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): generic.ArrayObject([generic.NumberObject(n) for n in (60, 60, 400, 400)]),
            pdf_name("/Contents"): generic.TextStringObject("注册资本：壹亿元"), pdf_name("/F"): generic.NumberObject(4),
        })  # fmt: skip
        writer.register_annotation(writer.find_page_for_modification(0)[0], writer.add_object(text))

    return forger.updated(add)


@forgery(Reason.altered)
def another_title(forger: Forger) -> bytes:
    return forger.updated(
        lambda writer: writer.set_info(generic.DictionaryObject({pdf_name("/Title"): generic.TextStringObject("X")}))
    )


@forgery(Reason.altered)
def a_script_that_runs_on_opening(forger: Forger) -> bytes:
    def add(writer: IncrementalPdfFileWriter) -> None:
        action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.TextStringObject("app.alert(1)")}
        writer.root[pdf_name("/OpenAction")] = writer.add_object(generic.DictionaryObject(action))
        writer.update_root()

    return forger.updated(add)


@forgery(Reason.altered)
def a_page_added(forger: Forger) -> bytes:
    def add(writer: IncrementalPdfFileWriter) -> None:
        pages = writer.root["/Pages"]
        page = generic.DictionaryObject(
            {pdf_name("/Type"): pdf_name("/Page"), pdf_name("/Parent"): writer.root.raw_get("/Pages")}
        )
        pages["/Kids"].append(writer.add_object(page))
        pages[pdf_name("/Count")] = generic.NumberObject(2)
        writer.update_container(pages)

    return forger.updated(add)


@forgery(Reason.altered)
def junk_in_a_later_security_store(forger: Forger) -> bytes:
    def add(writer: IncrementalPdfFileWriter) -> None:
        junk = writer.add_object(generic.StreamObject(stream_data=b"other people's data"))
        writer.root["/DSS"]["/Certs"].append(junk)
        writer.update_container(writer.root["/DSS"])

    return forger.updated(add)


@forgery(Reason.altered)
def the_seal_taken_out_of_the_form(forger: Forger) -> bytes:
    def remove(writer: IncrementalPdfFileWriter) -> None:
        for name in ("/AcroForm", "/Perms"):
            del writer.root[name]
        writer.update_root()

    return forger.updated(remove)


@forgery(Reason.altered)
def a_strangers_signature_on_top(forger: Forger) -> bytes:
    return _signed(forger.paper, *_signer("Stranger"), field="Second", certify=None)


@forgery(Reason.altered)
def a_second_seal_of_the_same_agency(forger: Forger) -> bytes:
    return _signed(forger.paper, *_insider(forger), field="Second", certify=None)


@forgery(Reason.altered)
def a_license_inside_of_another_file(forger: Forger) -> bytes:
    writer = PdfFileWriter()
    writer.root[pdf_name("/Held")] = writer.add_object(generic.StreamObject(stream_data=forger.paper))
    writer.insert_page(_blank(writer))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@forgery(Reason.altered)
def two_licenses_in_one_file(forger: Forger) -> bytes:
    return forger.paper + forger.other


# -- other people's seals


@forgery(Reason.forged)
def an_authority_of_the_same_name(forger: Forger) -> bytes:
    real = _issuing(forger)
    return _signed(
        forger.page, *_signer_below(real.subject, _seal_name(forger)), field="Seal", certify=MDPPerm.NO_CHANGES
    )


@forgery(Reason.foreign)
def a_seal_of_a_strangers_authority(forger: Forger) -> bytes:
    return _signed(forger.page, *_signer("Stranger"), field="Seal", certify=MDPPerm.NO_CHANGES)


@forgery(Reason.foreign)
def a_certificate_that_signs_itself_with_the_agencys_name(forger: Forger) -> bytes:
    name, key = _seal_name(forger), ec.generate_private_key(ec.SECP256R1())
    return _signed(
        forger.page, _certificate(name, name, key.public_key(), key, ca=False), key, field="Seal", certify=None
    )


@forgery(Reason.forged)
def the_agencys_certificate_without_its_key(forger: Forger) -> bytes:
    certificate, _ = _insider(forger)
    return _signed(
        forger.page, certificate, ec.generate_private_key(ec.SECP256R1()), field="Seal", certify=MDPPerm.NO_CHANGES
    )


@forgery(Reason.not_sealed)
def a_page_that_only_looks_sealed(forger: Forger) -> bytes:
    return forger.page


# -- an insider with the seal's key, but not our rules


@forgery(Reason.altered)
def sealed_as_an_approval_only(forger: Forger) -> bytes:
    return _signed(forger.page, *_insider(forger), field="Seal", certify=None)


@forgery(Reason.altered)
def sealed_so_that_forms_may_be_filled(forger: Forger) -> bytes:
    return _signed(forger.page, *_insider(forger), field="Seal", certify=MDPPerm.FILL_FORMS)


@forgery(Reason.altered)
def sealed_without_the_certificate_id(forger: Forger) -> bytes:
    return _signed(forger.page, *_insider(forger), field="Seal", certify=MDPPerm.NO_CHANGES, old=True)


@forgery(Reason.altered)
def sealed_beside_an_open_field(forger: Forger) -> bytes:
    def add(writer: IncrementalPdfFileWriter) -> None:
        fields.append_signature_field(writer, SigFieldSpec("Open"))

    return _signed(forger.updated(add, forger.page), *_insider(forger), field="Seal", certify=MDPPerm.NO_CHANGES)


@forgery(Reason.mismatch)
def the_code_of_another_license(forger: Forger) -> bytes:
    return forger.desk.paper("20260000001", code_of="20260000002")


@forgery(Reason.mismatch)
def the_record_of_another_agency(forger: Forger) -> bytes:
    made = forger.desk.record(forger.desk.identifier())
    text = made.json.replace(b"11880100DEM000049A", b"11880100DEM0000575")
    return forger.desk.sealed(
        forger.desk.page(replace(made, json=text), forger.desk.code(forger.desk.identifier(), made))
    )


@forgery(Reason.mismatch)
def a_record_of_nonsense(forger: Forger) -> bytes:
    made = forger.desk.record(forger.desk.identifier())
    return forger.desk.sealed(
        forger.desk.page(replace(made, json=b'{"a":1}'), forger.desk.code(forger.desk.identifier(), made))
    )


# -- files made to break a parser


@forgery(Reason.damaged)
def a_bomb_in_a_stream(forger: Forger) -> bytes:
    bomb = zlib.compress(bytes(200_000_000), 9)
    return _raw(b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(bomb), bomb))


@forgery(Reason.damaged)
def a_tower_of_arrays(forger: Forger) -> bytes:
    return _raw(b"[" * 100_000 + b"]" * 100_000)


@forgery(Reason.damaged)
def pages_that_are_their_own_parents(forger: Forger) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 1 0 R>>\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"


@forgery(Reason.damaged)
def a_cross_reference_that_leads_to_itself(forger: Forger) -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
    at = len(body)
    return body + b"xref\n0 1\n0000000000 65535 f \ntrailer<</Size 1/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        at,
        at,
    )


@forgery(Reason.damaged)
def a_header_and_nothing_else(forger: Forger) -> bytes:
    return b"%PDF-1.7\n"


@forgery(Reason.not_a_document)
def no_pdf_at_all(forger: Forger) -> bytes:
    return b"PK\x03\x04" + bytes(100)


@forgery(Reason.not_a_document)
def nothing(forger: Forger) -> bytes:
    return b""


@forgery(Reason.too_large)
def more_than_we_take(forger: Forger) -> bytes:
    return forger.paper + bytes(21_000_000)


def _raw(body: bytes) -> bytes:
    """A file whose catalog leads to one hostile object."""
    objects = [b"<</Type/Catalog/Pages 2 0 R/AcroForm 2 0 R>>", body]
    out, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 3\n0000000000 65535 f \n%strailer<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        len(out),
    )


# -- tools of the trade


def _blank(writer: PdfFileWriter) -> Any:
    from pyhanko.pdf_utils.writer import PageObject

    stream = writer.add_object(generic.StreamObject(stream_data=b""))
    box = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 100, 100)])
    return PageObject(contents=stream, media_box=box)


def _signed(
    page: bytes, certificate: x509.Certificate, key: Any, *, field: str, certify: MDPPerm | None, old: bool = False
) -> bytes:
    """A file signed with pyHanko's tools, whatever an earlier signature forbids."""
    signer = _Signer(key, asn1.Certificate.load(certificate.public_bytes(Encoding.DER)))
    writer = IncrementalPdfFileWriter(BytesIO(page))
    steps = PdfCMSEmbedder(new_field_spec=SigFieldSpec(field)).write_cms(field_name=field, writer=writer)
    next(steps)
    kind = SigSeedSubFilter.ADOBE_PKCS7_DETACHED if old else SigSeedSubFilter.PADES
    place = SignatureObject(timestamp=datetime.now(UTC), subfilter=kind, bytes_reserved=8192)
    rules = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=certify) if certify else None
    steps.send(SigObjSetup(sig_placeholder=place, mdp_setup=rules))
    digest, output = steps.send(SigIOSetup(md_algorithm="sha256", in_place=True))
    steps.send(_finished(signer.async_sign(digest.document_digest, "sha256", use_pades=not old)))
    return bytes(output.getvalue())


def _finished(work: Any) -> Any:
    """The result of a coroutine, also where an event loop is running already (as under Playwright)."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class _Signer(signers.Signer):
    """A signer around any key object."""

    def __init__(self, key: Any, certificate: Any) -> None:
        super().__init__(signing_cert=certificate, cert_registry=SimpleCertificateStore())  # type: ignore[no-untyped-call]
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: Any = None) -> bytes:
        r, s = decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, ORDER - s))


def _insider(forger: Forger) -> tuple[x509.Certificate, Any]:
    """The agency's real certificate and key."""
    from certs import store

    with forger.desk.house.database.read() as db:
        held = store.certificate(db, forger.desk.seal.certificate)
    return x509.load_der_x509_certificate(held.der), forger.desk.house.keys.signer(forger.desk.seal.key_name)


def _issuing(forger: Forger) -> x509.Certificate:
    from certs import trust

    return trust.intermediates(forger.desk.house)[0]


def _seal_name(forger: Forger) -> x509.Name:
    return _insider(forger)[0].subject


def _authority(name: str | x509.Name) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = name if isinstance(name, x509.Name) else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return _certificate(subject, subject, key.public_key(), key, ca=True), key


def _signer(name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    above, key = _authority(f"{name} CA")
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return _certificate(subject, above.subject, own.public_key(), key, ca=False), own


def _signer_below(issuer: x509.Name, subject: x509.Name) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    _, key = _authority(issuer)
    own = ec.generate_private_key(ec.SECP256R1())
    return _certificate(subject, issuer, own.public_key(), key, ca=False), own


def _certificate(subject: x509.Name, issuer: x509.Name, public: Any, key: Any, *, ca: bool) -> x509.Certificate:
    from verification.pdf.chain import SEAL_POLICY

    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=not ca, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    policy = x509.PolicyInformation(x509.ObjectIdentifier(SEAL_POLICY), None)
    return (
        x509.CertificateBuilder(
            issuer, subject, public, x509.random_serial_number(), now - timedelta(1), now + timedelta(365)
        )
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.CertificatePolicies([policy]), critical=False)
        .sign(key, hashes.SHA256())
    )
