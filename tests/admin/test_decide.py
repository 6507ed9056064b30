"""Deciding: by an officer of the place, never on one's own; what is decided leads to one license, whatever crashes."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin import apply, assigned, case_figures, decide, finish
from admin.model.case import (
    MOVES,
    CaseElsewhere,
    CaseState,
    Channel,
    Mover,
    NoCase,
    OwnCase,
    PaperGone,
    Step,
    WordsMissing,
)
from admin.model.item import Audience
from admin.store import items
from docs.figures.cases import figures as counted
from hub import ledger, notices
from hub.house import House
from licenses import kinds, wallet
from licenses import store as licenses
from licenses.model import FieldsWrong, LicenseUnknown, NotYourKind
from seals import lifecycle
from tests.admin.applicants import COMPANY, WROTE, World
from tests.admin.test_apply import suspend
from tests.licenses.samples import RESIDENCE


@pytest.fixture
def world(house: House, now: datetime) -> World:
    return World(house, now)


def accepted(world: World, **given: Any) -> str:
    number = world.submitted(**given).number
    decide.accept(world.house, number, caller=world.officer(), now=world.now)
    return number


def issued(world: World) -> list[str]:
    with world.house.database.read() as db:
        return [one.number for one in licenses.found(db, "hub", kind=world.item.kind)]


def test_an_approval_issues_the_license_into_the_wallet(house_on: House, now: datetime) -> None:
    world = World(house_on, now)
    number = accepted(world)
    case = decide.approve(world.house, number, caller=world.officer(), now=now + timedelta(hours=2))
    assert case.state is CaseState.approved
    held = wallet.one(world.house, case.license, world.citizen, now)
    assert held.fields["operator"] == COMPANY["name"]
    assert held.fields["premises"] == WROTE["premises"]
    assert held.fields["license_number"] == "JY28801000000010"
    with house_on.database.read() as db:
        written = [event.kind for event in ledger.events(db, subject=number)]
        told = [one.title for one in notices.of_person(db, "citizen")]
    assert written[::-1] == ["case.submitted", "case.accepted", "case.approved", "case.issued"]
    assert told[0] == "Your application %(number)s was approved: the license is in your wallet"
    with house_on.database.read() as db:
        assert ledger.events(db, subject=case.license, kind="license.issued")[0].by == "person:officer"


def test_each_license_has_its_own_number(world: World) -> None:
    found = set()
    for key in ("a", "b", "c"):
        case = decide.approve(world.house, accepted(world, key=key), caller=world.officer(), now=world.now)
        found.add(wallet.one(world.house, case.license, world.citizen, world.now).fields["license_number"])
    assert len(found) == 3


@pytest.mark.parametrize("where", ["before the license", "after the license"])
def test_a_crash_after_the_decision_loses_and_doubles_nothing(
    house_on: House, now: datetime, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(house_on, now)
    number = accepted(world)

    with monkeypatch.context() as broken:
        if where == "before the license":
            broken.setattr(finish, "issue", crash)
        else:
            broken.setattr(finish, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            decide.approve(house_on, number, caller=world.officer(), now=now)
    case = world.case(number)
    assert case.unfinished
    assert len(issued(world)) == (where == "after the license")
    assert finish.resume(house_on, now + timedelta(minutes=2)) == [number]
    assert finish.resume(house_on, now + timedelta(minutes=3)) == []
    assert issued(world) == [world.case(number).license]
    with house_on.database.read() as db:
        assert len(ledger.events(db, subject=number, kind="case.issued")) == 1


def test_two_finishers_at_once_make_one_license(
    house_on: House, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(house_on, now)
    number = accepted(world)
    with monkeypatch.context() as broken:
        broken.setattr(finish, "issue", crash)
        with pytest.raises(KeyboardInterrupt):
            decide.approve(house_on, number, caller=world.officer(), now=now)
    gate = Barrier(2)

    def go() -> None:
        gate.wait()
        finish.resume(house_on, now + timedelta(minutes=2))

    threads = [Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert issued(world) == [world.case(number).license]


def test_one_that_cannot_be_finished_does_not_hold_up_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [accepted(world, key=key) for key in ("a", "b")]
    with monkeypatch.context() as broken:
        broken.setattr(finish, "issue", crash)
        for number in numbers:
            with pytest.raises(KeyboardInterrupt):
                decide.approve(world.house, number, caller=world.officer(), now=world.now)
    with monkeypatch.context() as broken:
        broken.setattr(finish, "_application", stumble(finish._application, world.case(numbers[0]).key))
        assert finish.resume(world.house, world.now) == [numbers[1]]


def crash(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


def stumble(real: Any, key: str) -> Any:
    def go(house: House, case: Any) -> Any:
        if case.key == key:
            raise RuntimeError("damaged")
        return real(house, case)

    return go


def test_a_second_click_on_approve_issues_nothing(world: World) -> None:
    number = accepted(world)
    decide.approve(world.house, number, caller=world.officer(), now=world.now)
    with pytest.raises(CaseElsewhere):
        decide.approve(world.house, number, caller=world.officer(), now=world.now)
    assert len(issued(world)) == 1


def test_a_license_that_cannot_be_issued_leaves_a_case_in_trouble_until_an_officer_tries_again(world: World) -> None:
    number = accepted(world)
    seal = world.department.seal.id
    lifecycle.suspend(world.house, seal, reason="test", by="test", now=world.now)
    case = decide.approve(world.house, number, caller=world.officer(), now=world.now)
    assert case.unfinished
    assert case.trouble
    assert finish.resume(world.house, world.now + timedelta(minutes=2)) == []  # nothing changes by itself
    lifecycle.resume(world.house, seal, reason="test", by="test", now=world.now)
    case = decide.again(world.house, number, caller=world.officer(), now=world.now)
    assert case.license in issued(world)
    with pytest.raises(CaseElsewhere):
        decide.again(world.house, number, caller=world.officer(), now=world.now)


# -- refusals


@pytest.mark.parametrize("how", ["accept", "return", "refuse", "approve"])
@pytest.mark.parametrize("who", ["citizen", "clerk"])
def test_nobody_moves_what_he_applied_for_or_took_at_the_counter(world: World, how: str, who: str) -> None:
    taken = {"channel": Channel.counter, "taken_by": "clerk"} if who == "clerk" else {}
    number = world.submitted(**taken).number
    if how == "approve":
        decide.accept(world.house, number, caller=world.officer(), now=world.now)
    with pytest.raises(OwnCase):
        step(world, number, how, world.officer(who))
    assert issued(world) == []


def step(world: World, number: str, how: str, who: Any) -> Any:
    match how:
        case "accept":
            return decide.accept(world.house, number, caller=who, now=world.now)
        case "return":
            return decide.give_back(world.house, number, "more", caller=who, now=world.now)
        case "refuse":
            return decide.refuse(world.house, number, "why", "law", caller=who, now=world.now)
        case "look":
            return decide.look(world.house, number, caller=who, now=world.now)
        case _:
            return decide.approve(world.house, number, caller=who, now=world.now)


@pytest.mark.parametrize("how", ["accept", "return", "refuse", "approve", "look"])
def test_an_officer_of_another_place_finds_nothing(world: World, how: str) -> None:
    number = world.submitted().number
    stranger = world.officer(place="hub/870000")
    with pytest.raises(NoCase):
        step(world, number, how, stranger)


def test_every_step_begins_only_where_the_table_says(world: World) -> None:
    submitted = world.submitted()
    for state, step_, mover in product(CaseState, Step, Mover):
        case = replace(submitted, state=state)
        if MOVES.get((state, step_), (None, None))[0] is mover:
            assert case.moved(step_, mover, world.now).state is MOVES[state, step_][1]
        else:
            with pytest.raises(CaseElsewhere):
                case.moved(step_, mover, world.now)


def test_a_submitted_case_is_not_approved_before_it_is_accepted(world: World) -> None:
    number = world.submitted().number
    with pytest.raises(CaseElsewhere):
        decide.approve(world.house, number, caller=world.officer(), now=world.now)


@pytest.mark.parametrize("words", ["", "   ", "x" * 501])
def test_the_applicant_is_told_why(world: World, words: str) -> None:
    number = world.submitted().number
    steps: tuple[Any, ...] = (
        lambda: decide.give_back(world.house, number, words, caller=world.officer(), now=world.now),
        lambda: decide.refuse(world.house, number, words, "law", caller=world.officer(), now=world.now),
        lambda: decide.refuse(world.house, number, "why", words, caller=world.officer(), now=world.now),
    )
    for refuse in steps:
        with pytest.raises(WordsMissing):
            refuse()
    assert world.case(number).state is CaseState.submitted


def test_a_license_that_ended_meanwhile_stops_the_approval(world: World) -> None:
    number = accepted(world)
    suspend(world)
    opened = decide.look(world.house, number, caller=world.officer(), now=world.now)
    assert [paper.gone for paper in opened.papers] == [True, False]
    with pytest.raises(PaperGone):
        decide.approve(world.house, number, caller=world.officer(), now=world.now)
    assert world.case(number).state is CaseState.accepted


def test_each_look_is_written_down(world: World) -> None:
    number = world.submitted().number
    for _ in range(2):
        decide.look(world.house, number, caller=world.officer(), now=world.now)
    name, _ = decide.file(world.house, number, world.paper, caller=world.officer(), now=world.now)
    assert name == "plan.pdf"
    with world.house.database.read() as db:
        looks = ledger.events(db, subject=number, kind="case.looked")
    assert [look.by for look in looks] == ["person:officer"] * 3


def test_a_refused_application_has_no_license(world: World) -> None:
    number = world.submitted().number
    case = decide.refuse(world.house, number, "场所不符", "食品安全法第35条", caller=world.officer(), now=world.now)
    assert (case.state, case.reason, case.legal_basis) == (CaseState.refused, "场所不符", "食品安全法第35条")
    assert case.decided_by == "officer"
    assert finish.resume(world.house, world.now) == []
    assert issued(world) == []
    with pytest.raises(LicenseUnknown):
        wallet.one(world.house, "none", world.citizen, world.now)


def test_numbers_have_the_check_digit_of_gb_t_17710() -> None:
    assert assigned.checked("0794") == "07945"  # the example of ISO 7064 for MOD 11,10
    assert assigned.checked("JY2880100000001").startswith("JY2880100000001")


# -- figures


def test_the_board_counts_what_the_ledger_counts(world: World) -> None:
    officer, hour = world.officer(), timedelta(hours=1)
    house, now = world.house, world.now
    decide.approve(house, accepted(world, key="a"), caller=officer, now=now + 3 * hour)
    decide.refuse(house, world.submitted("b").number, "why", "law", caller=officer, now=now + timedelta(days=40))
    apply.withdraw(house, world.submitted("c").number, caller=world.citizen, now=now)
    decide.give_back(house, world.submitted("d").number, "more", caller=officer, now=now)
    number = world.submitted("e", channel=Channel.counter, taken_by="clerk", files={}).number
    decide.look(house, number, caller=officer, now=now)
    later = now + timedelta(days=60)
    for scope in ("hub", "hub/880000/880100", "hub/870000"):
        with house.database.read() as db:
            shown = case_figures.figures(db, scope, later)
            assert shown == counted(list(ledger.export(db, scope=scope)), later)
    assert shown["submitted"] == 0
    with house.database.read() as db:
        shown = case_figures.figures(db, "hub", later)
    assert (shown["submitted"], shown["online"], shown["counter"], shown["open"]) == (5, 4, 1, 2)
    assert (shown["decided"], shown["on_time_share"], shown["overdue"]) == (2, 0.5, 1)
    assert (shown["asked"], shown["avoided"], shown["avoided_share"]) == (10, 5, 0.5)
    assert (shown["no_visit_share"], shown["one_visit_share"]) == (0.8, 0.2)


@given(
    digits=st.text("0123456789", min_size=1, max_size=20), at=st.integers(0, 19), other=st.sampled_from("0123456789")
)
def test_one_wrong_digit_is_found_by_the_check_digit(digits: str, at: int, other: str) -> None:
    number = assigned.checked(digits)
    place = at % len(digits)
    wrong = digits[:place] + other + digits[place + 1 :]
    assert (assigned.checked(wrong) == wrong + number[-1]) == (wrong == digits)


def test_two_officers_at_once_make_one_decision(house_on: House, now: datetime) -> None:
    world = World(house_on, now)
    number = accepted(world)
    gate = Barrier(2)
    ended: list[str] = []

    def go(how: str) -> None:
        gate.wait()
        try:
            ended.append(step(world, number, how, world.officer(how)).state)
        except CaseElsewhere:
            ended.append("too late")

    threads = [Thread(target=go, args=(how,)) for how in ("approve", "refuse")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count("too late") == 1
    assert len(issued(world)) == (world.case(number).state is CaseState.approved)


def test_a_service_without_a_license_is_approved_and_told(world: World) -> None:
    plain: dict[str, Any] = {
        "kind": "",
        "licenses": (),
        "materials": (),
        "materials_en": (),
        "code": "11880100DEM000049A-0009",
    }
    item = replace(world.item, **plain)
    with world.house.database.write() as db:
        items.keep(db, item)
    with pytest.raises(FieldsWrong):
        world.submitted(item=item, fields={}, files={})
    case = world.submitted(item=item, fields={"matter": "申请使用广场"}, files={})
    opened = decide.look(world.house, case.number, caller=world.officer(), now=world.now)
    assert opened.content.fields == {"matter": "申请使用广场"}
    decide.accept(world.house, case.number, caller=world.officer(), now=world.now)
    done = decide.approve(world.house, case.number, caller=world.officer(), now=world.now)
    assert (done.state, done.license, done.unfinished) == (CaseState.approved, "", False)
    with world.house.database.read() as db:
        assert notices.of_person(db, "citizen")[0].title == "Your application %(number)s was approved"


def test_a_person_s_license_is_issued_to_the_number_that_he_has_proved(world: World) -> None:
    number, agency = "880101198503120015", "11870100DEM000065U"
    kind = kinds.named("residence-permit")
    item = replace(world.item, audience=Audience.person, kind=kind.code, licenses=(), materials=(), materials_en=())
    item = replace(item, agency=agency, code=f"{agency}-0001", place="hub/870000/870100")
    himself = replace(world.himself, holder_keys=(world.house.vault.blind("holder", f"111:{number}"),))
    typed = {key: str(value) for key, value in RESIDENCE.items()}
    other = replace(himself, holder_keys=("another",))
    with pytest.raises(FieldsWrong) as refused:
        world.submitted(item=item, fields=typed, files={}, caller=other)
    assert [error.field for error in refused.value.errors] == ["citizen_number"]
    assert world.submitted(item=item, fields=typed, files={}, caller=himself).materials_asked == 0


def test_an_agency_issues_only_its_own_kinds(world: World) -> None:
    item = replace(world.item, agency="11870100DEM000065U", code="11870100DEM000065U-0002")
    with world.house.database.write() as db:
        items.keep(db, item)
    number = world.submitted(item=item).number
    decide.accept(world.house, number, caller=world.officer(), now=world.now)
    with pytest.raises(NotYourKind):
        decide.approve(world.house, number, caller=world.officer(), now=world.now)
    assert world.case(number).state is CaseState.accepted
