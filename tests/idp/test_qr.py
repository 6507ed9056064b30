"""Signing in on a computer with a phone: one phone, one answer, one browser, and whoever relays a code is seen."""

import html
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import redis
import zxingcpp
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import callers, clock, inbox, ledger, notices, sessions
from hub.caller import Caller
from hub.house import House
from hub.problems import TooMany
from hub.shared import Shared, SharedDown
from idp.account import accounts
from idp.login import qr, session, totp
from idp.model.factor import SignInAgain, is_strongest
from idp.model.person import Level
from idp.model.qr import CodeGone, methods
from idp.provider import flows
from idp.store import people
from tests.idp.citizen import PASSWORD, Citizen, local
from tests.idp.rp import Visit, department
from tests.licenses.test_qr import drawn

NET = "198.51.100.0/24"


@pytest.fixture
def phone(citizen: Citizen) -> Citizen:
    """A phone on which somebody signed in just now."""
    citizen.registers()
    return citizen


@pytest.fixture
def computer(citizen: Citizen) -> Citizen:
    """Another browser, where nobody is signed in."""
    return Citizen(citizen.house, citizen.app, citizen.register)


def code_on(computer: Citizen, at: str = "/login/qr") -> str:
    """The path in the code on the computer's page."""
    page = computer.get(at).text
    found = re.search(r'href="(http[^"]+/qr/[\w-]+)"', page)
    assert found, page
    return local(html.unescape(found[1]))


def number_on(computer: Citizen, at: str = "/login/qr") -> str:
    found = re.search(r'id="number"[^>]*>(\d\d)<', computer.get(at).text)
    assert found
    return found[1]


def scans(phone: Citizen, code: str) -> Any:
    answer = phone.get(code)
    assert answer.status_code == 303, answer.text
    return phone.get(answer.location)


def approves(phone: Citizen, computer: Citizen, at: str = "/login/qr") -> None:
    page = scans(phone, code_on(computer, at))
    assert page.status_code == 200, page.text
    assert "You agreed" in phone.send(page, "/qr", number=number_on(computer, at)).text


def collects(computer: Citizen, at: str = "/login/qr") -> Any:
    return computer.send(computer.get(at), at)


def state_of(computer: Citizen) -> str:
    said: dict[str, str] = computer.get("/login/qr/state").json or {}
    return said["stage"]


# -- the way


def test_a_phone_signs_a_computer_in(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    assert state_of(computer) == "approved"
    assert collects(computer).status_code == 303
    assert (computer.person, computer.session.sid != phone.session.sid) == (phone.person, True)
    assert computer.cookie(phone.house.settings.cookie("idp")) != phone.cookie(phone.house.settings.cookie("idp"))


def test_the_login_page_offers_it(computer: Citizen) -> None:
    assert 'href="/login/qr"' in computer.get("/login").text


def test_the_picture_holds_the_link_and_nothing_else(phone: Citizen, computer: Citizen) -> None:
    page = computer.get("/login/qr").text
    picture = re.search(r"<svg xmlns.*?</svg>", page[page.index("data-code") :])
    assert picture
    (found,) = zxingcpp.read_barcodes(drawn(picture[0]))
    assert re.fullmatch(rf"{computer.house.settings.issuer_url}/qr/[\w-]{{32}}", found.text)
    assert scans(phone, local(found.text)).status_code == 200


def test_whoever_is_not_signed_in_on_the_phone_does_it_there_first(citizen: Citizen, computer: Citizen) -> None:
    citizen.registers()
    other = Citizen(citizen.house, citizen.app, citizen.register)
    scanned = other.get(code_on(computer))
    login = other.get(scanned.location)
    assert login.location.startswith("/login?next=%2Fqr") or login.location.startswith("/login?next=/qr")
    back = other.signs_in(at=login.location)
    page = other.get(back.location)
    assert "Which number" in page.text
    other.send(page, "/qr", number=number_on(computer))
    collects(computer)
    assert computer.person == other.person


def begun_at_a_department(computer: Citizen, **changes: str) -> str:
    """A sign-in that waits in this browser; gives the address of its page with the code."""
    service = Visit(computer.house, computer.app, department())
    begun = computer.get(f"/oidc/authorize?{urlencode(service.asked(**changes))}")
    return begun.location.replace("http://localhost:8000/login?", "/login/qr?")


def test_a_sign_in_that_waits_is_finished_at_its_service(phone: Citizen, computer: Citizen) -> None:
    at = begun_at_a_department(computer)
    page = scans(phone, code_on(computer, at))
    assert "Qiyun market regulation" in page.text
    assert "https://market.qiyun.example" in page.text
    phone.send(page, "/qr", number=number_on(computer, at))
    answer = collects(computer, at)
    assert answer.location.startswith("/consent?flow=")
    assert computer.signed_in


def test_a_service_of_the_highest_level_is_not_reached_by_a_code(computer: Citizen) -> None:
    at = begun_at_a_department(computer, acr_values="urn:yinxin:loa:4")
    assert computer.get(at).location == at.replace("/login/qr?", "/login?")
    assert "/login/qr" not in computer.get(at.replace("/login/qr?", "/login?")).text


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "60"}])
def test_a_service_that_wants_a_fresh_sign_in_gets_one_on_the_phone(
    phone: Citizen, computer: Citizen, asked: dict[str, str]
) -> None:
    with clock.shifted(5):
        at = begun_at_a_department(computer, **asked)
        again = scans(phone, code_on(computer, at))
        assert again.location.startswith("/login?again=1")
        page = phone.get(phone.signs_in(at=again.location).location)
        phone.send(page, "/qr", number=number_on(computer, at))
        assert collects(computer, at).location.startswith("/consent?flow=")


