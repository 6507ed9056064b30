import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from time import sleep
from typing import ClassVar

import pytest
import sqlalchemy as sa
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from certs import der, store, timestamp
from certs import tsp as wire
from certs.ceremony import create_demo_pki
from certs.model import ROOT, TIMESTAMP_POLICY, NoAuthority, Reason, profile
from certs.revoke import revoke
from hub.db import Database
from hub.house import House
from hub.keys import ORDERS
from tests.certs.conftest import Openssl, in_office

DIGEST = hashlib.sha256(b"paper").digest()
SHA1 = der.sequence(der.oid("1.3.14.3.2.26"))


def query(
    digest: bytes = DIGEST,
    *,
    version: int = 1,
    algorithm: bytes = wire.SHA256,
    policy: str = "",
    nonce: int | None = None,
    wants: bool | None = None,
    more: bytes = b"",
) -> bytes:
    parts = [der.integer(version), der.sequence(algorithm, der.octets(digest))]
    parts += [der.oid(policy)] if policy else []
    parts += [der.integer(nonce)] if nonce is not None else []
    parts += [der.tlv(der.BOOLEAN, b"\xff" if wants else b"\0")] if wants is not None else []
    return der.sequence(*parts, more)


class Response(core.Sequence):  # type: ignore[misc]  # asn1crypto's own does not know that a refusal has no token
    _fields: ClassVar = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


def ask(house: House, request: bytes, now: datetime) -> Response:
    answer: Response = Response.load(timestamp.answer(house, request, now), strict=True)
    return answer


def signed(answer: Response) -> cms.SignedData:
    assert answer["status"]["status"].native == "granted"
    return answer["time_stamp_token"]["content"]


def info(data: cms.SignedData) -> tsp.TSTInfo:
    return data["encap_content_info"]["content"].parsed


def to_the_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


# -- tokens


@pytest.mark.parametrize("microsecond", [0, 1, 999, 1000, 120_000, 999_999])
def test_the_time_is_never_off_by_more_than_a_millisecond(
    house: House, now: datetime, openssl: Openssl, microsecond: int
) -> None:
    at = now.replace(microsecond=microsecond)
    answer = timestamp.answer(house, query(), at)
    assert info(signed(Response.load(answer)))["gen_time"].native == to_the_millisecond(at)
    openssl.write(answer=answer)
    assert f"Time stamp: {at:%b %e %H:%M:%S}" in openssl("ts", "-reply", "-in", "answer", "-text")


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_a_token_says_what_was_asked_when_and_by_whom(house: House, now: datetime, name: str) -> None:
    digest = hashlib.new(name, b"paper").digest()
    found = info(signed(ask(house, query(digest, algorithm=wire.ALGORITHMS[len(digest)], nonce=1 << 63), now)))
    assert found["message_imprint"].native == {
        "hash_algorithm": {"algorithm": name, "parameters": None},
        "hashed_message": digest,
    }
    assert found["nonce"].native == 1 << 63
    assert found["policy"].native == TIMESTAMP_POLICY
    assert found["gen_time"].native == to_the_millisecond(now)
    assert found["accuracy"]["seconds"].native == 1  # EN 319 422 6.3
    assert found["ordering"].native is False
    assert found["extensions"].native is None


def test_a_token_is_signed_by_the_unit_over_its_attributes(house: House, now: datetime) -> None:
    data = signed(ask(house, query(wants=True), now))
    [signer], [held] = data["signer_infos"], data["certificates"]
    certificate = x509.load_der_x509_certificate(held.dump())
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signer["signature"].native, signer["signed_attrs"].untag().dump(), ec.ECDSA(hashes.SHA256()))
    assert decode_dss_signature(signer["signature"].native)[1] <= ORDERS["secp256r1"] // 2
    assert signer["sid"].chosen["serial_number"].native == certificate.serial_number
    attributes = {each["type"].native: each["values"] for each in signer["signed_attrs"]}
    assert attributes["content_type"].native == ["tst_info"]
    assert attributes["message_digest"].native == [
        hashlib.sha256(bytes(data["encap_content_info"]["content"])).digest()
    ]
    [tied] = attributes["signing_certificate_v2"]
    assert tied["certs"][0]["cert_hash"].native == hashlib.sha256(in_office(house, "time-stamp").der).digest()
    assert tied["certs"][0]["hash_algorithm"]["algorithm"].native == "sha256"


