"""Companies: claimed by their legal representative alone; then one chooses as whom."""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from deploy.demo.register.book import Book
from hub import clock, ledger, notices
from hub.house import House
from hub.problems import NotAllowed
from idp import realname
from idp.account import accounts
from idp.acting import companies, companies_people, companies_watch, mandates
from idp.model.company import NotInForce
from idp.model.mandate import NoMandate, Role
from idp.model.organization import NotRepresentative, Organization, OrganizationState
from idp.model.realname import RegisterLater
from idp.numbers.rules import NumberWrong
from idp.store import mandates as mandate_store
from idp.store import organizations, proofs
from tests.idp.citizen import COMPANY, JIA, OUYANG, PASSWORD, Citizen, local, shown_face
from tests.idp.staff import ABDU, YAN, acting, appointed, runs


def proved(house: House, register: FlaskClient, who: tuple[str, str] = OUYANG, account: str = "ouyang") -> str:
    id = accounts.register(house, account, PASSWORD, now=clock.now()).id
    realname.match(house, id, *who, now=clock.now())
    shown_face(house, register, id)
    return id


def test_the_legal_representative_claims_a_company(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    claimed = companies.claim(house, id, " 91880101dem000081u ", now=clock.now())
    assert (claimed.name, claimed.code) == COMPANY
    assert claimed.holder_key == house.vault.blind("holder", "001:91880101DEM000081U")
    with house.database.read() as db:
        (mandate, principal), *rest = mandates.of(house, db, id, clock.now())
        evidence = proofs.evidence_of(db, id)[0]
        told = ledger.events(db, subject=claimed.label)
    assert not rest
    assert (mandate.role, mandate.granted_by, principal.label) == (Role.legal_representative, None, claimed.label)
    assert (evidence.method, evidence.about) == ("representative", COMPANY[1])
    assert [event.kind for event in told] == ["organization.claimed"]


def test_claiming_again_changes_nothing(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    for _ in range(2):
        companies.claim(house, id, COMPANY[1], now=clock.now())
    with house.database.read() as db:
        assert len(mandates.of(house, db, id, clock.now())) == 1


def test_nobody_else_claims_it_nor_learns_who_could(house: House, register: FlaskClient) -> None:
    id = proved(house, register, JIA, "jia.shili")
    said = set()
    for code in (COMPANY[1], "91880101DEM000099X", "11880100DEM000049A"):
        try:
            companies.claim(house, id, code, now=clock.now())
        except (NotRepresentative, NumberWrong) as refused:
            said.add((type(refused), str(refused)))
    assert (NotRepresentative, "The register does not name you as its legal representative") in said
    with house.database.read() as db:
        assert mandates.of(house, db, id, clock.now()) == []
        assert organizations.organization(db, COMPANY[1]) is None


def test_it_needs_level_three(house: House, register: FlaskClient) -> None:
    id = accounts.register(house, "ouyang", PASSWORD, now=clock.now()).id
    with pytest.raises(NotAllowed):
        companies.claim(house, id, COMPANY[1], now=clock.now())
    realname.match(house, id, *OUYANG, now=clock.now())
    with pytest.raises(NotAllowed):
        companies.claim(house, id, COMPANY[1], now=clock.now())


def test_when_the_register_is_down_it_is_later(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    register.post("/faults", data={"fault": "wrong-signature"})
    with pytest.raises(RegisterLater):
        companies.claim(house, id, COMPANY[1], now=clock.now())


def test_a_new_legal_representative_ends_the_mandate_of_the_one_before(house: House, register: FlaskClient) -> None:
    old = proved(house, register)
    new = proved(house, register, JIA, "jia.shili")
    companies.claim(house, old, COMPANY[1], now=clock.now())
    changes(house, representative=JIA[1])
    companies.claim(house, new, COMPANY[1], now=clock.now())
    with house.database.read() as db:
        assert mandates.of(house, db, old, clock.now()) == []
        assert [mandate.person for mandate in mandate_store.for_principal(db, COMPANY[1], clock.now())] == [new]
        with pytest.raises(NoMandate):
            mandates.standing(house, db, old, COMPANY[1], clock.now())
    with pytest.raises(NotRepresentative):
        companies.claim(house, old, COMPANY[1], now=clock.now())


def test_a_new_legal_representative_suspends_all_mandates_until_he_confirms_each(
    house: House, register: FlaskClient
) -> None:
    now = clock.now()
    old, new = proved(house, register), proved(house, register, JIA, "jia.shili")
    companies.claim(house, old, COMPANY[1], now=now)
    manager = appointed(house, old, ABDU, Role.manager, now)
    agent = appointed(house, manager.person, YAN, Role.agent, now)
    for one in (manager, agent):
        acting(house, one.person, now)
    changes(house, representative=JIA[1])
    companies.claim(house, new, COMPANY[1], now=clock.now())
    assert not runs(house, manager.person)
    assert not runs(house, agent.person)
    for one in (manager, agent):
        with pytest.raises(NoMandate):
            acting(house, one.person, clock.now())
    with pytest.raises(NoMandate):  # nobody but the new representative confirms
        companies_people.confirm(house, manager.person, COMPANY[1], agent.id, now=clock.now())
    companies_people.confirm(house, new, COMPANY[1], agent.id, now=clock.now())
    assert acting(house, agent.person, clock.now()).acting_for == COMPANY[1]
    with pytest.raises(NoMandate):  # once
        companies_people.confirm(house, new, COMPANY[1], agent.id, now=clock.now())
    companies_people.remove(house, new, COMPANY[1], manager.id, now=clock.now())
    assert runs(house, agent.person)  # he has his mandate from the new representative now
    with house.database.read() as db:
        told = [one.title for one in notices.of_person(db, manager.person)]
        assert "Your mandate for %(company)s waits until its new legal representative confirms it" in told
        assert "You no longer represent %(company)s" in [one.title for one in notices.of_person(db, old)]


@pytest.mark.parametrize("status", ["revoked", "deregistered", "dissolving"])
def test_a_company_that_is_not_in_force_is_not_claimed(house: House, register: FlaskClient, status: str) -> None:
    id = proved(house, register)
    changes(house, status=status)
    with pytest.raises(NotInForce):
        companies.claim(house, id, COMPANY[1], now=clock.now())
    with house.database.read() as db:
        assert organizations.organization(db, COMPANY[1]) is None


# -- what the register says later


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"status": "revoked"}, OrganizationState.revoked),
        ({"status": "deregistered"}, OrganizationState.deregistered),
        ({"representative": JIA[1]}, OrganizationState.suspended),
        ({}, OrganizationState.suspended),  # only the day of registration is another
    ],
)
def test_the_register_is_asked_again_and_nobody_acts_for_what_has_changed(
    house: House, register: FlaskClient, change: dict[str, str], state: OrganizationState
) -> None:
    id = proved(house, register)
    companies.claim(house, id, COMPANY[1], now=clock.now())
    acting(house, id, clock.now())
    assert companies_watch.look_again(house, clock.now()) == 0  # it was asked just now
    changes(house, **change)
    a_day_passes(house)
    assert companies_watch.look_again(house, clock.now()) == 1
    assert companies_watch.look_again(house, clock.now()) == 0
    with house.database.read() as db:
        found = organizations.organization(db, COMPANY[1])
        told = ledger.events(db, subject=f"organization:{COMPANY[1]}")
        with pytest.raises(NoMandate):
            mandates.standing(house, db, id, COMPANY[1], clock.now())
    assert found is not None
    assert found.state is state
    assert f"organization.{state.value}" in [event.kind for event in told]
    assert not runs(house, id)


