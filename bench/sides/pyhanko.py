"""pyHanko's PdfSigner as its documentation shows it ("Signing PDF files"); the signer object, with its key, is kept."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import crl, keys, ocsp, x509
from asn1crypto.cms import ContentInfo
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from seals.model import Evidence, SealMaterial
from tests.seals.paper import form_as_pdf


class OwnUnit(TimeStamper):
    """Our time-stamp unit, as pyHanko asks it."""

    def __init__(self, stamp: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._ask = stamp

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> ContentInfo:
        return ContentInfo.load(self._ask(message_digest))


class Naive:
    """One key with one seal, sealed by the documentation."""

    def __init__(
        self, folder: Path, material: SealMaterial, evidence: Evidence, key: bytes, roots: list[bytes]
    ) -> None:
        assert evidence.stamp is not None
        self._evidence = evidence
        self._roots = [x509.Certificate.load(root) for root in roots]
        self._chain = [x509.Certificate.load(der) for der in material.chain]
        store = SimpleCertificateStore.from_certs(self._chain[1:])
        private = keys.PrivateKeyInfo.load(key)
        self._signer = signers.SimpleSigner(signing_cert=self._chain[0], signing_key=private, cert_registry=store)
        self._unit = OwnUnit(evidence.stamp)
        self._seal = folder / "seal.pdf"
        self._seal.write_bytes(form_as_pdf(material.form, material.units))

    def sealed(
        self, page: bytes, *, seen: bool, timed: bool = False, whole: bool = False, archive: bool = False
    ) -> bytes:
        """`whole`: with revocation data; `archive`: with a document time-stamp too."""
        validation: dict[str, Any] = (
            {"embed_validation_info": True, "validation_context": self._context()} if whole else {}
        )
        about = signers.PdfSignatureMetadata(
            field_name="Seal",
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            subfilter=fields.SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            use_pades_lta=archive,
            **validation,
        )
        box = {"new_field_spec": fields.SigFieldSpec("Seal", box=(592, 110, 711, 229))} if seen else {}
        style = {"stamp_style": StaticStampStyle.from_pdf_file(str(self._seal), border_width=0)} if seen else {}
        unit = self._unit if timed else None
        signer = signers.PdfSigner(about, signer=self._signer, timestamper=unit, **style, **box)
        return bytes(signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(page))).getvalue())

    def _context(self) -> ValidationContext:
        lists = [crl.CertificateList.load(each) for each in self._evidence.crls]
        answers = [ocsp.OCSPResponse.load(each) for each in self._evidence.ocsps]
        return ValidationContext(
            trust_roots=self._roots, other_certs=self._chain, crls=lists, ocsps=answers, revocation_mode="soft-fail"
        )
