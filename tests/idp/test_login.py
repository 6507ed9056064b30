"""Signing in with a password: one answer for every failure, brakes without lock-out, a new session each time."""

from datetime import timedelta

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from werkzeug.test import TestResponse

from hub import callers, clock
from hub.house import House
from hub.problems import TooMany
from idp.account import accounts
from idp.login import password, sign_in, throttle
from idp.model.factor import WrongCredentials
from idp.store import people
from tests.idp.citizen import PASSWORD, Citizen


def test_someone_registers_and_is_signed_in(citizen: Citizen) -> None:
    answer = citizen.registers()
    assert answer.location == "/account"
    session = citizen.session
    assert (session.level, session.amr, session.holder_keys) == (1, ("pwd",), ())
    assert "jia.shili" in citizen.get("/account").text


def test_a_login_takes_one_page_and_one_form(citizen: Citizen) -> None:
    citizen.registers()
    other = Citizen(citizen.house, citizen.app, citizen.register)
    answer = other.signs_in()
    assert (answer.status_code, answer.location) == (303, "/account")


def test_the_session_id_is_new_at_each_login_and_the_old_one_is_dead(citizen: Citizen) -> None:
    citizen.registers()
    name = citizen.house.settings.cookie("idp")
    first = citizen.cookie(name)
    citizen.signs_in(at="/login?again=1")
    second = citizen.cookie(name)
    assert first != second
    assert len(second) >= 43  # 256 bits
    citizen.browser.set_cookie(name, first)
    assert citizen.get("/account").status_code == 303


def test_the_cookie_cannot_be_read_by_scripts_and_goes_to_no_other_site(citizen: Citizen) -> None:
    set_cookie = next(
        one for one in citizen.registers().headers.getlist("Set-Cookie") if one.startswith("yinxin-8000-idp=")
    )
    assert "HttpOnly" in set_cookie
    assert "SameSite=Lax" in set_cookie
    assert "Path=/" in set_cookie


def seen(answer: TestResponse, *typed: str) -> tuple[int, str]:
    text = answer.text
    for one in typed:
        text = text.replace(one, "")
    start, end = text.index("<main"), text.index("</main>")
    return answer.status_code, "".join(
        line for line in text[start:end].splitlines() if "csrf" not in line and "data-" not in line
    )


def test_unknown_account_wrong_password_and_locked_account_look_the_same(citizen: Citizen) -> None:
    citizen.registers()
    citizen.browser.delete_cookie(citizen.house.settings.cookie("idp"))
    wrong = seen(citizen.post("/login", account="jia.shili", password="a wrong one"), "jia.shili")
    unknown = seen(citizen.post("/login", account="nobody.here", password="a wrong one"), "nobody.here")
    with citizen.house.database.write() as db:
        db.execute(people.person_table.update().values(state="locked"))
    locked = seen(citizen.post("/login", account="jia.shili", password=PASSWORD), "jia.shili")
    assert wrong == unknown == locked
    assert wrong[0] == 401


