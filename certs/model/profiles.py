"""The kinds of certificates: who signs each, for how long, what its key may do; and whom it names."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from certs.model.problems import ProfileUnknown, SubjectWrong

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
        """Whether its key may sign certificates."""
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
