"""Lists of revoked certificates in parts (RFC 5280 5.2.5): each certificate names the one that tells of it."""

import sys
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient

from certs import lint, status, store
from certs.crl import FOREVER
from certs.model import ISSUING, ROOT, Certificate, ListStale, Reason
from certs.revoke import revoke
from hub.house import House
from tests.certs.conftest import Openssl, in_office, seal_certificate
from tests.certs.test_status import crl, number, pem, read


@pytest.fixture
def seals(house: House, now: datetime, monkeypatch: pytest.MonkeyPatch) -> list[Certificate]:
    """Three certificates of seals, two of them in the first part."""
    monkeypatch.setattr(sys.modules["certs.store.certificates"], "SHARD", 2)
    return [seal_certificate(house, now, f"seal-{n}") for n in range(3)]


def part(house: House, shard: int, now: datetime) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(status.list_of(house, in_office(house, ISSUING), now, shard))


def point(certificate: Certificate) -> str:
    points = read(certificate).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    [named] = points[0].full_name or []
    return str(named.value)


def test_a_part_tells_of_its_own_and_the_complete_list_of_all(
    house: House, seals: list[Certificate], now: datetime
) -> None:
    assert [each.shard for each in seals] == [1, 1, 2]
    for each in seals:
        revoke(house, each.serial, Reason.key_compromise, "test", now, now - timedelta(days=1))
    assert [len(part(house, shard, now)) for shard in (1, 2)] == [2, 1]
    assert len(crl(house, ISSUING, now)) == 3


def test_a_part_repeats_the_address_that_certificates_name(
    house: House, seals: list[Certificate], now: datetime, client: FlaskClient
) -> None:
    for each in seals:
        served = client.get(point(each).removeprefix(house.settings.pki_url))
        found = x509.load_der_x509_crl(served.data).extensions.get_extension_for_class(x509.IssuingDistributionPoint)
        assert found.critical
        assert found.value.only_contains_user_certs
        assert [name.value for name in found.value.full_name or []] == [point(each)]
        assert served.content_type == "application/pkix-crl"
        assert "max-age=60" in served.headers["Cache-Control"]
    complete = crl(house, ISSUING, now)
    assert x509.IssuingDistributionPoint.oid not in {each.oid for each in complete.extensions}


def test_no_linter_finds_anything_in_a_part(house: House, seals: list[Certificate], now: datetime) -> None:
    revoke(house, seals[0].serial, Reason.superseded, "test", now)
    for shard in (1, 2):
        found = lint.revocation_list(status.list_of(house, in_office(house, ISSUING), now, shard))
        assert [str(each) for each in found] == []
    for each in seals:
        assert [str(one) for one in lint.certificate(each.der, legal_person=True) if one.serious] == []


def test_a_revocation_makes_a_new_part_and_leaves_the_others(
    house: House, seals: list[Certificate], now: datetime
) -> None:
    before = [number(part(house, shard, now)) for shard in (1, 2)]
    revoke(house, seals[2].serial, Reason.superseded, "test", now)
    assert [number(part(house, shard, now)) for shard in (1, 2)] == [before[0], before[1] + 1]


def test_all_lists_are_published_on_time(house: House, seals: list[Certificate], now: datetime) -> None:
    late = now + timedelta(hours=2)
    status.publish(house, late)
    with house.database.read() as db:
        for name in (ROOT, ISSUING, f"{ISSUING}/1", f"{ISSUING}/2"):
            found = store.current_list(db, name)
            assert found, name
            assert found.since <= late < found.until, name
        assert store.current_list(db, f"{ISSUING}/3") is None


def test_parts_of_long_ago_go_and_their_numbers_still_rise(
    house: House, seals: list[Certificate], now: datetime
) -> None:
    numbers = []
    for days in (0, 1, 60):
        status.publish(house, now + timedelta(days=days))
        numbers.append(number(part(house, 1, now + timedelta(days=days))))
    assert numbers == [1, 2, 3]
    with house.database.read() as db:
        kept = db.execute(store.list_table.select()).all()
    assert sum(row.issuer == f"{ISSUING}/1" for row in kept) == 1
    assert sum(row.issuer == ISSUING for row in kept) == 3


@pytest.mark.parametrize("path", ["issuing/0.crl", "issuing/3.crl", "issuing/99999.crl", "issuing/-1.crl", "x/1.crl"])
def test_there_are_no_other_parts(client: FlaskClient, seals: list[Certificate], path: str) -> None:
    assert client.get(f"/pki/{path}").status_code == 404


def test_openssl_agrees(house: House, seals: list[Certificate], now: datetime, openssl: Openssl) -> None:
    root, issuing = in_office(house, ROOT), in_office(house, ISSUING)
    revoke(house, seals[0].serial, Reason.key_compromise, "test", now)
    lists = crl(house, ROOT, now).public_bytes(Encoding.PEM) + part(house, 1, now).public_bytes(Encoding.PEM)
    openssl.write(root_pem=pem(root), issuing_pem=pem(issuing), lists_pem=lists)
    for each in (seals[1], seals[0]):
        openssl.write(seal_pem=pem(each))
        asked = ("verify", "-crl_check_all", "-extended_crl", "-CAfile", "root.pem", "-untrusted", "issuing.pem")
        said = openssl(*asked, "-CRLfile", "lists.pem", "seal.pem", fails=each is seals[0])
        assert ("certificate revoked" in said) is (each is seals[0])
    openssl.write(seal_pem=pem(seals[2]))  # it is not this part that tells of it
    assert "different CRL scope" in openssl(*asked, "-CRLfile", "lists.pem", "seal.pem", fails=True)


# -- the end of an authority


def test_an_authority_that_ends_leaves_a_last_list_without_an_end(house: House, now: datetime) -> None:
    above = in_office(house, ISSUING)
    seal = seal_certificate(house, now)
    revoke(house, seal.serial, Reason.key_compromise, "test", now)
    assert x509.load_der_x509_crl(
        status.list_of(house, above, above.not_after - timedelta(hours=3))
    ).next_update_utc == (above.not_after)
    last = status.list_of(house, above, above.not_after - timedelta(minutes=30))
    assert x509.load_der_x509_crl(last).next_update_utc == FOREVER
    assert status.list_of(house, above, above.not_after + timedelta(days=3650)) == last


def test_an_authority_that_has_ended_signs_nothing(house: House, seal: Certificate, now: datetime) -> None:
    """Nobody was there to sign the last list: the one before is given out to its end, then none, and no seal is hurt."""
    above = in_office(house, ISSUING)
    made = status.list_of(house, above, above.not_after - timedelta(hours=20))
    assert status.list_of(house, above, above.not_after - timedelta(seconds=1))
    with house.database.write() as db:
        db.execute(store.list_table.delete().where(store.list_table.c.until == FOREVER))
    assert x509.load_der_x509_crl(made).next_update_utc == above.not_after
    with pytest.raises(ListStale):
        status.list_of(house, above, above.not_after + timedelta(seconds=1))
    status.publish(house, above.not_after + timedelta(seconds=1))  # the other lists are signed nevertheless
    with house.database.read() as db:
        root = store.current_list(db, ROOT)
    assert root
    assert root.since == (above.not_after + timedelta(seconds=1)).replace(microsecond=0)