def test_a_company_whose_registration_changed_is_claimed_again_by_the_same_representative(
    house: House, register: FlaskClient
) -> None:
    id = proved(house, register)
    companies.claim(house, id, COMPANY[1], now=clock.now())
    manager = appointed(house, id, ABDU, Role.manager, clock.now())
    changes(house)
    a_day_passes(house)
    companies_watch.look_again(house, clock.now())
    with pytest.raises(NoMandate):
        acting(house, manager.person, clock.now())
    companies.claim(house, id, COMPANY[1], now=clock.now())
    assert acting(house, manager.person, clock.now()).acting_for == COMPANY[1]


def test_a_register_that_is_down_changes_nothing(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    companies.claim(house, id, COMPANY[1], now=clock.now())
    register.post("/faults", data={"fault": "wrong-signature"})
    a_day_passes(house)
    assert companies_watch.look_again(house, clock.now()) == 0
    with house.database.read() as db:
        assert mandates.standing(house, db, id, COMPANY[1], clock.now())


def test_whoever_looks_again_asks_about_a_few_at_a_time(house: House, register: FlaskClient, now: datetime) -> None:
    with house.database.write() as db:
        for count in range(8):
            organizations.keep(db, Organization(f"X{count}", "x", f"k{count}", now - timedelta(days=2)))
    assert [companies_watch.look_again(house, now) for _ in range(3)] == [5, 3, 0]


def test_the_end_of_a_mandate_is_told_three_days_before_once(house: House, register: FlaskClient) -> None:
    now = clock.now()
    id = proved(house, register)
    companies.claim(house, id, COMPANY[1], now=now)
    agent = appointed(house, id, ABDU, Role.agent, now, days=7)
    short = appointed(house, id, YAN, Role.agent, now, days=2)
    assert companies_watch.warn(house, now) == 0
    with clock.shifted(seconds=4 * 86_400 + 60):
        assert [companies_watch.warn(house, clock.now()) for _ in range(2)] == [1, 0]
    with house.database.read() as db:
        (last, *_) = notices.of_person(db, agent.person)
        above = [one.title for one in notices.of_person(db, id)]
        assert "ends after" not in "".join(one.title for one in notices.of_person(db, short.person))
    assert last.title == "Your mandate for %(company)s ends after %(day)s"
    assert "A mandate for %(company)s that you gave ends after %(day)s" in above


def a_day_passes(house: House) -> None:
    """The register was asked long ago. Its answers carry the real time: our clock cannot run ahead here."""
    with house.database.write() as db:
        db.execute(organizations.organization_table.update().values(checked=clock.now() - timedelta(days=2)))


def changes(house: House, *, status: str = "in-force", representative: str = "") -> None:
    """The register enters a change of the company."""
    book = Book(house.settings.data.parent / "register")
    book.register_change(COMPANY[1], "2026-11-21", status=status, representative=representative)


# -- the pages


def test_one_claims_a_company_and_acts_for_it_and_for_oneself_again(citizen: Citizen) -> None:
    citizen.is_proved(OUYANG)
    claimed = citizen.post("/companies", code=COMPANY[1])
    assert claimed.location == f"/companies?claimed={COMPANY[1]}"
    assert f"You may act for {COMPANY[0]} here" in citizen.get(claimed.location).text
    own = citizen.session.holder_keys
    old = citizen.cookie("yinxin-8000-idp")
    assert citizen.post("/as", whom=COMPANY[1]).location == "/account"
    assert citizen.cookie("yinxin-8000-idp") != old
    assert citizen.session.acting_for == COMPANY[1]
    assert citizen.session.holder_keys == (citizen.house.vault.blind("holder", f"001:{COMPANY[1]}"),)
    assert COMPANY[0] in citizen.get("/account").text
    citizen.post("/as", whom="myself")
    after = citizen.session
    assert (after.acting_for, after.holder_keys) == (None, own)


def test_whoever_claims_a_company_on_the_way_to_a_service_goes_on_to_that_service(citizen: Citizen) -> None:
    citizen.is_proved(OUYANG)
    wanted = "/my/sign-in?next=/my/cases/new/x"
    page = citizen.get(f"/as?next={quote(wanted)}").text
    way = next(href for href in re.findall(r'href="(/companies[^"]*)"', page))
    claimed = citizen.post(way, code=COMPANY[1])
    page = citizen.get(claimed.location).text
    onward = next(action for action in re.findall(r'action="(/as[^"]*)"', page))
    assert citizen.post(onward, whom=COMPANY[1]).location == wanted


def test_who_lost_his_mandate_sees_nothing_of_the_company_any_more(citizen: Citizen) -> None:
    citizen.is_proved(OUYANG)
    citizen.post("/companies", code=COMPANY[1])
    citizen.post("/as", whom=COMPANY[1])
    path = "/wallet/sign-in"
    for _ in range(3):  # to the provider, back with a code, into the wallet
        path = local(citizen.get(path).location)
    assert COMPANY[0] in citizen.get("/wallet/").text
    changes(citizen.house, representative=JIA[1])
    companies.claim(
        citizen.house, proved(citizen.house, citizen.register, JIA, "jia.other"), COMPANY[1], now=clock.now()
    )
    assert not citizen.signed_in
    assert citizen.get("/wallet/").status_code == 303


def test_a_mandate_that_ends_does_not_touch_other_logins(citizen: Citizen) -> None:
    citizen.is_proved(OUYANG)
    citizen.post("/companies", code=COMPANY[1])
    changes(citizen.house, representative=JIA[1])
    companies.claim(
        citizen.house, proved(citizen.house, citizen.register, JIA, "jia.other"), COMPANY[1], now=clock.now()
    )
    assert citizen.signed_in  # he acts for himself


def test_one_does_not_act_for_a_company_without_a_mandate(citizen: Citizen) -> None:
    citizen.is_proved(JIA)
    for whom in (COMPANY[1], "nonsense", ""):
        answer = citizen.post("/as", whom=whom)
        assert answer.status_code == 422
        assert citizen.session.acting_for is None


def test_a_wrong_code_is_told_with_what_was_typed(citizen: Citizen) -> None:
    citizen.is_proved(OUYANG)
    answer = citizen.post("/companies", code="91880101DEM000081X")
    assert answer.status_code == 422
    assert 'value="91880101DEM000081X"' in answer.text
    assert "mistyped" in answer.text


def test_below_level_three_the_page_leads_to_the_real_name(citizen: Citizen) -> None:
    citizen.registers()
    page = citizen.get("/companies").text
    assert 'name="code"' not in page
    assert "/realname?next=/companies" in page
