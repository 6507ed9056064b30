"""Answers about certificates (RFC 6960), signed before anybody asks and given out as they are (RFC 5019).

Each authority whose certificates have a responder has a post for one: the OCSP signer that it certified last.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs import authority, der, lint, ocsp, schemes, store
from certs.model import FILES, PROFILES, Certificate, NoAuthority
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("certs")
LIFE = timedelta(hours=1)  # a relying party may rely on an answer for so long
KEPT = timedelta(hours=24)  # after its end: whatever was not renewed by then is needed by nobody
BATCH = 200  # certificates in one step of signing beforehand
RESPONDERS, LINTED = "certs-ocsp-responders", "certs-ocsp-linted"
SIGNER = "ocsp-signer"
ANSWERED = frozenset(name for name, each in PROFILES.items() if each.ocsp)
ANSWERING = frozenset(PROFILES[name].issuer for name in ANSWERED)


@dataclass(frozen=True)
class Post:
    """Who answers for one authority: `signer` is the OCSP signer's certificate, None while there is none in office."""

    above: Certificate
    issuers: frozenset[ocsp.Issuer]
    signer: Certificate | None

    def certified(self, certificate: Certificate) -> bool:
        """Whether this authority issued it."""
        if not certificate.above:  # written by a release that knew one generation of each authority: the first
            return certificate.issuer == self.above.profile and self.above.file == FILES[self.above.profile]
        return certificate.above == self.above.serial

    def issuer(self, hash_oid: bytes) -> ocsp.Issuer:
        """How this authority is named under a hash."""
        return next(each for each in self.issuers if each[0] == hash_oid)


def posts(house: "House", now: datetime) -> list[Post]:
    """All posts, looked up again after some seconds, or when somebody was revoked (`authority.forget_offices`)."""
    known: tuple[datetime, list[Post]] | None = house.cache.get(authority.POSTS)
    if known is None or not timedelta() <= now - known[0] < authority.OFFICE_LIFE:
        known = house.cache[authority.POSTS] = (now, _posts(house, now))
    return known[1]


def _posts(house: "House", now: datetime) -> list[Post]:
    with house.database.read() as db:
        above = [each for each in store.authorities(db) if each.profile in ANSWERING]
        signers = store.certificates(db, profile=SIGNER)
    return [_post(each, signers, now) for each in above]


def _post(above: Certificate, signers: Iterable[Certificate], now: datetime) -> Post:
    read = x509.load_der_x509_certificate(above.der)
    own = next((each for each in signers if each.above == above.serial), None)  # the newest: only it is in office
    in_office = own if own and own.signs_at(now) and above.valid_at(now) else None
    return Post(above, ocsp.issuer_hashes(read.subject.public_bytes(), _key_bits(read)), in_office)


def post_of(house: "House", certificate: Certificate, now: datetime) -> Post:
    """The post that answers for a certificate. Raises NoAuthority."""
    for post in posts(house, now):
        if post.certified(certificate):
            return post
    raise NoAuthority("Nobody answers for the certificate %(serial)s", serial=certificate.serial)


def ready(house: "House", about: ocsp.CertId, now: datetime) -> bytes | None:
    """The answer that was signed beforehand, by a signer still in office, as the register says now; None: sign one."""
    signers = {post.signer.serial for post in posts(house, now) if post.signer and post.signer.signs_at(now)}
    with house.database.look() as db:
        return store.answer(db, _digest(about), signers, now)


def presign(house: "House", now: datetime) -> int:
    """Sign what is missing, ends soon or is no longer true; say how many certificates that was."""
    done = 0
    for post in posts(house, now):
        while post.signer and (due := _due(house, post, now)):
            _sign(house, post, due, now)
            done += len(due)
            if len(due) < BATCH:
                break
    with house.database.write() as db:
        store.forget_answers(db, now - KEPT)
    return done