# -- what the new session is


def test_the_new_session_knows_what_the_phone_knew_and_says_that_a_phone_was_used(
    phone: Citizen, computer: Citizen
) -> None:
    approves(phone, computer)
    collects(computer)
    assert computer.session.amr == ("pwd", "mca")
    assert computer.session.auth_time == phone.session.auth_time
    assert computer.session.level == 1
    assert computer.session.acting_for is None
    assert not computer.cookie(computer.house.settings.cookie("device"))  # no factor was shown on it


def test_a_phone_at_a_lower_level_does_not_raise_the_computer(phone: Citizen, computer: Citizen) -> None:
    with phone.house.database.write() as db:  # proved meanwhile in another session
        db.execute(people.person_table.update().values(level=3))
    approves(phone, computer)
    collects(computer)
    assert computer.session.level == Level.stated


def test_a_person_at_a_higher_level_comes_in_at_the_phones(phone: Citizen, computer: Citizen) -> None:
    with phone.house.database.write() as db:
        db.execute(people.person_table.update().values(level=3))
        db.execute(sessions.session_table.update().values(level=2))
    approves(phone, computer)
    collects(computer)
    assert computer.session.level == Level.matched


def test_a_relayed_login_never_counts_as_resistant_to_phishing() -> None:
    there = Caller(person="p", level=4, amr=("hwk", "user", "mfa"))
    assert sessions.assurance(there) == 3
    assert sessions.assurance(replace(there, amr=methods(there.amr))) == 2
    assert is_strongest(there.amr)
    assert not is_strongest(methods(there.amr))  # nor at a service that asks for the highest level


@pytest.mark.parametrize("amr", [(), ("pwd",), ("pwd", "otp", "mfa"), ("hwk", "user", "mfa"), ("pwd", "mca")])
def test_the_methods_gain_one_mark_and_no_other(amr: tuple[str, ...]) -> None:
    assert set(methods(amr)) == {*amr, "mca"}
    assert methods(methods(amr)) == methods(amr)


