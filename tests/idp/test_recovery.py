"""Getting back into an account: only by showing who one is, never past a second factor, and never unnoticed by its owner."""

import re
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from hub import callers, clock, ledger, outbox
from hub.caller import Caller
from hub.digest import digest_of
from hub.house import House
from hub.problems import TooMany
from idp import attended
from idp.account import accounts, recovery, recovery_end
from idp.login import totp
from idp.model.factor import Kind
from idp.model.person import AccountEnded, Level
from idp.model.realname import Form
from idp.model.recovery import (
    STOPPED,
    USABLE,
    WAIT,
    NothingToRecover,
    OfficerAccount,
    Recovery,
    RecoveryStopped,
    ResetCodeWrong,
    Stage,
    Way,
)
from idp.store import people, recoveries
from tests.idp.citizen import JIA, OUYANG, PASSWORD, Authenticator, Citizen, local, options, told
from tests.idp.rp import Visit, department
from tests.idp.test_second import PHONE, code_in, phone, with_phone

__all__ = ["phone"]
NEW = "nine slow harbours beneath clouds"
OFFICER = Caller(person="officer", place="hub/880000/880100")


@pytest.fixture
def owner(citizen: Citizen) -> Citizen:
    """Somebody whose real name is verified, with a password."""
    return citizen.is_proved()


@pytest.fixture
def browser(citizen: Citizen) -> Citizen:
    """A browser in which nobody is signed in."""
    return Citizen(citizen.house, citizen.app, citizen.register)


def asks(browser: Citizen, who: tuple[str, str] = JIA) -> TestResponse:
    return browser.post("/recover", name=who[0], number=who[1])


def shows(browser: Citizen, who: tuple[str, str] = JIA, outcome: str = "match") -> TestResponse:
    """Name, number and face; ends at the page with the account, or at the refusal."""
    back = browser.comes_back(asks(browser, who), outcome)
    return browser.get(back.location) if back.status_code == 303 else back


def sets(browser: Citizen, password: str = NEW, **fields: str) -> TestResponse:
    return browser.post("/recover/account", password=password, **fields)


