"""The owner's switch: what it ends, that a stranger cannot see it, and what opens the account again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient

import app as front
from hub import clock, ledger, notices
from hub.house import House
from idp.account import locks
from idp.consent import consents
from idp.login import sign_in
from idp.model.factor import SignInAgain
from idp.model.flow import Refused
from idp.model.person import AccountEnded, State
from idp.provider import codes, grants
from idp.store import grants as grant_store
from idp.store import people
from tests.idp.citizen import PASSWORD, Authenticator, Citizen, local, options
from tests.idp.rp import Visit, Visits, department, public
from tests.idp.test_grants import code_of
from tests.idp.test_totp import with_app

LOCKED = "person:test"


def lock(house: House, person: str) -> None:
    locks.lock(house, person, by=LOCKED, now=clock.now())


def state(citizen: Citizen, person: str) -> State:
    with citizen.house.database.read() as db:
        found = people.person(db, person)
    assert found
    return found.state


# -- what falls


@pytest.mark.parametrize("scope", ["openid profile", "openid profile offline_access"])
def test_the_next_request_with_an_old_token_fails_everywhere(visit: Visit, scope: str) -> None:
    visit.signs_in()
    tokens = visit.tokens(scope=scope)
    assert visit.userinfo(tokens["access_token"]).status_code == 200
    lock(visit.house, visit.person)
    with clock.shifted(1):  # the bar is five seconds
        assert visit.userinfo(tokens["access_token"]).status_code == 401
        assert visit.refresh(tokens["refresh_token"]).json == {
            "error": "invalid_grant",
            "error_description": grants.REFRESH_GONE,
        }
        for token in (tokens["access_token"], tokens["refresh_token"]):
            assert visit.token({"token": token}, path="/oidc/introspect").json == {"active": False}
        assert visit.answer(prompt="none")["error"] == "login_required"


def test_a_token_of_our_own_sites_fails_at_the_api(house: House, citizen: Citizen, client: FlaskClient) -> None:
    citizen.is_proved()
    assert citizen.browser.get("/wallet/", follow_redirects=True).status_code == 200
    person = citizen.person
    lock(house, person)
    assert citizen.browser.get("/wallet/").status_code in (302, 303)
    assert citizen.browser.get("/my/").status_code in (302, 303)
    assert citizen.get("/account").location.startswith("/login?next=")


def test_a_code_given_before_locking_gives_nothing_after_it(visit: Visit) -> None:
    visit.signs_in()
    code = visit.code()
    lock(visit.house, visit.person)
    assert visit.redeem(code).json["error"] == "invalid_grant"  # type: ignore[index]


def test_locking_tells_the_person_and_the_ledger_once(visit: Visit) -> None:
    visit.signs_in()
    lock(visit.house, visit.person)
    with pytest.raises(AccountEnded):
        lock(visit.house, visit.person)
    with visit.house.database.read() as db:
        kinds = [event.kind for event in ledger.events(db, subject=f"person:{visit.person}")]
        told = notices.of_person(db, visit.person)
    assert kinds.count("person.locked") == 1
    assert [one.title for one in told] == [locks.LOCKED]


# -- races, on both databases


@pytest.fixture
def anywhere(house_on: House) -> Visit:
    visit = Visit(house_on, front.create_app(house_on.settings, rooms=("idp",), house=house_on), department())
    visit.signs_in()
    return visit


def together(*verbs: Callable[[], Any]) -> None:
    gate = Barrier(len(verbs))

    def run(verb: Callable[[], Any]) -> None:
        gate.wait()
        with suppress(Refused, AccountEnded):
            verb()

    with ThreadPoolExecutor(len(verbs)) as threads:
        list(threads.map(run, verbs))


def living(visit: Visit) -> int:
    with visit.house.database.read() as db:
        return len(grant_store.living(db, clock.now(), person=visit.person))


@pytest.mark.parametrize("what", ["lock", "withdraw"])
def test_no_grant_outlives_what_ends_it_while_its_code_is_redeemed(anywhere: Visit, what: str) -> None:
    for _ in range(8):
        now = clock.now()
        value = codes.seal(anywhere.house, code_of(anywhere))
        code = grants.find_code(anywhere.house, value, anywhere.client, now)

        def redeem(value: str = value, code: Any = code, now: Any = now) -> None:
            grants.redeem(anywhere.house, value, code, anywhere.client, now)

        def end(now: Any = now) -> None:
            if what == "lock":
                lock(anywhere.house, anywhere.person)
            else:
                with anywhere.house.database.write() as db:
                    consents.withdraw(db, anywhere.person, anywhere.client.id, by="person", now=now)

        together(redeem, end)
        assert living(anywhere) == 0
        with anywhere.house.database.write() as db:
            people.set_state(db, anywhere.person, State.active, why="", at=now, over=State.locked)
        anywhere.signs_in()


def test_of_many_locks_at_once_one_is_written(anywhere: Visit) -> None:
    together(*[lambda: lock(anywhere.house, anywhere.person)] * 8)
    with anywhere.house.database.read() as db:
        kinds = [event.kind for event in ledger.events(db, subject=f"person:{anywhere.person}")]
    assert kinds.count("person.locked") == 1


# -- the page, and that a stranger sees nothing


def test_the_page_locks_and_says_how_to_open_it(citizen: Citizen) -> None:
    citizen.registers()
    person = citizen.person
    page = citizen.post("/account/lock")
    assert "Your account is locked" in page.text
    assert not citizen.signed_in
    assert state(citizen, person) is State.locked


def test_locked_unknown_and_wrong_look_the_same_at_both_doors(citizen: Citizen) -> None:
    citizen.registers()
    lock(citizen.house, citizen.person)
    nobody = Citizen(citizen.house, citizen.app, citizen.register, account="no.body.here")
    for door in ("/login", "/unlock"):
        said = set()
        for who, password in ((citizen, "wrong password entirely"), (nobody, PASSWORD)):
            answer = who.post(door, account=who.account, password=password)
            assert answer.status_code == 401
            said.add(errors(answer.text))
        if door == "/login":
            said.add(errors(citizen.post(door, account=citizen.account, password=PASSWORD).text))
        assert len(said) == 1, said


def test_an_account_in_use_cannot_be_told_from_a_wrong_password_at_unlocking(citizen: Citizen) -> None:
    citizen.registers()
    right = citizen.post("/unlock", account=citizen.account, password=PASSWORD)
    wrong = citizen.post("/unlock", account=citizen.account, password="wrong password entirely")
    assert right.status_code == wrong.status_code == 401
    assert errors(right.text) == errors(wrong.text)


def errors(page: str) -> str:
    return page.partition('id="errors"')[2].partition("</div>")[0]


# -- opening it again


def test_a_password_opens_an_account_of_level_one(citizen: Citizen) -> None:
    citizen.registers()
    person = citizen.person
    citizen.post("/account/lock")
    answer = citizen.post("/unlock", account=citizen.account, password=PASSWORD)
    assert "Your account is unlocked" in answer.text
    assert state(citizen, person) is State.active
    assert not citizen.signed_in  # opening is not signing in
    assert citizen.signs_in().status_code == 303


def test_a_proved_face_is_asked_for_again(citizen: Citizen) -> None:
    citizen.is_proved()
    person = citizen.person
    citizen.post("/account/lock")
    first = citizen.post("/unlock", account=citizen.account, password=PASSWORD)
    assert first.location == "/unlock/face"
    assert state(citizen, person) is State.locked
    failed = shows_face(citizen, "no-match")
    assert failed.status_code == 422
    assert state(citizen, person) is State.locked
    assert "Your account is unlocked" in shows_face(citizen, "match").text
    assert state(citizen, person) is State.active


def shows_face(citizen: Citizen, outcome: str) -> Any:
    sent = citizen.post("/unlock/face")
    assert sent.location.startswith("http://localhost:8002/live/"), sent.text
    back = citizen.register.post(sent.location.removeprefix("http://localhost:8002"), data={"outcome": outcome})
    return citizen.get(local(back.location))


def test_the_face_comes_after_the_code_never_instead_of_it(citizen: Citizen) -> None:
    with_app(citizen)
    assert citizen.proves().status_code == citizen.shows_face().status_code == 303
    person = citizen.person
    citizen.post("/account/lock")
    assert citizen.post("/unlock", account=citizen.account, password=PASSWORD).location == "/unlock/second"
    assert citizen.get("/unlock/face").location == "/unlock/second"
    assert citizen.send(citizen.get("/unlock/second"), "/unlock/face").location == "/unlock/second"
    assert state(citizen, person) is State.locked


def test_a_passkey_opens_it_too(citizen: Citizen) -> None:
    citizen.registers()
    person, key = citizen.person, Authenticator()
    page = citizen.get("/account/passkey")
    citizen.send(page, "/account/passkey", answer=key.create(options(page)), label="phone")
    citizen.post("/account/lock")
    page = citizen.get("/login")
    assert citizen.send(page, "/login/passkey", answer=key.get(options(page))).status_code == 401
    page = citizen.get("/unlock")
    answer = citizen.send(page, "/unlock/passkey", answer=key.get(options(page)))
    assert "Your account is unlocked" in answer.text
    assert state(citizen, person) is State.active


def test_what_an_authority_suspended_its_owner_does_not_open(citizen: Citizen) -> None:
    citizen.registers()
    person = citizen.person
    with citizen.house.database.write() as db:
        people.set_state(db, person, State.suspended, why="misuse", at=clock.now(), over=State.active)
    assert citizen.post("/unlock", account=citizen.account, password=PASSWORD).status_code == 401
    with citizen.house.database.write() as db, pytest.raises(AccountEnded):
        locks.unlock(db, person, by="officer", how="counter", now=clock.now())


def test_who_was_signing_in_while_it_was_locked_is_not_let_in(citizen: Citizen) -> None:
    citizen.registers()
    passed = sign_in.with_password(citizen.house, citizen.account, PASSWORD, net="n", now=clock.now())
    lock(citizen.house, citizen.person)
    with pytest.raises(SignInAgain):
        sign_in.finish(citizen.house, passed, device="", now=clock.now())


def test_withdrawing_a_yes_stops_a_code_that_waits(visits: Visits) -> None:
    visit = visits(public())
    visit.signs_in()
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, ["openid", "profile"], now=clock.now() + timedelta(seconds=1))
    now = clock.now()
    value = codes.seal(visit.house, code_of(visit))
    code = grants.find_code(visit.house, value, visit.client, now)
    with visit.house.database.write() as db:
        consents.withdraw(db, visit.person, visit.client.id, by="person", now=now)
    with pytest.raises(Refused):
        grants.redeem(visit.house, value, code, visit.client, now)
