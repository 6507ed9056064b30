"""Devices without a browser (RFC 8628): they ask and poll, their person answers on another device."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from hub import callers, clock, limits, notices
from idp.model.client import FAPI2, KIOSK, ClientAuth, GrantType
from idp.model.device import LETTERS, DeviceGone, typed
from idp.model.flow import SignedIn
from idp.provider import device
from tests.idp.rp import Visit, Visits, department, public, with_key

DEVICE = GrantType.device.value


@pytest.fixture
def hall(visits: Visits) -> Visit:
    """A terminal in a hall that proves itself, and a person who has not said anything yet."""
    visit = visits(department(id="hall", grant_types=(GrantType.device, GrantType.refresh), redirect_uris=()))
    visit.house.shared.forget(*(limits._name(device.TYPED, net) for net in ("127.0.0.0/24", "10.9.8.0/24")))
    visit.signs_in()
    return visit


def ask(visit: Visit, **form: str) -> dict[str, Any]:
    answer = visit.token({"scope": "openid profile"} | form, path="/oidc/device")
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def poll(visit: Visit, asked: dict[str, Any]) -> Any:
    return visit.token({"grant_type": DEVICE, "device_code": asked["device_code"]})


def error(answer: Any) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json["error"])


def csrf(page: Any) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def answers(browser: FlaskClient, code: str, answer: str = "mine") -> Any:
    """What a person does: type the code, read, press a button; then the sign-in goes as always."""
    page = browser.post("/device", data={"user_code": code, "csrf": csrf(browser.get("/device"))})
    assert page.status_code == 200, page.text
    said = browser.post("/device/answer", data={"user_code": code, "answer": answer, "csrf": csrf(page)})
    return browser.get(said.location) if "/login" in said.location else said


# -- the whole way


def test_a_person_lets_a_device_in(hall: Visit) -> None:
    asked = ask(hall)
    assert error(poll(hall, asked)) == "authorization_pending"
    done = answers(hall.browser, asked["user_code"])
    assert done.location == hall.house.settings.issuer_url + "/device/done?said=yes"  # no code in any address
    tokens = poll(hall, asked).json
    assert hall.claims(tokens["id_token"])["sub"] == hall.userinfo(tokens["access_token"]).json["sub"]  # type: ignore[index]
    assert hall.refresh(tokens["refresh_token"]).status_code == 200
    with hall.house.database.read() as db:
        assert [one.title for one in notices.of_person(db, hall.person)] == ["You let a device sign in as you"]


def test_a_device_code_works_once_and_its_second_use_takes_the_tokens(hall: Visit) -> None:
    """Like every code (RFC 8628 3.5, RFC 6749 4.1.2)."""
    asked = ask(hall)
    answers(hall.browser, asked["user_code"])
    tokens = poll(hall, asked).json
    assert error(poll(hall, asked)) == "invalid_grant"
    assert hall.userinfo(tokens["access_token"]).status_code == 401


def test_the_device_ends_with_the_login_of_its_person(hall: Visit) -> None:
    asked = ask(hall)
    answers(hall.browser, asked["user_code"])
    tokens = poll(hall, asked).json
    with hall.house.database.write() as db:
        callers.end_sessions(db, at=clock.now(), sid=hall.sid)
    assert error(hall.refresh(tokens["refresh_token"])) == "invalid_grant"


# -- what the device is told


def test_the_code_is_long_enough_and_easy_to_type(hall: Visit) -> None:
    """RFC 8628 5.2, 6.1: at least 20 bits, no vowels, nothing that looks alike."""
    asked = ask(hall)
    assert re.fullmatch(rf"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}", asked["user_code"])
    assert not set("AEIOUY0123456789") & set(LETTERS)
    assert len(LETTERS) ** 8 > 2**34
    assert asked["verification_uri_complete"] == f"{asked['verification_uri']}?user_code={asked['user_code']}"
    assert (asked["expires_in"], asked["interval"]) == (600, 5)


def test_whoever_asks_too_often_waits_longer(hall: Visit) -> None:
    """RFC 8628 3.5: five seconds more from then on."""
    asked = ask(hall)
    assert error(poll(hall, asked)) == "authorization_pending"
    assert [error(poll(hall, asked)) for _ in range(2)] == ["slow_down", "slow_down"]
    answers(hall.browser, asked["user_code"])
    assert poll(hall, asked).status_code == 200  # nobody is kept waiting once the answer is there


def test_a_code_expires(hall: Visit) -> None:
    asked = ask(hall)
    with clock.shifted(600):
        assert error(poll(hall, asked)) == "expired_token"
    refused = hall.browser.post("/device", data={"user_code": "BBBB-BBBB", "csrf": csrf(hall.browser.get("/device"))})
    assert refused.status_code == 422


def test_a_no_is_told_to_the_device(hall: Visit) -> None:
    asked = ask(hall)
    assert answers(hall.browser, asked["user_code"], "other").location.endswith("/device/done?said=no")
    assert error(poll(hall, asked)) == "access_denied"


def test_whoever_does_not_agree_to_what_is_asked_says_no_to_the_device(visits: Visits) -> None:
    hall = visits(department(id="hall-asks", grant_types=(GrantType.device,), redirect_uris=()))
    hall.signs_in(agrees=False)
    asked = ask(hall)
    consent = answers(hall.browser, asked["user_code"])
    page = hall.browser.get(consent.location)
    assert "Qiyun market regulation" in page.text or "栖云市" in page.text
    said = hall.browser.post(consent.location, data={"decision": "refuse", "csrf": csrf(page)})
    assert said.location.endswith("/device/done?said=no")
    assert error(poll(hall, asked)) == "access_denied"


def test_a_device_code_belongs_to_its_client(hall: Visit, visits: Visits) -> None:
    asked = ask(hall)
    answers(hall.browser, asked["user_code"])
    other = visits(department(id="other-hall", grant_types=(GrantType.device,), redirect_uris=()))
    assert error(poll(other, asked)) == "invalid_grant"
    assert poll(hall, asked).status_code == 200


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "openid realname"}, "invalid_scope"),
        ({"client_secret": "x"}, "invalid_request"),
    ],
    ids=str,
)
def test_a_device_asks_for_no_more_than_its_client_may(visits: Visits, form: dict[str, str], refusal: str) -> None:
    hall = visits(
        department(id="little", grant_types=(GrantType.device,), redirect_uris=(), scopes=("openid", "profile"))
    )
    assert error(hall.token(form, path="/oidc/device")) == refusal


def test_a_client_proves_itself_before_it_gets_a_code(hall: Visit, visits: Visits) -> None:
    """RFC 8628 3.1, ASVS 10.4.10."""
    form = {"client_id": hall.client.id, "scope": "openid"}
    assert hall.token(form, headers={}, path="/oidc/device").status_code == 401
    assert (
        error(visits(department(id="no-hall")).token({"scope": "openid"}, path="/oidc/device")) == "unauthorized_client"
    )


def test_a_kiosk_that_many_share_has_its_person_sign_in_for_it(visits: Visits) -> None:
    """The policy `kiosk`: nobody is taken for whoever sat there before."""
    kiosk = visits(department(id="kiosk", policy=KIOSK, grant_types=(GrantType.device,), redirect_uris=()))
    kiosk.signs_in(now=clock.now() - timedelta(minutes=1))
    asked = ask(kiosk)
    shown = answers(kiosk.browser, asked["user_code"])
    assert shown.status_code == 200  # the page of the sign-in, though somebody is signed in
    assert "password" in shown.text
    assert error(poll(kiosk, asked)) == "authorization_pending"


def test_a_program_without_a_secret_may_be_a_device(visits: Visits) -> None:
    tv = visits(public(id="tv", grant_types=(GrantType.device,), redirect_uris=()))
    tv.signs_in()
    asked = ask(tv)
    shown = answers(tv.browser, asked["user_code"])
    assert "/consent" in shown.location  # nobody can tell it from a copy: it is agreed to each time
    page = tv.browser.get(shown.location)
    assert tv.browser.post(shown.location, data={"decision": "agree", "csrf": csrf(page)}).location.endswith("said=yes")
    assert poll(tv, asked).status_code == 200


def test_a_policy_that_binds_tokens_binds_those_of_devices(visits: Visits) -> None:
    hall = visits(with_key(id="bound-hall", policy=FAPI2, grant_types=(GrantType.device,), redirect_uris=()))
    assert hall.client.auth is ClientAuth.private_key_jwt
    proof = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    asked = hall.token(
        {"scope": "openid", **proof, "client_assertion": hall.assertion()}, headers={}, path="/oidc/device"
    )
    form = {"grant_type": DEVICE, "device_code": (asked.json or {})["device_code"], **proof}
    answer = hall.token(form | {"client_assertion": hall.assertion()}, headers={})
    assert error(answer) in {"invalid_dpop_proof", "invalid_request", "use_dpop_nonce"}


# -- what the person sees


def test_the_person_is_warned_and_sees_who_asks_from_where(hall: Visit) -> None:
    """RFC 8628 5.4: the page names the service and the network, and nothing happens by following a link."""
    asked = ask(hall)
    path = urlsplit(asked["verification_uri_complete"])
    page = hall.browser.get(f"{path.path}?{path.query}")
    assert asked["user_code"].replace("-", "") in page.text
    elsewhere = hall.app.test_client()
    form = {"user_code": asked["user_code"], "csrf": csrf(elsewhere.get("/device?lang=en"))}
    shown = elsewhere.post("/device", data=form, environ_base={"REMOTE_ADDR": "10.9.8.7"})
    assert asked["user_code"] in shown.text
    assert "Qiyun market regulation" in shown.text
    assert "not yours" in shown.text
    assert "Go on only if you began this yourself" in shown.text
    assert error(poll(hall, asked)) == "authorization_pending"


def test_a_code_is_answered_once(hall: Visit) -> None:
    asked = ask(hall)
    answers(hall.browser, asked["user_code"])
    again = hall.browser.post(
        "/device", data={"user_code": asked["user_code"], "csrf": csrf(hall.browser.get("/device"))}
    )
    assert again.status_code == 422


def test_of_two_persons_with_one_code_the_first_answers(hall: Visit) -> None:
    asked = ask(hall)
    digest, waiting = device.found(hall.house, asked["user_code"], "net", clock.now())
    flow = device.begin(hall.house, digest, waiting, "b", clock.now())
    assert device.refuse(hall.house, digest)
    with pytest.raises(DeviceGone):
        device.allow(hall.house, flow.asked, SignedIn(hall.sid, hall.person, "x", 2, (), clock.now()), clock.now())


def test_nobody_tries_codes_for_long(hall: Visit) -> None:
    """RFC 8628 5.1: sixty of 2^34 in five minutes from one network, right ones too."""
    asked = ask(hall)
    for _ in range(device.TYPED.times - 1):
        limits.check(hall.house.shared, device.TYPED, "10.9.8.0/24")
    browser = hall.app.test_client()
    form = {"user_code": "BBBB-BBBB", "csrf": csrf(browser.get("/device"))}
    for code, status in (("BBBB-BBBB", 422), (asked["user_code"], 429)):
        answer = browser.post("/device", data=form | {"user_code": code}, environ_base={"REMOTE_ADDR": "10.9.8.7"})
        assert answer.status_code == status
    assert answer.headers["Retry-After"]


@given(st.text(max_size=80))
def test_what_is_typed_is_a_code_or_nothing(text: str) -> None:
    code = typed(text)
    assert code == "" or (len(code) == 8 and set(code) <= set(LETTERS))


@given(st.text(LETTERS, min_size=8, max_size=8))
def test_small_letters_dashes_and_spaces_do_not_matter(code: str) -> None:
    assert typed(f" {code[:4].lower()}-{code[4:]} ") == code
