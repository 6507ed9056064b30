"""Named matters: an agent applies for those alone, sees those alone, and reads a license without handing it over."""

from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask

from admin import apply, counter, decide, drafts, matters
from admin.model.case import CaseState, NoCase, OwnCase
from admin.model.visit import Document, Visit
from admin.store import cases as store
from admin.store import items
from hub import behalf
from hub.behalf import NotYourMatter
from hub.callers import Caller
from hub.house import House
from idp.model.mandate import Mandate, NoMandate, Role
from idp.store import mandates
from idp.store import matters as matter_store
from licenses import wallet
from tests.admin.applicants import CODE, ITEM, WROTE, World, food
from tests.licenses.conftest import QIYUN

OTHER = f"{ITEM[:-4]}0002"


@pytest.fixture
def world(house: House, now: datetime) -> World:
    made = World(house, now)
    with house.database.write() as db:
        items.keep(db, food(now, code=OTHER, name="食品经营许可证变更", name_en="Food license, change"))
    return made


def agent(world: World, *codes: str, person: str = "agent") -> Caller:
    """Somebody with a mandate for these matters, and his session."""
    mandate = Mandate(f"m-{person}", CODE, person, Role.agent, world.now, tuple(codes) or ("*",), granted_by="m")
    with world.house.database.write() as db:
        mandates.add(db, mandate)
    return replace(world.citizen, person=person, sid=person, rights=behalf.rights(codes or None))


def test_published_items_are_what_a_mandate_can_name(world: World, now: datetime) -> None:
    matters.refresh(world.house, now)
    with world.house.database.read() as db:
        found = matter_store.matters(db)
        assert {one.code for one in found} == {one.code for one in items.public(db)}
    (mine,) = [one for one in found if one.code == ITEM]
    assert (mine.name_en, mine.for_companies, mine.for_persons) == ("Food business license", True, False)


def test_an_agent_applies_for_his_matters_alone(world: World) -> None:
    his = agent(world, ITEM)
    assert world.submitted(caller=his).acting_for == CODE
    with pytest.raises(NotYourMatter):
        world.submitted(key="k2", caller=agent(world, OTHER, person="other"))
    with pytest.raises(NotYourMatter):
        world.submitted(key="k3", caller=agent(world, "nonsense", person="third"))
    assert world.submitted(key="k4", caller=agent(world, person="fourth")).item == ITEM


def test_a_session_that_says_more_than_the_mandate_applies_for_nothing_more(world: World) -> None:
    his = replace(agent(world, OTHER), rights=frozenset())
    with pytest.raises(NotYourMatter):
        world.submitted(caller=his)


def test_whoever_has_no_mandate_any_more_leaves_nothing_behind(world: World) -> None:
    his = agent(world, ITEM)
    with world.house.database.write() as db:
        mandate = mandates.mandate(db, "m-agent")
        assert mandate is not None
        mandates.end(db, mandate.ended_at(world.now, "removed"))
    with pytest.raises(NoMandate):
        world.submitted(caller=his)
    with world.house.database.read() as db:
        assert store.by_key(db, "k1") is None


def test_what_was_begun_in_a_matter_is_closed_when_the_matter_is_gone(world: World) -> None:
    """A new mandate with fewer matters: drafts and cases of the others are seen no more."""
    wide, narrow = agent(world, ITEM, OTHER), replace(world.citizen, person="agent", rights=behalf.rights([OTHER]))
    draft = drafts.begin(world.house, world.item, wide, world.now)
    case = world.submitted(caller=wide)
    with pytest.raises(NotYourMatter):
        drafts.mine(world.house, draft.id, narrow, world.now)
    with pytest.raises(NotYourMatter):
        apply.mine(world.house, case.number, narrow, world.now)
    with pytest.raises(NotYourMatter):
        apply.withdraw(world.house, case.number, caller=narrow, now=world.now)


def test_pages_of_other_matters_say_who_can_give_more(world: World, app: Flask) -> None:
    browser = app.test_client()
    browser.set_cookie(*world.cookie("my", agent(world, OTHER)))
    page = browser.get(f"/my/cases/new/{ITEM}", headers={"Accept-Language": "en"})
    assert page.status_code == 403
    assert "Your mandate is not for this matter" in page.text
    assert f"/companies/{CODE}" in page.text
    assert browser.get(f"/my/cases/new/{OTHER}").status_code == 200


