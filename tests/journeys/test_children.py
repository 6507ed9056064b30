"""A child: added by both parents, given a permit and an application, shown in their wallets; at fourteen it is itself."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from admin import passed_on
from admin.store import cases, items
from hub import clock
from idp.acting import uses as use_verbs
from idp.model.mandate import PERSON
from idp.store import mandates, people, uses
from tests.idp.households import CHILD, grown
from tests.world import World
from yinxin.tour.browser import Browser
from yinxin.tour.story import Story

FATHER = ("示例甲", "880101198503120015")
MOTHER = ("欧阳示例", "880101199107260029")
FOURTEEN = datetime(2033, 9, 29, 16, tzinfo=UTC)


def parent(made: World, who: tuple[str, str]) -> Story:
    """A parent with an account of his own, known at level 3."""
    story = Story(made.sites, Browser(), Browser(), made.officers)
    story.name, story.number = who
    for step in (story.sign_in_at_a, story.open_wallet):
        step()
    return story


def adds_the_child(story: Story, language: str) -> str:
    """From the page of mandates to acting for the child; gives the child's id as a principal."""
    browser, hub = story.citizen, story.sites.hub
    browser.open(f"{hub}/account/mandates/child?lang={language}")
    browser.submit("number", name=CHILD[0], number=CHILD[1])
    story.must(browser.path == "/account/mandates" and CHILD[0] in browser.page.text, "the child is added")
    whom = browser.find("whom").fields["whom"]
    browser.submit("whom")
    story.must(browser.page.status_code == 200, "the parent acts for the child")
    return whom


def opens_wallet(story: Story) -> str:
    story.citizen.open(f"{story.sites.hub}/wallet/sign-in")
    return story.citizen.open(f"{story.sites.hub}/wallet/?lang=en").text


@dataclass(frozen=True)
class Family:
    """Two parents in two browsers, and their child."""

    father: Story
    mother: Story
    child: str


@pytest.fixture(scope="module")
def family(made: World) -> Family:
    father, mother = parent(made, FATHER), parent(made, MOTHER)
    child = adds_the_child(father, "zh-Hans")
    assert adds_the_child(mother, "en") == child  # one and the same
    return Family(father, mother, child)


@pytest.fixture(scope="module")
def license(family: Family) -> str:
    """The department issues to the child: its form is filled with what the login of a parent told."""
    father = family.father
    father.citizen.open(f"{father.sites.civil}/sign-in?lang=en")
    assert father.citizen.path == "/as"
    father.citizen.submit("whom", whom=family.child)
    assert father.citizen.path == "/consent"  # for the child it is asked anew, in the child's name
    assert CHILD[0] in father.citizen.page.text
    father.citizen.submit("decision", decision="agree")
    page = father.citizen.page.text
    assert f"{FATHER[0]} for {CHILD[0]}" in page
    father.name = CHILD[0]
    father.be_issued()
    return father.license


@pytest.fixture(scope="module")
def case(family: Family, made: World) -> str:
    """An application in the name of the child."""
    father = family.father
    browser, hub = father.citizen, father.sites.hub
    with made.house.database.read() as db:
        code = next(one.code for one in items.public(db) if one.name_en == "Registration of a newborn child")
    browser.open(f"{hub}/my/sign-in?next=/my/cases/new/{code}")
    browser.submit(action=f"/new/{code}")
    papers = {name: ("paper.pdf", b"%PDF-1.7 invented") for name in browser.find("then").names if "material-" in name}
    browser.attach(papers, "then", then="check", matter="出生登记")
    browser.submit(action="/submit")
    return browser.path.rpartition("/")[2]


def test_the_child_s_license_is_in_the_wallets_of_both_parents(family: Family, license: str) -> None:
    for one in (family.father, family.mother):
        page = opens_wallet(one)
        assert license in page
        assert CHILD[0] in page
    pdf = family.mother.citizen.fetch(f"{family.mother.sites.hub}/wallet/{license}/file").content
    assert pdf.startswith(b"%PDF-")


def test_nothing_of_the_child_is_in_a_parent_s_own_wallet(family: Family, license: str) -> None:
    mother = family.mother
    mother.citizen.open(f"{mother.sites.hub}/account/mandates?lang=en")
    mother.citizen.submit("whom", whom="myself")
    assert license not in opens_wallet(mother)
    mother.citizen.open(f"{mother.sites.hub}/account/mandates?lang=en")
    mother.citizen.submit("whom", whom=family.child)


def test_both_parents_see_the_application_and_its_notices(family: Family, case: str) -> None:
    assert case.startswith("C-")
    for one in (family.father, family.mother):
        one.citizen.open(f"{one.sites.hub}/my/sign-in?next=/my/cases")
        assert case in one.citizen.page.text
        assert one.citizen.open(f"{one.sites.hub}/my/cases/{case}?lang=en").status_code == 200
        assert case in one.citizen.open(f"{one.sites.hub}/my/notices").text


def test_each_use_is_shown_to_both_parents(family: Family, license: str, case: str, made: World) -> None:
    opens_wallet(family.father)
    family.father.citizen.fetch(f"{family.father.sites.hub}/wallet/{license}/file")
    use_verbs.take_letters(made.house, clock.now())
    mother = family.mother
    mother.citizen.open(f"{mother.sites.hub}/account/mandates?lang=en")
    with made.house.database.read() as db:
        held = mandates.for_principal(db, family.child, clock.now())
        seen = uses.of_principal(db, family.child)
    assert {one.what.value for one in seen} >= {"signed-in", "applied", "downloaded"}
    texts = [mother.citizen.open(f"{mother.sites.hub}/account/mandates/{one.id}?lang=en") for one in held]
    (page,) = [one.text for one in texts if one.status_code == 200]  # her own mandate, not his
    assert FATHER[0] in page
    assert case in page
    assert license in page


def test_at_fourteen_the_child_is_itself(family: Family, license: str, case: str, made: World) -> None:
    house = made.house
    with house.database.read() as db:
        assert {one.until for one in mandates.for_principal(db, family.child, clock.now())} == {FOURTEEN}
    with clock.shifted((FOURTEEN + timedelta(hours=9) - clock.now()).total_seconds()):
        for one in (family.father, family.mother):
            one.citizen.open(f"{one.sites.hub}/my/cases/{case}?lang=en")
            assert one.citizen.path == "/login"  # the parents' logins for the child are over
        child = grown(house, CHILD)
        entry = family.child.removeprefix(PERSON)
        passed_on.follow(house, clock.now())
        with house.database.read() as db:
            old, new = people.person(db, entry), people.person(db, child)
            assert old is not None
            assert new is not None
            assert (old.holder_key, old.merged_into) == (None, child)
            assert [one.number for one in cases.of_applicant(db, child, None)] == [case]
            assert mandates.for_principal(db, f"{PERSON}{child}", clock.now()) == []
        assert new.holder_key == house.vault.blind("holder", f"111:{CHILD[1]}")
