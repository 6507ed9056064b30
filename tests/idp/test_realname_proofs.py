"""Evidence: what it says, that nobody changes it unseen, how it grows old; and level 4 for an account at a counter."""

import secrets
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from hub import clock, ledger, notices, outbox
from hub.callers import Caller
from hub.house import House
from hub.problems import NotFound, TooMany
from idp import attended, proofs, realname
from idp.account.announce import KIND, Event
from idp.attended import ServingOneself
from idp.cli_evidence import evidence
from idp.model.person import AccountEnded, Level, NumberTaken, State
from idp.model.realname import Evidence, NotMatched, RegisterLater, Stage
from idp.realname import CodeUnknown, counter
from idp.store import people
from idp.store import proofs as store
from tests.idp.citizen import JIA, OUYANG, Citizen, account, came_back, shown_face
from tests.idp.rp import Visit, department

OFFICER = Caller(person="officer", place="hub/880000/880100", session="s-1", rights=frozenset({"see", "counter"}))
YEAR = timedelta(days=365)


def proved(house: House, register: FlaskClient, name: str = "jia.shili") -> str:
    id = account(house, name)
    realname.match(house, id, *JIA, now=clock.now())
    shown_face(house, register, id)
    return id


def attend(house: House, id: str, who: tuple[str, str] = JIA, *, by: Caller = OFFICER, code: str = "") -> Level:
    code = code or realname.counter_code(house, id)
    seen = {"visit": secrets.token_hex(4), "document": "citizen-card"}
    return realname.attend(house, code, *who, by=by, now=clock.now(), **seen).level


# -- what is kept


