"""What others, and our own rules on bytes, say of a sealed file."""

import hashlib
import re
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import cms as asn1
from asn1crypto import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from certs import trust
from seals import cms
from seals.model import SealMaterial
from tests.seals.conftest import Office
from verification.pdf.container import read, read_token


def status(pdf: bytes, office: Office) -> PdfSignatureStatus:
    """The word of pyHanko's validator, offline: our roots, the file's own revocation data, hard fail without them."""
    roots = [x509.Certificate.load(root.public_bytes(Encoding.DER)) for root in trust.anchors(office.house)]
    settings = {"trust_roots": roots, "allow_fetching": False, "revocation_mode": "hard-fail", "moment": office.now}
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(pdf)))
    return validated(pdf, store.as_validation_context(settings))


def validated(pdf: bytes, context: ValidationContext) -> PdfSignatureStatus:
    """The same in any context; document time-stamps are left out."""
    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_regular_signatures
    return validate_pdf_signature(signature, context)


def is_valid(pdf: bytes, office: Office) -> bool:
    """Whether pyHanko calls the whole file valid and time-stamped. Its crash on a damaged file is a no."""
    try:
        found = status(pdf, office)
    except Exception:  # noqa: BLE001  it lets KeyError, TypeError and more through
        return False
    whole = found.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return bool(found.bottom_line and whole and found.timestamp_validity)


def hole(pdf: bytes) -> tuple[int, int]:
    """Where the signature's hexadecimal digits stand, by the byte range."""
    found = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", pdf)
    assert found is not None
    start, end, rest = (int(number) for number in found.groups())
    assert end + rest == len(pdf)
    assert (pdf[start : start + 1], pdf[end - 1 : end]) == (b"<", b">")
    return start + 1, end - 1


def container(pdf: bytes) -> tuple[bytes, bytes]:
    """The CMS container without its padding, and the padding."""
    start, end = hole(pdf)
    raw = bytes.fromhex(pdf[start:end].decode())
    size = 4 + int.from_bytes(raw[2:4], "big")
    return raw[:size], raw[size:]


def members(array: Any) -> list[Any]:
    """What an array of a PDF refers to."""
    return [array[index] for index in range(len(array))]


def field(pdf: bytes) -> Any:
    """The only field of a form."""
    (found,) = members(PdfFileReader(BytesIO(pdf)).root["/AcroForm"]["/Fields"])
    return found


def signer_info(pdf: bytes) -> asn1.SignerInfo:
    """The only signer, as an independent library reads it."""
    (signer,) = asn1.ContentInfo.load(container(pdf)[0], strict=True)["content"]["signer_infos"]
    return signer


def digest(pdf: bytes, hash_name: str = "sha256") -> bytes:
    """The digest of what is signed."""
    start, end = hole(pdf)
    return hashlib.new(hash_name, pdf[: start - 1] + pdf[end + 1 :]).digest()


def is_canonical(pdf: bytes, material: SealMaterial) -> bool:
    """Whether the hole holds, digit for digit, what we write."""
    try:
        start, end = hole(pdf)
        signed, padding = container(pdf)
        exact = pdf[start:end] == (signed + bytes(len(padding))).hex().upper().encode()
        token = read(signed).token
        if token is not None:
            read_token(token)
        return exact and cms.is_ours(signed, digest(pdf), material.chain)
    except (AssertionError, ValueError):
        return False


def tool(*command: str | Path) -> str:
    """What a program of the system says."""
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=60)
    return f"{ran.stdout}{ran.stderr}\nexit {ran.returncode}"
