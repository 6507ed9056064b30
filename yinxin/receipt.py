"""Check a receipt: of consent (what a person agreed to tell a service, or took back) or of a sign-out. No server, no database.

    from yinxin.receipt import check_receipt

    record = check_receipt(open("receipt.jwt").read(), [json.load(open("consent.jwk"))])
    print(record["event"][0]["event_state"], record["pii_processing"]["privacy_notice"]["text"])

The receipt is a compact JWS (RFC 7515) signed with ES256 by a key that you hold already. In one of consent stands the text that
was shown, which must have the digest beside it; in one of a sign-out each service with what became of the notice to it. Whatever
does not fit raises NotAReceipt with the reason.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

TYPE = "consent-receipt+jwt"
LOGOUT = "logout-receipt+jwt"
SCHEMAS = {TYPE: "urn:yinxin:consent-receipt:1", LOGOUT: "urn:yinxin:logout-receipt:1"}
STATES = ("telling", "confirmed", "retrying", "failed", "browser", "unreachable")
LONGEST = 50_000  # characters of a receipt
NEEDED = {
    "record_id": str,
    "iss": str,
    "aud": str,
    "pii_principal_id": str,
    "event": list,
    "party_identification": list,
}
NEEDED_OF_LOGOUT = {"record_id": str, "iss": str, "iat": int, "event": list, "services": list}

__all__ = ["NotAReceipt", "check_receipt", "keys_of"]


class NotAReceipt(Exception):
    """The file is no receipt, or not one that was signed by a key you trust; the text says why."""


def check_receipt(receipt: str | bytes, keys: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What a receipt says, signed by one of these keys (public JWKs). Raises NotAReceipt."""
    text = receipt.decode("ascii", "replace") if isinstance(receipt, bytes) else receipt
    if len(text) > LONGEST:
        raise NotAReceipt("the file is too large to be a receipt")
    parts = text.strip().split(".")
    if len(parts) != 3:
        raise NotAReceipt("the file is not a signed record")
    header, claims, signature = _object(parts[0]), _object(parts[1]), _bytes(parts[2])
    if header.get("typ") not in SCHEMAS or header.get("alg") != "ES256" or set(header) != {"alg", "kid", "typ"}:
        raise NotAReceipt("the record is of another kind")
    key = next((jwk for jwk in keys if jwk.get("kid") == header["kid"]), None)
    if key is None:
        raise NotAReceipt("the record is signed by a key that you do not trust")
    _check_signature(key, signature, f"{parts[0]}.{parts[1]}".encode())
    _check_form(claims, header["typ"])
    return claims


def keys_of(folder: str | PathLike[str], now: datetime) -> list[Mapping[str, Any]]:
    """The keys for receipts in a trust folder made by `yinxin trust fetch`; none if its list is missing or too old."""
    from verification.trust import Trust  # who brings the key himself needs nothing but this file and one library

    held = Trust.load(Path(folder), now).list
    return list(held.trusted("consent", now)) if held else []


def _check_form(claims: Mapping[str, Any], kind_of_record: str) -> None:
    if claims.get("schema_version") != SCHEMAS[kind_of_record]:
        raise NotAReceipt("the record follows another schema")
    for name, kind in (NEEDED if kind_of_record == TYPE else NEEDED_OF_LOGOUT).items():
        if not isinstance(claims.get(name), kind):
            raise NotAReceipt(f"{name} is missing")
    if not claims["event"] or not isinstance(claims["event"][0], Mapping):
        raise NotAReceipt("event is missing")
    if kind_of_record == TYPE:
        _check_text(claims)
    else:
        _check_services(claims["services"])


def _check_services(services: Sequence[Any]) -> None:
    for service in services:
        if not isinstance(service, Mapping) or not isinstance(service.get("service"), str):
            raise NotAReceipt("a service has another form")
        if service.get("state") not in STATES:
            raise NotAReceipt("the state of a service is unknown")


def _check_text(claims: Mapping[str, Any]) -> None:
    processing = claims.get("pii_processing", {})
    if not isinstance(processing, Mapping):
        raise NotAReceipt("pii_processing has another form")
    notice = processing.get("privacy_notice")
    if notice is None:
        return
    if not isinstance(notice, Mapping) or not isinstance(notice.get("text"), str):
        raise NotAReceipt("the text that was shown is missing")
    digest = hashlib.sha256(notice["text"].encode("utf-8", "surrogatepass")).hexdigest()
    if notice.get("digest") != f"sha-256:{digest}":
        raise NotAReceipt("the text is not the one that was shown")


def _check_signature(jwk: Mapping[str, Any], signature: bytes, signed: bytes) -> None:
    if len(signature) != 64:
        raise NotAReceipt("the signature has a wrong length")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
            raise NotAReceipt("the key is not a P-256 key")
        x, y = (int.from_bytes(_bytes(jwk[name]), "big") for name in ("x", "y"))
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, KeyError, ValueError, TypeError) as error:
        raise NotAReceipt("the signature does not fit") from error


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise NotAReceipt("the record cannot be read") from error
    if not isinstance(found, dict):
        raise NotAReceipt("the record cannot be read")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A member given twice could be read in two ways; nothing of that sort is believed."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _bytes(part: Any) -> bytes:
    """Base64url without padding, in its one form."""
    if not isinstance(part, str):
        raise NotAReceipt("the record cannot be read")
    try:
        found = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise NotAReceipt("the record cannot be read") from error
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != part:
        raise NotAReceipt("the record cannot be read")
    return found
