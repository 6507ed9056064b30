"""Companies: claimed by their legal representative alone; then one chooses as whom."""

import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from deploy.demo.register.book import Book
from hub import clock, ledger
from hub.house import House
from hub.problems import NotAllowed
from idp import accounts, companies, mandates, realname
from idp.model.mandate import NoMandate, Role
from idp.model.organization import NotRepresentative
from idp.model.realname import RegisterLater
from idp.numbers.rules import NumberWrong
from idp.store import mandates as mandate_store
from idp.store import organizations, people
from tests.idp.citizen import COMPANY, JIA, OUYANG, PASSWORD, Citizen, local


def proved(house: House, register: FlaskClient, who: tuple[str, str] = OUYANG, account: str = "ouyang") -> str:
    id = accounts.register(house, account, PASSWORD, now=clock.now()).id
    realname.match(house, id, *who, now=clock.now())
    page = realname.begin_live_check(house, id, "http://localhost:8000/realname/live", now=clock.now())
    register.post(page.removeprefix("http://localhost:8002"), data={"outcome": "match"})
    realname.end_live_check(house, id, now=clock.now())
    return id


def test_the_legal_representative_claims_a_company(house: House, register: FlaskClient) -> None:
    id = proved(house, register)
    claimed = companies.claim(house, id, " 91880101dem000081u ", now=clock.now())
    assert (claimed.name, claimed.code) == COMPANY
    assert claimed.holder_key == house.vault.blind("holder", "001:91880101DEM000081U")
    with house.database.read() as db:
        (mandate, principal), *rest = mandates.of(house, db, id, clock.now())
        evidence = people.evidence_of(db, id)[0]
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


def test_a_new_legal_representative_ends_every_mandate_from_before(house: House, register: FlaskClient) -> None:
    old = proved(house, register)
    new = proved(house, register, JIA, "jia.shili")
    companies.claim(house, old, COMPANY[1], now=clock.now())
    book = Book(house.settings.data.parent / "register")
    book._write("UPDATE companies SET representative = ? WHERE code = ?", JIA[1], COMPANY[1])
    companies.claim(house, new, COMPANY[1], now=clock.now())
    with house.database.read() as db:
        assert mandates.of(house, db, old, clock.now()) == []
        assert [mandate.person for mandate in mandate_store.for_principal(db, COMPANY[1], clock.now())] == [new]
        with pytest.raises(NoMandate):
            mandates.standing(house, db, old, COMPANY[1], clock.now())
    with pytest.raises(NotRepresentative):
        companies.claim(house, old, COMPANY[1], now=clock.now())


# -- the pages


def test_one_claims_a_company_and_acts_for_it_and_for_oneself_again(citizen: Citizen) -> None:
    citizen.is_proved(OUYANG)
    claimed = citizen.post("/companies", code=COMPANY[1])
    assert claimed.location == f"/companies?claimed={COMPANY[1]}"
    assert f"You now represent {COMPANY[0]} here" in citizen.get(claimed.location).text
    own = citizen.session.holder_keys
    old = citizen.cookie("yinxin-idp")
    assert citizen.post("/as", whom=COMPANY[1]).location == "/account"
    assert citizen.cookie("yinxin-idp") != old
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
    citizen.post("/as", whom="myself")  # the wallet still acts for the company
    assert COMPANY[0] in citizen.get("/wallet/").text
    book = Book(citizen.house.settings.data.parent / "register")
    book._write("UPDATE companies SET representative = ? WHERE code = ?", JIA[1], COMPANY[1])
    companies.claim(
        citizen.house, proved(citizen.house, citizen.register, JIA, "jia.other"), COMPANY[1], now=clock.now()
    )
    assert not citizen.signed_in
    assert citizen.get("/wallet/").status_code == 303


def test_a_mandate_that_ends_does_not_touch_other_logins(citizen: Citizen) -> None:
    citizen.is_proved(OUYANG)
    citizen.post("/companies", code=COMPANY[1])
    book = Book(citizen.house.settings.data.parent / "register")
    book._write("UPDATE companies SET representative = ? WHERE code = ?", JIA[1], COMPANY[1])
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
