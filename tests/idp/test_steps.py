"""From a service to the service: only the missing steps are asked, in order, and few requests are made."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest

from hub import clock
from hub.house import House
from idp.consent import consents
from idp.model.client import Client
from idp.provider import clients
from idp.store import consents as consent_store
from tests.idp.citizen import COMPANY, JIA, OUYANG, PASSWORD, Citizen, local
from tests.idp.rp import CALLBACK, department

ASKED = {
    "response_type": "code",
    "client_id": "qiyun-market",
    "redirect_uri": CALLBACK,
    "state": "s-1",
    "nonce": "n-1",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


@dataclass
class Journey:
    """A citizen who comes from a department's site."""

    citizen: Citizen
    client: Client

    def begins(self, scope: str = "openid profile", **more: str) -> str:
        """Come from the site; gives where the provider sends the browser."""
        answer = self.citizen.browser.get("/oidc/authorize", query_string=ASKED | {"scope": scope, **more})
        assert answer.status_code == 303, answer.text
        return local(answer.location) if answer.location.startswith("http://localhost:8000") else answer.location

    @property
    def house(self) -> House:
        return self.citizen.house


@pytest.fixture
def journey(citizen: Citizen) -> Journey:
    client = department()
    clients.add(citizen.house, client, by="test", now=clock.now())
    return Journey(citizen, client)


def code_in(location: str) -> str:
    assert location.startswith(CALLBACK), location
    found = parse_qs(urlsplit(location).query)
    assert found["state"] == ["s-1"]
    assert found["iss"] == ["http://localhost:8000"]
    return found["code"][0]


def agrees(journey: Journey, at: str) -> str:
    return journey.citizen.post(at, decision="agree").location


def test_a_known_person_needs_one_page_and_one_form(journey: Journey) -> None:
    journey.citizen.registers()
    first = Citizen(journey.house, journey.citizen.app, journey.citizen.register)
    with journey.house.database.write() as db:
        consents.grant(db, journey.citizen.person, journey.client, ["openid", "profile"], now=clock.now())
    again = Journey(first, journey.client)
    page = again.begins()
    assert page.startswith("/login?flow=")
    assert code_in(first.post(page, account="jia.shili", password=PASSWORD).location)


def test_pages_of_a_sign_in_are_kept_and_framed_by_nobody_and_answer_forms_by_303(journey: Journey) -> None:
    """RFC 9700 4.12 (a 307 would hand the password on), 4.16, 4.2.4."""
    journey.citizen.registers()
    first = Citizen(journey.house, journey.citizen.app, journey.citizen.register)
    login = Journey(first, journey.client).begins()
    signed_in = first.post(login, account="jia.shili", password=PASSWORD)
    consent = local(signed_in.location)
    assert consent.startswith("/consent")
    for page in (login, consent):
        headers = first.get(page).headers
        assert headers["Cache-Control"] == "no-store", page
        assert headers["Referrer-Policy"] == "no-referrer", page
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], page
    agreed = first.post(consent, decision="agree")
    assert [signed_in.status_code, agreed.status_code] == [303, 303]
    assert code_in(agreed.location)


def test_a_new_person_registers_within_the_sign_in_and_agrees_once(journey: Journey) -> None:
    page = journey.begins()
    assert "栖云市市场监管局" in journey.citizen.get(page + "&lang=zh-Hans").text
    register = journey.citizen.get(page).text.partition('href="/register')[2].partition('"')[0]
    consent = journey.citizen.registers(at=f"/register{register}").location
    assert consent.startswith("/consent?flow=")
    assert code_in(agrees(journey, consent))
    assert code_in(journey.begins())  # the second time nothing is asked: single sign-on


