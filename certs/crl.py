"""Revocation lists as octets (RFC 5280 5): the complete one of an authority, or one of its parts. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from certs import der
from certs.model import Certificate, Reason

EXPIRED_ON_CRL = ObjectIdentifier("2.5.29.60")  # X.509 8.6.2.12: this list never drops a certificate that has expired
FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280 4.1.2.5: the last list of an authority has no end
_FLAGS = {reason: x509.ReasonFlags[reason.name] for reason in Reason}


@dataclass(frozen=True)
class Plan:
    """All that a list will say. `part`: the address of a part, which tells of the certificates that name it alone."""

    issuer: x509.Certificate
    revoked: Iterable[Certificate]
    number: int
    since: datetime
    until: datetime
    part: str = ""


def builder(plan: Plan) -> x509.CertificateRevocationListBuilder:
    """The list, unsigned."""
    own = plan.issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    kept = x509.UnrecognizedExtension(EXPIRED_ON_CRL, der.moment(plan.issuer.not_valid_before_utc))
    built = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(plan.issuer.subject)
        .last_update(plan.since)
        .next_update(plan.until)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .add_extension(x509.CRLNumber(plan.number), critical=False)
        .add_extension(kept, critical=False)
    )
    if plan.part:
        built = built.add_extension(_point(plan.part), critical=True)
    for certificate in plan.revoked:
        built = built.add_revoked_certificate(_entry(certificate))
    return built


def _point(address: str) -> x509.IssuingDistributionPoint:
    """Which certificates a part is about: those of users whose distribution point has this address (RFC 5280 5.2.5)."""
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(address)],
        relative_name=None,
        only_contains_user_certs=True,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )


def _entry(certificate: Certificate) -> x509.RevokedCertificate:
    end = certificate.revocation
    assert end is not None
    entry = x509.RevokedCertificateBuilder(int(certificate.serial, 16), end.at.replace(microsecond=0))
    if end.reason is not Reason.unspecified:  # RFC 5280 5.3.1: it is told by leaving it out
        entry = entry.add_extension(x509.CRLReason(_FLAGS[end.reason]), critical=False)
    if end.invalid_from:
        entry = entry.add_extension(x509.InvalidityDate(end.invalid_from.replace(microsecond=0)), critical=False)
    return entry.build()
