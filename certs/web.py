"""What the PKI shows the world, at the addresses that are printed in certificates: certificates, lists, OCSP, time-stamps."""

import base64
import binascii
import hashlib
from typing import NamedTuple

from flask import Blueprint, Response, request

from certs import rollover, status, store, timestamp, trust
from certs.model import Certificate, WrongMediaType
from hub import callers, clock, web
from hub.problems import NotFound

OCSP_REQUEST, OCSP_RESPONSE = "application/ocsp-request", "application/ocsp-response"
TIMESTAMP_QUERY, TIMESTAMP_REPLY = "application/timestamp-query", "application/timestamp-reply"
CERTIFICATE, CRL, TRUST_LIST = "application/pkix-cert", "application/pkix-crl", "application/jwt"
CERTIFICATE_SECONDS = 86_400  # a certificate never changes; after a day its successor is noticed
STATUS_SECONDS = 60  # a revocation must reach everyone within a minute
TRUST_LIST_SECONDS = 300
MOST_BYTES = 16_384  # of a question; real ones have about a hundred
OPEN = callers.Program("PKI: nobody is asked who he is; what is given out is public and signed")


def blueprint() -> Blueprint:
    """`/pki/…`: everything for programs, and one page for people."""
    bp = Blueprint("certs", __name__, template_folder="templates")
    web.route(bp, "/pki/<file>.crt", gate=OPEN)(certificate)
    web.route(bp, "/pki/<file>.crl", gate=OPEN)(revoked)
    web.route(bp, "/pki/<file>/<int(min=1):shard>.crl", gate=OPEN, endpoint="revoked_part")(revoked)
    web.route(bp, "/pki/ocsp", gate=OPEN, methods=("POST",))(ocsp_post)
    web.route(bp, "/pki/ocsp/<path:encoded>", gate=OPEN)(ocsp_get)
    web.route(bp, "/pki/tsa", gate=OPEN, methods=("POST",))(tsa)
    web.route(bp, "/pki", gate=callers.Public())(overview)
    _add_trust_list(bp)
    return bp


def _add_trust_list(bp: Blueprint) -> None:
    web.route(bp, "/pki/trust-list.jwt", gate=OPEN)(trust_list)
    web.route(bp, "/pki/trust-list/<int:number>.jwt", gate=OPEN)(earlier_trust_list)
    web.route(bp, "/pki/trust-lists.json", gate=OPEN)(trust_lists)
    web.route(bp, "/pki/root-rollover.json", gate=OPEN)(root_rollover)


def certificate(file: str) -> Response:
    """The certificate of an authority, by the name that is printed in those it issued."""
    return _kept(_authority(file).der, CERTIFICATE, CERTIFICATE_SECONDS)


def revoked(file: str, shard: int = 0) -> Response:
    """What an authority revoked: all of it, or the part that a certificate names (RFC 5280 4.2.1.13)."""
    above = _authority(file)
    with web.house().database.read() as db:
        if shard > store.last_shard(db, above):
            raise NotFound
    return _kept(status.list_of(web.house(), above, clock.now(), shard), CRL, STATUS_SECONDS)


def _authority(file: str) -> Certificate:
    with web.house().database.read() as db:
        found = store.with_file(db, file)
    if found is None:
        raise NotFound
    return found


def ocsp_post() -> Response:
    """RFC 6960 A.1.1."""
    answer = status.ocsp_answer(web.house(), _body(OCSP_REQUEST), clock.now())
    return web.file(answer.der, OCSP_RESPONSE)


def ocsp_get(encoded: str) -> Response:
    """RFC 6960 A.1: the request in base64 as the last part of the address; such an answer may be kept (RFC 5019 6)."""
    try:
        asked = base64.b64decode(encoded[: 2 * MOST_BYTES], validate=True)
    except (binascii.Error, ValueError):
        asked = b""  # which is malformed in the protocol's own words
    answer = status.ocsp_answer(web.house(), asked, clock.now())
    return web.file(answer.der, OCSP_RESPONSE, seconds=STATUS_SECONDS if answer.fixed else 0)


def tsa() -> Response:
    """RFC 3161 3.4."""
    return web.file(timestamp.answer(web.house(), _body(TIMESTAMP_QUERY), clock.now()), TIMESTAMP_REPLY)


def trust_list() -> Response:
    """The signed trust list."""
    return _kept(trust.trust_list(web.house(), clock.now()).encode(), TRUST_LIST, TRUST_LIST_SECONDS)


def earlier_trust_list(number: int) -> Response:
    """A trust list of the past, as it was signed."""
    found = trust.earlier(web.house(), number)
    if found is None:
        raise NotFound
    return _kept(found, TRUST_LIST, CERTIFICATE_SECONDS)


def trust_lists() -> Response:
    """Which trust lists there were, and when each held."""
    return web.answer({"trust_lists": trust.history(web.house())})


def root_rollover() -> Response:
    """The statements by which each root named the next, oldest first."""
    return web.answer({"statements": rollover.statements(web.house())})


class Shown(NamedTuple):
    """One certificate as the page tells it."""

    certificate: Certificate
    fingerprint: str
    file: str


def overview() -> Response:
    """For people: which certificates there are, and the fingerprints to compare over another channel."""
    with web.house().database.read() as db:
        found = [store.newest(db, name) for name in ("root", "issuing-ca", "time-stamp", "trust-list")]
    shown = [Shown(one, _fingerprint(one), one.file) for one in found if one]
    return web.page("certs/overview.html", shown=shown)


def _fingerprint(certificate: Certificate) -> str:
    digits = hashlib.sha256(certificate.der).hexdigest().upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _body(kind: str) -> bytes:
    """The posted question. Raises WrongMediaType, and TooLarge past MOST_BYTES."""
    if request.mimetype != kind:
        raise WrongMediaType("Send %(kind)s", kind=kind)
    request.max_content_length = MOST_BYTES
    return request.get_data(cache=False)


def _kept(data: bytes, kind: str, seconds: int) -> Response:
    response = web.file(data, kind, seconds=seconds)
    response.add_etag()
    response.make_conditional(request)
    return response
