"""What became of a certificate: revocation lists (RFC 5280 5) and answers to single questions (RFC 6960)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import answers, authority, build, der, lint, ocsp, store
from certs import crl as wire
from certs.model import FILES, ISSUING, ROOT, Certificate, CertificateUnknown, ListStale, NoAuthority
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

PARTS_KEPT = timedelta(days=30)  # after its end; a complete list is kept for ever


@dataclass(frozen=True)
class Answer:
    """An OCSP response; `fixed`: it fits everyone who asks the same, so it may be kept for a while (RFC 5019 6)."""

    der: bytes
    fixed: bool


# -- revocation lists


def crl(house: "House", issuer: str, now: datetime) -> bytes:
    """The complete list of an authority (`root`, `issuing-ca`) in its newest generation. Raises NoAuthority, ListStale."""
    with house.database.read() as db:
        found = store.newest(db, issuer)
    if found is None:
        raise NoAuthority("There is no certificate of %(name)s", name=issuer)
    return list_of(house, found, now)


def list_of(house: "House", above: Certificate, now: datetime, shard: int = 0) -> bytes:
    """What an authority revoked, all or one part: newer than each revocation; the number only rises.

    A list that cannot be renewed is given out until its end. Then: ListStale, or why it cannot be signed.
    """
    name, renew = list_name(above, shard), RENEW.get(above.profile, RENEW[ISSUING])
    with house.database.read() as db:
        current, state = store.current_list(db, name), store.revoked_by(db, above, shard)
    if current and (current.until == wire.FOREVER or current.serves(state, now, renew)) and current.state == state:
        return current.body
    try:
        return _new_list(house, above, shard, now)
    except Unavailable as problem:  # the root's key rests in a safe: its list is renewed when it comes out
        if current is None or current.state != state or now >= current.until:
            raise
        log.warning("crl.not_renewed", issuer=name, why=problem.code)
        return current.body


def list_name(above: Certificate, shard: int = 0) -> str:
    """The name of a list in our register: the first generation's is the authority's own."""
    name = above.profile if FILES[above.profile] == above.file else above.file
    return f"{name}/{shard}" if shard else name


def _new_list(house: "House", above: Certificate, shard: int, now: datetime) -> bytes:
    name, since = list_name(above, shard), now.replace(microsecond=0)
    until = _until(above, since)
    house.keys.signer(above.key)  # no number is taken for a list that nobody can sign
    with house.database.write() as db:
        number = store.reserve_list(db, name, since, until)
        # In this order: a revocation between the two is told by the next list. The other way round none would tell it.
        state, revoked = store.revoked_by(db, above, shard), store.revoked(db, above, shard)
    part = build.list_address(house.settings.pki_url, above.file, shard) if shard else ""
    issuer = x509.load_der_x509_certificate(above.der)
    sample = wire.builder(wire.Plan(issuer, revoked, number, since, until, part)).sign(*authority.throw_away(issuer))
    lint.refuse(lint.revocation_list(sample.public_bytes(Encoding.DER)))
    signed = authority.sign(house, above.key, sample.tbs_certlist_bytes)
    with house.database.write() as db:
        store.keep_list(db, name, number, state, signed)
    log.info("crl.signed", issuer=name, number=number, entries=len(revoked))
    return signed


def _until(above: Certificate, since: datetime) -> datetime:
    """When a list signed now ends. An authority that ends signs a last one without an end; after its end it signs nothing.

    (ETSI EN 319 411-1 CSS-6.3.9-06.) A revoked authority still signs: what it revoked stays revoked. Raises ListStale.
    """
    if since >= above.not_after:
        raise ListStale("The certificate of %(name)s ended on %(day)s", name=above.subject, day=f"{above.not_after:%F}")
    if above.not_after - since <= RENEW.get(above.profile, RENEW[ISSUING]):
        return wire.FOREVER
    return min(since + LIFE.get(above.profile, LIFE[ISSUING]), above.not_after)


def publish(house: "House", now: datetime) -> None:
    """Renew every list before somebody has to wait for it. What cannot be signed now does not stop the others."""
    for above, shard in every_list(house):
        try:
            list_of(house, above, now, shard)
        except Unavailable as problem:
            log.warning("crl.stale", issuer=list_name(above, shard), why=problem.code)
    with house.database.write() as db:
        store.forget_parts(db, now - PARTS_KEPT)


def every_list(house: "House") -> list[tuple[Certificate, int]]:
    """All lists there are to be: the complete one of each authority and generation, and its parts."""
    with house.database.read() as db:
        return [(above, n) for above in store.authorities(db) for n in range(store.last_shard(db, above) + 1)]


# -- single questions


def ocsp_answer(house: "House", request: bytes, now: datetime) -> Answer:
    """Answer an OCSP request. Whatever comes in gets an answer of RFC 6960, never `good` for a number we did not issue.

    Unless a nonce is asked for and the setting says so, the answer was signed before: not even the key is needed.
    """
    try:
        asked = ocsp.read(request)
        nonce = asked.nonce if house.settings.ocsp_nonce else None
        if nonce is None and len(asked.ids) == 1 and (ready := answers.ready(house, asked.ids[0], now)):
            return Answer(ready, fixed=True)
        posts = answers.posts(house, now)
    except der.Malformed:
        return Answer(ocsp.refusal(ocsp.MALFORMED), fixed=False)
    ours = [post for post in posts if any(each.issuer in post.issuers for each in asked.ids)]
    if not ours:
        return Answer(ocsp.refusal(ocsp.UNAUTHORIZED), fixed=False)  # RFC 6960 2.3: not ours to tell
    try:
        responder = answers.responder(house, ours[0], now)
    except Unavailable as problem:
        log.warning("ocsp.unavailable", why=problem.code)
        return Answer(ocsp.refusal(ocsp.TRY_LATER), fixed=False)
    with house.database.read() as db:
        found = [_status(db, ours[0], each) for each in asked.ids]
    return Answer(responder.answer(found, nonce, now), fixed=nonce is None)


def ocsp_for(house: "House", certificate: Certificate, now: datetime) -> bytes:
    """A response about one of our own certificates, as evidence for what is sealed now: signed now, by who has the key.

    Else the one that was signed beforehand. Raises NoAuthority, KeyMissing.
    """
    post = answers.post_of(house, certificate, now)
    about = ocsp.cert_id(post.issuer(ocsp.SHA1), int(certificate.serial, 16))
    try:
        responder = answers.responder(house, post, now)
    except Unavailable:
        if ready := answers.ready(house, about, now):
            return ready
        raise
    with house.database.read() as db:
        return responder.answer([_status(db, post, about)], None, now)


def _status(db: "Connection", post: answers.Post, about: ocsp.CertId) -> ocsp.Status:
    if about.issuer not in post.issuers or about.serial <= 0:
        return ocsp.Status(about, known=False)
    try:
        found = store.certificate(db, f"{about.serial:040x}")
    except CertificateUnknown:
        return ocsp.Status(about, known=False)
    return ocsp.Status(about, known=post.certified(found), end=found.revocation)