def test_the_owner_is_told_of_the_new_device(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    collects(computer)
    with phone.house.database.read() as db:
        assert "with your phone" in notices.of_person(db, phone.person)[0].title
        kinds = [event.kind for event in ledger.events(db, scope="hub", limit=10)]
    assert "login.approved-by-phone" in kinds


# -- the code


def test_another_code_stands_there_every_fifteen_seconds_and_old_ones_die(phone: Citizen, computer: Citizen) -> None:
    first = code_on(computer)
    with clock.shifted(16):
        second = code_on(computer)
    assert first != second
    with clock.shifted(31):
        assert phone.get(first).status_code == 404
        assert phone.get(second).status_code == 303


def test_a_code_holds_at_least_128_bits(computer: Citizen) -> None:
    assert len(code_on(computer).rpartition("/")[2]) * 6 >= 192


def test_a_code_works_once(phone: Citizen, computer: Citizen) -> None:
    code = code_on(computer)
    scans(phone, code)
    second = Citizen(phone.house, phone.app, phone.register, account="second.person")
    second.registers()
    assert second.get(code).status_code == 404
    assert phone.get(code).status_code == 404


def test_the_newest_code_of_a_request_that_was_scanned_is_dead_too(phone: Citizen, computer: Citizen) -> None:
    old = code_on(computer)
    with clock.shifted(16):
        new = code_on(computer)
        scans(phone, old)
        second = Citizen(phone.house, phone.app, phone.register, account="second.person")
        assert second.get(new).status_code == 404


def test_nobody_scans_after_two_minutes(phone: Citizen, computer: Citizen) -> None:
    code_on(computer)
    with clock.shifted(119):
        late = code_on(computer)
    with clock.shifted(121):
        assert phone.get(late).status_code == 404
        page = computer.get("/login/qr")
        assert "The time is over" in page.text
        assert computer.send(page, "/login/qr/again").location == "/login/qr"
        assert scans(phone, code_on(computer)).status_code == 200


@pytest.mark.parametrize("code", ["x", "..", "a" * 500, "%00", "😀", "A" * 32])
def test_an_unknown_code_is_gone(phone: Citizen, code: str) -> None:
    assert phone.get(f"/qr/{code}").status_code == 404


@settings(max_examples=30, deadline=None)
@given(code=st.text(max_size=80))
def test_whatever_is_scanned_there_is_a_clean_answer(provider: tuple[House, Flask], code: str) -> None:
    with pytest.raises(CodeGone):
        qr.scan(provider[0], code, "phone", "browser", network=secrets.token_hex(4), now=clock.now())


def test_a_preview_does_not_use_the_code_up(phone: Citizen, computer: Citizen) -> None:
    code = code_on(computer)
    assert phone.browser.head(code).status_code == 303
    assert phone.browser.get(code, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 303
    assert scans(phone, code).status_code == 200


def test_the_code_leaves_the_address_line_and_is_not_kept(phone: Citizen, computer: Citizen) -> None:
    answer = phone.get(code_on(computer))
    assert answer.location == "/qr"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in answer.headers["Set-Cookie"]


def test_the_short_term_memory_holds_no_code(phone: Citizen, computer: Citizen) -> None:
    code = code_on(computer).rpartition("/")[2]
    shared: Any = redis.Redis.from_url(phone.house.settings.redis_url)
    kept = [key + (shared.get(key) or b"") for key in shared.keys("yx:idp:qr:*")]
    assert kept
    assert not any(code.encode() in one for one in kept)


# -- the number


def test_the_phone_offers_three_numbers_and_the_computer_shows_one_of_them(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer)).text
    choices = re.findall(r'name="number" value="(\d\d)"', page)
    assert len(set(choices)) == 3
    assert number_on(computer) in choices


def test_before_the_scan_there_is_no_number(computer: Citizen) -> None:
    assert 'id="number"' not in computer.get("/login/qr").text
    assert "number" not in (computer.get("/login/qr/state").json or {})


def test_a_wrong_number_ends_the_request(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer))
    right = number_on(computer)
    wrong = next(one for one in re.findall(r'name="number" value="(\d\d)"', page.text) if one != right)
    assert "That was another number" in phone.send(page, "/qr", number=wrong).text
    assert phone.send(page, "/qr", number=right).status_code == 404  # no second try
    assert state_of(computer) == "refused"
    refuses_to_sign_in(computer)


@pytest.mark.parametrize("typed", ["", "0", "100", "-1", "4.2", "٤٢", "nan", "9" * 40])
def test_what_is_no_number_is_a_no(phone: Citizen, computer: Citizen, typed: str) -> None:
    page = scans(phone, code_on(computer))
    assert "That was another number" in phone.send(page, "/qr", number=typed).text
    refuses_to_sign_in(computer)


def refuses_to_sign_in(computer: Citizen) -> None:
    token = computer.get("/login")
    assert computer.send(token, "/login/qr").status_code == 400
    assert not computer.signed_in


# -- who may