def app_of(owner: Citizen) -> bytes:
    """The owner adds an authenticator app; gives its key."""
    page = owner.get("/account/app")
    key = accounts.new_totp_key(owner.house, owner.session)
    owner.send(page, "/account/app", code=totp.code(key, clock.timestamp() // 30))
    return key


def kinds(owner: Citizen, person: str) -> set[Kind]:
    return {one.kind for one in accounts.factors_of(owner.house, person)}


def written(house: House, kind: str) -> list[Any]:
    with house.database.read() as db:
        return [one for one in ledger.events(db, kind=kind, limit=100) if one.kind == kind]


# -- the way


def test_who_shows_who_he_is_learns_his_account_name_and_sets_a_new_password(owner: Citizen, browser: Citizen) -> None:
    person = owner.person
    page = shows(browser)
    assert page.status_code == 200, page.text
    assert "jia.shili" in page.text
    done = sets(browser)
    assert "Your account is yours again" in done.text
    assert "jia.shili" in done.text
    assert browser.signs_in(PASSWORD).status_code == 401
    assert browser.signs_in(NEW).status_code == 303
    assert browser.person == person


def test_recovering_signs_nobody_in(owner: Citizen, browser: Citizen) -> None:
    shows(browser)
    sets(browser)
    assert not browser.signed_in


def test_everything_that_runs_ends_and_everybody_concerned_is_told(owner: Citizen, browser: Citizen) -> None:
    service = Visit(owner.house, owner.app, department(events_uri="https://market.qiyun.example/events"))
    service.person = person = owner.person
    with owner.house.database.write() as db:
        owner.house.vault.encrypt(db, person, b"x", "x")
    service.agrees()
    shows(browser)
    sets(browser)
    assert not owner.signed_in
    assert any("was recovered" in one for one in told(owner.house, person))
    assert [one.facts["way"] for one in written(owner.house, "person.recovered")] == ["live"]
    with owner.house.database.read() as db:
        events = [one.body["event"] for one in outbox.deliveries(db) if one.kind == "idp.event"]
        assert callers.sessions(db, person, clock.now()) == []
    assert any("credential-change" in one for one in events)


def test_the_login_page_leads_here(browser: Citizen) -> None:
    assert 'href="/recover"' in browser.get("/login").text


def test_the_start_says_plainly_for_whom_it_does_not_work(browser: Citizen) -> None:
    text = browser.get("/recover").text
    assert "This works only if your real name was verified" in text
    for word in ("question", "mail"):
        assert word not in text[text.index("<main") : text.index("</main>")].lower()


def test_a_new_password_keeps_the_rules(owner: Citizen, browser: Citizen) -> None:
    shows(browser)
    assert sets(browser, "short").status_code == 422
    assert sets(browser, "jia.shili jia.shili").status_code == 422
    assert "Your account is yours again" in sets(browser).text


# -- nobody learns who has an account


def test_with_and_without_an_account_the_answer_is_the_same(owner: Citizen, browser: Citizen) -> None:
    def answer(who: tuple[str, str]) -> tuple[int, str]:
        said = asks(Citizen(owner.house, owner.app, owner.register), who)
        return said.status_code, re.sub(r"/live/.*", "/live/…", said.location)

    assert answer(JIA) == answer(OUYANG)


def test_before_the_live_check_no_account_is_looked_at(owner: Citizen, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the time is the same as well: it is the same work."""
    looked = []
    monkeypatch.setattr(people, "by_holder", lambda *_: looked.append(1))
    form = Form(JIA[0], JIA[1])
    how = {"browser": "b", "net": "n", "return_url": "http://localhost:8000/recover/checked"}
    recovery.begin(owner.house, form, **how, now=clock.now())
    assert looked == []


def test_only_who_has_shown_his_face_learns_that_there_is_no_account(browser: Citizen) -> None:
    page = shows(browser, OUYANG)
    assert page.status_code == 409
    assert "There is no account that can be opened this way" in page.text


def test_an_account_without_a_verified_name_is_nobodys(citizen: Citizen, browser: Citizen) -> None:
    citizen.registers()
    assert "There is no account that can be opened this way" in shows(browser).text


def test_a_wrong_pair_is_refused_without_saying_which_half(owner: Citizen, browser: Citizen) -> None:
    wrong_name = asks(browser, ("欧阳示例", JIA[1]))
    no_such = asks(browser, ("欧阳示例", "880101199003070015"))
    for one in (wrong_name, no_such):
        assert one.status_code == 422, one.text
    assert "does not confirm what you entered" in wrong_name.text


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("", ""),
        ("示例甲", ""),
        ("示例甲", "1"),
        ("示例甲", "88010119850312001X"),
        ("x" * 500, JIA[1]),
        ("示例甲", "٠" * 18),
    ],
)
def test_what_cannot_be_right_is_told_at_its_field(browser: Citizen, name: str, number: str) -> None:
    answer = asks(browser, (name, number))
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def test_what_was_typed_is_sealed_and_forgotten_once_it_served(owner: Citizen, browser: Citizen) -> None:
    sent = asks(browser)
    with owner.house.database.read() as db:
        row = db.execute(recoveries.recovery_table.select()).one()
    assert JIA[1] not in str(row)
    assert row.form is not None
    browser.comes_back(sent)
    with owner.house.database.read() as db:
        assert db.execute(recoveries.recovery_table.select()).one().form is None


def test_what_nobody_finished_is_forgotten(owner: Citizen, browser: Citizen) -> None:
    asks(browser)
    recovery.clean(owner.house, clock.now() + timedelta(hours=2))
    with owner.house.database.read() as db:
        assert db.execute(recoveries.recovery_table.select()).all() == []


# -- only the person himself, in his own browser


@pytest.mark.parametrize("outcome", ["no-match", "cancelled"])
def test_without_the_face_nothing_opens(owner: Citizen, browser: Citizen, outcome: str) -> None:
    page = shows(browser, outcome=outcome)
    assert page.status_code == 422
    assert "The live check did not succeed" in page.text or "The face was not recognised" in page.text
    assert browser.get("/recover/account").status_code == 404


def test_a_link_sent_to_the_owner_opens_nothing_for_who_sent_it(owner: Citizen, browser: Citizen) -> None:
    """An attacker begins, and lets the owner show his face: the check comes back in the owner's browser, and is void."""
    sent = asks(browser)
    back = owner.comes_back(sent)
    assert back.status_code == 409
    assert "This check was begun somewhere else" in back.text
    for path in ("/recover/checked", "/recover/account"):
        assert browser.get(path).status_code in {404, 409, 422}
    assert browser.signs_in(NEW).status_code == 401


def test_the_address_alone_says_nothing(owner: Citizen, browser: Citizen) -> None:
    sent = asks(browser)
    check = sent.location.rpartition("/")[2]
    for query in (f"check={check}", f"check={check}&ticket=x", "check=&ticket=", "check=%F0%9F%98%80&ticket=1", ""):
        assert browser.get(f"/recover/checked?{query}").status_code >= 400
    assert browser.get("/recover/account").status_code == 404


def test_a_proof_opens_one_account_once(owner: Citizen, browser: Citizen) -> None:
    shows(browser)
    page = browser.get("/recover/account")
    browser.send(page, "/recover/account", password=NEW)
    again = browser.send(page, "/recover/account", password="four other unrelated words")
    assert again.status_code == 404
    assert browser.signs_in(NEW).status_code == 303


def test_another_browser_cannot_finish_it(owner: Citizen, browser: Citizen) -> None:
    shows(browser)
    thief = Citizen(owner.house, owner.app, owner.register)
    assert thief.get("/recover/account").status_code == 404


def test_a_proof_is_good_for_half_an_hour(owner: Citizen, browser: Citizen) -> None:
    shows(browser)
    with clock.shifted(31 * 60):
        assert browser.get("/recover/account").status_code == 404


def test_the_forms_need_their_token(browser: Citizen) -> None:
    for path in ("/recover", "/recover/account", "/recover/code", "/recover/stop", "/recover/network-id"):
        assert browser.browser.post(path).status_code == 403


@pytest.mark.parametrize("state", ["locked", "suspended", "closed", "deceased"])
def test_recovery_does_not_open_what_is_locked(owner: Citizen, browser: Citizen, state: str) -> None:
    with owner.house.database.write() as db:
        db.execute(people.person_table.update().values(state=state))
    page = shows(browser)
    assert page.status_code in {403, 409}
    assert "Choose a new password" not in page.text


def test_an_officers_account_comes_back_only_by_another_officer(owner: Citizen, browser: Citizen) -> None:
    with owner.house.database.write() as db:
        db.execute(people.person_table.update().values(needs_second_factor=True))
    page = shows(browser)
    assert page.status_code == 403
    assert "An officer&#39;s account is not recovered here" in page.text
    with pytest.raises(OfficerAccount):
        recovery_end.give_code(owner.house, owner.person, visit="v", by=OFFICER, now=clock.now())


# -- never past a second factor


def passes(house: House, time: timedelta) -> None:
    """Let time pass for the waiting times. The register has a clock of its own, so ours cannot be moved."""
    table = recoveries.wait_table
    with house.database.write() as db:
        for row in db.execute(table.select()).all():
            moved = {name: getattr(row, name) - time for name in ("begun", "opens", "stopped") if getattr(row, name)}
            db.execute(table.update().where(table.c.person == row.person).values(**moved))


def test_who_still_has_the_second_factor_shows_it(owner: Citizen, browser: Citizen) -> None:
    key = app_of(owner)
    person = owner.person
    page = shows(browser)
    assert 'name="code"' in page.text
    assert sets(browser, code="").status_code == 401
    assert sets(browser, code="000000").status_code == 401
    with clock.shifted(60):
        done = sets(browser, code=totp.code(key, clock.timestamp() // 30))
    assert "Your account is yours again" in done.text
    assert kinds(owner, person) == {Kind.password, Kind.totp}


def test_one_of_the_printed_codes_does_as_well(owner: Citizen, browser: Citizen) -> None:
    app_of(owner)
    code = accounts.new_recovery_codes(owner.house, owner.session, now=clock.now())[0]
    shows(browser)
    assert "Your account is yours again" in sets(browser, code=code).text


def test_who_says_it_is_lost_waits_and_nothing_changes(owner: Citizen, browser: Citizen) -> None:
    app_of(owner)
    shows(browser)
    page = sets(browser, lost="yes")
    assert "Come back later" in page.text
    assert owner.signed_in
    assert kinds(owner, owner.person) == {Kind.password, Kind.totp}
    assert browser.signs_in(NEW).status_code == 401
    assert any("falls on" in one for one in told(owner.house, owner.person))
    assert len(written(owner.house, "person.recovery-begun")) == 1


@pytest.mark.parametrize("early", [timedelta(0), WAIT - timedelta(minutes=2)])
def test_before_its_time_the_second_factor_does_not_fall(owner: Citizen, browser: Citizen, early: timedelta) -> None:
    app_of(owner)
    person = owner.person
    shows(browser)
    sets(browser, lost="yes")
    passes(owner.house, early)
    shows(browser)
    assert "Come back later" in sets(browser, lost="yes").text
    assert Kind.totp in kinds(owner, person)


def test_after_the_waiting_time_and_another_live_check_it_falls(owner: Citizen, browser: Citizen) -> None:
    app_of(owner)
    person = owner.person
    shows(browser)
    sets(browser, lost="yes")
    passes(owner.house, WAIT + timedelta(minutes=1))
    with clock.shifted(WAIT.total_seconds() + 60):
        assert browser.get("/recover/account").status_code == 404  # the first proof is long over
    page = shows(browser)
    assert "Your old second factors will be removed" in page.text
    assert "Your account is yours again" in sets(browser, lost="yes").text
    assert kinds(owner, person) == {Kind.password}
    assert browser.signs_in(NEW).status_code == 303


def test_whoever_comes_too_late_waits_again(owner: Citizen, browser: Citizen) -> None:
    app_of(owner)
    shows(browser)
    sets(browser, lost="yes")
    passes(owner.house, WAIT + USABLE + timedelta(minutes=1))
    shows(browser)
    assert "Come back later" in sets(browser, lost="yes").text


def test_the_owner_stops_it_with_one_button(owner: Citizen, browser: Citizen) -> None:
    app_of(owner)
    shows(browser)
    sets(browser, lost="yes")
    page = owner.get("/recover/stop")
    assert "This was not me: stop it" in page.text
    assert "It was stopped" in owner.send(page, "/recover/stop").text
    assert len(written(owner.house, "person.recovery-stopped")) == 1
    passes(owner.house, WAIT + timedelta(minutes=1))
    shows(browser)
    assert sets(browser, lost="yes").status_code == 403
    assert Kind.totp in kinds(owner, owner_id(owner))


def owner_id(owner: Citizen) -> str:
    with owner.house.database.read() as db:
        found = people.by_account(db, people.account_key(owner.house.vault, owner.account))
    assert found
    return found.id


def test_after_a_stop_only_a_counter_helps_for_thirty_days(owner: Citizen, browser: Citizen) -> None:
    app_of(owner)
    shows(browser)
    sets(browser, lost="yes")
    owner.send(owner.get("/recover/stop"), "/recover/stop")
    code = recovery_end.give_code(owner.house, owner.person, visit="v", by=OFFICER, now=clock.now())
    page = types(browser, code)
    assert "Your old second factors will be removed" in page.text
    passes(owner.house, STOPPED + timedelta(minutes=1))
    shows(browser)
    assert "Come back later" in sets(browser, lost="yes").text


def test_a_stop_wins_over_a_password_that_comes_at_the_same_moment(
    owner: Citizen, browser: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    app_of(owner)
    person = owner.person
    shows(browser)
    sets(browser, lost="yes")
    passes(owner.house, WAIT + timedelta(minutes=1))
    shows(browser)
    value = browser.cookie(owner.house.settings.cookie("recover"))
    seen = recovery.account(owner.house, value, clock.now())
    with owner.house.database.write() as db:
        assert recoveries.stop_wait(db, person, clock.now())
    monkeypatch.setattr(recovery, "account", lambda *_: seen)  # it looked before the owner stopped it
    with pytest.raises(RecoveryStopped):
        recovery_end.finish(owner.house, value, NEW, lost=True, net="n", now=clock.now())
    assert Kind.totp in kinds(owner, person)


def test_an_account_of_passkeys_alone_counts_as_two_factors(owner: Citizen, browser: Citizen) -> None:
    device = Authenticator()
    page = owner.get("/account/passkey")
    owner.send(page, "/account/passkey", answer=device.create(options(page)))
    person = owner.person
    held = accounts.factors_of(owner.house, person)
    accounts.remove_factor(
        owner.house, owner.session, next(f.id for f in held if f.kind is Kind.password), now=clock.now()
    )
    assert "I lost it: begin the 72 hours" in shows(browser).text
    assert "Come back later" in sets(browser, lost="yes").text
    assert kinds(owner, person) == {Kind.passkey}


@pytest.mark.parametrize(("fields", "left"), [({}, {Kind.password, Kind.passkey}), ({"drop": "yes"}, {Kind.password})])
def test_a_lost_device_takes_its_passkey_along(
    owner: Citizen, browser: Citizen, fields: dict[str, str], left: set[Kind]
) -> None:
    device = Authenticator()
    page = owner.get("/account/passkey")
    owner.send(page, "/account/passkey", answer=device.create(options(page)))
    person = owner.person
    shows(browser)
    sets(browser, **fields)
    assert kinds(owner, person) == left


# -- the counter


def types(browser: Citizen, code: str) -> TestResponse:
    answer = browser.post("/recover/code", code=code)
    return browser.get(answer.location) if answer.status_code == 303 else answer


def test_a_counters_code_opens_the_way_and_the_officer_sees_no_password(owner: Citizen, browser: Citizen) -> None:
    app_of(owner)
    person = owner.person
    code = recovery_end.give_code(owner.house, person, visit="v-1", by=OFFICER, now=clock.now())
    assert re.fullmatch(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", code)  # 78 bits
    assert any("officer at a counter" in one for one in told(owner.house, person))
    assert owner.signed_in  # the officer changed nothing
    page = types(browser, code.lower().replace("-", " "))
    assert "jia.shili" in page.text
    assert "Your account is yours again" in sets(browser, lost="yes").text
    assert kinds(owner, person) == {Kind.password}
    event = written(owner.house, "person.recovered")[0]
    assert (event.facts["way"], event.facts["officer"]) == ("counter", OFFICER.label)


def test_a_counters_code_works_once_for_a_day_and_only_its_digest_is_kept(owner: Citizen, browser: Citizen) -> None:
    code = recovery_end.give_code(owner.house, owner.person, visit="v", by=OFFICER, now=clock.now())
    with owner.house.database.read() as db:
        assert code.replace("-", "") not in str(db.execute(recoveries.recovery_table.select()).all())
    with clock.shifted(24 * 3600 + 60):
        assert types(browser, code).status_code == 422
    assert types(browser, code).status_code == 200
    assert types(Citizen(owner.house, owner.app, owner.register), code).status_code == 422


def test_a_newer_code_replaces_the_older_one(owner: Citizen, browser: Citizen) -> None:
    first = recovery_end.give_code(owner.house, owner.person, visit="v", by=OFFICER, now=clock.now())
    second = recovery_end.give_code(owner.house, owner.person, visit="v", by=OFFICER, now=clock.now())
    assert types(browser, first).status_code == 422
    assert types(browser, second).status_code == 200


@pytest.mark.parametrize("typed", ["", " ", "AAAA-AAAA-AAAA-AAAA", "x" * 40, "示例", "';--"])
def test_every_wrong_code_gets_the_same_answer(browser: Citizen, typed: str) -> None:
    answer = browser.post("/recover/code", code=typed)
    assert answer.status_code == 422
    assert "Used, replaced, too old or unknown" in answer.text


@settings(max_examples=25, deadline=None)
@given(typed=st.text(max_size=60))
def test_whatever_is_typed_as_code_there_is_a_clean_answer(provider: tuple[House, Any], typed: str) -> None:
    with pytest.raises(ResetCodeWrong):
        recovery_end.take_code(provider[0], typed, browser="b", net=secrets.token_hex(4), now=clock.now())


def test_codes_cannot_be_tried_out(house: House) -> None:
    for _ in range(recovery_end.CODES.times):
        with pytest.raises(ResetCodeWrong):
            recovery_end.take_code(house, "AAAA", browser="b", net="n", now=clock.now())
    with pytest.raises(TooMany):
        recovery_end.take_code(house, "AAAA", browser="b", net="n", now=clock.now())


def test_no_code_for_who_has_no_account_or_a_locked_one(owner: Citizen) -> None:
    visitor = attended.identify(owner.house, *OUYANG, visit="v", document="id", by=OFFICER, now=clock.now())
    with pytest.raises(NothingToRecover):
        recovery_end.give_code(owner.house, visitor.id, visit="v", by=OFFICER, now=clock.now())
    with owner.house.database.write() as db:
        db.execute(people.person_table.update().values(state="suspended"))
    with pytest.raises(AccountEnded):
        recovery_end.give_code(owner.house, owner_id(owner), visit="v", by=OFFICER, now=clock.now())


# -- brakes that lock nobody out


def begun(house: House, net: str, device: str = "") -> str:
    how = {"browser": secrets.token_hex(8), "return_url": "http://localhost:8000/recover/checked"}
    return recovery.begin(house, Form(*JIA), **how, net=net, device=device, now=clock.now())


def test_a_stranger_slows_down_only_his_own_network(owner: Citizen) -> None:
    for _ in range(recovery.HERE.times):
        begun(owner.house, "stranger")
    with pytest.raises(TooMany):
        begun(owner.house, "stranger")
    begun(owner.house, "home")


def test_past_a_hundred_the_owner_goes_on_with_a_device_of_his(owner: Citizen) -> None:
    device = owner.cookie(owner.house.settings.cookie("device"))
    assert device
    for turn in range(recovery.EVER.times):
        begun(owner.house, f"stranger-{turn}")
    with pytest.raises(TooMany):
        begun(owner.house, "another")
    begun(owner.house, "home", device)


def test_a_success_forgets_the_attempts(owner: Citizen, browser: Citizen) -> None:
    for turn in range(recovery.EVER.times - 1):
        begun(owner.house, f"stranger-{turn}")
    shows(browser)
    begun(owner.house, "somebody")


# -- codes by text message


def proved(house: House, browser: Citizen, person: str) -> None:
    """This browser has just shown whose account it is."""
    now = clock.now()
    done = Recovery("r", Stage.proved, Way.live, now, now + timedelta(minutes=5), digest_of("b"), person=person)
    with house.database.write() as db:
        recoveries.add(db, house.vault, done)
    browser.browser.set_cookie(house.settings.cookie("recover"), "b")


def test_who_still_has_the_phone_gets_a_code_there(citizen: Citizen, phone: list[dict[str, Any]]) -> None:
    with_phone(citizen, phone)
    person, house = citizen.person, citizen.house
    browser = Citizen(house, citizen.app, citizen.register)
    proved(house, browser, person)
    page = browser.get("/recover/account")
    assert "Send a code to my phone" in page.text
    assert PHONE not in page.text
    sent = browser.send(page, "/recover/sms")
    wrong = browser.send(sent, "/recover/account", password=NEW, sent="yes", code="00000000")
    assert wrong.status_code == 401
    code = code_in(house, phone)
    done = browser.send(wrong, "/recover/account", password=NEW, sent="yes", code=code)
    assert "Your account is yours again" in done.text
    assert kinds(citizen, person) == {Kind.password, Kind.sms}


def test_who_uses_no_text_messages_is_sent_none(owner: Citizen, browser: Citizen) -> None:
    shows(browser)
    page = browser.get("/recover/account")
    assert "Send a code" not in page.text
    assert browser.send(page, "/recover/sms").status_code == 409


# -- without name and number


def by_network_id(browser: Citizen, level: str = "3", at: str = "/recover") -> TestResponse:
    """Approve at the network identity service, and come back."""
    sent = browser.post(f"{at}/network-id", form_at=at)
    chosen = {"outcome": "approved", "number": JIA[1], "level": level}
    back = browser.get(local(browser.register.post(urlsplit(sent.location).path, data=chosen).location))
    return browser.get(back.location) if back.status_code == 303 else back


def test_who_is_known_by_a_network_identity_comes_back_by_it(citizen: Citizen, browser: Citizen) -> None:
    citizen.registers()
    by_network_id(citizen, at="/realname")
    with citizen.house.database.read() as db:
        person = people.person(db, citizen.person)
    assert person
    assert (person.holder_key, person.level) == (None, Level.present)
    page = by_network_id(browser)
    assert "jia.shili" in page.text
    assert "Your account is yours again" in sets(browser).text
    assert browser.signs_in(NEW).status_code == 303


def test_a_weaker_network_identity_does_not_open_an_account(citizen: Citizen, browser: Citizen) -> None:
    citizen.registers()
    by_network_id(citizen, at="/realname")
    assert by_network_id(browser, level="2").status_code == 409


def test_a_network_identity_of_nobody_opens_nothing(citizen: Citizen, browser: Citizen) -> None:
    assert "There is no account that can be opened this way" in by_network_id(browser).text


# -- two at once


def test_of_two_that_finish_at_once_one_password_counts(house_on: House) -> None:
    from concurrent.futures import ThreadPoolExecutor

    house, now = house_on, clock.now()
    person = accounts.register(house, "jia.shili", PASSWORD, now=now)
    with house.database.write() as db:
        db.execute(people.person_table.update().values(level=3, holder_key="k"))
        ends = now + timedelta(minutes=5)
        recoveries.add(
            db,
            house.vault,
            Recovery("r", Stage.proved, Way.live, now, ends, browser=digest_of("b"), person=person.id),
        )

    def finishes(turn: int) -> bool:
        try:
            recovery_end.finish(house, "b", f"{NEW} number {turn}", net="n", now=now)
        except Exception:  # noqa: BLE001  whichever refusal: it must be one
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(finishes, range(4))) == 1
    assert [one.kind for one in accounts.factors_of(house, person.id)] == [Kind.password]


def test_the_waiting_time_of_an_account_begins_once(house_on: House) -> None:
    from idp.model.recovery import Wait

    now = clock.now()
    with house_on.database.write() as db:
        assert recoveries.begin_wait(db, Wait("p", now, now + WAIT), None)
        assert not recoveries.begin_wait(db, Wait("p", now, now + WAIT), None)
    assert local("http://x/y") == "/y"
