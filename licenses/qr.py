"""The code on a license: a signed statement in one QR symbol. Layout and order of reading: `docs/flows/code.md`."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from licenses.identifier import DIGITS, Identifier
from licenses.model import ForeignCode, ForgedCode, NewerCode, NotAnIdentifier, UnreadableCode

if TYPE_CHECKING:
    from hub.house import House

VERSION = 1
COSE_SIGN1 = 18  # RFC 9052 4.2
ALGORITHM, KEY_ID, ES256 = 1, 4, -7  # RFC 9052 3.1, RFC 9053 2.1
EXPIRES, ISSUED = 4, 6  # RFC 8392 3.1
MAKE, IDENTIFIER, RECORD, STATUS, SHOWN, TEST = -1, -2, -3, -4, -5, -6
KID_BYTES = 8
SMALLEST, LARGEST = 120, 640  # bytes of a whole code
SHOWN_FIELDS, SHOWN_LENGTH = 4, 24  # what a reader's small screen and a printed symbol can take
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # n of P-256 (FIPS 186-5)


@dataclass(frozen=True)
class Code:
    """What a code states about a license."""

    identifier: Identifier
    issued: datetime
    expires: datetime | None
    status_list: int
    status_index: int
    record: bytes
    shown: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The code of the kind: who defined it, and its number there."""
        return self.identifier.kind

    @property
    def agency(self) -> str:
        """The unified code of the agency that issued the license."""
        return self.identifier.issuer


@dataclass(frozen=True)
class SignedCode:
    """A code as read. Nothing in it is proved until `check` has passed."""

    unchecked: Code
    kid: bytes
    protected: bytes
    payload: bytes
    signature: bytes

    def check(self, key: ec.EllipticCurvePublicKey) -> Code:
        """The statement, after its signature was checked with this key (RFC 9052 4.4). Raises ForgedCode."""
        r, s = int.from_bytes(self.signature[:32]), int.from_bytes(self.signature[32:])
        signed = signed_bytes(self.protected, self.payload)
        try:
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise ForgedCode("Its signature does not fit the key %(kid)s", kid=self.kid.hex()) from error
        return self.unchecked


def sign(house: "House", code: Code) -> str:
    """The text of the symbol, signed with the newest key for codes."""
    name = max(house.keys.named("code"), key=lambda name: (len(name), name))
    kid = base64.urlsafe_b64decode(house.keys.kid(name) + "=")[:KID_BYTES]
    protected, payload = _cbor({ALGORITHM: ES256, KEY_ID: kid}), _payload(code)
    signature = house.keys.sign_raw(name, signed_bytes(protected, payload))
    whole = _cbor(cbor2.CBORTag(COSE_SIGN1, [protected, {}, payload, signature]))
    return f"{house.settings.verify_url}/#{base64.b32encode(whole).decode().rstrip('=')}"


def signed_bytes(protected: bytes, payload: bytes) -> bytes:
    """What the signature covers (RFC 9052 4.4)."""
    return _cbor(["Signature1", protected, b"", payload])


def read(text: str, verify_url: str) -> SignedCode:
    """Take a scanned text apart, strictly. Raises ForeignCode, UnreadableCode or NewerCode; proves nothing yet."""
    address, mark, coded = text.partition("/#")
    if address != verify_url or not mark:
        raise ForeignCode("It does not begin with %(address)s", address=f"{verify_url}/#")
    match _plain(_unbase32(coded)):
        case cbor2.CBORTag(tag=18, value=[bytes(protected), {**unprotected}, bytes(payload), bytes(signature)]):
            if unprotected or len(signature) != 64 or int.from_bytes(signature[32:]) > ORDER // 2:
                raise UnreadableCode("Its signature does not have the permitted form")
        case _:
            raise UnreadableCode("It is not a COSE_Sign1")
    match _plain(protected):
        case {1: -7, 4: bytes(kid), **rest} if len(kid) == KID_BYTES and not rest:
            return SignedCode(_code(payload), kid, protected, payload, signature)
    raise UnreadableCode("Its header is not that of a code")


def _cbor(value: Any) -> bytes:
    return cbor2.dumps(value, canonical=True)


