"""What became of a certificate: revocation lists (RFC 5280 5) and answers to single questions (RFC 6960)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ObjectIdentifier

from certs import authority, der, lint, ocsp, schemes, store
from certs.model import ISSUING, ROOT, Certificate, CertificateUnknown, NoAuthority, Reason
from hub.problems import Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House

log = structlog.get_logger("certs")
LIFE = {ROOT: timedelta(days=180), ISSUING: timedelta(hours=24)}  # until a list must be replaced
RENEW = {
    ROOT: timedelta(days=30),
    ISSUING: timedelta(hours=1),
}  # when we replace it, if nothing new makes us do it before
ANSWER_LIFE = timedelta(hours=1)  # of an OCSP answer: a relying party may rely on it for so long
EXPIRED_ON_CRL = ObjectIdentifier("2.5.29.60")  # X.509 8.6.2.12: this list never drops a certificate that has expired
OCSP_KEY = "ocsp-responder"


@dataclass(frozen=True)
class Answer:
    """An OCSP response; `fixed`: it fits everyone who asks the same, so it may be kept for a while (RFC 5019 6)."""

    der: bytes
    fixed: bool


# -- revocation lists


def crl(house: "House", issuer: str, now: datetime) -> bytes:
    """The revocation list of an authority (`root`, `issuing-ca`): newer than each revocation; the number only rises."""
    with house.database.read() as db:
        current, state = store.current_list(db, issuer), store.revocations(db, issuer)
    if current and current.serves(state, now, RENEW[issuer]):
        return current.body
    try:
        return _new_crl(house, issuer, now)
    except Unavailable as problem:  # the root's key rests in a safe: its list is renewed when it comes out
        if current is None or current.state != state or now >= current.until:
            raise
        log.warning("crl.not_renewed", issuer=issuer, why=problem.code)
        return current.body


def _new_crl(house: "House", issuer: str, now: datetime) -> bytes:
    since = now.replace(microsecond=0)
    until = since + LIFE[issuer]
    signer = _in_charge(house, issuer)
    house.keys.signer(signer.key)  # no number is taken for a list that nobody can sign
    with house.database.write() as db:
        number = store.reserve_list(db, issuer, since, until)
        revoked, state = store.revoked(db, issuer), store.revocations(db, issuer)
    above = x509.load_der_x509_certificate(signer.der)
    sample = _crl_builder(above, revoked, number, since, until).sign(*authority.throw_away(above))
    lint.refuse(lint.revocation_list(sample.public_bytes(Encoding.DER)))
    signed = authority.sign(house, signer.key, sample.tbs_certlist_bytes)
    with house.database.write() as db:
        store.keep_list(db, issuer, number, state, signed)
    log.info("crl.signed", issuer=issuer, number=number, entries=len(revoked))
    return signed


def _in_charge(house: "House", issuer: str) -> Certificate:
    """The authority's certificate, even a revoked one: what it revoked stays revoked."""
    with house.database.read() as db:
        found = store.newest(db, issuer)
    if found is None:
        raise NoAuthority("There is no certificate of %(name)s", name=issuer)
    return found


def _crl_builder(
    issuer: x509.Certificate, revoked: list[Certificate], number: int, since: datetime, until: datetime
) -> x509.CertificateRevocationListBuilder:
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    kept = x509.UnrecognizedExtension(EXPIRED_ON_CRL, der.moment(issuer.not_valid_before_utc))
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(since)
        .next_update(until)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(kept, critical=False)
    )
    for certificate in revoked:
        builder = builder.add_revoked_certificate(_entry(certificate))
    return builder


def _entry(certificate: Certificate) -> x509.RevokedCertificate:
    end = certificate.revocation
    assert end is not None
    entry = x509.RevokedCertificateBuilder(int(certificate.serial, 16), end.at.replace(microsecond=0))
    if end.reason is not Reason.unspecified:  # RFC 5280 5.3.1: it is told by leaving it out
        entry = entry.add_extension(x509.CRLReason(_FLAGS[end.reason]), critical=False)
    if end.invalid_from:
        entry = entry.add_extension(x509.InvalidityDate(end.invalid_from.replace(microsecond=0)), critical=False)
    return entry.build()


_FLAGS = {reason: x509.ReasonFlags[reason.name] for reason in Reason}


# -- single questions


def ocsp_answer(house: "House", request: bytes, now: datetime) -> Answer:
    """Answer an OCSP request. Whatever comes in gets an answer of RFC 6960, never `good` for a number we did not issue."""
    try:
        asked = ocsp.read(request)
        responder = _responder(house, now)
    except der.Malformed:
        return Answer(ocsp.refusal(ocsp.MALFORMED), fixed=False)
    except Unavailable as problem:
        log.warning("ocsp.unavailable", why=problem.code)
        return Answer(ocsp.refusal(ocsp.TRY_LATER), fixed=False)
    if not any(each.issuer in responder.issuers for each in asked.ids):
        return Answer(ocsp.refusal(ocsp.UNAUTHORIZED), fixed=False)  # RFC 6960 2.3: not ours to tell
    with house.database.read() as db:
        found = [_status(db, responder, each) for each in asked.ids]
    return Answer(responder.answer(found, asked.nonce, now), fixed=asked.nonce is None)


def ocsp_for(house: "House", certificate: Certificate, now: datetime) -> bytes:
    """A response about one of our own certificates, as evidence for what is sealed now. Raises NoAuthority."""
    responder = _responder(house, now)
    issuer = next(issuer for issuer in responder.issuers if issuer[0] == ocsp.SHA1)
    about = ocsp.cert_id(issuer, int(certificate.serial, 16))
    with house.database.read() as db:
        return responder.answer([_status(db, responder, about)], None, now)


def _status(db: "Connection", responder: ocsp.Responder, about: ocsp.CertId) -> ocsp.Status:
    if about.issuer not in responder.issuers or about.serial <= 0:
        return ocsp.Status(about, known=False)
    try:
        found = store.certificate(db, f"{about.serial:040x}")
    except CertificateUnknown:
        return ocsp.Status(about, known=False)
    return ocsp.Status(about, known=found.issuer == ISSUING, end=found.revocation)


def _responder(house: "House", now: datetime) -> ocsp.Responder:
    """The OCSP signer in office, ready; made once per process and certificate."""
    own, issuer = authority.in_office(house, "ocsp-signer", now), authority.in_office(house, ISSUING, now)
    known = house.cache.get(OCSP_KEY)
    if known is None or known[0] != own.serial:
        known = (own.serial, _make_responder(house, own, issuer))
        house.cache[OCSP_KEY] = known
    responder: ocsp.Responder = known[1]
    return responder


def _make_responder(house: "House", own: Certificate, issuer: Certificate) -> ocsp.Responder:
    above = x509.load_der_x509_certificate(issuer.der)
    key = house.keys.signer(own.key)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    cutoff = der.octets(der.moment(above.not_valid_before_utc))
    return ocsp.Responder(
        issuers=ocsp.issuer_hashes(above.subject.public_bytes(), _key_bits(above)),
        key_hash=ocsp.sha1(_key_bits(x509.load_der_x509_certificate(own.der))),
        certificate=own.der,
        algorithm=schemes.P256.identifier,
        cutoff=der.sequence(ocsp.ARCHIVE_CUTOFF, cutoff),
        life=lambda now: now + ANSWER_LIFE,
        sign=lambda tbs: key.sign(tbs, ec.ECDSA(hashes.SHA256())),
    )


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The public key as hashes of it are made: the point, without algorithm and wrapping (RFC 6960 4.1.1)."""
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
