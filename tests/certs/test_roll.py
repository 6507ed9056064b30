"""A CA and its successor stand side by side: what was signed before stays provable, what comes after is the successor's."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask

from certs import authority, lint, roll, status, store, trust
from certs.model import ISSUING, ROOT, SERVICE, Certificate, NoAuthority, Reason, RollRefused, profile
from certs.revoke import revoke
from hub import ledger
from hub.house import House, open_house
from tests.certs.conftest import Openssl, in_office, seal_certificate


@pytest.fixture
def both(house: House, now: datetime) -> tuple[Certificate, Certificate]:
    """A seal's certificate from before a roll-over of its CA, and one from after it."""
    old = seal_certificate(house, now, "seal-1")
    roll.roll(house, ISSUING, now, by="test")
    return old, seal_certificate(house, now, "seal-2")


def test_the_successor_has_a_key_a_name_and_addresses_of_its_own(house: House, now: datetime) -> None:
    old = in_office(house, ISSUING)
    new = roll.roll(house, ISSUING, now, by="test")
    assert (new.key, new.file, new.subject) == ("issuing-ca-2", "issuing-2", "Yinxin DEMO e-Seal CA 2 - test only")
    assert read(new).public_key() != read(old).public_key()
    third = roll.roll(house, ISSUING, now, by="test", to=3)
    assert third.subject == "Yinxin DEMO e-Seal CA 3 - test only"
    found = lint.certificate(third.der, issuer=in_office(house, ROOT).der)
    assert [str(each) for each in found if each.serious] == []


def test_each_certificate_leads_up_to_the_one_that_signed_it(house: House, both: tuple[Certificate, ...]) -> None:
    for seal, file in zip(both, ("issuing", "issuing-2"), strict=True):
        with house.database.read() as db:
            above, root = store.chain(db, seal)
        assert (above.file, root.profile) == (file, ROOT)
        read(seal).verify_directly_issued_by(read(above))
        read(above).verify_directly_issued_by(read(root))
        places = read(seal).extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert f"/pki/{file}" in places[0].full_name[0].value


def test_openssl_takes_both_with_the_lists_of_both(
    house: House, now: datetime, both: tuple[Certificate, ...], openssl: Openssl
) -> None:
    with house.database.read() as db:
        above = [store.chain(db, seal)[0] for seal in both]
    lists = [status.crl(house, ROOT, now), *(status.list_of(house, each, now) for each in above)]
    openssl.write(
        root_pem=pem(in_office(house, ROOT)),
        above_pem=b"".join(map(pem, above)),
        lists=b"".join(x509.load_der_x509_crl(each).public_bytes(Encoding.PEM) for each in lists),
    )
    check = ("verify", "-x509_strict", "-crl_check_all", "-CAfile", "root.pem", "-untrusted", "above.pem")
    for number, seal in enumerate(both):
        openssl.write(**{f"seal{number}_der": seal.der})
        assert "OK" in openssl(*check, "-CRLfile", "lists", f"seal{number}.der")


def test_an_ocsp_signer_of_its_own_answers_for_each_generation(
    house: House, now: datetime, both: tuple[Certificate, ...], openssl: Openssl
) -> None:
    for seal in both:
        with house.database.read() as db:
            above = store.chain(db, seal)[0]
        openssl.write(answer=status.ocsp_for(house, seal, now), seal_pem=pem(seal), above_pem=pem(above))
        openssl.write(root_pem=pem(in_office(house, ROOT)))
        said = openssl(
            *("ocsp", "-respin", "answer", "-issuer", "above.pem", "-cert", "seal.pem"),
            *("-CAfile", "root.pem", "-verify_other", "above.pem"),
        )
        assert "Response verify OK" in said
        assert "seal.pem: good" in said


def test_the_old_ca_still_revokes_what_it_signed(house: House, now: datetime, both: tuple[Certificate, ...]) -> None:
    old = both[0]
    revoke(house, old.serial, Reason.key_compromise, "test", now)
    with house.database.read() as db:
        before, after = (store.chain(db, seal)[0] for seal in both)
    listed = x509.load_der_x509_crl(status.list_of(house, before, now))
    assert listed.get_revoked_certificate_by_serial_number(int(old.serial, 16)) is not None
    assert listed.issuer == read(before).subject
    assert len(x509.load_der_x509_crl(status.list_of(house, after, now))) == 0