def _plain(data: bytes) -> Any:
    """The value of CBOR in its one deterministic form (RFC 8949 4.2.1)."""
    try:
        value = cbor2.loads(data, max_depth=4, allow_indefinite=False, allow_duplicate_keys=False)
        same = _cbor(value) == data and _ours(value)
    except Exception as error:  # hostile bytes: a parser may fail in any way
        raise UnreadableCode("It does not hold CBOR") from error
    if not same:
        raise UnreadableCode("It is not in the one permitted form")
    return value


def _ours(value: Any) -> bool:
    """Whether it is built of the types of the layout alone. Exactly: to Python, true and 1.0 are equal to 1."""
    if isinstance(value, Mapping):
        return all(type(key) in (int, str) and _ours(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_ours, value))
    return _ours(value.value) if type(value) is cbor2.CBORTag else type(value) in (int, bool, bytes, str)


def _unbase32(text: str) -> bytes:
    """RFC 4648 6 without padding, in its one form."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8)) if len(text) <= LARGEST * 8 // 5 else b""
    except ValueError as error:
        raise UnreadableCode("It holds other characters than A-Z and 2-7") from error
    if not SMALLEST <= len(data) <= LARGEST or base64.b32encode(data).decode().rstrip("=") != text:
        raise UnreadableCode("It is too short, too long or not in the one permitted form")
    return data


def _payload(code: Code) -> bytes:
    number = int(code.identifier.joined, 36)
    claims: dict[int, Any] = {
        ISSUED: int(code.issued.timestamp()),
        MAKE: VERSION,
        IDENTIFIER: number.to_bytes((number.bit_length() + 7) // 8),
        RECORD: code.record,
        STATUS: [code.status_list, code.status_index],
    }
    if code.expires:
        claims[EXPIRES] = int(code.expires.timestamp())
    if code.shown:
        claims[SHOWN] = {key: shortened(value) for key, value in code.shown.items()}
    if code.identifier.test_edition:
        claims[TEST] = True
    payload = _cbor(claims)
    _code(payload)  # nothing is signed that we would not read back
    return payload


def shortened(value: str) -> str:
    """A value cut to what a code may show."""
    return value if len(value) <= SHOWN_LENGTH else value[: SHOWN_LENGTH - 1] + "…"


def _code(payload: bytes) -> Code:
    claims = _plain(payload)
    if not isinstance(claims, dict):
        raise UnreadableCode("It states nothing")
    if type(claims.get(MAKE)) is int and claims[MAKE] != VERSION:
        raise NewerCode("Its layout is %(version)s; this page reads %(known)s", version=claims[MAKE], known=VERSION)
    match claims:
        case {6: issued, -1: made, -2: bytes(identifier), -3: bytes(record), -4: [status_list, index], **rest}:
            pass
        case _:
            raise UnreadableCode("It leaves out what a code must state")
    strange = set(rest) - {EXPIRES, SHOWN, TEST} or type(made) is not int
    if strange or rest.get(TEST, True) is not True or len(record) != 32:
        raise UnreadableCode("It states what this layout does not have")
    return Code(
        identifier=_identifier(identifier, test_edition=TEST in rest),
        issued=_moment(issued),
        expires=_moment(rest[EXPIRES]) if EXPIRES in rest else None,
        status_list=_whole(status_list),
        status_index=_whole(index),
        record=record,
        shown=_shown(rest[SHOWN]) if SHOWN in rest else {},
    )


def _identifier(data: bytes, *, test_edition: bool) -> Identifier:
    if not 28 <= len(data) <= 49 or data[0] == 0:
        raise UnreadableCode("Its identifier has the wrong length")
    number, joined = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 36)
        joined = DIGITS[digit] + joined
    try:
        return Identifier.unjoined(joined, test_edition=test_edition)
    except NotAnIdentifier as error:
        raise UnreadableCode("Its identifier is wrong") from error


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**32:
        raise UnreadableCode("A number in it is out of range")
    return value


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(_whole(value), UTC)


def _shown(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not 1 <= len(value) <= SHOWN_FIELDS:
        raise UnreadableCode("What it shows has the wrong form")
    for key, text in value.items():
        if not isinstance(key, str) or not re.fullmatch("[a-z_]{1,24}", key):
            raise UnreadableCode("What it shows has the wrong form")
        if not isinstance(text, str) or not 1 <= len(text) <= SHOWN_LENGTH:
            raise UnreadableCode("What it shows has the wrong form")
    return value