def renew(house: "House", certificate: Certificate, now: datetime) -> None:
    """Sign the answer about a certificate anew, because its state has changed. Whoever cannot sign leaves it to others."""
    try:
        post = post_of(house, certificate, now)
        if certificate.profile in ANSWERED:
            _sign(house, post, [certificate], now)
    except Unavailable as problem:
        log.warning("ocsp.not_renewed", why=problem.code)


def _due(house: "House", post: Post, now: datetime) -> list[Certificate]:
    assert post.signer
    with house.database.read() as db:
        return store.unanswered(
            db, ANSWERED, post.above.serial, post.signer.serial, now=now, then=now + LIFE / 2, limit=BATCH
        )


def _sign(house: "House", post: Post, certificates: Iterable[Certificate], now: datetime) -> None:
    made = responder(house, post, now)
    assert post.signer
    signed = [
        store.SignedAnswer(
            about=_digest(about),
            serial=each.serial,
            signer=post.signer.serial,
            revoked=each.revocation.at if each.revocation else None,
            body=_linted(house, made, ocsp.Status(about, known=True, end=each.revocation), now),
            since=now.replace(microsecond=0),
            until=made.life(now).replace(microsecond=0),
        )
        for each in certificates
        for about in _ways(post, int(each.serial, 16))
    ]
    with house.database.write() as db:
        store.keep_answers(db, signed)


def _ways(post: Post, serial: int) -> list[ocsp.CertId]:
    """How clients name a certificate: by SHA-1 (RFC 5019 2.1.1) or SHA-256, with NULL or without parameters (RFC 5754 2).

    Whoever asks in another way gets an answer that is signed for him.
    """
    sha1, longer = post.issuer(ocsp.SHA1), post.issuer(ocsp.SHA256)
    return [ocsp.cert_id(sha1, serial), ocsp.cert_id(longer, serial), ocsp.cert_id(longer, serial, null=False)]


def _digest(about: ocsp.CertId) -> bytes:
    return sha256(about.raw).digest()


def _linted(house: "House", made: ocsp.Responder, status: ocsp.Status, now: datetime) -> bytes:
    """The signed answer. The first of each form that a process signs is linted under a throw-away key before."""
    forms: set[object] = house.cache.setdefault(LINTED, set())
    end = status.end
    form = (
        made.key_hash,
        status.about.issuer[0],
        len(status.about.raw),
        end and (end.reason, end.invalid_from is None),
    )
    if form not in forms:
        key = ec.generate_private_key(ec.SECP256R1())
        sample = replace(made, sign=lambda tbs: key.sign(tbs, ec.ECDSA(hashes.SHA256())))
        lint.refuse(lint.ocsp_response(sample.answer([status], None, now)))
        forms.add(form)
    return made.answer([status], None, now)


# -- the responder


def responder(house: "House", post: Post, now: datetime) -> ocsp.Responder:
    """Who holds the post, ready to sign; made once per process and certificate. Raises NoAuthority, KeyMissing."""
    if post.signer is None or not post.signer.signs_at(now):
        raise NoAuthority("There is no valid certificate of %(name)s", name=SIGNER)
    made: dict[str, ocsp.Responder] = house.cache.setdefault(RESPONDERS, {})
    if post.signer.serial not in made:
        made[post.signer.serial] = _responder(house, post, post.signer)
    return made[post.signer.serial]


def _responder(house: "House", post: Post, signer: Certificate) -> ocsp.Responder:
    house.keys.signer(signer.key)  # whether it is here is asked before a number of answers is begun
    return ocsp.Responder(
        issuers=post.issuers,
        key_hash=ocsp.sha1(_key_bits(x509.load_der_x509_certificate(signer.der))),
        certificate=signer.der,
        algorithm=schemes.P256.identifier,
        cutoff=der.sequence(ocsp.ARCHIVE_CUTOFF, der.octets(der.moment(post.above.not_before))),
        life=lambda now: now + LIFE,
        sign=lambda tbs: house.keys.sign(signer.key, tbs),
    )


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The public key as hashes of it are made: the point, without algorithm and wrapping (RFC 6960 4.1.1)."""
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
