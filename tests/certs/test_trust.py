import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from certs import store, trust, trust_list
from certs.model import ISSUING, ROOT, Certificate, NoAuthority, Reason, TrustListWrong
from certs.revoke import revoke
from hub.house import House
from tests.certs.conftest import in_office, seal_certificate

USES = {"code", "status-list", "receipt", "checkpoint"}


def read(house: House, now: datetime) -> trust_list.TrustList:
    return trust_list.read(trust.trust_list(house, now), trust.anchors(house))


def test_the_anchors_are_the_roots_and_what_stands_below_them_is_no_anchor(house: House, seal: Certificate) -> None:
    assert [each.public_bytes(Encoding.DER) for each in trust.anchors(house)] == [in_office(house, ROOT).der]
    assert [each.public_bytes(Encoding.DER) for each in trust.intermediates(house)] == [in_office(house, ISSUING).der]


def test_the_list_names_roots_authorities_and_time_stamp_units(house: House, now: datetime) -> None:
    found = read(house, now)
    assert found.certificates("roots") == trust.anchors(house)
    assert found.certificates("authorities") == trust.intermediates(house)
    assert [each.public_bytes(Encoding.DER) for each in found.certificates("timestamp_units")] == [
        in_office(house, "time-stamp").der
    ]


def test_the_list_names_every_key_that_outsiders_must_know_and_no_other(house: House, now: datetime) -> None:
    found = read(house, now)
    assert {key["use"] for key in found.content["keys"]} == USES
    for use in USES:
        names = house.keys.named(use)
        assert found.keys(use).keys() == {house.keys.kid(name) for name in names}
        for key in found.keys(use).values():
            assert key["jwk"]["kid"] == key["kid"]
            assert "d" not in key["jwk"]
            assert key["since"] <= now.timestamp()
            assert key["until"] is None


def test_others_can_check_the_signature(house: House, now: datetime) -> None:
    key = ECKey.import_key(dict(house.keys.jwk("trust-list")))
    registry = jws.JWSRegistry(algorithms=["ES256"])
    registry.max_header_length = 8192  # certificates ride in the header; joserfc expects 512 octets there
    checked = jws.deserialize_compact(trust.trust_list(house, now), key, registry=registry)
    assert json.loads(checked.payload)["iss"] == house.settings.pki_url


def test_the_list_stays_while_nothing_changes_and_is_renewed_each_day(house: House, now: datetime) -> None:
    first = trust.trust_list(house, now)
    assert trust.trust_list(house, now + timedelta(hours=23)) == first
    later = read(house, now + timedelta(hours=25))
    assert later.number == trust_list.read(first, trust.anchors(house)).number + 1
    assert later.expires > now + timedelta(days=7)


def test_a_new_key_is_listed_at_once_and_keeps_its_day(house: House, now: datetime) -> None:
    before = read(house, now)
    house.keys.create("code-2", purpose="code")
    after = read(house, now + timedelta(minutes=5))
    assert after.number == before.number + 1
    fresh = after.keys("code")[house.keys.kid("code-2")]
    assert fresh["since"] == int((now + timedelta(minutes=5)).timestamp())
    assert read(house, now + timedelta(days=3)).keys("code")[house.keys.kid("code-2")] == fresh


def test_a_retired_key_stays_on_the_list_with_its_end(house: House, now: datetime) -> None:
    read(house, now)
    kid = house.keys.kid("code-1")
    with house.database.write() as db:
        store.retire_key(db, kid, now)
    assert read(house, now).keys("code")[kid]["until"] == int(now.timestamp())


def test_a_revoked_authority_is_shown_as_such_and_is_not_trusted(house: House, now: datetime) -> None:
    revoke(house, in_office(house, ISSUING).serial, Reason.ca_compromise, "test", now)
    found = read(house, now)
    assert found.content["authorities"][0]["revoked"] == "ca-compromise"
    assert found.certificates("authorities") == []
    assert trust.intermediates(house) == []


