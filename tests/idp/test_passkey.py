"""Passkeys: each challenge once, origin and owner checked, a copied key noticed."""

import json
from collections.abc import Callable

import pytest

from hub import notices
from hub.settings import Settings
from idp.login import passkey
from tests.idp.citizen import Authenticator, Citizen, b64, options


def with_passkey(citizen: Citizen, *, synced: bool = False) -> Authenticator:
    citizen.registers()
    device = Authenticator(synced=synced)
    page = citizen.get("/account/passkey")
    made = citizen.send(page, "/account/passkey", answer=device.create(options(page)), label="my phone")
    assert made.status_code == 303, made.text
    return device


def signs_in(citizen: Citizen, device: Authenticator) -> tuple[int, Citizen]:
    other = Citizen(citizen.house, citizen.app, citizen.register)
    page = other.get("/login")
    answer = other.send(page, "/login/passkey", answer=device.get(options(page)))
    return answer.status_code, other


def test_someone_signs_in_with_a_passkey_and_types_nothing(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    status, other = signs_in(citizen, device)
    assert status == 303
    assert other.signed_in
    assert other.session.amr == ("hwk", "user", "mfa")
    assert other.person == citizen.person


def test_adding_a_passkey_counts_for_the_session(citizen: Citizen) -> None:
    citizen.registers()
    device = Authenticator()
    page = citizen.get("/account/passkey")
    old = citizen.cookie("yinxin-8000-idp")
    citizen.send(page, "/account/passkey", answer=device.create(options(page)))
    assert citizen.signed_in
    assert set(citizen.session.amr) == {"pwd", "hwk", "user", "mfa"}
    assert citizen.cookie("yinxin-8000-idp") != old


@pytest.mark.parametrize(("synced", "said"), [(True, "synced between your devices"), (False, "only on this device")])
def test_the_page_of_all_factors_says_whether_it_is_synced(citizen: Citizen, synced: object, said: str) -> None:
    with_passkey(citizen, synced=bool(synced))
    page = citizen.get("/account/security").text
    assert "my phone" in page
    assert said in page
    status, other = signs_in(citizen, Authenticator())
    assert status == 401
    assert not other.signed_in


def test_a_challenge_works_once_and_only_for_what_it_was_made(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    other = Citizen(citizen.house, citizen.app, citizen.register)
    page = other.get("/login")
    answer = device.get(options(page))
    assert other.send(page, "/login/passkey", answer=answer).status_code == 303
    assert other.send(other.get("/login?again=1"), "/login/passkey", answer=answer).status_code == 400
    adding = citizen.get("/account/passkey")
    assert (
        other.send(other.get("/login?again=1"), "/login/passkey", answer=device.get(options(adding))).status_code == 400
    )
    login = other.get("/login?again=1")
    created = Authenticator().create(options(login) | {"user": {"id": b64(b"x")}})
    assert citizen.send(adding, "/account/passkey", answer=created).status_code in {400, 422}


FORGERIES: dict[str, Callable[[Authenticator], None]] = {
    "another-origin": lambda device: setattr(device, "origin", "https://evil.example"),
    "another-site": lambda device: setattr(device, "rp_id", "evil.example"),
    "owner-not-verified": lambda device: setattr(device, "verified", False),
    "counter-went-back": lambda device: setattr(device, "counter", 0),
    "another-key": lambda device: setattr(device, "key", Authenticator().key),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forged_answer_signs_in(citizen: Citizen, forgery: str) -> None:
    device = with_passkey(citizen)
    for _ in range(3):
        assert signs_in(citizen, device)[0] == 303
    FORGERIES[forgery](device)
    status, other = signs_in(citizen, device)
    assert status == 401
    assert not other.signed_in


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"response": {"clientDataJSON": "AA"}}',
        json.dumps({"response": {"clientDataJSON": b64(b"{}")}}),
    ],
)
def test_whatever_the_browser_sends_there_is_an_answer(citizen: Citizen, answer: str) -> None:
    page = citizen.get("/login")
    assert citizen.send(page, "/login/passkey", answer=answer).status_code in {400, 401}
    citizen.registers()
    page = citizen.get("/account/passkey")
    assert citizen.send(page, "/account/passkey", answer=answer).status_code == 422