def test_only_the_missing_level_is_asked(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    citizen.proves()
    page = journey.begins(scope="openid realname", acr_values="urn:yinxin:loa:3")
    step = citizen.get(page).location
    assert step.startswith("/realname?flow=")
    assert 'name="number"' not in citizen.get(step).text  # the number is proved already
    consent = citizen.shows_face(at=step).location
    assert consent.startswith("/consent?flow=")
    assert code_in(agrees(journey, consent))


def test_who_needs_level_three_goes_from_the_form_straight_to_the_live_check(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    step = citizen.get(journey.begins(acr_values="urn:yinxin:loa:3")).location
    consent = citizen.comes_back(citizen.proves(at=step)).location
    assert consent.startswith("/consent?flow=")
    assert citizen.session.level == 3


def test_the_forms_of_a_sign_in_may_lead_to_the_service_and_nowhere_else(journey: Journey) -> None:
    policy = journey.citizen.get(journey.begins()).headers["Content-Security-Policy"]
    assert "form-action 'self' https://market.qiyun.example;" in policy
    assert "form-action 'self';" in journey.citizen.get("/login").headers["Content-Security-Policy"]


def test_the_consent_page_shows_each_value_and_who_asks_and_why(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.is_proved()
    page = citizen.get(citizen.get(journey.begins(scope="openid profile realname")).location).text
    for shown in (JIA[0], "8801************15", "Qiyun market regulation", "11880100DEM000049A", "Version 2"):
        assert shown in page
    assert JIA[1] not in page


def test_the_account_name_is_told_to_nobody(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    consent = citizen.get(journey.begins()).location
    page = citizen.get(consent).text
    assert "jia.shili" not in page[page.index("<main") :]  # the frame greets with it; the service is not told


def test_who_does_not_agree_goes_back_without_a_code(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    consent = citizen.get(journey.begins()).location
    back = citizen.post(consent, decision="refuse").location
    assert "error=access_denied" in back
    assert "code=" not in back
    with journey.house.database.read() as db:
        assert consents.all_of(db, citizen.person) == []


def test_nobody_agrees_before_he_is_known_as_well_as_the_service_asks(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    step = citizen.get(journey.begins(acr_values="urn:yinxin:loa:3")).location
    consent = step.replace("/realname", "/consent")
    assert citizen.get(consent).location == step
    page = citizen.get(step)
    citizen.send(page, consent, decision="agree")
    with journey.house.database.read() as db:
        assert consents.all_of(db, citizen.person) == []


def test_agreement_needs_the_form_of_this_browser(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    consent = citizen.get(journey.begins()).location
    assert citizen.browser.post(consent, data={"decision": "agree"}).status_code == 403
    stranger = Citizen(journey.house, citizen.app, citizen.register, account="other.person")
    stranger.registers()
    assert stranger.get(consent).status_code == 400  # begun in another browser


def test_a_lost_or_used_sign_in_is_a_page_with_a_way_out(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    consent = citizen.get(journey.begins()).location
    assert code_in(agrees(journey, consent))
    again = citizen.get(consent)
    assert again.status_code == 400
    assert "Start again at " in again.text  # with the name of the service and the way there
    assert citizen.get("/login?flow=unknown").status_code == 400


def test_a_service_that_asks_for_a_fresh_sign_in_gets_one(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    assert code_in(agrees(journey, citizen.get(journey.begins()).location))
    with clock.shifted(60):
        page = journey.begins(prompt="login")
        assert "Confirm that it is you" in citizen.get(page).text
        sid = citizen.session.sid
        assert code_in(citizen.post(page, account="jia.shili", password=PASSWORD).location)
        assert citizen.session.sid == sid  # one login: a later sign-out reaches every service


def test_as_whom_is_asked_once_in_a_sign_in_where_the_service_wants_to_know(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.is_proved(OUYANG)
    citizen.post("/companies", code=COMPANY[1])
    whom = citizen.get(journey.begins(scope="openid company")).location
    assert whom.startswith("/as?flow=")
    consent = citizen.post(whom, whom=COMPANY[1]).location
    assert consent.startswith("/consent?flow=")
    assert COMPANY[0] in citizen.get(consent).text
    assert code_in(agrees(journey, consent))
    assert citizen.session.acting_for == COMPANY[1]


def test_as_whom_is_not_asked_where_there_is_no_choice(journey: Journey) -> None:
    journey.citizen.is_proved(JIA)
    assert journey.citizen.get(journey.begins(scope="openid company")).location.startswith("/consent?flow=")


def test_withdrawing_makes_the_service_ask_again(journey: Journey) -> None:
    citizen = journey.citizen
    citizen.registers()
    assert code_in(agrees(journey, citizen.get(journey.begins()).location))
    assert "Access now" in citizen.get("/account/services").text
    citizen.post("/account/services/withdraw", form_at="/account", client="qiyun-market")
    assert "Access now" not in citizen.get("/account/services").text
    with journey.house.database.read() as db:
        assert consent_store.consent(db, citizen.person, "qiyun-market") is None
    assert journey.begins().startswith("/login?flow=")