def test_evidence_says_how_by_whom_from_what_and_holds_no_answer(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    attend(house, id)
    with house.database.read() as db:
        found = store.evidence_of(db, id)
        columns = set(store.evidence_table.c.keys())
    assert {(one.method, one.level, one.kind, one.agent) for one in found} == {
        ("match", 2, "citizen", f"person:{id}"),
        ("live", 3, "face", f"person:{id}"),
        ("counter", 4, "citizen-card", OFFICER.label),
    }
    assert all(one.transaction and one.register and len(one.answer_digest) == 64 for one in found)
    assert not columns & {"name", "number", "picture", "image", "answer", "facts", "form"}


CHANGES = {"level": 4, "person": "somebody", "score_band": "high", "agent": "operator:x", "method": "counter"}


@pytest.mark.parametrize("column", sorted(CHANGES))
def test_a_changed_row_is_found(house: House, register: FlaskClient, column: str) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    assert proofs.check(house) == []
    with house.database.write() as db:
        db.execute(store.evidence_table.update().values({column: CHANGES[column]}))
    (fault,) = proofs.check(house)
    assert fault.what == "changed"


def test_a_row_that_is_gone_and_one_that_nobody_noted_are_found(house: House, register: FlaskClient) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    with house.database.write() as db:
        (one,) = store.evidence_of(db, id)
        db.execute(sa.delete(store.evidence_table))
        store.keep_evidence(db, replace(one, transaction="another", level=4))
    assert {fault.what for fault in proofs.check(house)} == {"gone", "unnoted"}


def as_before(house: House, id: str, **changes: object) -> None:
    """Evidence as an earlier release left it: a line that says what was proved, and no digest of the row."""
    now = clock.now()
    row = Evidence(id, "match", 2, "population", "t-before", "", "f" * 64, now)
    facts = {"method": "match", "level": 2, "register": "population", "transaction": "t-before", "answer": "f" * 64}
    with house.database.write() as db:
        store.keep_evidence(db, replace(row, **changes))  # type: ignore[arg-type]
        ledger.wrote(db, "person.proved", f"person:{id}", by=f"person:{id}", at=now, facts=facts)


def test_evidence_from_before_digests_were_noted_is_named_and_no_fault(house: House, register: FlaskClient) -> None:
    id = account(house)
    as_before(house, id)
    company = Evidence(
        id, "representative", 2, "market", "t-company", "", "e" * 64, clock.now(), about="91880101DEM000081U"
    )
    with house.database.write() as db:
        store.keep_evidence(db, company)
    realname.match(house, id, *JIA, now=clock.now())
    assert proofs.check(house) == []
    assert [one.what for one in proofs.compared(house)] == [proofs.EARLIER, proofs.EARLIER]


@pytest.mark.parametrize(
    "changes",
    [{"level": 4}, {"person": "another"}, {"method": "live"}, {"answer_digest": "0" * 64}, {"transaction": "t-2"}],
)
def test_a_change_of_earlier_evidence_is_a_fault(
    house: House, register: FlaskClient, changes: dict[str, object]
) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    as_before(house, id, **changes)
    (fault,) = proofs.check(house)
    assert fault.what in ("changed", "unnoted")


def test_a_row_about_a_company_that_was_added_later_is_a_fault(house: House, register: FlaskClient) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    with house.database.write() as db:
        added = Evidence(
            id, "representative", 2, "market", "t-9", "", "e" * 64, clock.now(), about="91880101DEM000081U"
        )
        store.keep_evidence(db, added)
    (fault,) = proofs.check(house)
    assert fault.what == "unnoted"


def test_an_operator_checks_it_at_the_command_line(
    house: House, register: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    monkeypatch.setattr("idp.cli_evidence.opened", lambda: nullcontext(house))
    good = CliRunner().invoke(evidence, ["check"])
    assert (good.exit_code, "agrees" in good.output) == (0, True)
    with house.database.write() as db:
        db.execute(store.evidence_table.update().values(level=4))
    bad = CliRunner().invoke(evidence, ["check"])
    assert (bad.exit_code, f"changed  person:{id}" in bad.output) == (1, True)
    assert JIA[1] not in bad.output


def test_a_proof_is_told_to_its_person(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    with house.database.read() as db:
        told = notices.of_person(db, id)
    assert [one.values.get("level") for one in told if "verified" in one.title] == ["3", "2"]


# -- how it grows old


def test_a_level_falls_when_its_evidence_is_too_old_and_this_is_said_before(
    house: House, register: FlaskClient
) -> None:
    id = proved(house, register)
    now = clock.now()
    for days, reminded, fallen in (
        (5 * 365 - 90, 0, 0),
        (5 * 365 - 30, 1, 0),
        (5 * 365 - 20, 0, 0),
        (5 * 365 + 2, 0, 1),
    ):
        at = now + timedelta(days=days)
        assert (realname.remind(house, at), realname.fall_back(house, at)) == (reminded, fallen), days
    found = realname.status(house, id)
    assert (found.person.level, found.profile.number) == (Level.matched, JIA[1])  # the match counts on
    with house.database.read() as db:
        titles = [one.title for one in notices.of_person(db, id)]
        (fell,) = ledger.events(db, kind="person.level-fell")
    assert any("grows old" in title for title in titles)
    assert fell.facts == {"from": 3, "to": 2, "why": "expired"}
    assert shown_face(house, register, id).level is Level.present  # only the missing step


def test_who_proves_it_again_in_time_keeps_the_level(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    long_ago = clock.now() - 5 * YEAR + timedelta(days=29)
    with house.database.write() as db:
        db.execute(people.person_table.update().values(proved=long_ago))
        db.execute(store.evidence_table.update().values(at=long_ago))
    assert (realname.remind(house, clock.now()), realname.remind(house, clock.now())) == (1, 0)
    assert shown_face(house, register, id).level is Level.present
    assert realname.fall_back(house, clock.now() + timedelta(days=40)) == 0
    assert realname.remind(house, clock.now() + 5 * YEAR - timedelta(days=40)) == 1  # told again, years later


def test_what_an_officer_saw_counts_longer(house: House, register: FlaskClient) -> None:
    id = account(house)
    attend(house, id)
    assert realname.fall_back(house, clock.now() + 6 * YEAR) == 0
    assert realname.fall_back(house, clock.now() + 11 * YEAR) == 1
    assert realname.status(house, id).person.level is Level.stated  # nothing else was proved


def test_years_are_those_of_the_calendar(house: House) -> None:
    at = datetime(2028, 2, 29, 12, tzinfo=UTC)
    live = Evidence("p", "live", 3, "r", "t", "high", "d", at)
    assert realname.valid_until(house, live) == datetime(2033, 3, 1, 12, tzinfo=UTC)
    assert realname.valid_until(house, replace(live, at=at - timedelta(days=1))) == datetime(
        2033, 2, 28, 12, tzinfo=UTC
    )
    assert realname.valid_until(house, replace(live, method="match")) is None


def test_a_visit_at_a_counter_says_nothing_of_the_account_with_the_same_number(
    house: House, register: FlaskClient
) -> None:
    id = proved(house, register)
    for _ in range(2):
        attended.identify(house, *JIA, by=OFFICER, now=clock.now(), visit="v", document="citizen-card")
    assert [one.method for one in realname.status(house, id).evidence] == ["live", "match"]
    assert realname.fall_back(house, clock.now() + 6 * YEAR) == 1
    assert realname.status(house, id).person.level is Level.matched
    assert proofs.check(house) == []


def test_proof_that_never_ages_is_a_setting(house: House, register: FlaskClient) -> None:
    proved(house, register)
    forever = replace(house, settings=house.settings.model_copy(update={"live_check_years": 0}))
    assert realname.fall_back(forever, clock.now() + 19 * YEAR) == 0


def test_prove_anew_takes_the_level_ends_the_sessions_and_leaves_the_number(citizen: Citizen) -> None:
    citizen.is_proved()
    house, id, now = citizen.house, citizen.person, clock.now()
    with house.database.write() as db:
        realname.prove_anew(house, db, id, why="name-changed", now=now)
    assert not citizen.signed_in
    found = realname.status(house, id)
    assert (found.person.level, found.stage, found.profile.number) == (Level.stated, Stage.begun, JIA[1])
    assert found.evidence == ()  # what was proved before counts no more
    other = account(house, "other.person")
    with pytest.raises(NumberTaken):
        realname.match(house, other, *JIA, now=clock.now())
    citizen.register.post("/people/renamed", data={"number": JIA[1], "name": "示例新"})
    citizen.signs_in()
    assert citizen.session.level == 1
    assert citizen.proves(("示例新", JIA[1])).status_code == 303
    assert citizen.shows_face().status_code == 303
    assert (citizen.session.level, realname.status(house, id).profile.name) == (3, "示例新")


def test_prove_anew_stands_or_falls_with_its_transaction(house: House, register: FlaskClient) -> None:
    id = proved(house, register)

    def both(*persons: str) -> None:
        with house.database.write() as db:
            for person in persons:
                realname.prove_anew(house, db, person, why="death", now=clock.now())

    with pytest.raises(NotFound):
        both(id, "nobody")
    assert realname.status(house, id).person.level is Level.present


@pytest.mark.parametrize("state", [state for state in State if state is not State.active])
def test_nothing_is_proved_for_an_account_that_is_not_in_use(house: House, register: FlaskClient, state: State) -> None:
    id = account(house)
    realname.match(house, id, *JIA, now=clock.now())
    came, code = came_back(house, register, id), realname.counter_code(house, id)
    with house.database.write() as db:
        people.set_state(db, id, state, why="test", at=clock.now(), over=State.active)
    with pytest.raises(AccountEnded):
        realname.end_live_check(house, id, **came, binding="a session", now=clock.now())
    with pytest.raises(AccountEnded):
        realname.match(house, id, *JIA, now=clock.now())
    with pytest.raises(AccountEnded):
        attend(house, id, code=code)
    assert realname.status(house, id).person.level is Level.matched


@pytest.mark.parametrize("garbage", ["ÄÖÜ", "\x00", "a" * 5000])
def test_what_stands_in_the_address_is_never_a_500(citizen: Citizen, garbage: str) -> None:
    citizen.registers()
    citizen.proves()
    citizen.post("/realname/live", form_at="/realname")
    for path in ("/realname/live", "/realname/network-id"):
        answer = citizen.browser.get(path, query_string={"check": garbage, "ticket": garbage, "request": garbage})
        assert 400 <= answer.status_code < 500
    assert citizen.session.level == 2


# -- a counter gives level 4 to an account


def test_an_officer_and_a_code_give_an_account_level_four(house: House, register: FlaskClient) -> None:
    id = account(house)
    assert attend(house, id) is Level.attended
    found = realname.status(house, id)
    assert (found.person.level, found.profile.name, found.stage) == (Level.attended, JIA[0], Stage.done)


def test_a_code_works_once_and_for_ten_minutes(house: House, register: FlaskClient) -> None:
    id = account(house)
    code = realname.counter_code(house, id)
    attend(house, id, code=code.lower().replace("-", " "))
    for wrong in (code, "AAAA-AAAA", "-", "ÄÖÜ"):
        with pytest.raises(CodeUnknown):
            attend(house, id, code=wrong)
    assert counter.SECONDS == 600


def test_a_code_of_a_stranger_gives_his_account_to_nobody(house: House, register: FlaskClient) -> None:
    """Whoever is at the counter is not whom the account's number belongs to; or has an account of his own."""
    id = proved(house, register)
    with pytest.raises(NumberTaken):
        attend(house, id, OUYANG)
    with pytest.raises(NumberTaken):
        attend(house, account(house, "second.account"), JIA)
    assert realname.status(house, id).person.level is Level.present


def test_a_document_that_the_register_does_not_confirm_uses_no_code_up(house: House, register: FlaskClient) -> None:
    id = account(house)
    code = realname.counter_code(house, id)
    with pytest.raises(NotMatched):
        attend(house, id, ("示例乙", JIA[1]), code=code)
    register.post("/faults", data={"fault": "down"})
    with pytest.raises(RegisterLater):
        attend(house, id, code=code)
    register.post("/faults", data={"fault": "none"})
    assert attend(house, id, code=code) is Level.attended


def test_an_officer_does_not_attend_himself(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    with pytest.raises(ServingOneself):
        attend(house, id, by=replace(OFFICER, person=id))


def test_an_entry_that_a_counter_had_made_gives_way_to_the_account(house: House, register: FlaskClient) -> None:
    seen = {"visit": "v", "document": "citizen-card"}
    attended.identify(house, *JIA, by=OFFICER, now=clock.now(), **seen)
    id = account(house)
    assert attend(house, id) is Level.attended
    with house.database.read() as db:
        owner = people.by_holder(db, people.holder_key(house.vault, "111", JIA[1]))
    assert owner
    assert owner.id == id


def test_one_officer_cannot_block_a_number_for_the_others(house: House, register: FlaskClient) -> None:
    seen = {"visit": "v", "document": "citizen-card"}
    for _ in range(attended.PER_NUMBER.times):
        attended.identify(house, *JIA, by=OFFICER, now=clock.now(), **seen)
    with pytest.raises(TooMany):
        attended.identify(house, *JIA, by=OFFICER, now=clock.now(), **seen)
    other = replace(OFFICER, person="a colleague")
    assert attended.identify(house, *JIA, by=other, now=clock.now(), **seen).level is Level.attended


def test_guessing_codes_is_limited(house: House, register: FlaskClient) -> None:
    def guess() -> None:
        realname.attend(house, "AAAAAAAA", *JIA, by=OFFICER, now=clock.now(), visit="v", document="citizen-card")

    for _ in range(attended.PER_NUMBER.times):
        with pytest.raises(CodeUnknown):
            guess()
    with pytest.raises(TooMany):
        guess()


def test_the_page_shows_a_code_only_after_a_recent_sign_in(citizen: Citizen) -> None:
    citizen.registers()
    shown = citizen.post("/realname/counter")
    assert shown.status_code == 200
    assert 'class="yx-code yx-big"' in shown.text
    with clock.shifted(timedelta(minutes=20).total_seconds()):
        again = citizen.post("/realname/counter")
        assert again.status_code == 303
        assert again.location.startswith("/login?again=1")


def test_services_that_know_the_person_hear_of_another_level(house: House, app: Flask, register: FlaskClient) -> None:
    visit = Visit(house, app, department(events_uri="https://market.qiyun.example/events"))
    visit.signs_in(level=1)
    with house.database.write() as db:
        people.set_keys(db, visit.person, None, ())
    realname.match(house, visit.person, *JIA, now=clock.now())
    shown_face(house, register, visit.person)
    with house.database.write() as db:
        realname.prove_anew(house, db, visit.person, why="name-changed", now=clock.now())
    with house.database.read() as db:
        told = [one.body for one in reversed(outbox.deliveries(db)) if one.kind == KIND]
    assert {one["event"] for one in told} == {Event.assurance_level_change.value}
    assert [(one["facts"]["change_direction"], one["facts"]["current_level"][-1]) for one in told] == [
        ("increase", "2"),
        ("increase", "3"),
        ("decrease", "1"),
    ]
