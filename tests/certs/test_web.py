import base64
import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.serving import make_server

import app as front
from certs.model import ISSUING, ROOT, Certificate, Reason
from certs.revoke import revoke
from certs.web import MOST_BYTES
from hub import clock
from hub.house import House
from tests.certs.conftest import Openssl, in_office
from tests.certs.test_status import pem, question, with_nonce_of, with_nonces
from tests.certs.test_timestamp import query
from tests.conftest import served

OCSP = {"content_type": "application/ocsp-request"}
TSA = {"content_type": "application/timestamp-query"}


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """The application behind a real socket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("root.crt", "application/pkix-cert"),
        ("issuing.crt", "application/pkix-cert"),
        ("root.crl", "application/pkix-crl"),
        ("issuing.crl", "application/pkix-crl"),
        ("trust-list.jwt", "application/jwt"),
    ],
)
def test_what_is_public_has_its_own_type_and_may_be_kept(client: FlaskClient, path: str, kind: str) -> None:
    answer = client.get(f"/pki/{path}")
    assert answer.status_code == 200
    assert answer.content_type == kind
    assert "public, max-age=" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    again = client.get(f"/pki/{path}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_addresses_in_certificates_lead_there(house: House, seal: Certificate, client: FlaskClient) -> None:
    certificate = x509.load_der_x509_certificate(seal.der)
    places = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name is not None
    above = client.get(places[0].access_location.value.removeprefix(house.settings.pki_url)).data
    certificate.verify_directly_issued_by(x509.load_der_x509_certificate(above))
    revoked = client.get(points[0].full_name[0].value.removeprefix(house.settings.pki_url)).data
    assert x509.load_der_x509_crl(revoked).issuer == certificate.issuer
    assert client.post(places[1].access_location.value.removeprefix(house.settings.pki_url)).status_code == 415


def test_a_revocation_reaches_everyone_within_a_minute(house: House, seal: Certificate, client: FlaskClient) -> None:
    for path in ("/pki/issuing.crl", f"/pki/ocsp/{get_form(house, seal)}"):
        assert "max-age=60" in client.get(path).headers["Cache-Control"]
    revoke(house, seal.serial, Reason.key_compromise, "test", clock.now())
    assert len(x509.load_der_x509_crl(client.get("/pki/issuing.crl").data)) == 1


# -- OCSP


def get_form(house: House, seal: Certificate) -> str:
    return quote(base64.b64encode(question(seal, in_office(house, ISSUING))), safe="")


def test_ocsp_is_answered_by_get_and_post_alike(house: House, seal: Certificate, client: FlaskClient) -> None:
    posted = client.post("/pki/ocsp", data=question(seal, in_office(house, ISSUING)), **OCSP)
    got = client.get(f"/pki/ocsp/{get_form(house, seal)}")
    for answer in (posted, got):
        assert answer.status_code == 200
        assert answer.content_type == "application/ocsp-response"
        assert ocsp.load_der_ocsp_response(answer.data).certificate_status is ocsp.OCSPCertStatus.GOOD
    assert posted.headers["Cache-Control"] == "no-store"


def test_slashes_in_base64_do_not_hurt(house: House, client: FlaskClient) -> None:
    """Base64 may hold `//`, which web servers like to join, and `+`, which some take for a space."""
    issuer = x509.load_der_x509_certificate(in_office(house, ISSUING).der)
    builder = ocsp.OCSPRequestBuilder()
    hashed = hashlib.sha1(issuer.subject.public_bytes()).digest()
    for serial in (int("ff" * 19, 16), int("fb" * 19, 16), int("0f" + "ff" * 18, 16)):
        key = b"\xff\xff\xff\xfb\xef\xbe" + b"\xff" * 14
        request = builder.add_certificate_by_hash(hashed, key, serial, hashes.SHA1())
        text = base64.b64encode(request.build().public_bytes(Encoding.DER)).decode()
        assert "//" in text
        for path in (text, quote(text, safe="")):
            answer = client.get(f"/pki/ocsp/{path}")
            assert ocsp.load_der_ocsp_response(answer.data).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_an_answer_with_a_nonce_is_kept_by_nobody(house: House, seal: Certificate) -> None:
    request = base64.b64encode(with_nonce_of(question(seal, in_office(house, ISSUING))))
    for opened, kept in ((with_nonces(house), "no-store"), (house, "public, max-age=60")):
        answer = served(opened, front.HUB_ROOMS).test_client().get(f"/pki/ocsp/{quote(request, safe='')}")
        assert kept in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "encoded", ["x", "%%%", "MEIwQDA-MDww", "AAAA", "A" * 5000, "M" * 40000, "..", "%2e%2e%2fadmin"]
)
def test_what_is_no_request_is_malformed_in_the_protocol_s_words(client: FlaskClient, encoded: str) -> None:
    answer = client.get(f"/pki/ocsp/{encoded}")
    assert answer.status_code == 200
    assert ocsp.load_der_ocsp_response(answer.data).response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_openssl_asks_over_http(house: House, seal: Certificate, openssl: Openssl) -> None:
    chain = pem(in_office(house, ROOT)) + pem(in_office(house, ISSUING))
    openssl.write(seal_pem=pem(seal), issuing_pem=pem(in_office(house, ISSUING)), chain_pem=chain)
    asked = ("ocsp", "-issuer", "issuing.pem", "-cert", "seal.pem", "-CAfile", "chain.pem")
    for opened, warned in ((house, True), (with_nonces(house), False)):
        with listening(served(opened, front.HUB_ROOMS)) as url:
            said = openssl(*asked, "-url", f"{url}/pki/ocsp")
            assert "Response verify OK" in said
            assert "seal.pem: good" in said
            assert ("no nonce" in said) is warned
    with listening(served(house, front.HUB_ROOMS)) as url:
        revoke(house, seal.serial, Reason.affiliation_changed, "test", clock.now())
        assert "seal.pem: revoked" in openssl(*asked, "-no_nonce", "-url", f"{url}/pki/ocsp")


# -- time-stamps


def test_a_time_stamp_is_given_over_http(house: House, client: FlaskClient, openssl: Openssl) -> None:
    openssl.write(root_pem=pem(in_office(house, ROOT)), paper=b"paper")
    openssl("ts", "-query", "-data", "paper", "-sha512", "-cert", "-out", "query")
    answer = client.post("/pki/tsa", data=openssl.read("query"), **TSA)
    assert answer.content_type == "application/timestamp-reply"
    assert answer.headers["Cache-Control"] == "no-store"
    openssl.write(answer=answer.data)
    assert "Verification: OK" in openssl("ts", "-verify", "-in", "answer", "-queryfile", "query", "-CAfile", "root.pem")


# -- what does not belong here


@pytest.mark.parametrize("path", ["/pki/ocsp", "/pki/tsa"])
@pytest.mark.parametrize("kind", ["", "text/plain", "application/json", "application/x-www-form-urlencoded"])
def test_another_kind_of_body_is_refused(client: FlaskClient, path: str, kind: str) -> None:
    answer = client.post(path, data=query(), content_type=kind)
    assert answer.status_code == 415
    assert answer.content_type == "application/problem+json"
    assert "urn:yinxin:problem:wrong-media-type" in answer.text


@pytest.mark.parametrize(("path", "kind"), [("/pki/ocsp", OCSP), ("/pki/tsa", TSA)])
def test_a_huge_body_is_refused(client: FlaskClient, path: str, kind: dict[str, str]) -> None:
    assert client.post(path, data=b"0" * (MOST_BYTES + 1), **kind).status_code == 413


@pytest.mark.parametrize("path", ["/pki/tsa", "/pki/ocsp"])
def test_a_question_cannot_be_looked_at(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 405


@pytest.mark.parametrize("path", ["issuing.pem", "tsa.key", "e-seal.crt", "root.crt/x", "ocsp.crt"])
def test_there_is_nothing_else(client: FlaskClient, path: str) -> None:
    assert client.get(f"/pki/{path}").status_code == 404


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.binary(max_size=300), address=st.text(max_size=60))
def test_nobody_gets_a_500(client: FlaskClient, data: bytes, address: str) -> None:
    for answer in (
        client.post("/pki/ocsp", data=data, **OCSP),
        client.post("/pki/tsa", data=data, **TSA),
        client.get(f"/pki/ocsp/{quote(address, safe='')}"),
        client.get(f"/pki/ocsp/{base64.b64encode(data).decode()}"),
    ):
        assert answer.status_code in {200, 404, 405, 308}


# -- the page


@pytest.mark.parametrize(("language", "word"), [("en", "Fingerprint"), ("zh-Hans", "指纹")])
def test_people_can_compare_fingerprints(house: House, client: FlaskClient, language: str, word: str) -> None:
    answer = client.get(f"/pki?lang={language}", headers={"Accept": "text/html"})
    digits = hashlib.sha256(in_office(house, ROOT).der).hexdigest().upper()
    assert answer.status_code == 200
    assert word in answer.text
    assert " ".join(digits[at : at + 4] for at in range(0, 64, 4)) in answer.text
