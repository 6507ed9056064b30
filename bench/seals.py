"""Our sealing beside pyHanko's PdfSigner as its documentation shows it: the same page, key, seal and time-stamper, in one run.

    python -m bench.seals [rounds]

CPU milliseconds per document, median of rounds that take turns, so that a busy machine troubles both alike.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from asn1crypto import crl, keys, ocsp, x509
from asn1crypto.cms import ContentInfo
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

import app
from certs import timestamp, trust
from hub import clock
from hub.house import House
from hub.settings import Settings
from seals import lifecycle, material, sealing
from seals.model import Agency, Design, Evidence, Place, SealUse
from tests.seals.paper import form_as_pdf, page

MARKET = Agency("11880100DEM000049A", "栖云市市场监督管理局", "Qiyun Administration for Market Regulation", "hub")
PLACE = Place(1, 230, 150, 42)


class OwnUnit(TimeStamper):
    """Our time-stamp unit, as pyHanko asks it."""

    def __init__(self, house: House, now: datetime) -> None:
        super().__init__()
        self._ask: Callable[[bytes], bytes] = lambda imprint: timestamp.token(house, imprint, now)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> ContentInfo:
        return ContentInfo.load(self._ask(message_digest))


class Bench:
    """One key with one seal, for both ways."""

    def __init__(self, folder: Path) -> None:
        now = clock.now()
        house = app.init(Settings(profile="demo", data=folder, passphrase="bench"), now)  # type: ignore[arg-type]
        seal = lifecycle.make_seal(house, MARKET, by="bench", now=now, design=Design(MARKET.name, "8801010000017"))
        self.material, self.evidence = material.for_seal(house, seal, now)
        self.key = house.keys.signer(seal.key_name)._key  # noqa: SLF001  pyHanko wants the bytes of the key
        self.use = SealUse("u", seal.id, "g", "bench", bytes(32), "bench", "bench", now)
        self.page = page() + b"\n"
        self.unit = OwnUnit(house, now)
        self.roots = [x509.Certificate.load(root.public_bytes(Encoding.DER)) for root in trust.anchors(house)]
        self.seal_pdf = folder / "seal.pdf"
        self.seal_pdf.write_bytes(form_as_pdf(self.material.form, self.material.units))

    def ours(self, *, timed: bool) -> bytes:
        evidence = self.evidence if timed else Evidence(self.evidence.at)
        return sealing.seal_once(sealing.prepare(self.page, self.material, self.use, PLACE, evidence)).pdf

    def theirs(self, *, timed: bool) -> bytes:
        """As in "Signing PDF files" of pyHanko's documentation; the signer object is kept."""
        validation: dict[str, Any] = (
            {"embed_validation_info": True, "validation_context": self._context()} if timed else {}
        )
        about = signers.PdfSignatureMetadata(
            field_name="Seal",
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            subfilter=fields.SigSeedSubFilter.PADES,
            md_algorithm="sha256",
            **validation,
        )
        signer = signers.PdfSigner(
            about,
            signer=self._signer(),
            timestamper=self.unit if timed else None,
            stamp_style=StaticStampStyle.from_pdf_file(str(self.seal_pdf), border_width=0),
            new_field_spec=fields.SigFieldSpec("Seal", box=(592, 110, 711, 229)),
        )
        return bytes(signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(self.page))).getvalue())

    def _signer(self) -> signers.SimpleSigner:
        if not hasattr(self, "_kept"):
            der = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            own, *above = [x509.Certificate.load(der) for der in self.material.chain]
            store = SimpleCertificateStore.from_certs(above)
            self._kept = signers.SimpleSigner(
                signing_cert=own, signing_key=keys.PrivateKeyInfo.load(der), cert_registry=store
            )
        return self._kept

    def _context(self) -> ValidationContext:
        lists = [crl.CertificateList.load(each) for each in self.evidence.crls]
        answers = [ocsp.OCSPResponse.load(each) for each in self.evidence.ocsps]
        others = [x509.Certificate.load(each) for each in self.material.chain]
        return ValidationContext(
            trust_roots=self.roots, other_certs=others, crls=lists, ocsps=answers, revocation_mode="soft-fail"
        )


def cpu(work: Callable[[], bytes]) -> float:
    """CPU milliseconds of one call."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def main(rounds: int) -> None:
    logging.disable(logging.WARNING)  # pyHanko complains of margins in every document
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        print(f"one page of {len(bench.page) // 1000} kB, P-256, {rounds} rounds; CPU ms per document, median")
        print(f"{'':34}{'ours':>9}{'pyHanko':>9}{'ratio':>8}{'ours kB':>9}{'theirs kB':>11}")
        for label, timed in (("B-B", False), ("B-T with revocation data", True)):
            both = (lambda: bench.ours(timed=timed)), (lambda: bench.theirs(timed=timed))  # noqa: B023  used at once
            sizes = [len(way()) / 1000 for way in both]
            pairs = [(cpu(both[0]), cpu(both[1])) for _ in range(rounds)]
            ours, theirs = (median(column) for column in zip(*pairs, strict=True))
            print(f"{label:34}{ours:>9.2f}{theirs:>9.2f}{theirs / ours:>7.1f}x{sizes[0]:>9.0f}{sizes[1]:>11.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
