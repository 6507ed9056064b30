"""Real-name verification: once, step by step, one account for one person, and a register that is never believed blindly."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from deploy.demo.register.people import PEOPLE
from deploy.demo.register.people import Person as Who
from deploy.demo.register.site import create_app as create_register
from hub import clock, ledger
from hub.fetch import Fetch
from hub.house import House
from hub.problems import TooMany
from idp import realname
from idp.account import accounts
from idp.model.person import Level, NumberTaken, Person, Profile
from idp.model.realname import (
    Form,
    LiveCheckFailed,
    NeedsGuardian,
    NotMatched,
    NotYours,
    RegisterLater,
    Stage,
    WrongStep,
    age,
    grown_up,
)
from idp.names import NameWrong
from idp.numbers import detect
from idp.numbers.person import numbered
from idp.numbers.rules import NumberWrong
from idp.realname import matching, paper
from idp.registers import seam
from idp.store import people, proofs
from tests.idp.citizen import JIA, OUYANG, PASSWORD, Citizen, account, came_back, shown_face


def test_name_and_number_give_level_two(house: House, register: FlaskClient) -> None:
    id = account(house)
    person = realname.match(house, id, *JIA, now=clock.now())
    assert person.level is Level.matched
    assert person.holder_key == house.vault.blind("holder", "111:880101198503120015")
    with house.database.read() as db:
        profile = people.profile(db, house.vault, id)
        evidence = proofs.evidence_of(db, id)
    assert (profile.name, profile.number, profile.number_type) == (*JIA, "111")
    assert [(one.method, one.level, one.register) for one in evidence] == [("match", 2, "http://localhost:8002")]
    assert len(evidence[0].answer_digest) == 64
    assert evidence[0].transaction


@pytest.mark.parametrize("who", [who for who in PEOPLE if not who.country], ids=lambda who: who.number)
def test_each_listed_person_can_prove_the_name_but_a_child(house: House, register: FlaskClient, who: Who) -> None:
    id = account(house)
    if who.name == "示例小甲":
        with pytest.raises(NeedsGuardian):
            realname.match(house, id, who.name, who.number, now=clock.now())
        return
    kind = "553" if who.number.startswith("9") else "111"
    assert realname.match(house, id, who.name, who.number, now=clock.now()).holder_key == house.vault.blind(
        "holder", f"{kind}:{who.number}"
    )


def test_a_mismatch_says_nothing_of_which_is_wrong(house: House, register: FlaskClient) -> None:
    id = account(house)
    said = []
    for name, number in ((OUYANG[0], JIA[1]), (JIA[0], "870101198503120016"[:17] + "5")):
        with pytest.raises((NotMatched, NumberWrong)) as refused:
            realname.match(house, id, name, number, now=clock.now())
        said.append(type(refused.value))
    assert NotMatched in said
    with house.database.read() as db:
        assert people.by_holder(db, people.holder_key(house.vault, "111", JIA[1])) is None
        assert proofs.evidence_of(db, id) == []


def test_what_cannot_be_right_never_reaches_the_register(house: House, register: FlaskClient) -> None:
    id = account(house)
    register.post("/faults", data={"fault": "down"})
    with pytest.raises(NumberWrong):
        realname.match(house, id, JIA[0], "880101198503120016", now=clock.now())
    with pytest.raises(NameWrong):
        realname.match(house, id, "示\ue863", JIA[1], now=clock.now())


@pytest.mark.parametrize("fault", ["down", "garbage", "wrong-signature", "wrong-audience", "wrong-nonce", "old"])
def test_an_answer_that_cannot_be_trusted_is_later_and_keeps_the_form(
    house: House, register: FlaskClient, fault: str
) -> None:
    id = account(house)
    realname.match(house, account(house, "other.person"), *OUYANG, now=clock.now())  # the key is pinned
    register.post("/faults", data={"fault": fault})
    with pytest.raises(RegisterLater):
        realname.match(house, id, *JIA, now=clock.now())
    status = realname.status(house, id)
    assert status.stage is Stage.later
    assert status.form
    assert (status.form.name, status.form.number) == JIA
    assert status.person.level is Level.stated
    register.post("/faults", data={"fault": "none"})
    assert realname.match(house, id, *JIA, now=clock.now()).level is Level.matched
    assert realname.status(house, id).form is None  # from here the profile holds it


def test_a_register_that_is_not_there_is_later(house: House) -> None:
    id = account(house)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))  # nobody listens
        settings = house.settings.model_copy(update={"register_url": f"http://127.0.0.1:{door.getsockname()[1]}"})
        alone = replace(house, settings=settings, fetch=Fetch(settings))
        with pytest.raises(RegisterLater):
            realname.match(alone, id, *JIA, now=clock.now())


def test_a_slow_register_is_later_and_nobody_waits_for_it(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create_register(tmp_path / "slow", "http://127.0.0.1", fault="slow", slow_seconds=2)
    server = make_server("127.0.0.1", 0, made, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    settings = house.settings.model_copy(update={"register_url": f"http://127.0.0.1:{server.port}"})
    far = replace(house, settings=settings, fetch=Fetch(settings))
    monkeypatch.setattr(seam, "CALL_SECONDS", 0.3)
    id = account(house)
    begun = time.monotonic()
    with pytest.raises(RegisterLater):
        realname.match(far, id, *JIA, now=clock.now())
    assert time.monotonic() - begun < 1.5
    assert realname.status(house, id).stage is Stage.later
    server.shutdown()


def test_another_register_at_the_same_address_is_not_believed(
    house: House, register: FlaskClient, tmp_path: Path
) -> None:
    realname.match(house, account(house), *JIA, now=clock.now())
    house.fetch.serve_here(
        house.settings.register_url, create_register(tmp_path / "forged", house.settings.register_url)
    )
    with pytest.raises(RegisterLater):
        realname.match(house, account(house, "other.person"), *OUYANG, now=clock.now())


def test_a_kept_form_can_be_dropped(house: House, register: FlaskClient) -> None:
    id = account(house)
    register.post("/faults", data={"fault": "down"})
    with pytest.raises(RegisterLater):
        realname.match(house, id, *JIA, now=clock.now())
    realname.forget_form(house, id, now=clock.now())
    assert realname.status(house, id).form is None


def guesses(house: House, id: str, network: str = "192.0.2.0/24") -> None:
    with pytest.raises(NotMatched):
        realname.match(house, id, "示例乙", JIA[1], network=network, now=clock.now())


def test_guessing_is_limited_for_each_account(house: House, register: FlaskClient) -> None:
    id = account(house)
    for turn in range(matching.PER_PERSON.times):
        guesses(house, id, f"network {turn}")
    with pytest.raises(TooMany):
        guesses(house, id, "another network")


def test_a_stranger_uses_up_only_what_his_own_network_has_of_a_number(house: House, register: FlaskClient) -> None:
    for turn in range(matching.PER_NUMBER.times):
        guesses(house, account(house, f"guesser.{turn}"))
    with pytest.raises(TooMany):
        guesses(house, account(house, "last.guesser"))
    owner = account(house, "the.owner")
    assert realname.match(house, owner, *JIA, network="198.51.100.0/24", now=clock.now()).level is Level.matched


def test_a_network_that_tries_many_numbers_has_to_wait(
    house: House, register: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "PER_NETWORK", replace(matching.PER_NETWORK, times=3))
    for turn in range(3):
        guesses(house, account(house, f"guesser.{turn}"))
    with pytest.raises(TooMany):
        realname.match(house, account(house), *OUYANG, network="192.0.2.0/24", now=clock.now())


def test_a_number_belongs_to_one_account(house: House, register: FlaskClient) -> None:
    first, second = account(house), account(house, "other.person")
    realname.match(house, first, *JIA, now=clock.now())
    with pytest.raises(NumberTaken):
        realname.match(house, second, *JIA, now=clock.now())
    with house.database.read() as db:
        assert proofs.evidence_of(db, second) == []  # it fell with the claim
        assert people.profile(db, house.vault, second).number == ""


def test_an_account_has_one_number(house: House, register: FlaskClient) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    with pytest.raises((NumberTaken, WrongStep)):
        realname.match(house, id, *OUYANG, now=clock.now())


def racer(house: House, name: str) -> str:
    """An account without a password: fifty of them cost too much time to hash."""
    with house.database.write() as db:
        people.add(db, house.vault, Person(name, clock.now()), Profile(name))
    return name


def test_of_fifty_at_once_one_account_gets_the_number(house_on: House, tmp_path: Path) -> None:
    house = house_on
    made = create_register(tmp_path / "register", house.settings.register_url)
    house.fetch.serve_here(house.settings.register_url, made)
    ids = [racer(house, f"racer.{turn}") for turn in range(50)]
    realname.match(house, account(house, "first.of.all"), *OUYANG, now=clock.now())  # pins the key

    def race(id: str) -> bool:
        try:
            realname.match(house, id, *JIA, network=id, now=clock.now())
        except NumberTaken:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        won = list(pool.map(race, ids))
    assert sum(won) == 1
    with house.database.read() as db:
        owner = people.by_holder(db, people.holder_key(house.vault, "111", JIA[1]))
        assert owner
        assert owner.id == ids[won.index(True)]
        assert sum(len(proofs.evidence_of(db, id)) for id in ids) == 1


# -- the live check


BACK = "http://localhost:8000/realname/live"


def matched(house: House) -> str:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    return id


def test_a_live_check_gives_level_three(house: House, register: FlaskClient) -> None:
    id = matched(house)
    assert shown_face(house, register, id).level is Level.present
    with house.database.read() as db:
        owner = people.by_holder(db, people.holder_key(house.vault, "111", JIA[1]))
        assert owner
        assert (owner.id, owner.level) == (id, Level.present)
        evidence = proofs.evidence_of(db, id)
        told = ledger.events(db, subject=f"person:{id}", kind="person.proved")
    assert [(one.method, one.score_band, one.kind) for one in evidence] == [
        ("live", "high", "face"),
        ("match", "", "citizen"),
    ]
    assert {(one.source, one.agent) for one in evidence} == {("population", f"person:{id}")}
    assert [event.facts["level"] for event in told] == [3, 2]
    assert JIA[1] not in str(told)
    assert JIA[0] not in str(told)


@pytest.mark.parametrize("outcome", ["no-match", "cancelled"])
def test_a_failed_live_check_leaves_level_two_and_may_be_tried_again(
    house: House, register: FlaskClient, outcome: str
) -> None:
    id = matched(house)
    with pytest.raises(LiveCheckFailed):
        shown_face(house, register, id, outcome)
    assert realname.status(house, id).person.level is Level.matched
    assert shown_face(house, register, id).level is Level.present


def test_a_live_check_that_has_not_ended_gives_nothing(house: House, register: FlaskClient) -> None:
    id = matched(house)
    page = realname.begin_live_check(house, id, BACK, binding="a session", now=clock.now())
    check = page.rpartition("/")[2]
    for ticket in ("", "guessed"):
        with pytest.raises(WrongStep):
            realname.end_live_check(house, id, check=check, ticket=ticket, binding="a session", now=clock.now())
    assert realname.status(house, id).person.level is Level.matched


def test_a_live_check_counts_once(house: House, register: FlaskClient) -> None:
    id = matched(house)
    came = came_back(house, register, id)
    realname.end_live_check(house, id, **came, binding="a session", now=clock.now())
    with pytest.raises((WrongStep, NotYours)):
        realname.end_live_check(house, id, **came, binding="a session", now=clock.now())


def test_the_live_check_comes_after_name_and_number(house: House, register: FlaskClient) -> None:
    with pytest.raises(WrongStep):
        realname.begin_live_check(house, account(house), BACK, binding="a session", now=clock.now())
    other = account(house, "other.person")
    with pytest.raises((WrongStep, NotYours)):
        realname.end_live_check(house, other, check="x", ticket="y", binding="a session", now=clock.now())


def test_another_session_of_the_same_person_cannot_end_the_check_and_then_nobody_can(
    house: House, register: FlaskClient
) -> None:
    id = matched(house)
    came = came_back(house, register, id)
    for binding in ("another session", "a session"):
        with pytest.raises(NotYours):
            realname.end_live_check(house, id, **came, binding=binding, now=clock.now())
    assert realname.status(house, id).person.level is Level.matched
    assert shown_face(house, register, id).level is Level.present  # begun again, by himself


def test_a_link_sent_to_a_stranger_proves_nothing_for_whoever_sent_it(house: House, register: FlaskClient) -> None:
    """The attacker knows name and number of a person, begins the check, and has that person show the face."""
    attacker, victim = matched(house), account(house, "victim")
    came = came_back(house, register, attacker)  # the ticket is in the victim's browser
    with pytest.raises(WrongStep):  # all that the attacker has is the check
        realname.end_live_check(house, attacker, check=came["check"], ticket="", binding="a session", now=clock.now())
    with pytest.raises(NotYours):  # the victim comes back, signed in or not
        realname.end_live_check(house, victim, **came, binding="the victim's", now=clock.now())
    with pytest.raises(NotYours):  # and that was the end of it, even with the ticket
        realname.end_live_check(house, attacker, **came, binding="a session", now=clock.now())
    assert realname.status(house, attacker).person.level is Level.matched


def test_nothing_personal_stands_in_the_database_in_clear(house: House, register: FlaskClient) -> None:
    shown_face(house, register, matched(house))
    other = accounts.register(house, "other.person", PASSWORD, now=clock.now())
    register.post("/faults", data={"fault": "down"})
    with pytest.raises(RegisterLater):
        realname.match(house, other.id, *OUYANG, now=clock.now())
    dump = b"".join(path.read_bytes() for path in house.settings.data.glob("yinxin.db*"))
    for secret in (*JIA, *OUYANG, "jia.shili", "other.person", PASSWORD):
        assert secret.encode() not in dump


@pytest.mark.parametrize(("hour", "of_age"), [(15, False), (16, True), (23, True)])  # UTC; 16:00 is midnight in Beijing
def test_at_every_moment_either_the_guardian_or_the_child_can_act(hour: int, *, of_age: bool) -> None:
    child = paper.read(Form("示例小甲", "88010120190930007X"), clock.now())
    now = datetime(2033, 9, 29, hour, 59 if hour == 15 else 0, tzinfo=UTC)
    assert (grown_up(child.born) <= now) is of_age  # the mandate of the parents is over
    if of_age:
        assert paper.grown_up(child, now) is child
    else:
        with pytest.raises(NeedsGuardian):
            paper.grown_up(child, now)


def test_a_child_born_today_in_beijing_is_not_of_tomorrow() -> None:
    night = datetime(2026, 11, 21, 17, tzinfo=UTC)  # 01:00 on the 22nd there
    number = numbered("880101", date(2026, 11, 22), 7)
    assert detect.read(number, night).born == date(2026, 11, 22)


def test_years_are_full_years() -> None:
    born, today = clock.now().date().replace(year=2012, month=3, day=2), clock.now().date()
    assert age(born, today.replace(year=2026, month=3, day=1)) == 13
    assert age(born, today.replace(year=2026, month=3, day=2)) == 14


# -- the pages


def test_the_pages_lead_from_nothing_to_level_three(citizen: Citizen) -> None:
    citizen.registers()
    assert citizen.session.level == 1
    before = citizen.cookie("yinxin-8000-idp")
    assert citizen.proves().location == "/account"
    assert (citizen.session.level, len(citizen.session.holder_keys)) == (2, 1)
    assert citizen.cookie("yinxin-8000-idp") != before  # a new id at each step up
    assert citizen.shows_face().location == "/account"
    assert citizen.session.level == 3
    assert "You need not do this again" in citizen.get("/realname").text


def test_both_fields_are_checked_at_once_and_kept(citizen: Citizen) -> None:
    citizen.registers()
    answer = citizen.proves(("", "880101198503120016"))
    assert answer.status_code == 422
    assert 'href="#name"' in answer.text
    assert 'href="#number"' in answer.text
    assert 'value="880101198503120016"' in answer.text


def test_an_old_private_code_is_put_right_in_the_form(citizen: Citizen) -> None:
    citizen.registers()
    answer = citizen.proves(("示\ue863", "880301200311150050"))
    assert answer.status_code == 422
    assert 'value="示\u4dae"' in answer.text


def test_when_the_register_is_down_the_page_says_so_and_the_form_waits(citizen: Citizen) -> None:
    citizen.registers()
    citizen.register.post("/faults", data={"fault": "down"})
    answer = citizen.proves()
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    page = citizen.get("/realname").text
    assert "What you entered is kept" in page
    assert f'value="{JIA[1]}"' in page
    citizen.register.post("/faults", data={"fault": "none"})
    assert citizen.proves().status_code == 303


def test_the_address_alone_gives_no_level(citizen: Citizen) -> None:
    citizen.registers()
    citizen.proves()
    sent = citizen.post("/realname/live", form_at="/realname")
    check = sent.location.rpartition("/")[2]
    answer = citizen.get(f"/realname/live?check={check}")
    assert answer.status_code == 409
    assert citizen.session.level == 2
    assert citizen.comes_back(sent, "no-match").status_code == 422
    assert citizen.session.level == 2


def test_a_level_reached_in_another_session_is_taken_over(citizen: Citizen) -> None:
    citizen.registers()
    other = Citizen(citizen.house, citizen.app, citizen.register)
    other.signs_in()
    citizen.proves()
    assert other.session.level == 1
    other.get("/realname")
    assert other.session.level == 2


def test_the_number_of_somebody_else_is_refused_with_a_way_out(citizen: Citizen) -> None:
    citizen.is_proved()
    other = Citizen(citizen.house, citizen.app, citizen.register, account="other.person")
    other.registers()
    answer = other.proves()
    assert answer.status_code == 409
    assert "already" in answer.text or "proved this number" in answer.text


def test_the_kept_form_outlives_the_session(citizen: Citizen) -> None:
    citizen.registers()
    citizen.register.post("/faults", data={"fault": "garbage"})
    citizen.proves()
    with clock.shifted(timedelta(hours=20).total_seconds()):
        citizen.signs_in()
        assert f'value="{JIA[1]}"' in citizen.get("/realname").text