def test_without_a_signer_there_is_no_list(house: House, now: datetime) -> None:
    revoke(house, in_office(house, "trust-list").serial, Reason.key_compromise, "test", now)
    with pytest.raises(NoAuthority):
        trust.trust_list(house, now)


# -- lists that must not be believed


def other_body(text: str, **changes: Any) -> str:
    head, body, signature = text.split(".")
    return ".".join((head, encoded(decoded(body) | changes), signature))


def other_head(text: str, **changes: Any) -> str:
    head, body, signature = text.split(".")
    return ".".join((encoded(decoded(head) | changes), body, signature))


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=="))


FORGERIES: dict[str, Callable[[str], str]] = {
    "another-number": lambda text: other_body(text, seq=999),
    "another-key": lambda text: other_body(text, keys=[]),
    "no-algorithm": lambda text: other_head(text, alg="none"),
    "another-algorithm": lambda text: other_head(text, alg="HS256"),
    "another-type": lambda text: other_head(text, typ="JWT"),
    "critical-header": lambda text: other_head(text, crit=["exp"]),
    "no-chain": lambda text: other_head(text, x5c=[]),
    "no-signature": lambda text: text.rpartition(".")[0] + ".",
    "short-signature": lambda text: text[:-4],
    "four-parts": lambda text: text + ".x",
    "nothing": lambda _: "",
    "too-large": lambda text: text + "x" * trust_list.MOST_BYTES,
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_no_forged_list_is_believed(house: House, now: datetime, forgery: Callable[[str], str]) -> None:
    with pytest.raises(TrustListWrong):
        trust_list.read(forgery(trust.trust_list(house, now)), trust.anchors(house))


def signed_by(house: House, key: str, certificate: Certificate, payload: dict[str, Any]) -> str:
    x5c = [base64.b64encode(certificate.der).decode()]
    text = f"{encoded({'alg': 'ES256', 'typ': trust_list.TYPE, 'kid': 'x', 'x5c': x5c})}.{encoded(payload)}"
    signature = base64.urlsafe_b64encode(house.keys.sign_raw(key, text.encode())).rstrip(b"=").decode()
    return f"{text}.{signature}"


def test_only_its_own_signer_may_sign_the_list(house: House, now: datetime) -> None:
    payload = read(house, now).content
    seal = seal_certificate(house, now)
    for key, certificate in (
        ("seal-1", seal),
        ("tsa", in_office(house, "time-stamp")),
        ("ocsp", in_office(house, "ocsp-signer")),
    ):
        with pytest.raises(TrustListWrong):
            trust_list.read(signed_by(house, key, certificate, payload), trust.anchors(house))


def test_the_list_of_another_root_is_not_believed(house: House, now: datetime, seal: Certificate) -> None:
    with pytest.raises(TrustListWrong):
        trust_list.read(trust.trust_list(house, now), [x509.load_der_x509_certificate(seal.der)])
    with pytest.raises(TrustListWrong):
        trust_list.read(trust.trust_list(house, now), [])


def test_a_list_from_outside_its_signer_s_time_is_not_believed(house: House, now: datetime) -> None:
    payload = read(house, now).content
    early = {**payload, "iat": int((now - timedelta(days=30)).timestamp())}
    with pytest.raises(TrustListWrong):
        trust_list.read(signed_by(house, "trust-list", in_office(house, "trust-list"), early), trust.anchors(house))


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(at=st.integers(0, 3000), damage=st.text(min_size=1, max_size=3))
def test_a_damaged_list_is_never_believed(house: House, now: datetime, at: int, damage: str) -> None:
    good = trust.trust_list(house, now)
    broken = good[:at] + damage + good[at + len(damage) :]
    if broken != good:
        with pytest.raises(TrustListWrong):
            trust_list.read(broken, trust.anchors(house))