def test_another_browser_cannot_collect_the_session(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    thief = Citizen(phone.house, phone.app, phone.register)
    thief.get("/login/qr")
    refuses_to_sign_in(thief)
    assert collects(computer).status_code == 303


def test_another_sign_in_of_the_same_browser_cannot_collect_it(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    name = flows.cookie_name(phone.house)
    with pytest.raises(SignInAgain):
        qr.collect(phone.house, computer.cookie(name), "another-flow", device="", before=None, now=clock.now())


def test_an_approval_is_collected_once(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    page = computer.get("/login/qr")
    assert computer.send(page, "/login/qr").status_code == 303
    first = computer.session
    assert computer.send(page, "/login/qr").status_code == 400
    assert computer.session == first


def test_an_approval_that_nobody_collects_dies(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    with clock.shifted(121):
        assert state_of(computer) == "over"
        refuses_to_sign_in(computer)


def test_of_two_answers_one_counts(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer))
    right = number_on(computer)
    assert "Nobody was signed in" in phone.send(page, "/qr", **{"not-me": "1"}).text
    assert phone.send(page, "/qr", number=right).status_code in {200, 404}
    refuses_to_sign_in(computer)


def test_when_the_phones_login_has_ended_its_approval_is_worth_nothing(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    phone.send(phone.get("/qr"), "/account/sign-out-everywhere")
    refuses_to_sign_in(computer)


def test_a_locked_account_lets_nobody_in(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    with phone.house.database.write() as db:
        db.execute(people.person_table.update().values(state="locked"))
    refuses_to_sign_in(computer)


def test_the_asking_browser_does_not_scan_itself(citizen: Citizen) -> None:
    """On one device there is nothing to scan: it is led to the sign-in."""
    assert citizen.get(code_on(citizen)).location == "/login"
    assert state_of(citizen) == "shown"


def test_a_phone_that_was_signed_in_long_ago_shows_a_factor_first(phone: Citizen, computer: Citizen) -> None:
    with clock.shifted(20 * 60):
        scanned = phone.get(code_on(computer))
        again = phone.get(scanned.location)
        assert again.status_code == 303
        assert again.location.startswith("/login?again=1&next=%2Fqr") or "next=/qr" in again.location
        page = phone.get(phone.signs_in(at=again.location).location)
        phone.send(page, "/qr", number=number_on(computer))
        collects(computer)
        assert computer.session.auth_time == phone.session.auth_time
        assert clock.now() - (computer.session.auth_time or clock.now()) < timedelta(minutes=1)


def test_an_answer_without_a_fresh_factor_is_not_taken(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer))
    right = number_on(computer)
    with phone.house.database.write() as db:
        old = clock.now() - timedelta(minutes=16)
        db.execute(sessions.session_table.update().values(auth_time=old))
    assert phone.send(page, "/qr", number=right).status_code == 303
    assert state_of(computer) == "scanned"


def test_an_officers_account_is_not_let_in_by_a_code(phone: Citizen, computer: Citizen) -> None:
    with phone.house.database.write() as db:
        db.execute(people.person_table.update().values(needs_second_factor=True))
    answer = scans(phone, code_on(computer))
    assert answer.status_code == 403
    assert "Officers sign in with their own second factor" in answer.text


# -- the attack: somebody shows his code to a victim


def test_the_phone_shows_who_asks(phone: Citizen, computer: Citizen) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"
    away = {"REMOTE_ADDR": "203.0.113.7"}
    page = computer.browser.get("/login/qr", headers={"User-Agent": agent}, environ_base=away).text
    found = re.search(r'href="(http[^"]+/qr/[\w-]+)"', page)
    assert found
    text = scans(phone, local(found[1])).text
    for shown in ("My account", "Chrome, Windows", "203.0.113.0/24", "not this phone", "UTC+8"):
        assert shown in text
    assert "Only if the device stands before you" in text


def test_this_was_not_me_reaches_ledger_desk_and_notices(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer))
    assert "The help desk was told" in phone.send(page, "/qr", **{"not-me": "1"}).text
    refuses_to_sign_in(computer)
    assert "Nobody was signed in" in computer.get("/login/qr").text
    with phone.house.database.read() as db:
        assert [one.body["person"] for one in inbox.read(db, qr.DISOWNED)] == [phone.person]
        assert "not yours" in notices.of_person(db, phone.person)[0].title
        events = [one for one in ledger.events(db, scope="hub", limit=10) if one.kind == "login.refused-by-phone"]
    assert [one.facts["number"] for one in events] == ["disowned"]


def test_nobody_floods_the_desk(phone: Citizen) -> None:
    for _ in range(qr.TOLD.times + 2):
        computer = Citizen(phone.house, phone.app, phone.register)
        page = scans(phone, code_on(computer))
        assert "Nobody was signed in" in phone.send(page, "/qr", **{"not-me": "1"}).text
    with phone.house.database.read() as db:
        assert len(inbox.read(db, qr.DISOWNED)) == qr.TOLD.times


def test_a_plain_no_alarms_nobody(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer))
    assert "You said no" in phone.send(page, "/qr", cancel="1").text
    with phone.house.database.read() as db:
        assert not inbox.read(db, qr.DISOWNED)
    assert state_of(computer) == "refused"


def test_the_computer_can_give_up(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer))
    right = number_on(computer)
    assert computer.send(computer.get("/login/qr"), "/login/qr/cancel").location == "/login"
    assert phone.send(page, "/qr", number=right).status_code == 404
    assert "Sign in with your phone" in computer.get("/login/qr").text


def test_the_forms_need_their_token(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    for path in ("/login/qr", "/login/qr/again", "/login/qr/cancel"):
        assert computer.browser.post(path).status_code == 403
    assert phone.browser.post("/qr", data={"number": "42"}).status_code == 403


# -- what gets lost, and what is too much


def test_when_the_short_term_memory_was_lost_the_computer_begins_anew(phone: Citizen, computer: Citizen) -> None:
    page = scans(phone, code_on(computer))
    redis.Redis.from_url(phone.house.settings.redis_url).flushall()
    assert state_of(computer) == "gone"
    assert phone.send(page, "/qr", number="42").status_code == 404
    approves(phone, computer)
    assert collects(computer).status_code == 303


def test_without_the_short_term_memory_nobody_comes_in(phone: Citizen, computer: Citizen) -> None:
    approves(phone, computer)
    dead = replace(phone.house, shared=Shared("redis://127.0.0.1:1"))
    name = flows.cookie_name(phone.house)
    with pytest.raises(SharedDown):
        qr.collect(dead, computer.cookie(name), "", device="", before=None, now=clock.now())


def test_one_network_begins_only_so_many(house: House) -> None:
    def begun(turn: int) -> None:
        qr.ask(house, f"b{turn}", "", client="", network=NET, device="", since=None, now=clock.now())

    for turn in range(qr.ASKED.times):
        begun(turn)
    with pytest.raises(TooMany):
        begun(-1)
    qr.ask(house, "other", "", client="", network="203.0.113.0/24", device="", since=None, now=clock.now())


def test_nobody_is_worn_out_by_questions(phone: Citizen) -> None:
    answered = 0
    for _ in range(qr.ANSWERED.times + 1):
        asking = Citizen(phone.house, phone.app, phone.register)
        page = scans(phone, code_on(asking))
        answered += phone.send(page, "/qr", number=number_on(asking)).status_code == 200
    assert answered == qr.ANSWERED.times


def test_a_page_may_ask_every_two_seconds_and_no_faster(house: House) -> None:
    for _ in range(qr.LOOKED.times):
        qr.looked(house, NET)
    with pytest.raises(TooMany):
        qr.looked(house, NET)
    assert qr.LOOKED.seconds / qr.LOOKED.times < 2


def test_the_pages_are_not_kept_and_load_themselves_anew_only_without_script(phone: Citizen, computer: Citizen) -> None:
    page = computer.get("/login/qr")
    assert page.headers["Cache-Control"] == "no-store"
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', page.text)
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_a_second_factor_on_the_phone_is_told_too(phone: Citizen, computer: Citizen) -> None:
    page = phone.get("/account/app")
    key = accounts.new_totp_key(phone.house, phone.session)
    phone.send(page, "/account/app", code=totp.code(key, clock.timestamp() // 30))
    approves(phone, computer)
    collects(computer)
    assert computer.session.amr == ("pwd", "otp", "mfa", "mca")


def test_a_phone_that_shows_a_code_is_told_that_there_is_nothing_to_scan(computer: Citizen) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
    page = computer.browser.get("/login/qr", headers={"User-Agent": agent, "Accept-Language": "en"}).text
    assert page.index("Then there is nothing to scan") < page.index("data-code")
    assert '<details class="yx-details" open>' in page


# -- many at once


def test_of_many_phones_one_takes_the_request_and_of_many_windows_one_gets_the_session(house_on: House) -> None:
    house, now = house_on, clock.now()
    person = accounts.register(house, "jia.shili", PASSWORD, now=now)
    with house.database.write() as db:
        on_phone = session.begin(house, db, person, ("pwd",), now=now).caller
    asking = qr.ask(house, "browser", "", client="", network=NET, device="", since=None, now=now)
    code = qr.shown(house, asking, now).code

    def scan(turn: int) -> bool:
        try:
            qr.scan(house, code, f"phone-{turn}", "", network=f"n{turn}", now=now)
        except CodeGone:
            return False
        return True

    def collect(_: int) -> bool:
        try:
            qr.collect(house, "browser", "", device="", before=None, now=now)
        except SignInAgain:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        took = list(threads.map(scan, range(16)))
        assert sum(took) == 1
        phone = f"phone-{took.index(True)}"
        assert qr.approve(house, phone, qr.held(house, phone, now)[1].number, on_phone, now)
        assert sum(threads.map(collect, range(16))) == 1
    with house.database.read() as db:
        assert len(callers.sessions(db, person.id, now)) == 2  # the phone's and the computer's
