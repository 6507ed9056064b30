"""Answers about certificates that are signed before anybody asks."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from certs import answers, authority, chores, der, lint, status, store
from certs import ocsp as wire
from certs.model import ISSUING, Certificate, LintFound, NoAuthority, Reason
from certs.revoke import revoke
from hub import clock
from hub.house import House, open_house
from hub.keys import KeyMissing, Keys
from seals import lifecycle, material
from seals.model import Design, SealNotInForce
from tests.certs.conftest import MARKET, in_office, seal_certificate
from tests.certs.test_authority import public
from tests.certs.test_status import STATUS, about, ask, question, read, with_nonce_of, with_nonces
from tests.conftest import served
from tests.seals.conftest import MARKET as AGENCY

WAYS = (hashes.SHA1(), hashes.SHA256())


@pytest.fixture
def sealed(house: House, seal: Certificate, now: datetime) -> House:
    """The house after its periodic work, and from now on without the key of its OCSP signer."""
    answers.presign(house, now)
    return without_key(house)


def without_key(house: House) -> House:
    """The same house in a process that cannot sign any answer."""
    return replace(house, keys=Keys(house.settings.data / "no-keys", "x"), cache={})


def kept(house: House) -> int:
    with house.database.read() as db:
        return len(db.execute(store.answer_table.select()).all())


@pytest.mark.parametrize("hashing", WAYS, ids=lambda each: each.name)
def test_no_key_is_needed_to_answer(
    sealed: House, seal: Certificate, now: datetime, hashing: hashes.HashAlgorithm
) -> None:
    asked = question(seal, in_office(sealed, ISSUING), hashing)
    first, second = (status.ocsp_answer(sealed, asked, now + timedelta(minutes=minutes)) for minutes in (0, 59))
    assert first.der == second.der
    assert first.fixed
    answer = ocsp.load_der_ocsp_response(first.der)
    assert answer.certificate_status is STATUS.GOOD
    assert answer.hash_algorithm.name == hashing.name
    [signer] = answer.certificates
    signer.verify_directly_issued_by(read(in_office(sealed, ISSUING)))
    assert status.ocsp_answer(sealed, with_nonce_of(asked), now).der == first.der


def test_a_hash_without_parameters_is_answered_too(sealed: House, seal: Certificate, now: datetime) -> None:
    post = answers.post_of(sealed, seal, now)
    plain = wire.cert_id(post.issuer(wire.SHA256), int(seal.serial, 16), null=False)
    asked = der.sequence(der.sequence(der.sequence(der.sequence(plain.raw))))
    assert ask(sealed, asked, now).certificate_status is STATUS.GOOD


def test_what_was_not_signed_beforehand_needs_the_key(sealed: House, seal: Certificate, now: datetime) -> None:
    issuing = in_office(sealed, ISSUING)
    for asked, opened in (
        (question(seal, issuing, hashes.SHA512()), sealed),
        (about(issuing, 7), sealed),  # a number that we never issued
        (with_nonce_of(question(seal, issuing)), with_nonces(sealed)),
    ):
        assert ask(opened, asked, now).response_status is ocsp.OCSPResponseStatus.TRY_LATER


def test_evidence_for_a_seal_is_signed_now_or_was_beforehand(
    house: House, sealed: House, seal: Certificate, now: datetime
) -> None:
    later = now + timedelta(minutes=20)
    for opened, since in ((house, later), (sealed, now)):
        answer = ocsp.load_der_ocsp_response(status.ocsp_for(opened, seal, later))
        assert answer.certificate_status is STATUS.GOOD
        assert answer.this_update_utc == since.replace(microsecond=0)
    with pytest.raises(KeyMissing):
        status.ocsp_for(sealed, seal, now + answers.LIFE)


def test_an_answer_that_has_ended_is_not_given_out(sealed: House, seal: Certificate, now: datetime) -> None:
    late = ask(sealed, question(seal, in_office(sealed, ISSUING)), now + answers.LIFE)
    assert late.response_status is ocsp.OCSPResponseStatus.TRY_LATER


def test_a_number_that_was_only_meant_to_be_issued_has_no_answer(house: House, now: datetime) -> None:
    authority.prepare(house, "e-seal", MARKET, public(house), now)
    answers.presign(house, now)
    assert kept(house) == 0


def test_only_certificates_with_a_responder_have_answers(house: House, seal: Certificate, now: datetime) -> None:
    answers.presign(house, now)
    with house.database.read() as db:
        assert {row.serial for row in db.execute(store.answer_table.select())} == {seal.serial}


def test_a_second_round_signs_nothing_and_a_later_one_signs_anew(
    house: House, seal: Certificate, now: datetime
) -> None:
    assert [answers.presign(house, now + timedelta(minutes=minutes)) for minutes in (0, 1, 29, 31)] == [1, 0, 0, 1]
    assert kept(house) == 3


def test_many_are_signed_in_steps(house_on: House, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    seals = [seal_certificate(house_on, now, f"seal-{n}") for n in range(5)]
    monkeypatch.setattr(answers, "BATCH", 2)
    assert answers.presign(house_on, now) == 5
    asked = [question(each, in_office(house_on, ISSUING)) for each in seals]
    assert {ask(without_key(house_on), each, now).certificate_status for each in asked} == {STATUS.GOOD}


def test_answers_of_ended_certificates_go(house: House, seal: Certificate, now: datetime) -> None:
    late = seal.not_after - timedelta(minutes=1)
    chores.keep_fresh(house, late)
    answers.presign(house, late)
    assert kept(house) == 3
    answers.presign(house, seal.not_after + timedelta(days=2))
    assert kept(house) == 0


# -- revoked


def test_a_revocation_is_signed_at_once(house: House, seal: Certificate, now: datetime) -> None:
    answers.presign(house, now)
    revoke(house, seal.serial, Reason.key_compromise, "test", now, now - timedelta(days=1))
    answer = ask(without_key(house), question(seal, in_office(house, ISSUING)), now)
    assert answer.certificate_status is STATUS.REVOKED
    assert answer.revocation_reason is x509.ReasonFlags.key_compromise


def test_a_good_answer_is_gone_though_nobody_could_sign_the_next(
    house: House, seal: Certificate, now: datetime
) -> None:
    answers.presign(house, now)
    revoke(without_key(house), seal.serial, Reason.key_compromise, "test", now)
    asked = question(seal, in_office(house, ISSUING))
    assert ask(without_key(house), asked, now).response_status is ocsp.OCSPResponseStatus.TRY_LATER
    assert ask(house, asked, now).certificate_status is STATUS.REVOKED


def test_who_signs_beforehand_while_another_revokes_cannot_bring_the_good_answer_back(
    house_on: House, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal, keep = seal_certificate(house_on, now), store.keep_answers
    held: list[store.SignedAnswer] = []
    with monkeypatch.context() as slow:
        slow.setattr(store, "keep_answers", lambda _, rows: held.extend(rows))
        slow.setattr(answers, "BATCH", 2)
        answers.presign(house_on, now)  # it has read the certificate as good, and has signed
    revoke(without_key(house_on), seal.serial, Reason.key_compromise, "test", now)
    with house_on.database.write() as db:
        keep(db, held)
    asked = question(seal, in_office(house_on, ISSUING))
    assert len(held) == 3
    assert ask(without_key(house_on), asked, now).response_status is ocsp.OCSPResponseStatus.TRY_LATER
    answers.presign(house_on, now)
    assert ask(without_key(house_on), asked, now).certificate_status is STATUS.REVOKED


def test_the_answers_of_a_signer_who_is_out_of_office_are_not_given_out(
    sealed: House, house: House, seal: Certificate, now: datetime
) -> None:
    asked = question(seal, in_office(house, ISSUING))
    assert ask(sealed, asked, now).certificate_status is STATUS.GOOD
    revoke(house, in_office(house, "ocsp-signer").serial, Reason.key_compromise, "test", now)
    soon = now + authority.OFFICE_LIFE
    assert ask(sealed, asked, soon).response_status is ocsp.OCSPResponseStatus.TRY_LATER
    chores.keep_fresh(house, soon)
    authority.forget_offices(house)
    answers.presign(house, soon)
    assert ask(without_key(house), asked, soon).certificate_status is STATUS.GOOD


def test_no_linter_finds_anything(house: House, now: datetime) -> None:
    seals = [seal_certificate(house, now, f"seal-{n}") for n in range(3)]
    revoke(house, seals[1].serial, Reason.unspecified, "test", now)
    revoke(house, seals[2].serial, Reason.key_compromise, "test", now, now - timedelta(days=1))
    answers.presign(house, now)
    with house.database.read() as db:
        bodies = [bytes(row.body) for row in db.execute(store.answer_table.select())]
    assert len(bodies) == 9
    for body in bodies:
        assert [str(found) for found in lint.ocsp_response(body)] == []


def test_what_the_linter_refuses_is_not_signed(
    house: House, seal: Certificate, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint, "ocsp_response", lambda _: [lint.Finding("ERROR", "a.rule", "", "")])
    with pytest.raises(LintFound):
        answers.presign(house, now)
    assert kept(house) == 0


# -- within a minute, everywhere


@pytest.fixture
def elsewhere(house: House) -> Iterator[House]:
    """The same installation as another process has it."""
    opened = open_house(house.settings)
    yield opened
    opened.close()


def test_a_revocation_is_visible_everywhere_within_a_minute(house: House, elsewhere: House, now: datetime) -> None:
    """At every door that serves status, in a process that had answered a second before, with what caches may keep."""
    made = lifecycle.make_seal(house, AGENCY, by="test", now=now, design=Design(AGENCY.name, "8801010000017"))
    with house.database.read() as db:
        seal = store.certificate(db, made.certificate)
    answers.presign(house, now)
    client, issuing = served(elsewhere, ("certs",)).test_client(), in_office(house, ISSUING)
    asked, kind = question(seal, issuing), {"content_type": "application/ocsp-request"}
    doors: dict[str, Callable[[], Any]] = {
        "get": lambda: client.get(f"/pki/ocsp/{quote(b64encode(asked), safe='')}"),
        "post": lambda: client.post("/pki/ocsp", data=asked, **kind),
        "list": lambda: client.get("/pki/issuing.crl"),
        "part": lambda: client.get(f"/pki/issuing/{seal.shard}.crl"),
    }
    for door in doors.values():
        assert not tells(door().data, seal)
    assert material.for_seal(elsewhere, made, now)[1].ocsps
    revoke(house, seal.serial, Reason.key_compromise, "test", now)
    for name, door in doors.items():
        answer = door()
        assert tells(answer.data, seal), name
        assert "no-store" in answer.headers["Cache-Control"] or "max-age=60" in answer.headers["Cache-Control"], name
    with pytest.raises(SealNotInForce):
        material.for_seal(elsewhere, made, now)


def test_a_revoked_unit_or_authority_stops_within_a_minute_in_another_process(
    house: House, elsewhere: House, now: datetime
) -> None:
    made = lifecycle.make_seal(house, AGENCY, by="test", now=now, design=Design(AGENCY.name, "8801010000017"))
    old = material.for_seal(elsewhere, made, now)[1]
    unit = in_office(house, "time-stamp")
    revoke(house, unit.serial, Reason.key_compromise, "test", now)
    with clock.shifted(60):
        fresh = material.for_seal(elsewhere, made, clock.now())[1]
    assert not any(tells(each, unit) for each in old.crls)
    assert any(tells(each, unit) for each in fresh.crls)
    assert fresh.stamp is not None
    with pytest.raises(NoAuthority):
        fresh.stamp(b"x" * 32)


def tells(body: bytes, certificate: Certificate) -> bool:
    """Whether a list or an answer says that it is revoked."""
    serial = int(certificate.serial, 16)
    try:
        answer = ocsp.load_der_ocsp_response(body)
    except ValueError:
        return x509.load_der_x509_crl(body).get_revoked_certificate_by_serial_number(serial) is not None
    assert answer.serial_number == serial
    return answer.certificate_status is STATUS.REVOKED