def test_unknown_account_and_wrong_password_take_the_same_work(
    citizen: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time itself is measured in bench/; here: each attempt costs one hash, and hashes of one kind."""
    citizen.registers()
    verify, costs = password.HASHER.verify, list[Parameters]()

    class Counted:
        def verify(self, kept: str, given: bytes) -> bool:
            costs.append(extract_parameters(kept))
            return verify(kept, given)

    monkeypatch.setattr(password, "HASHER", Counted())
    for account in ("jia.shili", "nobody.here"):
        with pytest.raises(WrongCredentials):
            sign_in.with_password(citizen.house, account, "a wrong one", net="here", now=clock.now())
    assert len(costs) == 2
    assert costs[0] == costs[1]


@pytest.mark.parametrize("typed", ["", " ", "\x00", "a" * 10_000, "示例\ud800", "' OR 1=1 --", "jia.shili\n"])
def test_whatever_is_typed_there_is_the_same_answer(citizen: Citizen, typed: str) -> None:
    with pytest.raises(WrongCredentials):
        sign_in.with_password(citizen.house, typed.strip() or "nobody", typed, net="here", now=clock.now())


def test_a_stranger_slows_down_only_himself(house: House) -> None:
    accounts.register(house, "jia.shili", PASSWORD, now=clock.now())
    for _ in range(throttle.HERE.times):
        with pytest.raises(WrongCredentials):
            sign_in.with_password(house, "jia.shili", "guess", net="198.51.100.0/24", now=clock.now())
    with pytest.raises(TooMany):
        sign_in.with_password(house, "jia.shili", PASSWORD, net="198.51.100.0/24", now=clock.now())
    sign_in.with_password(house, "jia.shili", PASSWORD, net="203.0.113.0/24", now=clock.now())


def test_an_unknown_account_is_slowed_down_alike(house: House) -> None:
    for _ in range(throttle.HERE.times):
        with pytest.raises(WrongCredentials):
            sign_in.with_password(house, "nobody.here", "guess", net="n", now=clock.now())
    with pytest.raises(TooMany):
        sign_in.with_password(house, "nobody.here", "guess", net="n", now=clock.now())


def test_a_success_forgets_the_failures(house: House) -> None:
    accounts.register(house, "jia.shili", PASSWORD, now=clock.now())
    for _ in range(3):
        for _ in range(throttle.HERE.times - 1):
            with pytest.raises(WrongCredentials):
                sign_in.with_password(house, "jia.shili", "guess", net="home", now=clock.now())
        sign_in.with_password(house, "jia.shili", PASSWORD, net="home", now=clock.now())


def test_too_many_attempts_are_told_in_the_form_with_the_time_to_wait(citizen: Citizen) -> None:
    for _ in range(throttle.HERE.times):
        citizen.post("/login", account="nobody.here", password="guess")
    answer = citizen.post("/login", account="nobody.here", password="guess")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert 'value="nobody.here"' in answer.text  # what was typed is kept
    assert "guess" not in answer.text


def test_an_error_links_to_its_field_and_the_title_says_so(citizen: Citizen) -> None:
    page = citizen.post("/login", account="nobody.here", password="guess").text
    assert '<a href="#account">' in page
    assert 'aria-invalid="true"' in page
    assert "<title>Error: Sign in" in page


def test_the_form_needs_its_token_and_its_own_site(citizen: Citizen) -> None:
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = citizen.browser.post("/login", data={"account": "a", "password": "b"}, headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil"]
)
def test_nobody_is_led_to_another_site(citizen: Citizen, next_: str) -> None:
    citizen.registers()
    other = Citizen(citizen.house, citizen.app, citizen.register)
    page = other.browser.get("/login", query_string={"next": next_})
    other.send(page, "/login", account="x", password="y")
    token_page = other.get("/login")
    answer = other.browser.post(
        "/login",
        query_string={"next": next_},
        data={"account": "jia.shili", "password": PASSWORD, "csrf": token_of(token_page)},
    )
    assert answer.location == "/account"


def token_of(page: TestResponse) -> str:
    return page.text.partition('name="csrf" value="')[2].partition('"')[0]


def test_after_signing_in_one_goes_on_where_one_wanted_to(citizen: Citizen) -> None:
    citizen.registers()
    other = Citizen(citizen.house, citizen.app, citizen.register)
    sent = other.get("/companies")
    assert sent.status_code == 303
    assert sent.location.startswith("/login?next=")
    assert other.post(sent.location, account="jia.shili", password=PASSWORD).location == "/companies"


def test_another_person_on_the_same_browser_ends_the_login_before(citizen: Citizen) -> None:
    citizen.registers()
    first = citizen.session
    citizen.account = "second.person"
    citizen.registers()
    with citizen.house.database.read() as db:
        assert callers.sessions(db, first.person or "", clock.now()) == []
        assert callers.is_revoked(db, [first.sid])


def test_a_session_ends_by_itself(citizen: Citizen) -> None:
    citizen.registers()
    hours = citizen.house.settings.session_hours
    with clock.shifted(timedelta(hours=hours, minutes=1).total_seconds()):
        assert citizen.get("/account").status_code == 303


def test_a_hash_with_older_parameters_is_renewed_at_the_next_login(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    with monkeypatch.context() as patched:
        patched.setattr(password, "HASHER", weak)
        person = accounts.register(house, "jia.shili", PASSWORD, now=clock.now())
    before = accounts.factors_of(house, person.id)[0].secret
    assert password.is_outdated(before)
    sign_in.with_password(house, "jia.shili", PASSWORD, net="home", now=clock.now())
    after = accounts.factors_of(house, person.id)[0].secret
    assert not password.is_outdated(after)
    sign_in.with_password(house, "JIA.shili ", PASSWORD, net="home", now=clock.now())


def test_the_login_page_is_not_kept_and_cannot_be_framed(citizen: Citizen) -> None:
    headers = citizen.get("/login").headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
