"""The second step: codes from paper, codes by text message, and a password that others know by now."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from hub import callers, clock, notices, outbox
from hub.house import House
from hub.problems import TooMany
from idp.account import accounts, letters, locks
from idp.login import onetime, password, recovery_codes, second, sign_in, totp
from idp.login.sign_in import Passed
from idp.model.factor import Kind, NotOffered, WrongCredentials
from idp.model.person import Level
from idp.store import people
from idp.store import recovery_codes as code_store
from tests.idp.citizen import PASSWORD, Citizen

PHONE = "13800000000"  # of no network: the demo's gateway sends nothing


@pytest.fixture
def phone(house: House) -> list[dict[str, Any]]:
    """The gateway for text messages, over HTTP in this process: what it was given."""
    got = list[dict[str, Any]]()
    site = Flask("gateway")

    @site.post("/phone")
    def take() -> tuple[str, int]:
        from flask import request

        got.append(request.get_json())
        return "", 204

    house.fetch.serve_here(house.settings.register_url, site)
    return got


def with_app(citizen: Citizen) -> bytes:
    key = accounts.new_totp_key(citizen.house, citizen.session)
    now = clock.now()
    accounts.add_totp(citizen.house, citizen.session, totp.code(key, int(now.timestamp()) // totp.STEP - 1), now=now)
    return key


def with_phone(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    citizen.registers()
    citizen.post("/account/contact/phone", value=PHONE)
    assert citizen.post("/account/contact/phone", code=code_in(citizen.house, phone)).status_code == 303
    assert citizen.post("/account/sms", form_at="/account/security").status_code == 303


def code_in(house: House, phone: list[dict[str, Any]]) -> str:
    outbox.deliver(house, clock.now())
    found = re.search(r"\b[0-9]{8}\b", phone[-1]["text"])
    assert found
    return found[0]


def half_of(house: House) -> Passed:
    return sign_in.with_password(house, "jia.shili", PASSWORD, net="n", now=clock.now())


def fresh(citizen: Citizen) -> Citizen:
    return Citizen(citizen.house, citizen.app, citizen.register)


def inside(citizen: Citizen) -> bool:
    return citizen.signed_in


# -- codes on paper


def test_ten_codes_of_eighty_bits_are_shown_once(citizen: Citizen) -> None:
    """NIST SP 800-63B-4 3.1.2, ASVS 6.5.2."""
    citizen.registers()
    with_app(citizen)
    page = citizen.post("/account/recovery-codes").text
    codes = re.findall(r">([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})<", page)
    assert len(set(codes)) == recovery_codes.HOW_MANY == 10
    assert recovery_codes.BYTES * 8 >= 64
    assert codes[0] not in citizen.get("/account/recovery-codes").text
    with citizen.house.database.read() as db:
        kept = str(db.execute(code_store.code_table.select()).all())
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_a_code_stands_for_the_second_factor_once_and_its_owner_is_told(citizen: Citizen) -> None:
    citizen.registers()
    with_app(citizen)
    codes = accounts.new_recovery_codes(citizen.house, citizen.session, now=clock.now())
    other = fresh(citizen)
    assert other.signs_in().location == "/login/second"
    assert other.post("/login/recovery-code", code=codes[0].lower().replace("-", " ")).status_code == 303
    assert other.session.amr == ("pwd", "otp", "mfa")
    again = fresh(citizen)
    again.signs_in()
    assert again.post("/login/recovery-code", code=codes[0]).status_code == 401
    assert not inside(again)
    with citizen.house.database.read() as db:
        told = [one for one in notices.of_person(db, citizen.person) if one.title == second.USED]
    assert [one.values for one in told] == [{"left": "9"}]


def test_a_code_alone_opens_nothing(citizen: Citizen) -> None:
    """ASVS 6.4.3: it does not pass by what comes before it."""
    citizen.registers()
    with_app(citizen)
    codes = accounts.new_recovery_codes(citizen.house, citizen.session, now=clock.now())
    other = fresh(citizen)
    assert other.get("/login/recovery-code").status_code == 400
    page = other.get("/login")
    assert other.send(page, "/login/recovery-code", code=codes[0]).status_code == 400
    assert not inside(other)


def test_a_new_set_voids_the_old_one_and_removal_voids_all(house_on: House) -> None:
    house, now = house_on, clock.now()
    person = accounts.register(house, "jia.shili", PASSWORD, now=now)
    with house.database.write() as db:
        old = recovery_codes.renew(house, db, person.id, now)
        new = recovery_codes.renew(house, db, person.id, now)
        assert not recovery_codes.use(house, db, person.id, old[0], now)
        assert recovery_codes.use(house, db, person.id, new[0], now)
        assert not recovery_codes.use(house, db, person.id, new[0], now)
        assert not recovery_codes.use(house, db, "another", new[1], now)
        assert code_store.left(db, person.id) == 9


def test_without_a_second_factor_there_is_nothing_that_codes_could_stand_for(citizen: Citizen) -> None:
    citizen.registers()
    with pytest.raises(NotOffered):
        accounts.new_recovery_codes(citizen.house, citizen.session, now=clock.now())
    assert citizen.post("/account/recovery-codes").status_code == 409


# -- codes by text message


def test_a_code_by_text_message_signs_in_and_the_page_names_what_is_safer(
    citizen: Citizen, phone: list[dict[str, Any]]
) -> None:
    """NIST SP 800-63B-4 3.1.3.1: restricted, with a stronger way on offer; RFC 8176 `sms`."""
    with_phone(citizen, phone)
    assert "restricted" in citizen.get("/account/security").text
    other = fresh(citizen)
    other.signs_in()
    page = other.get("/login/sms").text
    assert "passkey" in page
    assert 'href="/recover' in page  # who lost the phone is not left here
    assert PHONE not in page
    other.post("/login/sms/send", form_at="/login/sms")
    code = code_in(citizen.house, phone)
    assert phone[-1]["to"] == f"+86{PHONE}"
    assert other.post("/login/sms", form_at="/login/sms?sent=1", code=f"{code[:4]} {code[4:]}").status_code == 303
    assert other.session.amr == ("pwd", "sms", "mfa")


def test_after_a_wrong_try_another_code_works(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    """mosip/esignet 2636: sending again broke after one wrong try."""
    with_phone(citizen, phone)
    other = fresh(citizen)
    other.signs_in()
    other.post("/login/sms/send", form_at="/login/sms")
    first = code_in(citizen.house, phone)
    assert other.post("/login/sms", form_at="/login/sms?sent=1", code="00000000").status_code == 401
    other.post("/login/sms/send", form_at="/login/sms?sent=1")
    new = code_in(citizen.house, phone)
    if first != new:
        assert other.post("/login/sms", form_at="/login/sms?sent=1", code=first).status_code == 401
    assert other.post("/login/sms", form_at="/login/sms?sent=1", code=new).status_code == 303


def test_a_code_is_bound_to_its_request(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    """ASVS 6.6.2: the code of one sign-in finishes no other one of the same person."""
    with_phone(citizen, phone)
    one, two = fresh(citizen), fresh(citizen)
    one.signs_in()
    two.signs_in()
    one.post("/login/sms/send", form_at="/login/sms")
    code = code_in(citizen.house, phone)
    assert two.post("/login/sms", form_at="/login/sms?sent=1", code=code).status_code == 401
    assert one.post("/login/sms", form_at="/login/sms?sent=1", code=code).status_code == 303


def test_a_code_works_once_for_ten_minutes_and_has_more_than_twenty_bits(house: House) -> None:
    """ASVS 6.5.5, 6.6.2, 6.6.3."""
    code = onetime.fresh(house, "p", "b")
    assert 10 ** len(code) > 2**20
    assert onetime.SECONDS <= 600
    assert house.shared._redis.ttl(f"yx:{onetime._key(house, 'b')}") <= 600
    assert onetime.fits(house, "b", code)
    assert not onetime.fits(house, "b", code)


def test_failures_are_counted_across_codes(house: House) -> None:
    """Asking for another code gives no further tries."""
    for turn in range(onetime.TRIES.times):
        if turn % 2 == 0:
            onetime.fresh(house, "p", "b")
        assert not onetime.fits(house, "b", "x")
    code = onetime.fresh(house, "p", "b")
    with pytest.raises(TooMany):
        onetime.fits(house, "b", code)
    with pytest.raises(TooMany):
        [onetime.fresh(house, "p", "b") for _ in range(onetime.SENT.times)]


def test_at_the_highest_level_text_messages_are_off(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    """ASVS 6.6.1. Who has them already signs in with them no higher than level 3."""
    with_phone(citizen, phone)
    with citizen.house.database.write() as db:
        people.raise_level(db, citizen.person, Level.attended, clock.now())
    half = half_of(citizen.house)
    passed = sign_in.completed(citizen.house, half, Kind.sms, "n", "")
    assert sign_in.finish(citizen.house, passed, device="", now=clock.now()).caller.level == 3
    stronger = sign_in.completed(citizen.house, half, Kind.totp, "n", "")
    assert sign_in.finish(citizen.house, stronger, device="", now=clock.now()).caller.level == 4
    sms = next(one for one in accounts.factors_of(citizen.house, citizen.person) if one.kind is Kind.sms)
    accounts.remove_factor(citizen.house, citizen.session, sms.id, now=clock.now())
    with pytest.raises(NotOffered):
        accounts.add_sms(citizen.house, citizen.session, now=clock.now())


def test_the_page_about_the_name_opens_for_who_is_known_better_than_his_text_message_shows(
    citizen: Citizen, phone: list[dict[str, Any]]
) -> None:
    with_phone(citizen, phone)
    with citizen.house.database.write() as db:
        people.raise_level(db, citizen.person, Level.attended, clock.now())
    other = fresh(citizen)
    other.signs_in()
    other.post("/login/sms/send", form_at="/login/sms")
    other.post("/login/sms", form_at="/login/sms?sent=1", code=code_in(citizen.house, phone))
    assert other.session.level == Level.present
    assert other.get("/realname").status_code == 200


def test_nobody_gets_a_code_who_has_not_asked_for_that_way(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    citizen.registers()
    with_app(citizen)
    half = half_of(citizen.house)
    with pytest.raises(NotOffered):
        second.send_code(citizen.house, half, "x", language="en", now=clock.now())
    with pytest.raises(WrongCredentials):
        second.with_sms(citizen.house, half, "x", "12345678", now=clock.now())
    with citizen.house.database.read() as db:
        assert not [one for one in outbox.deliveries(db) if one.kind == letters.SMS]


def test_codes_and_numbers_lie_nowhere_in_clear(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    with_phone(citizen, phone)
    with citizen.house.database.read() as db:
        bodies = str([one.body for one in outbox.deliveries(db)])
        told = str(notices.of_person(db, citizen.person))
        profile = people.profile(db, citizen.house.vault, citizen.person)
    assert profile.phone == f"+86{PHONE}"
    assert PHONE not in bodies + told


# -- a password that others know


def test_who_has_a_password_that_is_known_chooses_another_one_before_anything_else(citizen: Citizen) -> None:
    """NIST SP 800-63B-4 3.1.1.2, ASVS 6.2.12: changed only when it is known to be compromised, and then at once."""
    citizen.registers()
    _let_it_be_known(citizen)
    other = fresh(citizen)
    answer = other.signs_in("passwordpassword")
    assert answer.location == "/login/change"
    assert not inside(other)
    assert other.get("/account").status_code == 303
    assert other.post("/login/change", new="short").status_code == 422
    assert other.post("/login/change", new="passwordpassword").status_code == 422
    assert not inside(other)
    assert other.post("/login/change", new="eight quiet lanterns upstream").status_code == 303
    assert inside(other)
    assert not inside(citizen)  # whoever else was in is out
    assert fresh(citizen).signs_in("passwordpassword").status_code == 401


def test_the_second_factor_comes_before_the_new_password(citizen: Citizen) -> None:
    citizen.registers()
    key = with_app(citizen)
    _let_it_be_known(citizen)
    other = fresh(citizen)
    assert other.signs_in("passwordpassword").location == "/login/second"
    assert other.get("/login/change").status_code == 400
    code = totp.code(key, int(clock.now().timestamp()) // totp.STEP + 1)
    assert other.post("/login/second", code=code).location == "/login/change"
    assert not inside(other)
    assert other.post("/login/change", new="eight quiet lanterns upstream").status_code == 303
    assert other.session.amr == ("pwd", "otp", "mfa")


def _let_it_be_known(citizen: Citizen) -> None:
    """As if the list of known passwords had grown since it was chosen."""
    fresh_hash = password.hashed(citizen.house, "passwordpassword")
    factor = next(one for one in accounts.factors_of(citizen.house, citizen.person) if one.kind is Kind.password)
    from idp.store import factors as factor_store

    with citizen.house.database.write() as db:
        factor_store.change_secret(db, factor, fresh_hash, factor.facts or {})


def test_changing_the_password_needs_the_present_one_and_offers_to_end_other_sessions(citizen: Citizen) -> None:
    """ASVS 6.2.2, 6.2.3, 7.4.3."""
    citizen.registers()
    other = fresh(citizen)
    other.signs_in()
    page = citizen.get("/account/password")
    assert 'name="others"' in page.text
    new = "eight quiet lanterns upstream"
    assert citizen.send(page, "/account/password", old="wrong", new=new, others="yes").status_code == 401
    assert inside(other)
    assert citizen.send(page, "/account/password", old=PASSWORD, new=PASSWORD, others="yes").status_code == 422
    assert citizen.send(page, "/account/password", old=PASSWORD, new=new, others="yes").status_code == 303
    assert inside(citizen)
    assert not inside(other)
    with citizen.house.database.read() as db:
        assert len(callers.sessions(db, citizen.person, clock.now())) == 1


def test_of_many_at_once_one_gets_a_recovery_code(house_on: House) -> None:
    person = accounts.register(house_on, "jia.shili", PASSWORD, now=clock.now())
    with house_on.database.write() as db:
        code = recovery_codes.renew(house_on, db, person.id, clock.now())[0]

    def use(_: int) -> bool:
        with house_on.database.write() as db:
            return recovery_codes.use(house_on, db, person.id, code, clock.now())

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(16))) == 1


def test_of_many_at_once_one_gets_a_code_that_was_sent(house: House) -> None:
    code = onetime.fresh(house, "p", "b")

    def fits(_: int) -> bool:
        return onetime.fits(house, "b", code)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(fits, range(onetime.TRIES.times))) == 1


def test_a_locked_account_is_unlocked_with_every_second_factor_that_it_has(
    citizen: Citizen, phone: list[dict[str, Any]]
) -> None:
    with_phone(citizen, phone)
    codes = accounts.new_recovery_codes(citizen.house, citizen.session, now=clock.now())
    person = citizen.person
    for way in ("sms", "paper"):
        locks.lock(citizen.house, person, by=f"person:{person}", now=clock.now())
        other = fresh(citizen)
        assert other.post("/unlock", account=citizen.account, password=PASSWORD).location == "/unlock/second"
        assert other.post("/unlock/second", **{way: "00000000"}).status_code == 401
        shown = codes[0]
        if way == "sms":
            other.post("/unlock/sms", form_at="/unlock/second")
            shown = code_in(citizen.house, phone)
        assert other.post("/unlock/second", form_at="/unlock/second?sent=1", **{way: shown}).status_code == 200, way
        assert fresh(citizen).signs_in().location == "/login/second"
