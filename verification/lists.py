"""The two signed lists: which keys are trusted, and which licenses are not in force. Old or rolled back is refused."""

import zlib
from base64 import b64decode, urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from verification.model import Reason
from verification.receipt import Jwk, NotGenuine, read_signed

LEEWAY = timedelta(seconds=120)  # a list may seem to come from the future by this much: clocks differ
MOST_BYTES = 8 * 1024 * 1024  # 32 million licenses of two bits; whatever inflates beyond is no list of ours
KNOWN = (
    "authorities",
    "timestamp_units",
)  # sections of the trust list with certificates; roots are never taken from it
STATUS = (None, Reason.revoked, Reason.suspended, Reason.replaced)  # by value (IETF Token Status List 7.1)


class Unusable(Exception):
    """A list that nothing may rest on, with the reason that the reader is told."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class TrustList:
    """The signed list of authorities and keys. `known` are all certificates on it but the roots, in DER."""

    keys: tuple[Jwk, ...]
    known: tuple[bytes, ...]
    verify_url: str
    test_edition: bool
    made: datetime
    until: datetime
    counter: int

    def trusted(self, use: str, at: datetime) -> list[Jwk]:
        """The keys (JWK) that were trusted for one use at a moment."""
        moment = at.timestamp()
        return [
            {**entry["jwk"], "kid": entry["kid"]}
            for entry in self.keys
            if entry["use"] == use and entry["since"] <= moment and (entry["until"] is None or moment < entry["until"])
        ]


@dataclass(frozen=True)
class StatusList:
    """One status list: two bits for each license."""

    number: int
    bits: bytes
    made: datetime
    until: datetime
    counter: int

    def at(self, index: int) -> Reason | None:
        """Why the license at this place is not in force; None if it is. Raises Unusable beyond the end."""
        if not 0 <= index < 4 * len(self.bits):
            raise Unusable(Reason.status_wrong)
        return STATUS[self.bits[index // 4] >> (index % 4 * 2) & 3]


def read_trust_list(token: str, signers: Iterable[Jwk], now: datetime, *, least: int = 0) -> TrustList:
    """Check and read the trust list; `signers` are the keys that may sign it. Raises Unusable."""
    try:
        claims = read_signed(token, "trust-list+jwt", signers, also=frozenset(("x5c",)))
        found = TrustList(
            keys=tuple(_key(entry) for entry in claims["keys"]),
            known=tuple(b64decode(entry["certificate"]) for name in KNOWN for entry in claims[name]),
            verify_url=str(claims["verifier"]),
            test_edition=claims["profile"] != "production",
            made=_moment(claims, "iat"),
            until=_moment(claims, "exp"),
            counter=_whole(claims, "seq"),
        )
    except (NotGenuine, KeyError, TypeError, ValueError) as error:
        raise Unusable(Reason.trust_list_wrong) from error
    if found.made > now + LEEWAY:
        raise Unusable(Reason.clock_wrong)
    if found.until <= now or found.counter < least:
        raise Unusable(Reason.trust_list_old)
    return found


def read_status_list(token: str, url: str, trust: TrustList, now: datetime, *, least: int = 0) -> StatusList:
    """Check and read the status list of this address. Raises Unusable."""
    try:
        claims = read_signed(token, "statuslist+jwt", trust.trusted("status-list", now))
        held = claims["status_list"]
        number = int(url.rpartition("/")[2]) if (claims["sub"], held["bits"]) == (url, 2) else None
        made, until, counter = _moment(claims, "iat"), _moment(claims, "exp"), _whole(claims, "ctr")
        if made > now + LEEWAY:
            raise Unusable(Reason.clock_wrong)
        if counter < least:
            raise Unusable(Reason.status_rolled_back)
        if until <= now:
            raise Unusable(Reason.status_old)
        if number is None:
            raise Unusable(Reason.status_wrong)
        return StatusList(number, _inflated(held["lst"]), made, until, counter)
    except (NotGenuine, KeyError, TypeError, ValueError) as error:
        raise Unusable(Reason.status_wrong) from error


def _inflated(text: str) -> bytes:
    """Inflate with a cap on what comes out: a bomb ends here."""
    try:
        reader = zlib.decompressobj()
        data = reader.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), MOST_BYTES)
    except (zlib.error, NotBase64) as error:
        raise ValueError("not deflated") from error
    if not reader.eof or reader.unused_data:
        raise ValueError("cut off, too large, or with something behind it")
    return data


def _key(entry: dict[str, Any]) -> Jwk:
    until = entry["until"]
    if (
        not isinstance(entry["jwk"], dict)
        or type(entry["since"]) is not int
        or not (until is None or type(until) is int)
    ):
        raise TypeError("a key is listed in another form")
    return entry


def _whole(claims: dict[str, Any], name: str) -> int:
    value = claims[name]
    if type(value) is not int or value < 0:
        raise ValueError(name)
    return value


def _moment(claims: dict[str, Any], name: str) -> datetime:
    value = _whole(claims, name)
    if value > 253_402_300_799:  # the year 9999
        raise ValueError(name)
    return datetime.fromtimestamp(value, UTC)
