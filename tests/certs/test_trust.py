import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey

from certs import store, trust
from certs.model import ISSUING, ROOT, TRUST_LIST_SIGNING, NoAuthority, Reason
from certs.revoke import revoke
from hub.house import House
from tests.certs.conftest import in_office

USES = {"consent", "code", "status-list", "receipt", "checkpoint", "data"}


def read(house: House, now: datetime) -> dict[str, Any]:
    """What the list tells, its signature checked as a stranger does who has the root."""
    text = trust.trust_list(house, now)
    head = json.loads(base64.urlsafe_b64decode(text.partition(".")[0] + "=="))
    signer, root = (x509.load_der_x509_certificate(base64.b64decode(each)) for each in head["x5c"])
    assert root == trust.anchors(house)[0]
    signer.verify_directly_issued_by(root)
    [purpose] = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert (head["typ"], head["alg"], purpose.dotted_string) == ("trust-list+jwt", "ES256", TRUST_LIST_SIGNING)
    key = ECKey.import_key(signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    registry = jws.JWSRegistry(algorithms=["ES256"])
    registry.max_header_length = 8192  # certificates ride in the header; joserfc expects 512 octets there
    claims: dict[str, Any] = json.loads(jws.deserialize_compact(text, key, registry=registry).payload)
    return claims


def certificates(found: dict[str, Any], section: str) -> list[bytes]:
    return [base64.b64decode(entry["certificate"]) for entry in found[section]]


def keys(found: dict[str, Any], use: str) -> dict[str, Any]:
    return {entry["kid"]: entry for entry in found["keys"] if entry["use"] == use}


def test_the_anchors_are_the_roots_and_what_stands_below_them_is_no_anchor(house: House) -> None:
    assert [each.public_bytes(Encoding.DER) for each in trust.anchors(house)] == [in_office(house, ROOT).der]
    assert [each.public_bytes(Encoding.DER) for each in trust.intermediates(house)] == [in_office(house, ISSUING).der]


def test_the_list_names_roots_authorities_and_time_stamp_units(house: House, now: datetime) -> None:
    found = read(house, now)
    for section, post in {"roots": ROOT, "authorities": ISSUING, "timestamp_units": "time-stamp"}.items():
        one = in_office(house, post)
        assert certificates(found, section) == [one.der]
        assert found[section][0]["sha256"] == hashlib.sha256(one.der).hexdigest()
        assert found[section][0]["revoked"] is None
    assert (found["iss"], found["verifier"]) == (house.settings.pki_url, house.settings.verify_url)


def test_the_list_names_every_key_that_outsiders_must_know_and_no_other(house: House, now: datetime) -> None:
    found = read(house, now)
    assert {key["use"] for key in found["keys"]} == USES
    for use in USES:
        names = house.keys.named(use)
        assert keys(found, use).keys() == {house.keys.kid(name) for name in names}
        for key in keys(found, use).values():
            assert key["jwk"]["kid"] == key["kid"]
            assert "d" not in key["jwk"]
            assert key["since"] <= now.timestamp()
            assert key["until"] is None


def test_the_list_stays_while_nothing_changes_and_is_renewed_each_day(house: House, now: datetime) -> None:
    first, number = trust.trust_list(house, now), read(house, now)["seq"]
    assert trust.trust_list(house, now + timedelta(hours=23)) == first
    later = read(house, now + timedelta(hours=25))
    assert later["seq"] == number + 1
    assert later["exp"] > (now + timedelta(days=7)).timestamp()


def test_what_is_signed_on_the_first_day_is_signed_by_a_listed_key(house: House, now: datetime) -> None:
    made = in_office(house, ROOT).not_before.timestamp()
    assert all(key["since"] - made <= timedelta(minutes=5).total_seconds() for key in read(house, now)["keys"])
    late = read(house, now + timedelta(days=40))
    assert late["keys"] == read(house, now)["keys"]


def test_a_new_key_is_listed_at_once_and_keeps_its_day(house: House, now: datetime) -> None:
    before = read(house, now)
    house.keys.create("code-2", purpose="code")
    kid = house.keys.kid("code-2")
    after = read(house, now + timedelta(minutes=5))
    assert after["seq"] == before["seq"] + 1
    assert keys(after, "code")[kid]["since"] == int((now + timedelta(minutes=5)).timestamp())
    assert keys(read(house, now + timedelta(days=3)), "code")[kid] == keys(after, "code")[kid]


def test_a_retired_key_stays_on_the_list_with_its_end(house: House, now: datetime) -> None:
    kid = house.keys.kid("code-1")
    with house.database.write() as db:
        store.retire_key(db, kid, now)
    assert keys(read(house, now), "code")[kid]["until"] == int(now.timestamp())


def test_a_revoked_authority_is_shown_as_such_and_is_not_trusted(house: House, now: datetime) -> None:
    revoke(house, in_office(house, ISSUING).serial, Reason.ca_compromise, "test", now)
    [told] = read(house, now)["authorities"]
    assert (told["revoked"], told["until"]) == ("ca-compromise", int(now.timestamp()))
    assert trust.intermediates(house) == []


def test_without_a_signer_there_is_no_list(house: House, now: datetime) -> None:
    revoke(house, in_office(house, "trust-list").serial, Reason.key_compromise, "test", now)
    with pytest.raises(NoAuthority):
        trust.trust_list(house, now)