def test_a_removed_passkey_signs_nobody_in(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    page = citizen.get("/account/security")
    factor = page.text.partition('name="factor" value="')[2].partition('"')[0]
    assert citizen.send(page, "/account/factors/remove", factor=factor).status_code == 303
    assert signs_in(citizen, device)[0] == 401


def test_one_does_not_remove_the_factor_of_another(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    factor = citizen.get("/account/security").text.partition('name="factor" value="')[2].partition('"')[0]
    other = Citizen(citizen.house, citizen.app, citizen.register, account="other.person")
    other.registers()
    assert other.post("/account/factors/remove", form_at="/account/security", factor=factor).status_code == 404
    assert signs_in(citizen, device)[0] == 303


@pytest.mark.parametrize(
    ("url", "possible"),
    [
        ("http://localhost:8000", True),
        ("https://id.gov.example", True),
        ("https://192.0.2.7:8000", False),
        ("https://[::1]:8000", False),
    ],
)
def test_passkeys_need_a_name_and_not_a_bare_address(url: str, possible: object, settings: Settings) -> None:
    assert passkey.available(settings.model_copy(update={"issuer_url": url})) is possible


def test_a_copied_key_is_refused_and_told_to_its_owner(citizen: Citizen) -> None:
    """WebAuthn Level 3 6.1.1: a counter that does not go on means that two devices sign with one key."""
    device = with_passkey(citizen)
    for _ in range(3):
        assert signs_in(citizen, device)[0] == 303
    device.counter = 1
    assert signs_in(citizen, device)[0] == 401
    with citizen.house.database.read() as db:
        told = [one for one in notices.of_person(db, citizen.person) if one.title == passkey.COPIED]
    assert [one.values for one in told] == [{"label": "my phone"}]


def test_a_passkey_has_a_name_that_its_owner_changes_and_nobody_else(citizen: Citizen) -> None:
    device = with_passkey(citizen)
    page = citizen.get("/account/security")
    factor = page.text.partition("/account/factors/name?factor=")[2].partition('"')[0]
    named = citizen.get(f"/account/factors/name?factor={factor}")
    assert citizen.send(named, "/account/factors/name", factor=factor, label=" key  in the drawer ").status_code == 303
    assert "key in the drawer" in citizen.get("/account/security").text
    other = Citizen(citizen.house, citizen.app, citizen.register, account="other.person")
    other.registers()
    assert other.send(other.get("/account/security"), "/account/factors/name", factor=factor).status_code in {403, 404}
    assert "key in the drawer" in citizen.get("/account/security").text
    assert signs_in(citizen, device)[0] == 303


def test_one_person_has_several_passkeys(citizen: Citizen) -> None:
    first = with_passkey(citizen)
    second = Authenticator(synced=True)
    page = citizen.get("/account/passkey")
    assert len(options(page)["excludeCredentials"]) == 1  # a device that has one makes no second one
    citizen.send(page, "/account/passkey", answer=second.create(options(page)), label="key")
    assert [signs_in(citizen, device)[0] for device in (first, second)] == [303, 303]


def test_the_browser_may_offer_passkeys_in_the_field_of_the_account_name(citizen: Citizen) -> None:
    """WebAuthn Level 3 5.1.4, conditional mediation; the page works by button and by password as well."""
    page = citizen.get("/login").text
    assert 'autocomplete="username webauthn"' in page
    assert "data-autofill" in page
    asked = options(citizen.get("/login"))
    assert len(asked["challenge"]) == 43  # 256 bits
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")  # names no account
