"""My account: what I see, and what I can end. Delicate changes ask for a factor shown a short while ago."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from hub import callers, clock
from hub.callers import Caller
from hub.house import House
from hub.problems import NotSignedIn
from idp.account import accounts
from idp.login import session
from idp.model.factor import Kind, NotOffered
from idp.model.person import Person, Profile
from idp.store import people
from tests.idp.citizen import JIA, PASSWORD, Citizen

OTHER_PASSWORD = "nine copper kettles downhill"


def second(citizen: Citizen) -> Citizen:
    other = Citizen(citizen.house, citizen.app, citizen.register)
    other.signs_in()
    return other


def test_a_stranger_sees_no_account(citizen: Citizen) -> None:
    for path in ("/account", "/realname", "/companies", "/as", "/account/passkey", "/account/app", "/account/password"):
        assert citizen.get(path).location.startswith("/login?next=")


def test_it_shows_the_proved_name_and_little_of_the_number(citizen: Citizen) -> None:
    citizen.is_proved()
    page = citizen.get("/account").text
    assert JIA[0] in page
    assert "8801************15" in page
    assert JIA[1] not in page
    assert "Name and number match, and a live check" in page
    assert "live check confirmed" in citizen.get("/account/profile").text


def test_every_session_is_listed_and_can_be_ended(citizen: Citizen) -> None:
    citizen.registers()
    other = second(citizen)
    page = citizen.get("/account/sessions")
    assert page.text.count("End this session") == 1
    gone = other.session
    ended = citizen.send(page, "/account/sessions/end", session=gone.session or "")
    assert ended.status_code == 303
    assert not other.signed_in
    assert citizen.signed_in
    with citizen.house.database.read() as db:
        assert callers.is_revoked(db, [gone.sid])  # the tokens of that login fall too


def test_one_does_not_end_the_session_of_another(citizen: Citizen) -> None:
    citizen.registers()
    other = Citizen(citizen.house, citizen.app, citizen.register, account="other.person")
    other.registers()
    answer = other.post("/account/sessions/end", form_at="/account/sessions", session=citizen.session.session or "")
    assert answer.status_code == 404
    assert citizen.signed_in


def test_signing_out_everywhere_ends_every_login(citizen: Citizen) -> None:
    citizen.registers()
    other = second(citizen)
    answer = citizen.post("/account/sign-out-everywhere", form_at="/account/sessions")
    assert "You are signed out" in citizen.get(answer.headers["Location"]).text
    assert not citizen.signed_in
    assert not other.signed_in


def test_the_password_is_changed_by_who_knows_the_present_one(citizen: Citizen) -> None:
    citizen.registers()
    wrong = citizen.post("/account/password", old="not it at all, sorry", new=OTHER_PASSWORD)
    assert wrong.status_code == 401
    weak = citizen.post("/account/password", old=PASSWORD, new="password12345678")
    assert weak.status_code == 422
    assert PASSWORD not in weak.text
    assert citizen.post("/account/password", old=PASSWORD, new=OTHER_PASSWORD).status_code == 303
    other = Citizen(citizen.house, citizen.app, citizen.register)
    assert other.signs_in().status_code == 401
    assert other.signs_in(OTHER_PASSWORD).status_code == 303


@pytest.mark.parametrize("path", ["/account/passkey", "/account/app"])
def test_a_factor_is_added_only_shortly_after_signing_in(citizen: Citizen, path: str) -> None:
    citizen.registers()
    page = citizen.get(path)
    assert page.status_code == 200
    with clock.shifted(16 * 60):
        assert citizen.get(path).location == f"/login?again=1&next={path}"
        assert citizen.send(page, path, answer="{}", code="000000").location.startswith("/login?again=1")
        asked = citizen.get(f"/login?again=1&next={path}")
        assert "Confirm that it is you" in asked.text
        assert (
            citizen.send(asked, f"/login?again=1&next={path}", account="jia.shili", password=PASSWORD).location == path
        )
        assert citizen.get(path).status_code == 200


def test_the_only_way_to_sign_in_cannot_be_removed(citizen: Citizen) -> None:
    citizen.registers()
    factor = accounts.factors_of(citizen.house, citizen.person)[0]
    assert factor.kind is Kind.password
    answer = citizen.post("/account/factors/remove", form_at="/account", factor=factor.id)
    assert answer.status_code == 409
    assert "Nobody could sign in without it" in answer.text


def test_two_windows_step_up_one_session_once(citizen: Citizen) -> None:
    citizen.registers()
    old = citizen.session
    citizen.proves()
    with citizen.house.database.read() as db:
        person = people.person(db, old.person or "")
    assert person
    with citizen.house.database.write() as db, pytest.raises(NotSignedIn):
        session.stepped_up(citizen.house, db, old, person, now=clock.now())


@pytest.mark.parametrize("language", ["en", "zh-CN,zh;q=0.9"])
def test_every_page_answers_in_the_readers_language(citizen: Citizen, language: str) -> None:
    citizen.language = language
    citizen.registers()
    for path in ("/account", "/realname", "/companies", "/as", "/account/passkey", "/account/app", "/account/password",
                 "/account/second-factor", "/login?again=1", "/register"):  # fmt: skip
        page = citizen.get(path)
        assert page.status_code == 200, path
        assert page.headers["Content-Language"] == ("en" if language == "en" else "zh-Hans")
        assert page.headers["Cache-Control"] == "no-store"


def test_a_session_in_other_hands_does_not_find_the_password_out(citizen: Citizen) -> None:
    citizen.registers()
    for attempt in range(5):
        answer = citizen.post("/account/password", old=f"guess number {attempt}", new=OTHER_PASSWORD)
        assert answer.status_code == 401
    for old in ("one more guess", PASSWORD):
        answer = citizen.post("/account/password", old=old, new=OTHER_PASSWORD)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"]


def test_of_two_first_passwords_at_once_one_is_set_on_either_database(house_on: House) -> None:
    person = Person("came-by-a-province", clock.now())
    with house_on.database.write() as db:
        people.add(db, house_on.vault, person, Profile("province-1"))

    def sets(name: str) -> bool:
        try:
            accounts.first_password(house_on, Caller(person=person.id), name, OTHER_PASSWORD, now=clock.now())
        except NotOffered:
            return False
        return True

    with ThreadPoolExecutor(4) as many:
        assert sorted(many.map(sets, ("first.name", "second.name", "third.name", "fourth.name"))) == [False] * 3 + [
            True
        ]
    assert [one.kind for one in accounts.factors_of(house_on, person.id)] == [Kind.password]
