"""The linter that sees everything before it is signed: the rules of RFC 5280, RFC 6960, ETSI EN 319 412 (pkilint)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from certs.model import LintFound

SERIOUS = frozenset({"FATAL", "ERROR", "WARNING"})  # what must never be signed
# Which host is printed in certificates is the operator's choice at `yinxin init`, and a closed government network has
# names of its own: `yinxin pki lint` shows these findings, but they do not stop the CA.
OF_THE_ADDRESS = frozenset({"etsi.internal_domain_name", "etsi.internal_ip_address"})
NO_DOT = "pkix.invalid_uri_syntax"  # which is how `http://localhost` is reported


@dataclass(frozen=True)
class Finding:
    """One rule that was broken, or is worth a look: how badly, which rule, where, and what was seen."""

    severity: str
    rule: str
    where: str
    seen: str

    @property
    def serious(self) -> bool:
        """Whether this must never be signed."""
        return self.severity in SERIOUS

    @property
    def of_the_address(self) -> bool:
        """Whether it is about the host that the operator chose."""
        return self.rule in OF_THE_ADDRESS or (self.rule == NO_DOT and "//localhost" in self.seen)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.severity, self.rule, "@", self.where, self.seen)))


def certificate(der: bytes, *, issuer: bytes = b"", legal_person: bool = False) -> list[Finding]:
    """Findings on a certificate: RFC 5280 for all, EN 319 412-1, -2, -3, -5 in addition for a legal person's.

    Given the issuer's certificate, also whether the two fit together: names, key identifiers, policies.
    """
    found = _rules().rfc5280_certificate(der)
    if legal_person:
        found += _rules().etsi_legal_person(der)
    if issuer:
        found += _rules().fitting(issuer, der)
    return [Finding(*each) for each in dict.fromkeys(found)]


def revocation_list(der: bytes) -> list[Finding]:
    """Findings on a CRL (RFC 5280 5)."""
    return [Finding(*each) for each in _rules().rfc5280_list(der)]


def ocsp_response(der: bytes) -> list[Finding]:
    """Findings on an OCSP response (RFC 6960 4.2)."""
    return [Finding(*each) for each in _rules().rfc6960_response(der)]


def refuse(found: Iterable[Finding]) -> None:
    """Raise LintFound if something serious was found in what is to be signed."""
    serious = [str(finding) for finding in found if finding.serious and not finding.of_the_address]
    if serious:
        raise LintFound("%(findings)s", findings="; ".join(serious), extras={"findings": serious})


@cache
def _rules() -> ModuleType:
    from certs import rules  # half a second: only a process that signs or lints pays for it, once

    return rules
