from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import store
from certs.ceremony import POSTS, create_demo_pki
from certs.model import Certificate, Reason, profile
from certs.revoke import revoke
from hub.house import House
from tests.certs.conftest import in_office


def every(house: House) -> list[Certificate]:
    with house.database.read() as db:
        return store.certificates(db)


def test_every_post_has_one_certificate_over_its_own_key(house: House) -> None:
    assert sorted(one.profile for one in every(house)) == sorted(name for name, _, _ in POSTS)
    for one in every(house):
        key = x509.load_der_x509_certificate(one.der).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key == house.keys.public(one.key)
    assert {one.key for one in every(house)} == {
        "root",
        "issuing-ca",
        "service-ca",
        "tsa",
        "ocsp",
        "trust-list",
        "maker-1",
    }


def test_no_private_key_lies_open_on_disk(house: House) -> None:
    files = list(house.keys.folder.glob("*.pem"))
    assert len(files) >= len(POSTS)
    for file in files:
        assert b"ENCRYPTED PRIVATE KEY" in file.read_bytes()


def test_a_second_ceremony_changes_nothing(house: House, now: datetime) -> None:
    before = every(house)
    create_demo_pki(house, now + timedelta(days=30))
    assert every(house) == before


def test_what_ends_soon_gets_a_successor_with_a_new_key(house: House, now: datetime) -> None:
    old = in_office(house, "ocsp-signer")
    create_demo_pki(house, now + timedelta(days=profile("ocsp-signer").days - 10))
    new = in_office(house, "ocsp-signer")
    assert new.serial != old.serial
    assert new.key == "ocsp-2"
    assert len(every(house)) == len(POSTS) + 1


def test_a_time_stamp_key_is_replaced_when_its_own_time_ends(house: House, now: datetime) -> None:
    create_demo_pki(house, now + timedelta(days=(profile("time-stamp").signing_days or 0) - 10))
    assert in_office(house, "time-stamp").key == "tsa-2"


def test_a_revoked_signer_gets_a_successor_and_a_revoked_ca_does_not(house: House, now: datetime) -> None:
    for name in ("time-stamp", "issuing-ca"):
        revoke(house, in_office(house, name).serial, Reason.key_compromise, "test", now)
    create_demo_pki(house, now)
    assert in_office(house, "time-stamp").key == "tsa-2"
    assert in_office(house, "issuing-ca").key == "issuing-ca"