def test_attributes_stand_in_der_order(house: House, now: datetime) -> None:
    attributes = signed(ask(house, query(), now))["signer_infos"][0]["signed_attrs"]
    encoded = [each.dump() for each in attributes]
    assert encoded == sorted(encoded)


def test_the_certificate_comes_only_if_it_is_asked_for(house: House, now: datetime) -> None:
    for wants, count in ((True, 1), (False, 0), (None, 0)):
        held = signed(ask(house, query(wants=wants), now))["certificates"]
        assert (len(held) if held.native is not None else 0) == count


def number(answer: Response) -> int:
    found: int = info(signed(answer))["serial_number"].native
    return found


def test_each_token_has_its_line_in_a_log_and_a_number_that_rises(house_on: House, now: datetime) -> None:
    numbers = [number(ask(house_on, query(nonce=7), now)) for _ in range(5)]
    assert numbers == sorted(set(numbers))
    assert all(0 < each.bit_length() < 160 for each in numbers)  # RFC 3161 2.4.2: up to 160 bits
    with house_on.database.read() as db:
        lines = store.stamps(db)
        assert [store.stamp(db, each) for each in numbers] == lines
        assert store.stamp(db, numbers[0] + 1) is None
        assert store.stamp(db, 1 << 140) is None
        assert store.count_stamps(db, in_office(house_on, "time-stamp").serial) == (5, now)
    assert {(line.at, line.unit) for line in lines} == {(now, in_office(house_on, "time-stamp").serial)}
    assert {line.imprint for line in lines} == {wire.imprint(DIGEST)}


def test_a_token_that_cannot_be_logged_is_not_given_out(house: House, now: datetime) -> None:
    with house.database.write() as db:
        db.execute(sa.text("DROP TABLE certs_stamp"))
    with pytest.raises(sa.exc.OperationalError):
        timestamp.token(house, DIGEST, now)


def test_those_who_wait_at_the_same_time_share_a_commit(
    house_on: House, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house_on, query(), now)  # everything is opened
    commits, begun, gate = 0, threading.Event(), threading.Event()
    write = type(house_on.database).write

    @contextmanager
    def counted(database: Database) -> Iterator[sa.Connection]:
        nonlocal commits
        commits += 1
        begun.set()
        assert gate.wait(10)
        with write(database) as db:
            yield db

    monkeypatch.setattr(type(house_on.database), "write", counted)
    with ThreadPoolExecutor(12) as threads:
        first = threads.submit(ask, house_on, query(), now)
        assert begun.wait(10)  # the first one is at the disk: the others meet behind it
        others = [threads.submit(ask, house_on, query(), now) for _ in range(11)]
        waiting = timestamp._log(house_on)._waiting
        while len(waiting) < 11:
            sleep(0.001)
        gate.set()
        numbers = {number(each.result()) for each in (first, *others)}
    assert len(numbers) == 12
    assert commits == 2


def test_the_policy_may_be_named(house: House, now: datetime) -> None:
    assert signed(ask(house, query(policy=TIMESTAMP_POLICY), now))


def test_hash_parameters_come_back_as_they_were_sent(house: House, now: datetime) -> None:
    with_null = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.tlv(der.NULL))
    found = info(signed(ask(house, query(algorithm=with_null), now)))
    assert found["message_imprint"].dump() == der.sequence(with_null, der.octets(DIGEST))


def test_our_own_sealing_gets_a_token_as_a_function(house: House, now: datetime) -> None:
    for name in ("sha256", "sha384", "sha512"):
        token = cms.ContentInfo.load(timestamp.token(house, hashlib.new(name, b"paper").digest(), now), strict=True)
        assert token["content_type"].native == "signed_data"
        assert len(token["content"]["certificates"]) == 1
    with pytest.raises(wire.Refused):
        timestamp.token(house, b"x" * 20, now)


