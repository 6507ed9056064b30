"""A phone and an address: taken as people write them, confirmed by a code, kept sealed, never a way in."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from hub import clock, notices, outbox
from hub.caller import Caller
from hub.house import House
from hub.problems import TooMany
from idp.account import accounts, contacts
from idp.account.contacts import Contact
from idp.model.factor import ContactWrong, Kind
from idp.store import people
from tests.idp.citizen import Citizen
from tests.idp.test_second import PHONE, code_in, phone

__all__ = ["phone"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800000000", "+8613800000000"),
        (" 138 0000 0000 ", "+8613800000000"),
        ("138-0000-0000", "+8613800000000"),
        ("+86 138 0000 0000", "+8613800000000"),
        ("008613800000000", "+8613800000000"),
        ("\uff0b852 5500 0000", "+85255000000"),
        ("+1 (202) 555-0100", "+12025550100"),
    ],
)
def test_a_number_is_taken_as_people_write_it(typed: str, kept: str) -> None:
    assert contacts.phone_number(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "1380000000", "138000000000", "23800000000", "+86 010 1234 5678", "+0 123456789", "+" + "1" * 16]
)
def test_what_is_no_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(ContactWrong):
        contacts.phone_number(typed)


@pytest.mark.parametrize("typed", ["name@example.com", " Name.One+x@Mail.Example.COM "])
def test_an_address_is_kept_with_its_host_in_small_letters(typed: str) -> None:
    kept = contacts.email_address(typed)
    assert kept.rpartition("@")[2].islower()
    assert kept == contacts.email_address(kept)


@pytest.mark.parametrize(
    "typed",
    ["", "name", "@example.com", "name@", "name@host", "a b@example.com", "a@b@example.com", "a..b@example.com",
     "a@example.com\nBcc: x@example.com", "x" * 65 + "@example.com", "a@-x.com", "<a@example.com>", "a@[192.0.2.1]"],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ContactWrong):
        contacts.email_address(typed)


@given(st.text(max_size=300))
def test_whatever_is_typed_there_is_an_answer(typed: str) -> None:
    for read in (contacts.phone_number, contacts.email_address):
        try:
            kept = read(typed)
        except ContactWrong:
            continue
        assert "\n" not in kept
        assert read(kept) == kept


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_masked_number_shows_its_last_four_digits_and_not_the_rest(number: str) -> None:
    shown = contacts.masked(Contact.phone, number)
    assert shown.endswith(number[-4:])
    assert number not in shown.replace(" ", "")


def test_a_number_is_kept_when_its_code_came_back_and_its_owner_is_told(
    citizen: Citizen, phone: list[dict[str, Any]]
) -> None:
    citizen.registers()
    sent = citizen.post("/account/contact/phone", value=PHONE)
    assert sent.status_code == 303
    waiting = citizen.get("/account/contact/phone").text
    assert PHONE not in waiting
    assert "0000" in waiting
    assert _profile(citizen).phone == ""
    code = code_in(citizen.house, phone)
    assert citizen.post("/account/contact/phone", code="00000000").status_code == 422
    assert citizen.post("/account/contact/phone", code=code).status_code == 303
    assert _profile(citizen).phone == f"+86{PHONE}"
    with citizen.house.database.read() as db:
        titles = [one.title for one in notices.of_person(db, citizen.person)]
    assert contacts.CHANGED["phone"] in titles


def test_the_code_of_one_person_confirms_nothing_for_another(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    citizen.registers()
    citizen.post("/account/contact/phone", value=PHONE)
    code = code_in(citizen.house, phone)
    other = Citizen(citizen.house, citizen.app, citizen.register, account="other.person")
    other.registers()
    other.post("/account/contact/phone", value="13900000000")
    assert other.post("/account/contact/phone", code=code).status_code == 422
    assert _profile(other).phone == ""


def test_changing_where_one_is_reached_needs_a_factor_shown_lately(
    citizen: Citizen, phone: list[dict[str, Any]]
) -> None:
    """ASVS 7.5.1."""
    citizen.registers()
    pages = ("/account/contact/phone", "/account/contact/phone/remove", "/account/contact/email", "/account/sms")
    form = citizen.get("/account/security")
    with clock.shifted(16 * 60):
        for path in pages:
            assert citizen.send(form, path, value=PHONE).location.startswith("/login?again=1"), path
    assert _profile(citizen).phone == ""


def test_a_number_to_which_codes_are_sent_is_not_removed_before_that_way_is(
    citizen: Citizen, phone: list[dict[str, Any]]
) -> None:
    citizen.registers()
    citizen.post("/account/contact/phone", value=PHONE)
    citizen.post("/account/contact/phone", code=code_in(citizen.house, phone))
    citizen.post("/account/sms", form_at="/account/security")
    form = citizen.get("/account/security")
    assert citizen.send(form, "/account/contact/phone/remove").status_code == 422
    sms = next(one for one in accounts.factors_of(citizen.house, citizen.person) if one.kind is Kind.sms)
    citizen.send(form, "/account/factors/remove", factor=sms.id)
    assert citizen.send(form, "/account/contact/phone/remove").status_code == 303
    assert _profile(citizen).phone == ""


def test_the_number_of_before_is_told_that_it_is_none_any_more(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    citizen.registers()
    for number in (PHONE, "13900000000"):
        citizen.post("/account/contact/phone", value=number)
        citizen.post("/account/contact/phone", code=code_in(citizen.house, phone))
    citizen.post("/account/contact/phone/remove", form_at="/account/security")
    with clock.shifted(3600):  # news is news for a day, not for ten minutes
        outbox.deliver(citizen.house, clock.now())
    told = [one for one in phone if not any(map(str.isdigit, one["text"]))]  # no code, and no number
    assert sorted(one["to"] for one in told) == [f"+86{PHONE}", "+8613900000000"]
    for one in told:
        assert "jia.shili" not in one["text"]
        assert "http" not in one["text"]


def test_news_that_is_older_than_a_day_is_sent_to_nobody(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    citizen.registers()
    citizen.post("/account/contact/phone", value=PHONE)
    citizen.post("/account/contact/phone", code=code_in(citizen.house, phone))
    citizen.post("/account/contact/phone/remove", form_at="/account/security")
    before = len(phone)
    with clock.shifted(86_401):
        outbox.deliver(citizen.house, clock.now())
    assert len(phone) == before


def test_the_gateway_being_down_spoils_nothing(citizen: Citizen, house: House) -> None:
    citizen.registers()
    house.fetch.serve_here(house.settings.register_url, Flask("nothing is served here"))
    citizen.post("/account/contact/phone", value=PHONE)
    outbox.deliver(house, clock.now())
    with house.database.read() as db:
        waiting = [one for one in outbox.deliveries(db) if one.kind == "sms"]
    assert [one.state for one in waiting] == ["waiting"]
    with clock.shifted(700):  # too late for a code: it is not sent any more
        outbox.deliver(house, clock.now())
        with house.database.read() as db:
            assert [one.state for one in outbox.deliveries(db) if one.kind == "sms"] == ["failed"]


def test_there_is_no_third_kind_of_contact(citizen: Citizen) -> None:
    citizen.registers()
    assert citizen.get("/account/contact/fax").status_code == 404


def _profile(citizen: Citizen) -> Any:
    with citizen.house.database.read() as db:
        return people.profile(db, citizen.house.vault, citizen.person)


def test_from_however_many_accounts_one_number_gets_ten_codes_a_day(house: House) -> None:
    def asks(account: str) -> None:
        me = Caller(person=account, sid=account)
        contacts.begin(house, me, Contact.phone, PHONE, language="en", now=clock.now())

    for number in range(contacts.TO_ONE.times):
        asks(f"account-{number}")
    with pytest.raises(TooMany):
        asks("one-more")
