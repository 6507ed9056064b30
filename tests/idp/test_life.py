"""The life of an account: what may be done in which state, what ends with it, who is told, and what it leaves behind."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from hub import behalf, callers, clock, ledger, notices, outbox
from hub.caller import Caller
from hub.house import House
from idp import registers
from idp.account import life, recheck
from idp.account.announce import Event
from idp.account.life import Authority, NewRecord, Proof
from idp.account.recheck import Found
from idp.model.life import TABLE, Act, Basis, BasisWrong, Ground, NotNow, after, basis
from idp.model.mandate import Mandate, Role
from idp.model.person import Level, NumberTaken, Person, Profile, State
from idp.model.realname import Form
from idp.realname import ageing
from idp.realname import paper as papers
from idp.store import life as store
from idp.store import mandates as mandate_store
from idp.store import people, proofs
from tests.idp.citizen import JIA, OUYANG, Citizen
from tests.idp.rp import Visit, department

COURT = Authority("person:officer", "栖云市 (Qiyun)", Basis(Ground.court, "(2026)栖云民初1号", "a1"))


def as_office(approval: str, ground: Ground = Ground.court) -> Authority:
    return replace(COURT, basis=Basis(ground, "(2026)栖云民初1号", approval))


def found(house: House, person: str) -> Person:
    with house.database.read() as db:
        known = people.person(db, person)
    assert known is not None
    return known


def happened(house: House, person: str) -> list[str]:
    with house.database.read() as db:
        return [one.kind for one in ledger.events(db, subject=f"person:{person}")]


def told(house: House, person: str) -> list[str]:
    with house.database.read() as db:
        return [one.title for one in notices.of_person(db, person)]


def sent(house: House) -> list[str]:
    with house.database.read() as db:
        return [one.body["event"] for one in reversed(outbox.deliveries(db)) if one.kind == "idp.event"]


def test_whoever_acts_by_a_mandate_and_whoever_ends_it_do_not_wait_for_each_other(house_on: House) -> None:
    """An act holds the mandates and then writes its session; the end of an account took them the other way round."""
    person, child, now = "holder", "child", clock.now()
    with house_on.database.write() as db:
        for one in (person, child):
            people.add(db, house_on.vault, Person(one, now), Profile(f"account-{one}"))
        mandate_store.add(db, Mandate("m-1", f"person:{child}", person, Role.parent, now))
        caller = Caller(person=person, level=1, amr=("pwd",), auth_time=now)
        callers.open_session(db, "idp", caller, now=now, hours=1)

    def ends() -> None:
        with house_on.database.write() as db:
            life.die(db, person, COURT, now)

    with ThreadPoolExecutor(1) as threads:
        with house_on.database.write() as db:
            behalf.hold(db, f"person:{child}")
            running = threads.submit(ends)
            with pytest.raises(TimeoutError):
                running.result(timeout=0.5)  # it waits for this act
            callers.end_sessions(db, at=now, person=person)
        running.result(timeout=20)
    assert found(house_on, person).state is State.deceased


def known(citizen: Citizen) -> None:
    """An account whose name and number the register has confirmed."""
    citizen.registers()
    assert citizen.proves(JIA).status_code == 303


def put(house: House, person: str, state: State) -> None:
    """An account as it would stand in this state."""
    with house.database.write() as db:
        people.set_state(db, person, state, why="test", at=clock.now(), over=State.active, before=(State.active,))


@pytest.fixture
def visit(house: House, app: object) -> Visit:
    made = Visit(house, app, department(events_uri="https://market.qiyun.example/events"))  # type: ignore[arg-type]
    made.signs_in()
    return made


# -- the table


@pytest.mark.parametrize("act", list(Act))
@pytest.mark.parametrize("state", list(State))
def test_every_act_in_every_state_is_as_the_table_says(state: State, act: Act) -> None:
    if (state, act) in TABLE:
        assert isinstance(after(state, act, (State.active,))[0], State)
    else:
        with pytest.raises(NotNow):
            after(state, act, (State.active,))


def test_nothing_leads_out_of_a_closed_account_and_only_a_split_out_of_a_merged_one() -> None:
    assert [act for state, act in TABLE if state is State.closed] == []
    assert [act for state, act in TABLE if state is State.merged] == [Act.separate, Act.close]
    assert [act for state, act in TABLE if state is State.deceased] == [Act.revive]


def test_the_page_for_operators_holds_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs/identity/life.md").read_text(encoding="utf-8")
    for act in Act:
        cells = [_cell(state, act) for state in State]
        assert f"| {act.value} | {' | '.join(cells)} |" in text


def _cell(state: State, act: Act) -> str:
    then = TABLE.get((state, act))
    return "-" if then is None else "as before" if then == "before" else "stays" if then == "keeps" else str(then)


@pytest.mark.parametrize("first", [Act.suspend, Act.death])
@pytest.mark.parametrize("second", [Act.suspend, Act.death])
def test_what_is_taken_back_ends_where_it_began(first: Act, second: Act) -> None:
    undo = {Act.suspend: Act.reinstate, Act.death: Act.revive}
    for begin in (State.active, State.locked):
        state, before = after(begin, first)
        try:
            state, before = after(state, second, before)
        except NotNow:
            pass
        else:
            state, before = after(state, undo[second], before)
        assert after(state, undo[first], before) == (begin, ())


@pytest.mark.parametrize(
    ("ground", "document"),
    [("", "x1"), ("whim", "x1"), ("court", ""), ("court", "x"), ("court", "x" * 61), ("court", "880101198503120015"),
     ("court", "<b>1</b>"), ("court", "a\nb;c")],
)  # fmt: skip
def test_an_act_needs_a_ground_and_a_document_that_is_nobodys_number(ground: str, document: str) -> None:
    with pytest.raises(BasisWrong):
        basis(ground, document)


def test_a_document_is_kept_as_it_is_written() -> None:
    assert basis("court", " (2026)栖云  民初1号 ") == Basis(Ground.court, "(2026)栖云 民初1号")


# -- by an authority


def test_a_suspension_ends_everything_at_once_and_says_so(visit: Visit) -> None:
    house, tokens = visit.house, visit.tokens(scope="openid offline_access")
    with house.database.write() as db:
        life.suspend(db, visit.person, COURT, clock.now())
    assert found(house, visit.person).state is State.suspended
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    assert visit.refresh(tokens["refresh_token"]).status_code == 400
    with house.database.read() as db:
        assert callers.sessions(db, visit.person, clock.now()) == []
        event = next(
            one for one in ledger.events(db, subject=f"person:{visit.person}") if one.kind == "person.suspended"
        )
        proof = proofs.evidence_of(db, visit.person)[0]
        notice = notices.of_person(db, visit.person)[0]
    assert event.facts == {"ground": "court", "document": "(2026)栖云民初1号", "approval": "a1", "state": "suspended"}
    assert (proof.method, proof.kind, proof.source) == ("suspend", "court", "office")
    assert notice.values == {"office": "栖云市 (Qiyun)", "document": "(2026)栖云民初1号"}  # the body, never the officer
    assert sent(house) == [Event.account_disabled]


def test_a_reinstated_account_signs_in_again(visit: Visit) -> None:
    house = visit.house
    with house.database.write() as db:
        life.suspend(db, visit.person, as_office("a1"), clock.now())
        life.reinstate(db, visit.person, as_office("a2"), clock.now())
    assert found(house, visit.person).usable
    assert sent(house) == [Event.account_disabled, Event.account_enabled]
    visit.signs_in()
    assert "code" in visit.answer()


def test_a_lock_outlives_a_suspension_and_stays_its_owners(visit: Visit) -> None:
    put(visit.house, visit.person, State.locked)
    with visit.house.database.write() as db:
        life.suspend(db, visit.person, as_office("a1"), clock.now())
        life.reinstate(db, visit.person, as_office("a2"), clock.now())
    now = found(visit.house, visit.person)
    assert (now.state, now.why) == (State.locked, "owner")
    assert sent(visit.house) == [Event.account_disabled], "it cannot be used yet, so nobody is told that it can"


def test_a_death_ends_mandates_both_ways_and_tells_who_acted_for_him(visit: Visit) -> None:
    house, now = visit.house, clock.now()
    other = Visit(house, visit.app, visit.client)
    other.signs_in(level=1)
    with house.database.write() as db:
        for id, principal, person in (
            ("m1", "91880101DEM000081U", visit.person),
            ("m2", f"person:{visit.person}", other.person),
        ):
            role = Role.family if id == "m2" else Role.legal_representative
            mandate_store.add(db, Mandate(id, principal, person, role, now))
        life.die(db, visit.person, as_office("a1", Ground.death), now)
    with house.database.read() as db:
        assert [found.ended is not None for id in ("m1", "m2") if (found := mandate_store.mandate(db, id))] == [
            True,
            True,
        ]
    assert found_state(house, visit.person) is State.deceased
    assert any("for whom you act" in title for title in told(house, other.person))
    assert Event.person_deceased in sent(house)


def found_state(house: House, person: str) -> State:
    return found(house, person).state


def test_a_wrong_report_of_a_death_is_taken_back(visit: Visit) -> None:
    with visit.house.database.write() as db:
        life.die(db, visit.person, as_office("a1", Ground.death), clock.now())
        life.revive(db, visit.person, as_office("a2", Ground.mistake), clock.now())
    assert found(visit.house, visit.person).usable
    assert "person.revived" in happened(visit.house, visit.person)


def test_nobody_suspends_twice_on_one_decision(house_on: House) -> None:
    person = Person("p1", clock.now())
    with house_on.database.write() as db:
        people.add(db, house_on.vault, person, Profile("p1"))
        life.suspend(db, "p1", COURT, clock.now())
    with house_on.database.write() as db, pytest.raises(NotNow):
        life.suspend(db, "p1", COURT, clock.now())


def test_sessions_are_ended_without_touching_the_account(visit: Visit) -> None:
    tokens = visit.tokens()
    with visit.house.database.write() as db:
        life.stop_all(db, visit.person, COURT, clock.now())
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    assert found(visit.house, visit.person).usable


# -- by what a register says


def goes(register: FlaskClient, path: str, **form: str) -> None:
    assert register.post(path, data=form).status_code in {200, 302, 303}


def test_a_death_that_the_register_reports_ends_the_account(citizen: Citizen, register: FlaskClient) -> None:
    known(citizen)
    person = citizen.person
    goes(register, "/people/died", number=JIA[1])
    assert recheck.recheck(citizen.house, person, now=clock.now()) is Found.deceased
    assert found(citizen.house, person).state is State.deceased
    assert not citizen.signed_in
    with pytest.raises(NotNow):
        recheck.recheck(citizen.house, person, now=clock.now())


def test_a_new_name_takes_the_place_of_the_old_one_which_is_kept_sealed(
    citizen: Citizen, register: FlaskClient
) -> None:
    known(citizen)
    house, now = citizen.house, clock.now()
    goes(register, "/people/renamed", number=JIA[1], name="示例新名")
    assert recheck.recheck(house, citizen.person, now=now) is Found.renamed
    with house.database.read() as db:
        assert people.profile(db, house.vault, citizen.person).name == "示例新名"
        (former,) = store.former_of(db, house.vault, citizen.person)
        raw = db.execute(store.former_table.select()).one().sealed
    assert (former.what, former.text, former.why) == ("name", JIA[0], "rename")
    assert JIA[0].encode() not in raw
    assert repr(former) == "Former(…)"
    assert "person.renamed" in happened(house, citizen.person)
    assert recheck.recheck(house, citizen.person, now=now) is Found.same


def test_the_ticker_asks_about_each_person_once_in_thirty_days(citizen: Citizen, register: FlaskClient) -> None:
    known(citizen)
    house, now, person = citizen.house, clock.now(), citizen.person
    assert recheck.some(house, now) == 0
    goes(register, "/people/died", number=JIA[1])
    proved_long_ago(house, person)
    assert recheck.some(house, now) == 1
    assert recheck.some(house, now) == 0
    assert found(house, person).state is State.deceased


def proved_long_ago(house: House, person: str) -> None:
    with house.database.write() as db:
        old = clock.now() - recheck.EVERY - timedelta(hours=1)
        db.execute(people.person_table.update().where(people.person_table.c.id == person).values(proved=old))


def test_a_silent_register_ends_the_run_and_changes_nothing(citizen: Citizen, register: FlaskClient) -> None:
    known(citizen)
    person = citizen.person
    proved_long_ago(citizen.house, person)
    goes(register, "/people/died", number=JIA[1])
    goes(register, "/faults", fault="down")
    assert recheck.some(citizen.house, clock.now()) == 0
    assert found(citizen.house, person).usable


# -- another number, a correction


def record(house: House, name: str, number: str) -> NewRecord:
    now = clock.now()
    paper = papers.read(Form(name, number), now)
    answer = registers.match(house, paper.form, now)
    assert answer.match
    return NewRecord(paper, Proof(answer.register, answer.transaction, answer.digest))


def test_the_old_number_still_finds_his_licenses_and_is_nobody_elses(citizen: Citizen) -> None:
    known(citizen)
    house, person = citizen.house, citizen.person
    before = found(house, person)
    new = record(house, *OUYANG)
    with house.database.write() as db:
        life.renumber(house, db, person, new, COURT, clock.now())
    after_it = found(house, person)
    assert after_it.holder_key != before.holder_key
    assert after_it.former_keys == (before.holder_key,)
    assert not citizen.signed_in, "sessions knew him by the old number"
    citizen.signs_in()
    assert citizen.session.holder_keys == (after_it.holder_key, before.holder_key)
    other = Citizen(house, citizen.app, citizen.register, account="another.one")
    other.registers()
    assert other.proves(JIA).status_code == 409
    with house.database.read() as db:
        assert [(one.what, one.text) for one in store.former_of(db, house.vault, person)] == [("number", JIA[1])]


def test_a_number_of_another_account_is_not_taken(citizen: Citizen) -> None:
    known(citizen)
    other = Citizen(citizen.house, citizen.app, citizen.register, account="another.one")
    other.registers()
    assert other.proves(OUYANG).status_code == 303
    new = record(citizen.house, *OUYANG)
    with pytest.raises(NumberTaken):
        _renumber(citizen, new)
    assert found(citizen.house, citizen.person).former_keys == ()


def _renumber(citizen: Citizen, new: NewRecord) -> None:
    with citizen.house.database.write() as db:
        life.renumber(citizen.house, db, citizen.person, new, COURT, clock.now())


def test_a_correction_keeps_nothing_of_what_was_wrong(citizen: Citizen) -> None:
    known(citizen)
    house, person = citizen.house, citizen.person
    new = record(house, *OUYANG)
    with house.database.write() as db:
        life.correct(house, db, person, new, COURT, clock.now())
    with house.database.read() as db:
        assert store.former_of(db, house.vault, person) == []
        assert people.profile(db, house.vault, person).name == OUYANG[0]
    assert found(house, person).former_keys == ()
    owner = Citizen(house, citizen.app, citizen.register, account="the.owner")
    owner.registers()
    assert owner.proves(JIA).status_code == 303, "the number is free for whose it is"


def test_the_ledger_holds_no_name_and_no_number(citizen: Citizen, register: FlaskClient) -> None:
    known(citizen)
    house, person = citizen.house, citizen.person
    new = record(house, *OUYANG)
    with house.database.write() as db:
        life.renumber(house, db, person, new, COURT, clock.now())
        life.suspend(db, person, as_office("a2"), clock.now())
        text = str([(one.facts, one.subject, one.by) for one in ledger.events(db, limit=1000)])
        text += str([(one.title, one.values) for one in notices.of_person(db, person)])
    for private in (*JIA, *OUYANG):
        assert private not in text


def test_of_a_number_change_and_registrations_at_once_one_has_the_number(house_on: House) -> None:
    """NIST SP 800-63A-4: one living person, one active identity. The unique row decides, whoever comes by whichever way."""
    now = clock.now()
    new = NewRecord(papers.read(Form(*OUYANG), now), Proof("register", "t1", "d"))
    key = people.holder_key(house_on.vault, "111", OUYANG[1])
    with house_on.database.write() as db:
        old = people.holder_key(house_on.vault, "111", JIA[1])
        people.add(db, house_on.vault, Person("jia", now, holder_key=old, proved=now), Profile("jia", *JIA, "111"))
        for number in range(6):
            people.add(db, house_on.vault, Person(f"p{number}", now), Profile(f"p{number}"))

    def change() -> bool:
        with house_on.database.write() as db:
            life.renumber(house_on, db, "jia", new, COURT, now)
        return True

    def claim(number: int) -> bool:
        with house_on.database.write() as db:
            claimed = Person(f"p{number}", now, holder_key=key, proved=now)
            people.claim_number(db, house_on.vault, claimed, Profile(f"p{number}", *OUYANG, "111"))
        return True

    def tried(number: int) -> bool:
        try:
            return change() if number == 6 else claim(number)
        except NumberTaken:
            return False

    with ThreadPoolExecutor(7) as many:
        assert sum(many.map(tried, range(7))) == 1
    with house_on.database.read() as db:
        found = [people.person(db, id) for id in ("jia", *(f"p{number}" for number in range(6)))]
    assert sum(key in (one.holder_key, *one.former_keys) for one in found if one) == 1


def test_of_many_suspensions_at_once_one_counts(house_on: House) -> None:
    with house_on.database.write() as db:
        people.add(db, house_on.vault, Person("p1", clock.now()), Profile("p1"))

    def tried(number: int) -> bool:
        try:
            with house_on.database.write() as db:
                life.suspend(db, "p1", as_office(f"a{number}"), clock.now())
        except NotNow:
            return False
        return True

    with ThreadPoolExecutor(6) as many:
        assert sum(many.map(tried, range(6))) == 1
    assert happened(house_on, "p1").count("person.suspended") == 1


def test_the_pages_of_a_person_open_after_everything_that_can_happen(citizen: Citizen, register: FlaskClient) -> None:
    known(citizen)
    house, person = citizen.house, citizen.person
    goes(register, "/people/renamed", number=JIA[1], name="示例新名")
    assert recheck.recheck(house, person, now=clock.now()) is Found.renamed
    with house.database.write() as db:
        life.suspend(db, person, as_office("a1"), clock.now())
        life.reinstate(db, person, as_office("a2"), clock.now())
    citizen.signs_in()
    for path in ("/account", "/account/profile", "/realname", "/account/uses", "/account/copy"):
        assert citizen.get(path).status_code == 200, path
    assert "new name, confirmed by the register" in citizen.get("/account/profile").text


def test_what_an_authority_does_proves_no_level(visit: Visit) -> None:
    with visit.house.database.write() as db:
        life.suspend(db, visit.person, as_office("a1"), clock.now())
        life.reinstate(db, visit.person, as_office("a2"), clock.now())
        assert {one.level for one in proofs.evidence_of(db, visit.person)} == {1}


def test_a_face_that_proved_another_number_proves_nothing_of_the_right_one(citizen: Citizen) -> None:
    citizen.is_proved(JIA)
    house, person = citizen.house, citizen.person
    new = record(house, *OUYANG)
    with house.database.write() as db:
        life.correct(house, db, person, new, COURT, clock.now())
    assert found(house, person).level is Level.matched
    with house.database.read() as db:
        assert ageing.standing(house, db, person, clock.now()) is Level.matched
    assert "person.level-fell" in happened(house, person)


def test_a_corrected_name_under_the_same_number_keeps_its_level(citizen: Citizen) -> None:
    citizen.is_proved(JIA)
    house, person = citizen.house, citizen.person
    new = record(house, *JIA)
    with house.database.write() as db:
        life.correct(house, db, person, new, COURT, clock.now())
    assert found(house, person).level is Level.present
