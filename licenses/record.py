"""The record of a license: the machine-readable half of the paper, in one canonical form, attached to the PDF.

Its names follow the metadata of GB/T 36903. A salt keeps its digest, which the code shows to everybody, from being guessed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from licenses.days import chinese, day_of, english
from licenses.fields import Value
from licenses.identifier import Identifier
from licenses.kinds import HOLDER_TYPES, Kind
from seals.model import Agency

SCHEMA = "urn:yinxin:license-record:1"
SALT_BYTES = 16
SAFE_INTEGER = 2**53 - 1  # RFC 7493 2.2: what every reader of JSON holds exactly


@dataclass(frozen=True)
class Record:
    """A record as bytes, and their digest. The code carries the digest, the PDF carries the bytes."""

    json: bytes
    digest: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The record as a dictionary."""
        read: dict[str, Any] = json.loads(self.json)
        return read


def make(
    kind: Kind,
    identifier: Identifier,
    fields: Mapping[str, Value],
    *,
    issuer: Agency,
    issued: datetime,
    valid_from: date,
    valid_until: date | None,
    salt: bytes,
    predecessor: Identifier | None = None,
) -> Record:
    """Write the record of one license. The same input gives the same bytes."""
    if len(salt) < SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} random bytes")
    holder = kind.holder(fields)
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "certificateIdentifier": str(identifier),
        "certificateTypeCode": kind.code,
        "certificateTypeName": kind.name,
        "certificateTypeVersion": kind.version,
        "certificateName": kind.name,
        "certificateNumber": kind.number(fields, identifier.serial),
        "certificateVersion": f"{identifier.version:03}",
        "definingAuthorityCode": kind.defined_by,
        "definingAuthorityName": kind.defined_by_name,
        "issuingAuthorityCode": issuer.code,
        "issuingAuthorityName": issuer.name,
        "issuingAuthorityNameEn": issuer.name_en,
        "areaCode": issuer.code[2:8],
        "issueDate": day_of(issued).isoformat(),
        "issuedAt": issued.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "validFrom": valid_from.isoformat(),
        "validUntil": valid_until.isoformat() if valid_until else None,
        "validityText": validity(valid_from, valid_until)[0],
        "holderName": holder.name,
        "holderCode": holder.number,
        "holderCodeType": holder.number_type,
        "holderCodeTypeName": HOLDER_TYPES[holder.number_type],
        "serviceItemName": kind.catalogue["service"],
        "trustGrade": kind.catalogue["trust_grade"],
        "extendedInformation": dict(fields),
        "testEdition": identifier.test_edition,
        "salt": salt.hex(),
    }
    if predecessor:
        said["predecessorIdentifier"] = str(predecessor)
    text = canonical(said)
    return Record(text, hashlib.sha256(text).digest())


def validity(valid_from: date, valid_until: date | None) -> tuple[str, str]:
    """The term in words, Chinese and English."""
    if valid_until is None:
        return f"{chinese(valid_from)}至长期", f"From {english(valid_from)}, no end"
    return f"{chinese(valid_from)}至{chinese(valid_until)}", f"{english(valid_from)} to {english(valid_until)}"


def canonical(value: Any) -> bytes:
    """JSON in its one form (RFC 8785). Numbers are whole; a fraction has no business in a record."""
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_text(key)}:{_text(item)}" for key, item in pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    if value is None or isinstance(value, bool | str) or (type(value) is int and abs(value) <= SAFE_INTEGER):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{type(value).__name__} has no place in a record")
