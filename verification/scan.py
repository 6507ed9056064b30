"""Codes: found in a picture, and judged. The same order of reading as in the browser (docs/flows/code.md)."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from cryptography.hazmat.primitives.asymmetric import ec

from licenses import qr
from licenses.model import ForeignCode, ForgedCode, NewerCode, UnreadableCode
from licenses.qr import Code, SignedCode
from verification.lists import LEEWAY, TrustList
from verification.model import Check, Reason, Step, failed, passed
from verification.receipt import Jwk

MOST_PIXELS = 40_000_000  # a phone's largest photo; a bomb of a picture has more
PICTURES = ("JPEG", "PNG", "WEBP")
OURS_ELSEWHERE = re.compile(r"[a-z]+://.*#[A-Z2-7]{192,1024}", re.IGNORECASE | re.DOTALL)


class NotAPicture(ValueError):
    """The bytes are no picture of a form and size that we read."""


@dataclass(frozen=True)
class CodeJudged:
    """The checks of a code, and the code itself once its signature was found genuine."""

    checks: tuple[Check, ...]
    code: Code | None = None


def texts(picture: bytes) -> tuple[str, ...]:
    """The different texts of all QR codes in a picture. Raises NotAPicture."""
    import zxingcpp  # the public face checks codes without a picture library
    from PIL import Image

    try:
        opened = Image.open(BytesIO(picture), formats=PICTURES)
        grey = opened.convert("L") if opened.width * opened.height <= MOST_PIXELS else None
    except Exception as error:  # hostile bytes: a decoder may fail in any way
        raise NotAPicture("not a picture that we read") from error
    if grey is None:
        raise NotAPicture("too many pixels")
    found = zxingcpp.read_barcodes(
        grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]), text_mode=zxingcpp.TextMode.Plain
    )
    return tuple(dict.fromkeys(one.text for one in found))


def judge_code(text: str, verify_url: str, trust: TrustList, now: datetime) -> CodeJudged:
    """Form, key, signature: what a code alone can prove. Nothing it states is used before."""
    signed = _read(text, verify_url)
    if isinstance(signed, Check):
        return CodeJudged((signed,))
    checks = [passed(Step.code_form)]
    keys = [key for key in trust.trusted("code", signed.unchecked.issued) if _kid(key) == signed.kid]
    if not keys:
        return CodeJudged((*checks, failed(Step.code_key, Reason.unknown_key)))
    checks.append(passed(Step.code_key))
    if not any(_fits(signed, key) for key in keys):
        return CodeJudged((*checks, failed(Step.code_signature, Reason.forged)))
    checks.append(passed(Step.code_signature))
    if signed.unchecked.issued > now + LEEWAY:
        return CodeJudged((*checks, failed(Step.dates, Reason.clock_wrong)), signed.unchecked)
    return CodeJudged(tuple(checks), signed.unchecked)


def _read(text: str, verify_url: str) -> SignedCode | Check:
    try:
        return qr.read(text, verify_url)
    except ForeignCode:
        reason = Reason.look_alike if OURS_ELSEWHERE.fullmatch(text) else Reason.not_our_code
    except NewerCode:
        reason = Reason.newer_code
    except UnreadableCode:
        reason = Reason.unreadable_code
    return failed(Step.code_form, reason)


def _fits(signed: SignedCode, key: Jwk) -> bool:
    try:
        signed.check(_public(key))
    except ForgedCode:
        return False
    return True


def _kid(key: Jwk) -> bytes:
    """What a code says of a key: the first 8 bytes of its thumbprint."""
    return _number(str(key.get("kid", "")))[: qr.KID_BYTES]


def _public(key: Jwk) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(_number(str(key[name]))) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _number(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def ours(found: tuple[str, ...], verify_url: str) -> Iterator[str]:
    """Those of several texts that begin as ours."""
    return (text for text in found if text.startswith(f"{verify_url}/#"))