def test_everyone_finds_both_at_their_addresses(house: House, app: Flask, both: tuple[Certificate, ...]) -> None:
    client = app.test_client()
    for seal, file in zip(both, ("issuing", "issuing-2"), strict=True):
        place = house.settings.pki_url
        read(seal).verify_directly_issued_by(
            x509.load_der_x509_certificate(client.get(f"/pki/{file}.crt", base_url=place).data)
        )
        assert client.get(f"/pki/{file}.crl", base_url=place).status_code == 200
    assert client.get("/pki/issuing-3.crt", base_url=house.settings.pki_url).status_code == 404
    assert len(trust.intermediates(house)) >= 2


def test_a_revoked_ca_gets_a_successor_by_hand(house: House, now: datetime) -> None:
    revoke(house, in_office(house, ISSUING).serial, Reason.ca_compromise, "test", now)
    with pytest.raises(NoAuthority):
        seal_certificate(house, now, "seal-1")
    roll.roll(house, ISSUING, now, by="test")
    assert seal_certificate(house, now, "seal-2").valid_at(now)


def test_the_ca_of_services_has_successors_too(house: House, now: datetime) -> None:
    new = roll.roll(house, SERVICE, now, by="test")
    assert new.file == "services-2"
    assert authority.authority(house, SERVICE, now) == new


@pytest.mark.parametrize("name", [*roll.UNITS, roll.RESPONDER])
def test_a_unit_changes_its_key_on_demand_and_signs_with_the_new_one(house: House, now: datetime, name: str) -> None:
    old = in_office(house, name)
    new = roll.roll(house, name, now, by="test")
    assert new.key != old.key
    assert new.subject == old.subject
    assert authority.in_office(house, name, now) == new
    with house.database.read() as db:
        rolled = ledger.events(db, kind="certificate.rolled", limit=1)
    assert rolled[0].facts["before"] == old.serial


@pytest.mark.parametrize("name", [ROOT, "e-seal", "tls"])
def test_what_has_another_way_is_not_rolled(house: House, now: datetime, name: str) -> None:
    with pytest.raises(RollRefused):
        roll.roll(house, name, now, by="test")


def test_a_number_that_is_there_already_is_not_made_again(house: House, now: datetime) -> None:
    new = roll.roll(house, ISSUING, now, by="test", to=2)
    assert roll.roll(house, ISSUING, now, by="test", to=2) == new


def test_every_ca_that_lives_keeps_an_ocsp_signer(house: House, now: datetime) -> None:
    roll.roll(house, ISSUING, now, by="test")
    later = now + timedelta(days=profile(roll.RESPONDER).days - 10)
    made = roll.renew(house, later)
    generations = {one.serial for one in roll.generations(house, ISSUING)}
    assert {one.above for one in made if one.profile == roll.RESPONDER} == generations
    assert roll.renew(house, later) == []


def test_a_unit_of_a_ca_that_ends_before_it_is_not_renewed_for_ever(house: House, now: datetime) -> None:
    last = in_office(house, ISSUING).not_after - timedelta(days=10)
    roll.renew(house, last)
    assert roll.renew(house, last) == []


def test_a_root_key_in_a_safe_stops_no_other_renewal(house: House, now: datetime) -> None:
    (house.keys.folder / "root.pem").unlink()
    fresh = open_house(house.settings)
    later = now + timedelta(days=profile("time-stamp").signing_days or 0)
    before = fresh.keys.named("time-stamp")
    assert {one.profile for one in roll.renew(fresh, later)} == {roll.RESPONDER, "maker"}
    assert fresh.keys.named("time-stamp") == before, "no key is made that nobody can certify"
    with fresh.database.read() as db:
        assert store.unsigned(db) == []
    fresh.close()


def test_the_day_by_which_an_authority_needs_its_successor(house: House, now: datetime) -> None:
    days = {one.profile: (at - now).days for one, at in roll.due(house, now)}
    assert days[ISSUING] == profile(ISSUING).days - profile("e-seal").days - 1
    assert {ROOT, ISSUING, SERVICE} == {*days}


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("A CA", 2, "A CA 2"),
        ("A CA 2", 3, "A CA 3"),
        ("A CA - test only", 2, "A CA 2 - test only"),
        ("A CA 9 - x - y", 10, "A CA 10 - x - y"),
    ],
)
def test_a_successors_name_bears_its_number(name: str, number: int, expected: str) -> None:
    assert roll.numbered(name, number) == expected


def read(certificate: Certificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.der)


def pem(certificate: Certificate) -> bytes:
    return read(certificate).public_bytes(Encoding.PEM)
