"""Certificates, their numbers, and how they end."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from certs.model.problems import AlreadyRevoked, CertificateUnknown, ReasonWrong
from certs.model.profiles import LegalPerson, profile

SERIAL_OCTETS = 20  # RFC 5280 4.1.2.2: at most 20; always 20 so that each has the same random strength


class Reason(StrEnum):
    """Why a certificate ends (RFC 5280 5.3.1).

    There is no hold: a seal is suspended in its own register, a certificate ends once.
    """

    unspecified = "unspecified"
    key_compromise = "key-compromise"
    ca_compromise = "ca-compromise"
    affiliation_changed = "affiliation-changed"
    superseded = "superseded"
    cessation_of_operation = "cessation-of-operation"
    privilege_withdrawn = "privilege-withdrawn"

    @property
    def code(self) -> int:
        """The CRLReason; `unspecified` is told by leaving the reason out."""
        return _REASON_CODES[self]


_REASON_CODES = {
    Reason.unspecified: 0,
    Reason.key_compromise: 1,
    Reason.ca_compromise: 2,
    Reason.affiliation_changed: 3,
    Reason.superseded: 4,
    Reason.cessation_of_operation: 5,
    Reason.privilege_withdrawn: 9,
}


@dataclass(frozen=True)
class Revocation:
    """The end of a certificate before its time."""

    at: datetime
    reason: Reason
    invalid_from: datetime | None = (
        None  # RFC 5280 5.3.2: from when on the key must not be trusted, when that was earlier
    )


@dataclass(frozen=True)
class Draft:
    """A certificate that passed the linter and whose intent is kept, but which nobody has signed yet."""

    serial: str
    profile: str
    issuer: str
    subject: LegalPerson
    key: str
    tbs: bytes
    not_before: datetime
    not_after: datetime
    above: str = ""
    file: str = ""
    shard: int = 0
    waiting: str = ""  # one intent at a time for this profile and key


@dataclass(frozen=True)
class Intent:
    """What was written down to be signed under a number, and when."""

    serial: str
    tbs: bytes
    prepared: datetime
    shard: int
    file: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True)
class Certificate:
    """A certificate that we issued. `serial` is its number in 40 hexadecimal digits, `issuer` the authority's name.

    An authority's name has one certificate per generation: `above` is the serial number of the one that signed this.
    `file` is an authority's in addresses (`issuing` in `/pki/issuing.crt`); `shard` says which list of the issuer tells
    of this certificate, 0 being the complete one.
    """

    serial: str
    profile: str
    issuer: str
    subject: str
    code: str
    key: str
    der: bytes
    not_before: datetime
    not_after: datetime
    revocation: Revocation | None = None
    above: str = ""
    file: str = ""
    shard: int = 0

    def valid_at(self, now: datetime) -> bool:
        """In its time and not revoked."""
        return self.not_before <= now <= self.not_after and (self.revocation is None or now < self.revocation.at)

    def signs_at(self, now: datetime) -> bool:
        """Valid, and its key may still make signatures."""
        days = profile(self.profile).signing_days
        return self.valid_at(now) and (days is None or now < self.not_before + timedelta(days=days))

    def revoked(self, reason: Reason, now: datetime, invalid_from: datetime | None = None) -> "Certificate":
        """The same certificate, ended. Raises AlreadyRevoked, ReasonWrong."""
        if self.revocation is not None:
            raise AlreadyRevoked("%(serial)s ended on %(at)s", serial=self.serial, at=self.revocation.at.isoformat())
        if self.profile == "root":
            raise ReasonWrong("A root cannot revoke itself: it is taken out of the trust list")
        if reason is Reason.ca_compromise and not profile(self.profile).is_ca:
            raise ReasonWrong("This certificate is not of a CA")
        if invalid_from is not None and invalid_from > now:
            raise ReasonWrong("The moment from which it was invalid is in the future")
        return replace(self, revocation=Revocation(now, reason, invalid_from))


def serial_of(text: str) -> str:
    """A serial number as people and tools write it (`0A:1B…`), in our form. Raises CertificateUnknown."""
    digits = re.sub(r"[\s:]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{1,40}", digits):
        raise CertificateUnknown("%(serial)s is not a serial number", serial=text)
    return digits.zfill(2 * SERIAL_OCTETS)