def test_an_agent_sees_the_cases_of_his_matters_alone(world: World, app: Flask) -> None:
    case = world.submitted(caller=agent(world, ITEM, OTHER))
    narrow = replace(world.citizen, person="agent", rights=behalf.rights([OTHER]))
    for who, seen in ((narrow, False), (replace(narrow, rights=behalf.rights([ITEM])), True)):
        browser = app.test_client()
        browser.set_cookie(*world.cookie("my", who))
        assert (case.number in browser.get("/my/cases").text) is seen
        assert (browser.get(f"/my/cases/{case.number}").status_code == 200) is seen


def test_the_cases_of_a_company_are_seen_by_whom_they_concern_whoever_applied(world: World, app: Flask) -> None:
    case = world.submitted(caller=agent(world, ITEM))
    everything = {agent(world, person="manager"): True, world.citizen: True}
    named = {agent(world, ITEM, person="same"): True, agent(world, OTHER, person="other"): False}
    elsewhere = {replace(world.citizen, person="rival", sid="rival", acting_for="91880101DEM000090K"): False}
    for who, seen in (everything | named | elsewhere | {world.himself: False}).items():
        browser = app.test_client()
        browser.set_cookie(*world.cookie("my", who))
        assert (case.number in browser.get("/my/cases").text) is seen, who
        assert (browser.get(f"/my/cases/{case.number}").status_code == 200) is seen, who


def test_who_leads_a_company_goes_on_with_what_an_agent_began(world: World) -> None:
    case = world.submitted(caller=agent(world, ITEM))
    apply.withdraw(world.house, case.number, caller=world.citizen, now=world.now)


def test_what_is_not_submitted_yet_stays_with_whoever_writes_it(world: World) -> None:
    draft = drafts.begin(world.house, world.item, agent(world, ITEM), world.now)
    with pytest.raises(NoCase):
        drafts.mine(world.house, draft.id, world.citizen, world.now)
    with world.house.database.read() as db:
        assert store.drafts_of(db, "citizen", CODE, world.now) == []


def test_nobody_decides_a_case_of_a_company_for_which_he_acts(world: World, app: Flask) -> None:
    case = world.submitted(caller=agent(world, ITEM))
    agent(world, OTHER, person="clerk")  # an officer with a mandate of that company, though for another matter
    for person in ("clerk", "citizen", "agent"):
        officer = world.officer(person=person)
        with pytest.raises(OwnCase):
            decide.accept(world.house, case.number, caller=officer, now=world.now)
        browser = app.test_client()
        browser.set_cookie(*world.cookie("console", officer))
        page = browser.get(f"/console/cases/{case.number}")
        assert (page.status_code, f"{case.number}/accept" in page.text) == (200, False), person
    accepted = decide.accept(world.house, case.number, caller=world.officer(), now=world.now)
    assert accepted.state is CaseState.accepted


def test_licenses_are_read_and_not_handed_over(world: World, app: Flask) -> None:
    his = agent(world, ITEM)
    number = world.license.number if world.license else ""
    assert [one.license.number for one in wallet.held(world.house, his, world.now)] == [number]
    with pytest.raises(NotYourMatter):
        wallet.file(world.house, number, his, world.now)
    browser = app.test_client()
    browser.set_cookie(*world.cookie("wallet", his))
    page = browser.get(f"/wallet/{number}", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "you do not hand it over" in page.text
    assert "code.svg" not in page.text
    for way in ("code.svg", "file", "print"):
        assert browser.get(f"/wallet/{number}/{way}").status_code == 403
    everything = agent(world, person="second")
    assert wallet.file(world.house, number, everything, world.now)


def test_what_he_holds_is_prefilled_for_his_matter(world: World) -> None:
    case = world.submitted(caller=agent(world, ITEM), fields=WROTE)
    assert case.materials_avoided >= 1


def test_a_counter_prints_no_license_for_whoever_acts_in_named_matters(world: World) -> None:
    number = world.license.number if world.license else ""
    for who, prints in ((agent(world, ITEM), False), (agent(world, person="second"), True)):
        visit = Visit(
            id=f"v-{who.person}",
            officer="officer",
            session="s",
            place=QIYUN.place,
            person=who.person or "",
            acting_for=CODE,
            holder_keys=(world.key,),
            document=Document.citizen,
            opened=world.now,
            shown="示例",
            reason="prints",
        )
        if prints:
            assert counter.print_license(world.house, visit, number, by=world.officer(), now=world.now)
        else:
            with pytest.raises(NotYourMatter):
                counter.print_license(world.house, visit, number, by=world.officer(), now=world.now)
