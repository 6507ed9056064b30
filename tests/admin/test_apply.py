"""Applying: what one holds is neither written nor brought again; what is submitted twice is one case; others see nothing."""

from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from admin import apply, decide, drafts, workdays
from admin.model.case import ActingForAnother, CaseElsewhere, CaseState, Channel, NoCase, NotApplied, NotForYou
from admin.model.item import Audience, State
from admin.prefill import PROVED, prefill
from admin.store import cases as store
from admin.store import items
from hub import ledger, notices, numbers
from hub.house import House
from hub.problems import NotAllowed
from licenses import kinds
from licenses.change import change
from licenses.model import Change, FieldsWrong, Operation
from tests.admin.applicants import CODE, COMPANY, PDF, WROTE, World, food


@pytest.fixture
def world(house: House, now: datetime) -> World:
    return World(house, now)


def suspend(world: World) -> None:
    assert world.license
    why = Change(Operation.suspend, "test", "law 1", "d-1", by="test", at=world.now)
    change(world.house, world.license.number, why, world.department.caller)


def test_what_stands_on_the_license_is_not_asked(world: World) -> None:
    ready = prefill(world.house, world.item, world.citizen, world.now)
    assert ready.fields["operator"] == COMPANY["name"]
    assert ready.fields["operator_en"] == COMPANY["name_en"]
    assert ready.fields["unified_code"] == CODE
    assert ready.fields["domicile"] == COMPANY["domicile"]
    assert world.license
    assert set(ready.origins.values()) == {world.license.number}
    assert ready.origin("domicile").license == world.license  # type: ignore[union-attr]
    assert [item.key for item in ready.open] == [
        *("premises", "premises_en", "business_kind", "items", "items_en")
    ]  # neither the number nor the telephone for complaints: the office writes them
    assert (ready.asked, ready.avoided) == (2, 1)


def test_a_license_that_is_suspended_saves_nothing(world: World) -> None:
    suspend(world)
    ready = prefill(world.house, world.item, world.citizen, world.now)
    assert ready.avoided == 0
    assert ready.needed[0].state == "suspended"
    assert set(ready.origins.values()) == {PROVED}  # name and code of the company: the register has said them
    with pytest.raises(FieldsWrong) as refused:
        world.submitted()
    missing = {error.field for error in refused.value.errors}
    assert missing == {"legal_representative", "domicile", f"material-{kinds.named('business-license').code}"}


def test_a_license_of_somebody_else_saves_nothing(world: World) -> None:
    stranger = replace(world.citizen, holder_keys=(world.house.vault.blind("holder", "001:91880101DEM000090K"),))
    assert prefill(world.house, world.item, stranger, world.now).avoided == 0


def test_an_application_becomes_a_case_with_its_promise(world: World) -> None:
    case = world.submitted()
    assert case.state is CaseState.submitted
    assert case.due == workdays.add_workdays(world.now, 10)
    assert (case.materials_asked, case.materials_avoided, case.visits) == (2, 1, 0)
    assert case.number.startswith(f"C-{workdays.day_of(world.now):%Y%m%d}-")
    assert numbers.parse(case.number) == case.number
    with world.house.database.read() as db:
        [event] = ledger.events(db, subject=case.number)
        assert event.facts["avoided"] == 1
        assert event.place == case.place
        [told] = notices.of_person(db, "citizen")
        assert told.link == f"/my/cases/{case.number}"
        content = store.content(db, world.house.vault, case.key)
    assert content.fields["premises"] == WROTE["premises"]
    assert content.origins["operator"] == case_license(world)


def case_license(world: World) -> str:
    assert world.license
    return world.license.number


def test_nothing_personal_stands_in_the_ledger_or_in_clear(world: World) -> None:
    case = world.submitted()
    secret = (WROTE["premises"], COMPANY["legal_representative"], COMPANY["domicile"])
    with world.house.database.read() as db:
        said = repr(list(ledger.export(db))) + repr(case)
        said += repr(db.execute(store.contents_table.select()).all()) + repr(
            db.execute(store.files_table.select()).all()
        )
    assert not [one for one in secret if one in said or one.encode().hex() in said]


