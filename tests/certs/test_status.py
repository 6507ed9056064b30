import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from certs import answers, lint, status, store
from certs.model import ISSUING, ROOT, Certificate, NoAuthority, Reason
from certs.revoke import revoke
from hub.house import House, open_house
from hub.keys import KeyMissing
from tests.certs.conftest import Openssl, in_office, seal_certificate
from tests.certs.test_ocsp import GOOD as FOREIGN
from tests.certs.test_ocsp import with_nonce

HASHES = [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()]
STATUS = ocsp.OCSPCertStatus


def crl(house: House, issuer: str, now: datetime) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(status.crl(house, issuer, now))


def number(of: x509.CertificateRevocationList) -> int:
    return of.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def question(certificate: Certificate, issuer: Certificate, hashing: hashes.HashAlgorithm | None = None) -> bytes:
    builder = ocsp.OCSPRequestBuilder().add_certificate(read(certificate), read(issuer), hashing or hashes.SHA256())
    return builder.build().public_bytes(Encoding.DER)


def ask(house: House, request: bytes, now: datetime) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response(status.ocsp_answer(house, request, now).der)


def read(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


# -- revocation lists


@pytest.mark.parametrize("issuer", [ROOT, ISSUING])
def test_no_linter_finds_anything_in_a_revocation_list(house: House, now: datetime, issuer: str) -> None:
    for reason, name in zip(Reason, range(20), strict=False):
        if reason is not Reason.ca_compromise:
            seal = seal_certificate(house, now, f"seal-{name}")
            revoke(house, seal.serial, reason, "test", now, now - timedelta(days=1) if name % 2 else None)
    revoke(house, in_office(house, "trust-list").serial, Reason.superseded, "test", now)
    assert [str(found) for found in lint.revocation_list(status.crl(house, issuer, now))] == []


def test_a_list_is_signed_by_its_authority_and_has_an_end(house: House, now: datetime) -> None:
    for issuer in (ROOT, ISSUING):
        made = crl(house, issuer, now)
        assert made.is_signature_valid(read(in_office(house, issuer)).public_key())  # type: ignore[arg-type]
        assert made.next_update_utc is not None
        assert made.next_update_utc > now


def test_a_list_is_made_once_while_nothing_changes(house: House, now: datetime) -> None:
    assert status.crl(house, ISSUING, now) == status.crl(house, ISSUING, now + timedelta(minutes=59))


def test_numbers_only_rise(house: House, now: datetime) -> None:
    first = number(crl(house, ISSUING, now))
    second = number(crl(house, ISSUING, now + timedelta(hours=2)))
    assert second == first + 1


def test_a_revocation_between_two_looks_at_the_register_is_not_lost(
    house: House, seal: Certificate, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL each look sees what was committed before it: what comes between two is in the list, or makes the next."""
    late = [seal.serial]

    def slipped_in(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(db: Connection, *about: Any) -> Any:
            found = look(db, *about)
            if db.get_execution_options().get("yinxin_write") and late:
                store.keep_revocation(db, store.certificate(db, late.pop()).revoked(Reason.superseded, now))
            return found

        return looked

    for name in ("revoked", "revoked_by"):
        monkeypatch.setattr(store, name, slipped_in(getattr(store, name)))
    crl(house, ISSUING, now)
    assert not late, "it was revoked while the first list was made"
    assert crl(house, ISSUING, now).get_revoked_certificate_by_serial_number(int(seal.serial, 16))


def test_a_revocation_makes_a_new_list_at_once(house: House, seal: Certificate, now: datetime) -> None:
    before = crl(house, ISSUING, now)
    revoke(house, seal.serial, Reason.key_compromise, "test", now, now - timedelta(days=3))
    after = crl(house, ISSUING, now)
    entry = after.get_revoked_certificate_by_serial_number(int(seal.serial, 16))
    assert number(after) == number(before) + 1
    assert entry is not None
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    since = entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
    assert since == (now - timedelta(days=3)).replace(microsecond=0)


def test_no_reason_is_told_by_leaving_it_out(house: House, seal: Certificate, now: datetime) -> None:
    revoke(house, seal.serial, Reason.unspecified, "test", now)
    entry = crl(house, ISSUING, now).get_revoked_certificate_by_serial_number(int(seal.serial, 16))
    assert entry is not None
    assert len(entry.extensions) == 0


def test_an_expired_certificate_stays_on_the_list(house: House, now: datetime) -> None:
    early = seal_certificate(house, now)
    revoke(house, early.serial, Reason.superseded, "test", now)
    late = crl(house, ISSUING, early.not_after + timedelta(days=30))
    assert late.get_revoked_certificate_by_serial_number(int(early.serial, 16)) is not None


def test_each_authority_tells_of_its_own_only(house: House, seal: Certificate, now: datetime) -> None:
    revoke(house, seal.serial, Reason.superseded, "test", now)
    assert len(crl(house, ROOT, now)) == 0
    assert len(crl(house, ISSUING, now)) == 1


def test_a_list_that_is_still_good_is_given_out_without_the_key(house: House, now: datetime) -> None:
    made = status.crl(house, ROOT, now)
    (house.keys.folder / "root.pem").unlink()
    other = open_house(house.settings)
    assert status.crl(other, ROOT, now + timedelta(days=60)) == made
    with pytest.raises(KeyMissing):
        status.crl(other, ROOT, now + timedelta(days=200))
    other.close()


def test_two_that_sign_at_once_never_share_a_number(house_on: House, now: datetime) -> None:
    made: list[bytes] = []

    def sign(hours: int) -> None:
        made.append(status.crl(house_on, ISSUING, now + timedelta(hours=2 * hours)))

    threads = [threading.Thread(target=sign, args=(hours,)) for hours in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with house_on.database.read() as db:
        current = store.current_list(db, ISSUING)
    numbers = [number(x509.load_der_x509_crl(each)) for each in set(made)]
    assert len(made) == 4
    assert len(set(numbers)) == len(numbers)
    assert current
    assert current.number == max(numbers)


# -- OCSP


@pytest.mark.parametrize("hashing", HASHES, ids=lambda each: each.name)
def test_a_good_certificate_is_good_whatever_hash_names_its_issuer(
    house: House, seal: Certificate, now: datetime, hashing: hashes.HashAlgorithm
) -> None:
    answer = ask(house, question(seal, in_office(house, ISSUING), hashing), now)
    assert answer.certificate_status is STATUS.GOOD
    assert answer.serial_number == int(seal.serial, 16)
    assert answer.this_update_utc == now.replace(microsecond=0)
    assert answer.next_update_utc == now.replace(microsecond=0) + timedelta(hours=1)
    assert answer.hash_algorithm.name == hashing.name


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.ca_compromise])
def test_a_revoked_certificate_is_revoked_with_its_reason(
    house: House, seal: Certificate, now: datetime, reason: Reason
) -> None:
    revoke(house, seal.serial, reason, "test", now)
    answer = ask(house, question(seal, in_office(house, ISSUING)), now)
    assert answer.certificate_status is STATUS.REVOKED
    assert answer.revocation_time_utc == now.replace(microsecond=0)
    told = None if reason is Reason.unspecified else x509.ReasonFlags[reason.name]
    assert answer.revocation_reason is told


def test_no_linter_finds_anything_in_an_answer(house: House, seal: Certificate, now: datetime) -> None:
    issuer = in_office(house, ISSUING)
    never = bytes.fromhex("4" + "1" * 39)
    requests = [question(seal, issuer), with_nonce_of(question(seal, issuer)), about(issuer, int.from_bytes(never))]
    given = [status.ocsp_answer(with_nonces(house), request, now).der for request in requests]
    revoke(house, seal.serial, Reason.key_compromise, "test", now, now - timedelta(days=1))
    given += [status.ocsp_answer(house, requests[0], now).der, status.ocsp_for(house, seal, now)]
    for answer in given:
        assert [str(found) for found in lint.ocsp_response(answer)] == []


@pytest.mark.parametrize("serial", [1, 7, (1 << 160) - 1, 1 << 2000], ids=["1", "7", "20-octets", "huge"])
def test_a_number_we_never_issued_is_unknown(house: House, now: datetime, serial: int) -> None:
    assert ask(house, about(in_office(house, ISSUING), serial), now).certificate_status is STATUS.UNKNOWN


def test_a_number_that_was_only_meant_to_be_issued_is_unknown(house: House, now: datetime) -> None:
    from certs import authority
    from tests.certs.conftest import MARKET
    from tests.certs.test_authority import public

    draft = authority.prepare(house, "e-seal", MARKET, public(house), now)
    assert ask(house, about(in_office(house, ISSUING), int(draft.serial, 16)), now).certificate_status is STATUS.UNKNOWN


def test_a_certificate_of_another_of_our_authorities_is_unknown(house: House, now: datetime) -> None:
    issuer = in_office(house, ISSUING)
    assert ask(house, about(issuer, int(issuer.serial, 16)), now).certificate_status is STATUS.UNKNOWN


def test_another_ca_is_not_ours_to_tell(house: House, now: datetime) -> None:
    assert ask(house, FOREIGN, now).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED
    root = in_office(house, ROOT)  # it has no responder: its certificates name its list only
    request = question(in_office(house, ISSUING), root)
    assert ask(house, request, now).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_a_nonce_comes_back_only_where_the_setting_says_so(house: House, seal: Certificate, now: datetime) -> None:
    request = with_nonce_of(question(seal, in_office(house, ISSUING)))
    answer = status.ocsp_answer(with_nonces(house), request, now)
    nonce = ocsp.load_der_ocsp_response(answer.der).extensions.get_extension_for_class(x509.OCSPNonce)
    assert nonce.value.nonce == b"n" * 32
    assert not answer.fixed
    for plain in (
        status.ocsp_answer(with_nonces(house), question(seal, in_office(house, ISSUING)), now),
        status.ocsp_answer(house, request, now),  # RFC 9654 2.1: a responder may leave it out
    ):
        assert plain.fixed
        assert len(ocsp.load_der_ocsp_response(plain.der).extensions) == 0


def test_an_answer_may_be_checked_by_the_responder_s_certificate(
    house: House, seal: Certificate, now: datetime
) -> None:
    answer = ask(house, question(seal, in_office(house, ISSUING)), now)
    [signer] = answer.certificates
    signer.verify_directly_issued_by(read(in_office(house, ISSUING)))
    assert signer.extensions.get_extension_for_class(x509.OCSPNoCheck).value == x509.OCSPNoCheck()
    assert answer.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(signer.public_key()).digest


def test_our_own_evidence_is_an_answer_like_any_other(house: House, seal: Certificate, now: datetime) -> None:
    answer = ocsp.load_der_ocsp_response(status.ocsp_for(house, seal, now))
    assert answer.certificate_status is STATUS.GOOD
    assert answer.serial_number == int(seal.serial, 16)


def test_openssl_agrees(house: House, seal: Certificate, now: datetime, openssl: Openssl) -> None:
    chain = pem(in_office(house, ROOT)) + pem(in_office(house, ISSUING))
    openssl.write(seal_pem=pem(seal), issuing_pem=pem(in_office(house, ISSUING)), chain_pem=chain)
    about = ("ocsp", "-no_nonce", "-issuer", "issuing.pem", "-sha256", "-cert", "seal.pem")
    openssl(*about, "-reqout", "request")

    def judged() -> str:
        openssl.write(answer=status.ocsp_answer(house, openssl.read("request"), now).der)
        return openssl(*about, "-CAfile", "chain.pem", "-respin", "answer")

    said = judged()
    assert "Response verify OK" in said
    assert "seal.pem: good" in said
    revoke(house, seal.serial, Reason.cessation_of_operation, "test", now)
    said = judged()
    assert "seal.pem: revoked" in said
    assert "cessationOfOperation" in said


def test_a_responder_that_cannot_sign_says_try_later(house: House, seal: Certificate, now: datetime) -> None:
    request = question(seal, in_office(house, ISSUING))
    revoke(house, in_office(house, "ocsp-signer").serial, Reason.key_compromise, "test", now)
    assert ask(house, request, now).response_status is ocsp.OCSPResponseStatus.TRY_LATER
    with pytest.raises(NoAuthority):
        status.ocsp_for(house, seal, now)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data())
def test_whatever_comes_in_gets_an_answer_of_the_protocol(house: House, now: datetime, data: st.DataObject) -> None:
    issuer = in_office(house, ISSUING)
    good = about(issuer, data.draw(st.integers(-5, 1 << 160)) or 1) if data.draw(st.booleans()) else FOREIGN
    at, damage = data.draw(st.integers(0, len(good))), data.draw(st.binary(max_size=8))
    answer = ask(house, good[:at] + damage + good[at + len(damage) :], now)
    if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
        assert answer.certificate_status is not STATUS.GOOD


def about(issuer: Certificate, serial: int) -> bytes:
    """A question about a number alone."""
    from certs import der
    from certs import ocsp as wire

    name, key = read(issuer).subject.public_bytes(), answers._key_bits(read(issuer))
    own = next(each for each in wire.issuer_hashes(name, key) if each[0] == wire.SHA1)
    return der.sequence(der.sequence(der.sequence(der.sequence(wire.cert_id(own, serial).raw))))


def with_nonces(house: House) -> House:
    """The same house with the setting that answers each nonce."""
    return replace(house, settings=house.settings.model_copy(update={"ocsp_nonce": True}))


def with_nonce_of(request: bytes) -> bytes:
    """The same question with a nonce."""
    from certs import der

    tbs = der.Reader(request).into(der.SEQUENCE).into(der.SEQUENCE)
    extension = der.Reader(with_nonce(b"n" * 32)).into(48).into(48)
    extension.raw(der.SEQUENCE)
    return der.sequence(der.sequence(tbs.raw(der.SEQUENCE), extension.raw(der.CONTEXT + 2)))


def pem(certificate: Certificate) -> bytes:
    return read(certificate).public_bytes(Encoding.PEM)
