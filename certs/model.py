"""What the CA issues and takes back: profiles, legal persons, certificates, revocations, and their refusals."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from hub.problems import NotFound, Problem, Unavailable

ROOT, ISSUING = "root", "issuing-ca"  # authorities, by the names of their keys
FILES = {ROOT: "root", ISSUING: "issuing"}  # the names under which PKI_URL serves their certificates and lists
# The enterprise number that is reserved for examples (RFC 5612): a real authority puts its own here. Not 2.999, which
# pkilint's decoder takes for damage.
POLICY_ARC = "1.3.6.1.4.1.32473.509"
TIMESTAMP_POLICY = f"{POLICY_ARC}.2.1"
ANY_POLICY = "2.5.29.32.0"
TRUST_LIST_SIGNING = "0.4.0.2231.3.0"  # ETSI TS 119 612 5.7.1: id-tsl-kp-tslSigning
BACKDATE = timedelta(minutes=5)  # a relying party's clock may run behind ours: a new certificate must be good at once
NAME_LENGTH = 64  # RFC 5280 A.1: ub-organization-name, ub-common-name
SERIAL_OCTETS = 20  # RFC 5280 4.1.2.2: at most 20; always 20 so that each has the same random strength


class SubjectWrong(Problem):
    """A name or number that must not stand in a certificate."""

    status = 422
    title = "This name cannot stand in a certificate"
    advice = "Give the statutory name (64 characters at most) and the 18 characters of the unified code."


class ProfileUnknown(NotFound):
    """There is no such kind of certificate."""

    title = "There is no such kind of certificate"


class CertificateUnknown(NotFound):
    """We never issued a certificate of this serial number."""

    title = "There is no such certificate"
    advice = "Compare the serial number with the certificate, digit by digit."


class AlreadyRevoked(Problem):
    """A certificate ends once."""

    status = 409
    title = "This certificate has been revoked already"
    advice = "Nothing needs to be done: revocation is final."


class ReasonWrong(Problem):
    """A reason or moment that cannot be given for this revocation."""

    status = 422
    title = "This certificate cannot be revoked in this way"
    advice = "Give one of the reasons that are listed, and a moment that is not in the future."


class LintFound(Problem):
    """What was about to be signed breaks a rule; nothing was signed."""

    status = 500
    title = "The certificate would break a rule and was not signed"
    advice = "Nothing was issued. Correct what is named here and try again."


class NoAuthority(Unavailable):
    """The certificate or key that must answer is missing, expired or revoked."""

    title = "The trust service cannot answer just now"
    advice = "Run `yinxin init`, or ask the operator of the trust service."


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
class Profile:
    """One kind of certificate: who signs it, for how long, and what its key may do."""

    name: str
    issuer: str
    days: int
    usages: tuple[str, ...]  # RFC 5280 4.2.1.3
    policy: str
    purposes: tuple[str, ...] = ()  # extended key usage; critical, for each of ours has exactly one purpose
    path_length: int | None = None  # given: a CA
    signing_days: int | None = (
        None  # the key signs for this long, the certificate lets its signatures be checked longer
    )
    ocsp: bool = False  # the issuer's OCSP responder answers for it
    unchecked: bool = False  # RFC 6960 4.2.2.2.1: nobody asks for the status of the one who answers
    legal_person: bool = False  # EN 319 412-3

    @property
    def is_ca(self) -> bool:
        return self.path_length is not None


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("root", ROOT, 7305, ("key_cert_sign", "crl_sign"), "", path_length=1),
        Profile("issuing-ca", ROOT, 3652, ("key_cert_sign", "crl_sign"), ANY_POLICY, path_length=0),
        # Under the root, not under the CA of seals: whoever takes that CA over must not be able to move time as well.
        Profile(
            "time-stamp", ROOT, 3652, ("digital_signature",), f"{POLICY_ARC}.1.2",
            purposes=("1.3.6.1.5.5.7.3.8",), signing_days=1096,
        ),
        Profile("trust-list", ROOT, 1096, ("digital_signature",), f"{POLICY_ARC}.1.4", purposes=(TRUST_LIST_SIGNING,)),
        Profile(
            "ocsp-signer", ISSUING, 366, ("digital_signature",), f"{POLICY_ARC}.1.3",
            purposes=("1.3.6.1.5.5.7.3.9",), unchecked=True,
        ),
        # EN 319 412-2 4.3.2 type A: content commitment alone. No extended usage: viewers differ in which they accept.
        Profile("e-seal", ISSUING, 1096, ("content_commitment",), f"{POLICY_ARC}.1.1", ocsp=True, legal_person=True),
    )
}  # fmt: skip


def profile(name: str) -> Profile:
    """The profile of that name. Raises ProfileUnknown."""
    try:
        return PROFILES[name]
    except KeyError as error:
        raise ProfileUnknown("%(name)s is none of them", name=name) from error


@dataclass(frozen=True)
class LegalPerson:
    """The subject of a certificate: an organisation with its unified code (GB 32100), named by EN 319 412-3 4.2.1."""

    code: str
    name: str
    common_name: str = ""
    country: ClassVar[str] = "CN"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", self.code):
            raise SubjectWrong("%(code)s is not a unified code", code=self.code)
        for text in (self.name, self.shown):
            if not text.strip() or text != text.strip() or not text.isprintable() or len(text) > NAME_LENGTH:
                raise SubjectWrong("%(name)s is empty, too long, or holds characters that do not print", name=text)

    @property
    def shown(self) -> str:
        """The common name: the one by which the organisation is known, else its statutory name."""
        return self.common_name or self.name

    @property
    def identifier(self) -> str:
        """The organizationIdentifier (EN 319 412-1 5.1.4): national trade register, country, number."""
        return f"NTR{self.country}-{self.code}"


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


@dataclass(frozen=True)
class Certificate:
    """A certificate that we issued. `serial` is its number in 40 hexadecimal digits, `issuer` the authority's name."""

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


@dataclass(frozen=True)
class SignedList:
    """A numbered, signed statement with an end: a CRL or a trust list. `state` is the digest of what it tells."""

    number: int
    state: str
    body: bytes
    since: datetime
    until: datetime

    def serves(self, state: str, now: datetime, renew_after: timedelta) -> bool:
        """Whether it still tells the truth and is not due for renewal."""
        return self.state == state and self.since <= now < min(self.since + renew_after, self.until)


@dataclass(frozen=True)
class ListedKey:
    """A public key that the trust list vouches for: what it is used for, and from when to when it signed."""

    kid: str
    use: str
    name: str
    jwk: dict[str, str]
    since: datetime
    until: datetime | None = None