def test_a_second_submission_with_the_same_key_is_the_same_case(world: World) -> None:
    first = world.submitted()
    assert world.submitted() == first
    assert world.submitted("k2").number != first.number


def test_two_submissions_at_once_are_one_case(house_on: House, now: datetime) -> None:
    world = World(house_on, now)
    gate, found = Barrier(2), []
    with house_on.database.write() as db:
        store.keep_file(db, house_on.vault, "k1", world.paper, PDF)

    def go() -> None:
        gate.wait()
        case = apply.submit(
            house_on, world.item, WROTE, caller=world.citizen, key="k1", files={world.paper: "p.pdf"}, now=now
        )
        found.append(case.number)

    threads = [Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    with house_on.database.read() as db:
        assert len(ledger.events(db, kind="case.submitted")) == 1


def test_the_key_of_another_one_gives_nothing_away(world: World) -> None:
    world.submitted()
    with pytest.raises(NoCase):
        world.submitted(caller=replace(world.citizen, person="thief"))


REFUSALS: dict[str, tuple[Any, Any, type[Exception]]] = {
    "below the level of assurance": ({}, {"level": 2}, NotAllowed),
    "as a person for what is for companies": ({}, {"acting_for": None}, NotForYou),
    "as a company for what is for persons": ({"audience": Audience.person}, {}, NotForYou),
    "as a program": ({}, {"person": None}, NotForYou),
    "for what has its own site": ({"url": "https://market.example/sign-in"}, {}, NotApplied),
    "for what is done at a counter only": ({"online": False, "offline_basis": "rule 1"}, {}, NotApplied),
    "for what is a draft": ({"state": State.draft}, {}, NotApplied),
    "for what has ended": ({"state": State.ended}, {}, NotApplied),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_nobody_applies(world: World, why: str) -> None:
    item, caller, problem = REFUSALS[why]
    with pytest.raises(problem):
        world.submitted(item=replace(world.item, **item), caller=replace(world.citizen, **caller))
    with world.house.database.read() as db:
        assert store.cases(db) == []


WRONG: dict[str, tuple[dict[str, str], set[str]]] = {
    "nothing": ({}, {"premises", "business_kind", "items"}),
    "blanks": (WROTE | {"premises": "   "}, {"premises"}),
    "a kind of business that there is not": (WROTE | {"business_kind": "烟草"}, {"business_kind"}),
    "too long": (WROTE | {"items": "热" * 601}, {"items"}),
    "what cannot be printed": (WROTE | {"items": "热食\u200b"}, {"items"}),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_field_by_field(world: World, what: str) -> None:
    fields, wrong = WRONG[what]
    with pytest.raises(FieldsWrong) as refused:
        world.submitted(fields=fields)
    assert {error.field for error in refused.value.errors} == wrong


def test_a_paper_that_is_missing_is_asked(world: World) -> None:
    with pytest.raises(FieldsWrong) as refused:
        world.submitted(files={})
    assert [error.field for error in refused.value.errors] == [f"material-{world.paper}"]


def test_what_stands_on_the_license_cannot_be_typed_over(world: World) -> None:
    case = world.submitted(fields=WROTE | {"operator": "别人有限公司", "license_number": "JY29999990000010"})
    with world.house.database.read() as db:
        fields = store.content(db, world.house.vault, case.key).fields
    assert fields["operator"] == COMPANY["name"]
    assert "license_number" not in fields


def test_nobody_applies_in_the_name_of_another_company(house: House, now: datetime) -> None:
    """Without a license its code may be typed: it must be the one that was proved."""
    world = World(house, now, licensed=False)
    typed = {"operator": "别人有限公司", "unified_code": CODE, "legal_representative": "某某", "domicile": "示范路1号"}
    files = {one.key: "paper.pdf" for one in world.materials}
    other = replace(world.citizen, acting_for="91880101DEM000090K", holder_keys=("another",))
    with pytest.raises(FieldsWrong) as refused:
        world.submitted(caller=other, fields=WROTE | typed, files=files)
    assert [error.field for error in refused.value.errors] == ["unified_code"]


def test_at_the_counter_the_officer_has_seen_the_papers(world: World) -> None:
    case = world.submitted(channel=Channel.counter, taken_by="clerk", files={})
    assert (case.visits, case.taken_by, case.materials_avoided) == (1, "clerk", 1)
    with world.house.database.read() as db:
        assert ledger.events(db, subject=case.number)[0].by == "person:clerk"
        assert [one.seen for one in store.content(db, world.house.vault, case.key).materials] == [False, True]


def test_only_the_applicant_sees_it_and_only_as_whom_he_applied(world: World) -> None:
    case = world.submitted()
    assert apply.mine(world.house, case.number, world.citizen, world.now) == case
    with pytest.raises(NoCase):
        apply.mine(world.house, case.number, replace(world.citizen, person="thief"), world.now)
    with pytest.raises(ActingForAnother):
        apply.mine(world.house, case.number, world.himself, world.now)
    with pytest.raises(NoCase):
        apply.mine(world.house, "C-20261122-0000000000", world.citizen, world.now)


def test_one_withdraws_what_is_not_decided(world: World) -> None:
    case = world.submitted()
    assert apply.withdraw(world.house, case.number, caller=world.citizen, now=world.now).state is CaseState.withdrawn
    with pytest.raises(CaseElsewhere):
        apply.withdraw(world.house, case.number, caller=world.citizen, now=world.now)
    with pytest.raises(CaseElsewhere):
        decide.accept(world.house, case.number, caller=world.officer(), now=world.now)


def test_nobody_withdraws_for_another(world: World) -> None:
    case = world.submitted()
    with pytest.raises(NoCase):
        apply.withdraw(world.house, case.number, caller=replace(world.citizen, person="thief"), now=world.now)


def test_an_answer_starts_the_promised_time_again(world: World) -> None:
    case = world.submitted()
    decide.give_back(world.house, case.number, "请补充平面图", caller=world.officer(), now=world.now)
    later = world.now + timedelta(days=20)
    typed = {"items": "热食类食品制售"}
    key = drafts.answer_key(case)
    drafts.write_answer(world.house, case, typed, {world.paper: ("new.pdf", PDF + b" 2")}, "已补充")
    after = apply.answer(world.house, case.number, caller=world.citizen, now=later)
    assert after.state is CaseState.submitted
    assert after.submitted == case.submitted
    assert after.due == workdays.add_workdays(later, 10)
    assert not after.overdue(later)
    with world.house.database.read() as db:
        content = store.content(db, world.house.vault, case.key)
        assert store.file(db, world.house.vault, case.key, world.paper) == PDF + b" 2"
        with pytest.raises(NoCase):
            store.content(db, world.house.vault, key)
    assert content.answer == "已补充"
    assert content.fields == content.fields | {"items": "热食类食品制售", "premises": WROTE["premises"]}


def test_an_answer_that_was_not_asked_for_is_refused(world: World) -> None:
    case = world.submitted()
    with pytest.raises(CaseElsewhere):
        apply.answer(world.house, case.number, caller=world.citizen, now=world.now)


def test_a_case_keeps_the_version_of_its_service(world: World) -> None:
    case = world.submitted()
    with world.house.database.write() as db:
        items.replaced(db, world.item.code, world.now)
        items.keep(db, food(world.now, version=2, promised_days=1))
    decide.give_back(world.house, case.number, "more", caller=world.officer(), now=world.now)
    after = apply.answer(world.house, case.number, caller=world.citizen, now=world.now)
    assert after.due == workdays.add_workdays(world.now, 10)