def test_openssl_agrees(house: House, now: datetime, openssl: Openssl) -> None:
    openssl.write(root_pem=pem(in_office(house, ROOT).der), paper=b"paper", forged=b"Paper")
    openssl("ts", "-query", "-data", "paper", "-sha384", "-cert", "-out", "query")
    openssl.write(answer=timestamp.answer(house, openssl.read("query"), now), token=timestamp.token(house, DIGEST, now))
    verify = ("ts", "-verify", "-CAfile", "root.pem", "-in")
    assert "Verification: OK" in openssl(*verify, "answer", "-queryfile", "query")
    assert "Verification: OK" in openssl(*verify, "answer", "-data", "paper")
    assert "Verification: FAILED" in openssl(*verify, "answer", "-data", "forged", fails=True)
    assert "Verification: OK" in openssl(*verify, "token", "-token_in", "-data", "paper")
    assert "Status: Granted" in openssl("ts", "-reply", "-in", "answer", "-text")


# -- refusals


@pytest.mark.parametrize(
    ("request_der", "failure"),
    [
        (query(b"x" * 20, algorithm=SHA1), "bad_alg"),
        (query(b"x" * 16, algorithm=der.sequence(der.oid("1.2.840.113549.2.5"))), "bad_alg"),
        (query(b"x" * 28, algorithm=der.sequence(der.oid("2.16.840.1.101.3.4.2.4"))), "bad_alg"),
        (query(version=2), "bad_request"),
        (query(version=0), "bad_request"),
        (query(b"x" * 31), "bad_data_format"),
        (query(b""), "bad_data_format"),
        (query(algorithm=der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.integer(1))), "bad_data_format"),
        (query(policy="1.2.3"), "unaccepted_policy"),
        (query(more=der.tlv(der.CONTEXT, der.sequence())), "unaccepted_extensions"),
        (query(more=der.tlv(0xA1)), "bad_data_format"),
        (query() + b"\0", "bad_data_format"),
        (query()[:-1], "bad_data_format"),
        (b"", "bad_data_format"),
        (b"GET / HTTP/1.1", "bad_data_format"),
    ],
    ids=[
        "sha1",
        "md5",
        "sha224",
        "version-2",
        "version-0",
        "short-hash",
        "no-hash",
        "hash-with-parameters",
        "other-policy",
        "extension",
        "unknown-field",
        "octets-after-it",
        "cut-off",
        "empty",
        "not-asn1",
    ],
)
def test_what_gets_no_token_is_told_why(house: House, now: datetime, request_der: bytes, failure: str) -> None:
    answer = ask(house, request_der, now)
    assert answer["status"]["status"].native == "rejection"
    assert answer["status"]["fail_info"].native == {failure}
    assert answer["status"]["status_string"].native
    assert answer["time_stamp_token"].native is None


def test_a_revoked_unit_stamps_nothing(house: House, now: datetime) -> None:
    assert signed(ask(house, query(), now))
    revoke(house, in_office(house, "time-stamp").serial, Reason.key_compromise, "test", now)
    assert ask(house, query(), now)["status"]["fail_info"].native == {"system_failure"}
    with pytest.raises(NoAuthority):
        timestamp.token(house, DIGEST, now)


def test_a_unit_stamps_nothing_after_the_time_of_its_key(house: House, now: datetime) -> None:
    late = now + timedelta(days=(profile("time-stamp").signing_days or 0) + 1)
    assert ask(house, query(), late)["status"]["fail_info"].native == {"system_failure"}
    create_demo_pki(house, late)
    assert info(signed(ask(house, query(), late)))["gen_time"].native == to_the_millisecond(late)


@given(st.binary(max_size=200))
def test_random_octets_are_read_or_refused(data: bytes) -> None:
    with suppress(wire.Refused):
        wire.read(data, timestamp.POLICY)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(at=st.integers(0, len(query(nonce=7, wants=True))), damage=st.binary(max_size=4))
def test_whatever_comes_in_gets_an_answer_of_the_protocol(house: House, now: datetime, at: int, damage: bytes) -> None:
    good = query(nonce=7, wants=True)
    answer = ask(house, good[:at] + damage + good[at + len(damage) :], now)
    assert answer["status"]["status"].native in {"granted", "rejection"}


def pem(certificate: bytes) -> bytes:
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
