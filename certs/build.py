"""How a certificate is put together from its profile: names, times, extensions. Pure; `certs.authority` signs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from certs import der
from certs.model import BACKDATE, LegalPerson, Profile

USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
SEMANTICS_LEGAL = der.sequence(  # RFC 3739 3.2.6 qcStatement-2: the identifier is to be read by EN 319 412-1 5.1.4
    der.sequence(der.oid("1.3.6.1.5.5.7.11.2"), der.sequence(der.oid("0.4.0.194121.1.2")))
)
Key = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class Plan:
    """All that a certificate will say. `above` is the issuer's certificate, None for a root, and `file` the issuer's."""

    profile: Profile
    subject: LegalPerson
    public_key: Key
    above: x509.Certificate | None
    file: str
    shard: int
    pki_url: str
    serial: int
    now: datetime


def address(pki_url: str, file: str) -> str:
    """Where an authority's certificate is found; it is printed in certificates."""
    return f"{pki_url}/pki/{file}.crt"


def list_address(pki_url: str, file: str, shard: int = 0) -> str:
    """Where an authority's list is found: the complete one, or one of its parts (whose IDP repeats these octets)."""
    return f"{pki_url}/pki/{file}/{shard}.crl" if shard else f"{pki_url}/pki/{file}.crl"


def ocsp_address(pki_url: str) -> str:
    """Where the status of certificates is asked."""
    return f"{pki_url}/pki/ocsp"


def builder(plan: Plan) -> x509.CertificateBuilder:
    """The certificate, unsigned."""
    name, own = _name(plan.subject), x509.SubjectKeyIdentifier.from_public_key(plan.public_key)
    since, until = _validity(plan)
    built = (
        x509.CertificateBuilder(subject_name=name, public_key=plan.public_key, serial_number=plan.serial)
        .issuer_name(plan.above.subject if plan.above else name)
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(_usage(plan.profile), critical=True)
        .add_extension(own, critical=False)
        .add_extension(_key_above(plan.above, own), critical=False)
    )
    if plan.profile.is_ca:
        limits = x509.BasicConstraints(ca=True, path_length=plan.profile.path_length)
        built = built.add_extension(limits, critical=True)
    if plan.above:
        built = _with_addresses(built, plan)
    if plan.subject.hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in plan.subject.hosts])
        built = built.add_extension(names, critical=False)
    return _with_purpose(built, plan.profile, since)


def _with_addresses(built: x509.CertificateBuilder, plan: Plan) -> x509.CertificateBuilder:
    """Where to find the issuer's certificate, its list, and who answers for this one (RFC 5280 4.2.1.13, 4.2.2.1)."""
    kinds = AuthorityInformationAccessOID
    places = [_access(kinds.CA_ISSUERS, address(plan.pki_url, plan.file))]
    if plan.profile.ocsp:
        places.append(_access(kinds.OCSP, ocsp_address(plan.pki_url)))
    built = built.add_extension(x509.AuthorityInformationAccess(places), critical=False)
    if plan.profile.unchecked:
        return built.add_extension(x509.OCSPNoCheck(), critical=False)
    crl = x509.UniformResourceIdentifier(list_address(plan.pki_url, plan.file, plan.shard))
    point = x509.DistributionPoint([crl], None, None, None)
    return built.add_extension(x509.CRLDistributionPoints([point]), critical=False)


def _with_purpose(built: x509.CertificateBuilder, kind: Profile, since: datetime) -> x509.CertificateBuilder:
    """Under which policy, for which one use, how long the key signs, and how to read the subject's identifier."""
    if kind.policy:
        policy = x509.PolicyInformation(x509.ObjectIdentifier(kind.policy), None)
        built = built.add_extension(x509.CertificatePolicies([policy]), critical=False)
    if kind.purposes:
        purposes = [x509.ObjectIdentifier(purpose) for purpose in kind.purposes]
        built = built.add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
    if kind.signing_days:
        period = x509.PrivateKeyUsagePeriod(since, since + timedelta(days=kind.signing_days))
        built = built.add_extension(period, critical=False)
    if kind.legal_person:
        # No QcType: its value for seals means a seal of Regulation (EU) No 910/2014 (EN 319 412-5 4.2.3). This is none.
        statements = x509.UnrecognizedExtension(QC_STATEMENTS, SEMANTICS_LEGAL)
        built = built.add_extension(statements, critical=False)
    return built


def _validity(plan: Plan) -> tuple[datetime, datetime]:
    """From a little before now, so that clocks behind ours accept it at once; never longer than the issuer's."""
    since = plan.now.replace(microsecond=0) - BACKDATE
    until = since + timedelta(days=plan.profile.days, seconds=-1)  # RFC 5280 4.1.2.5: both ends are included
    if plan.above is None:
        return since, until
    return max(since, plan.above.not_valid_before_utc), min(until, plan.above.not_valid_after_utc)


def _name(subject: LegalPerson) -> x509.Name:
    """The distinguished name of a legal person (EN 319 412-3 4.2.1)."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, subject.country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.name),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, subject.identifier),
            x509.NameAttribute(NameOID.COMMON_NAME, subject.shown),
        ]
    )


def _usage(kind: Profile) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in kind.usages for usage in USAGES})


def _key_above(above: x509.Certificate | None, own: x509.SubjectKeyIdentifier) -> x509.AuthorityKeyIdentifier:
    identifier = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value if above else own
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _access(method: x509.ObjectIdentifier, url: str) -> x509.AccessDescription:
    return x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
