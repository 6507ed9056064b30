"""Whose certificate is it, and was it good at the time? Certificates and revocation data, by pyHanko's validator."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from asn1crypto import crl, keys, ocsp, x509
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator

from certs.model import POLICY_ARC, TRUST_LIST_SIGNING

SEAL_POLICY = f"{POLICY_ARC}.1.1"  # the certificate policy under which e-seals, and nothing else, are certified
SIGNED = {  # which members hold what is signed, and the signature
    x509.Certificate: ("tbs_certificate", "signature_value"),
    crl.CertificateList: ("tbs_cert_list", "signature"),
    ocsp.BasicOCSPResponse: ("tbs_response_data", "signature"),
}
BROKEN = {  # the chain does not hold, whatever the revocation data say
    AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND,
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE,
    AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
}
TOLERANCE = timedelta(seconds=60)  # between our clocks: CA, OCSP responder and time-stamp unit are different machines


@dataclass(frozen=True)
class Anchors:
    """What is trusted from the start, all in DER: roots, the authorities below them, and revocation lists that are at hand."""

    roots: tuple[bytes, ...]
    authorities: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Inside:
    """The certificates and revocation data that a file brings along."""

    certificates: tuple[x509.Certificate, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()


def issued_by_us(certificate: bytes, anchors: Anchors) -> bool:
    """Whether one of our authorities really signed this certificate."""
    return _issued(certificate, anchors)


@lru_cache(maxsize=256)
def _issued(certificate: bytes, anchors: Anchors) -> bool:
    held = x509.Certificate.load(certificate)
    issuer = held.issuer.dump()
    return any(signed_by(held, above) for above in _authorities(anchors) if above.subject.dump() == issuer)


def names_us(certificate: bytes, anchors: Anchors) -> bool:
    """Whether it claims one of our authorities as its issuer, truly or not."""
    held = x509.Certificate.load(certificate)
    return any(above.subject.human_friendly == held.issuer.human_friendly for above in _authorities(anchors))


def is_seal(certificate: x509.Certificate) -> bool:
    """Whether the certificate is one for e-seals: its policy, and content commitment as its only use."""
    policies = certificate.certificate_policies_value
    named = {policy["policy_identifier"].dotted for policy in policies} if policies is not None else set()
    usage = certificate.key_usage_value
    return SEAL_POLICY in named and usage is not None and usage.native == {"non_repudiation"}


def owner(certificate: x509.Certificate) -> tuple[str, str]:
    """Unified code and name of the organisation in a certificate (EN 319 412-1 5.1.4: `NTRCN-<code>`)."""
    named = certificate.subject.native
    code = str(named.get("organization_identifier", ""))
    return code.rpartition("-")[2], str(named.get("organization_name", ""))


def context(anchors: Anchors, inside: Inside, at: datetime, *, evidence: str) -> ValidationContext:
    """What pyHanko needs to judge a certificate as of a moment. Nothing is ever fetched.

    evidence: "inside" judges by the revocation data in the file; "at-hand" by lists that are at hand, which were made later
    (nothing of ours is revoked and then un-revoked, so a later list proves the earlier time too); "none" the chain alone.
    """
    given: dict[str, Any] = {"crls": (), "ocsps": ()}
    if evidence == "inside":
        given = {"crls": inside.crls, "ocsps": inside.ocsps}
    elif evidence == "at-hand":
        given = {"crls": [*inside.crls, *anchors.crls], "ocsps": inside.ocsps, "retroactive_revinfo": True}
    return ValidationContext(
        trust_roots=[_loaded(root) for root in anchors.roots],
        other_certs=[*map(_loaded, anchors.authorities), *inside.certificates],
        moment=at,
        allow_fetching=False,
        revocation_mode="soft-fail" if evidence == "none" else "require",
        time_tolerance=TOLERANCE,
        **given,
    )


def invalid_since(certificate: x509.Certificate, anchors: Anchors) -> datetime | None:
    """From when on a list at hand says that the key must not be trusted (RFC 5280 5.3.2, else the revocation date)."""
    issuer = certificate.issuer.dump()
    lists = [_ended(body, anchors) for body in anchors.crls]
    moments = [ended.get(certificate.serial_number) for name, ended in lists if name == issuer]
    return min((moment for moment in moments if moment), default=None)


def listed_by_us(body: bytes, anchors: Anchors) -> bool:
    """Whether one of our authorities really signed this revocation list."""
    return bool(_ended(body, anchors)[0])


@lru_cache(maxsize=64)
def _ended(body: bytes, anchors: Anchors) -> tuple[bytes, dict[int, datetime]]:
    """Who made a list, and from when on each certificate on it is invalid; nothing, if it is not signed by its maker."""
    held = crl.CertificateList.load(body)
    issuer = held.issuer.dump()
    if not any(signed_by(held, above) for above in _authorities(anchors) if above.subject.dump() == issuer):
        return b"", {}
    entries = held["tbs_cert_list"]["revoked_certificates"] or ()
    return issuer, {entry["user_certificate"].native: _invalid_from(entry) for entry in entries}


def _invalid_from(entry: crl.RevokedCertificate) -> datetime:
    extension = entry.invalidity_date_value
    revoked: datetime = entry["revocation_date"].native
    return min(revoked, extension.native) if extension is not None else revoked


def _authorities(anchors: Anchors) -> list[x509.Certificate]:
    """Our roots and CAs; not the other signers that the trust list names."""
    return [held for held in map(_loaded, (*anchors.roots, *anchors.authorities)) if held.ca]


@lru_cache(maxsize=256)
def _loaded(certificate: bytes) -> x509.Certificate:
    """One of our own certificates, parsed once: the same few stand behind every license."""
    return x509.Certificate.load(certificate)


def signed_by(held: x509.Certificate | crl.CertificateList | ocsp.BasicOCSPResponse, above: x509.Certificate) -> bool:
    """Whether the key of one certificate signed another, a list or an answer."""
    body, signature = SIGNED[type(held)]
    try:
        DefaultSignatureValidator().validate_signature(
            held[signature].native, held[body].dump(), above.public_key, held["signature_algorithm"]
        )
    except Exception:  # noqa: BLE001  hostile bytes: whatever cannot be verified is not signed by us
        return False
    return True


def list_signer(certificates: list[bytes], roots: tuple[bytes, ...], at: datetime) -> dict[str, str] | None:
    """The public key (JWK) of a trust-list signer, if one of the roots certified it for that, and it is in its time."""
    try:
        own = x509.Certificate.load(certificates[0])
        purposes = own.extended_key_usage_value
        named = [purpose.dotted for purpose in purposes] if purposes is not None else []
        above = [
            root for root in map(_loaded, roots) if root.subject.dump() == own.issuer.dump() and signed_by(own, root)
        ]
        # A certificate of tomorrow is no reason to refuse: then the list is of tomorrow too, and our clock is wrong.
        if own.ca or TRUST_LIST_SIGNING not in named or not above or at > own.not_valid_after:
            return None
        return _jwk(own.public_key)
    except Exception:  # noqa: BLE001  hostile bytes: what cannot be read is not certified
        return None


def next_root(root: bytes, offered: bytes, at: datetime) -> bool:
    """Whether a certificate can follow a root: a CA of our kind that signed itself, began no earlier and has not ended."""
    try:
        own, before = x509.Certificate.load(offered, strict=True), _loaded(root)
        usage = own.key_usage_value
        may_certify = own.ca and usage is not None and "key_cert_sign" in usage.native
        in_time = before.not_valid_before <= own.not_valid_before and at <= own.not_valid_after
        return own.dump() == offered and may_certify and in_time and signed_by(own, own)
    except Exception:  # noqa: BLE001  hostile bytes: what cannot be read is no root
        return False


def root_key(root: bytes) -> dict[str, str]:
    """The public key (JWK) of a root, on P-384. Raises ValueError for another kind."""
    return _jwk(_loaded(root).public_key, "P-384", "secp384r1", 97)


def _jwk(key: keys.PublicKeyInfo, name: str = "P-256", curve: str = "secp256r1", octets: int = 65) -> dict[str, str]:
    """A key on a curve as JWK (RFC 7518 6.2.1). Raises ValueError for another kind."""
    point = bytes(key["public_key"])
    if key.curve != ("named", curve) or len(point) != octets:
        raise ValueError(f"not a {name} key")
    middle = (octets + 1) // 2
    x, y = (urlsafe_b64encode(half).rstrip(b"=").decode() for half in (point[1:middle], point[middle:]))
    return {"kty": "EC", "crv": name, "x": x, "y": y}
