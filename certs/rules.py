"""pkilint's door: its validators, put together once. The import takes half a second: only `certs.lint` does it."""

from typing import Any

from pkilint import etsi, finding_filter, loader, pkix
from pkilint.bin import lint_pkix_signer_signee_cert_chain as chain
from pkilint.etsi.etsi_constants import CertificateType
from pkilint.pkix import certificate, crl, extension, name, ocsp

Found = list[tuple[str, str, str, str]]  # severity, rule, where, what was seen
LEGAL_PERSON = CertificateType.NCP_LEGAL_PERSON_CERTIFICATE

_DECODERS = (
    pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
    pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
)
_PKIX = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
_ETSI = certificate.create_pkix_certificate_validator_container(
    etsi.create_decoding_validators(LEGAL_PERSON), etsi.create_validators(LEGAL_PERSON)
)
_ETSI_FILTERS = etsi.create_etsi_finding_filters(LEGAL_PERSON)  # rules of RFC 5280 that ETSI replaces
_CRL = crl.create_pkix_crl_validator_container(
    list(_DECODERS),
    [
        crl.create_issuer_validator_container([]),
        crl.create_validity_validator_container([]),
        crl.create_extensions_validator_container([]),
    ],
)
_OCSP = ocsp.create_pkix_ocsp_response_validator_container([ocsp.create_response_decoder(), *_DECODERS], [])


def rfc5280_certificate(der: bytes) -> Found:
    """RFC 5280 4."""
    return _found(_PKIX.validate(loader.load_der_certificate(der).root))


def etsi_legal_person(der: bytes) -> Found:
    """EN 319 412-1, -2, -3, -5 under the normalised certificate policy."""
    results = _ETSI.validate(loader.load_der_certificate(der).root)
    return _found(finding_filter.filter_results(_ETSI_FILTERS, results)[0])


def fitting(issuer: bytes, subject: bytes) -> Found:
    """The issuer's name, key identifier and policies against the subject's; signatures are checked elsewhere."""
    both: dict[str, Any] = {}
    decoding = chain.create_decoder_validation_container()
    for role, der in (("issuer", issuer), ("subject", subject)):
        both[role] = loader.load_der_certificate(der, role, role, both)
        decoding.validate(both[role].root)
    return _found(chain.create_issuer_validation_container().validate(both["issuer"].root))


def rfc5280_list(der: bytes) -> Found:
    """RFC 5280 5."""
    return _found(_CRL.validate(loader.load_der_crl(der).root))


def rfc6960_response(der: bytes) -> Found:
    """RFC 6960 4.2."""
    return _found(_OCSP.validate(loader.RFC6960OCSPResponseDocumentLoader().load_der_document(der).root))


def _found(results: Any) -> Found:
    return [
        (seen.finding.severity.name, seen.finding.code, str(result.node.path), seen.message or "")
        for result in results
        for seen in result.finding_descriptions
    ]
