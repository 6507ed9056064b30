"""No dead ends: whoever cannot go on with a sign-in is told where to begin again, and a tab that waits goes on by itself."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import clock
from idp.model.flow import FLOW_SECONDS
from idp.provider import flows
from idp.web.restart import start_of
from tests.idp.citizen import PASSWORD, Citizen
from tests.idp.rp import Visit, department, public

SERVICE = "https://market.qiyun.example/"


def begun(citizen: Citizen) -> str:
    """A sign-in that waits; gives the address of its page."""
    service = Visit(citizen.house, citizen.app, department())
    location = citizen.get(f"/oidc/authorize?{urlencode(service.asked())}").location
    return location.removeprefix("http://localhost:8000")


def test_a_sign_in_that_took_too_long_leads_back_to_its_service(citizen: Citizen) -> None:
    at = begun(citizen)
    with clock.shifted(FLOW_SECONDS + 1):
        page = citizen.get(at)
    assert page.status_code == 400
    assert "Start again at Qiyun market regulation" in page.text
    assert f'href="{SERVICE}"' in page.text


def test_after_the_short_term_memory_was_lost_the_service_is_still_named(citizen: Citizen) -> None:
    at = begun(citizen)
    redis.Redis.from_url(citizen.house.settings.redis_url).flushall()
    assert f'href="{SERVICE}"' in citizen.get(at).text


def test_another_browser_is_led_to_the_service_too(citizen: Citizen) -> None:
    at = begun(citizen)
    assert f'href="{SERVICE}"' in Citizen(citizen.house, citizen.app, citizen.register).get(at).text


@pytest.mark.parametrize(
    "flow", ["x", "x.", "x.nobody", "x.https://evil.example", "x.%22%3E%3Cscript%3E", "." * 99, "x." + "a" * 5000]
)
def test_nobody_is_led_to_a_site_that_is_not_registered(citizen: Citizen, flow: str) -> None:
    page = citizen.get(f"/login?flow={flow}")
    assert page.status_code == 400
    assert 'href="https://evil' not in page.text
    assert "<script>" not in page.text
    assert 'href="/account"' in page.text


@settings(max_examples=50, deadline=None)
@given(flow=st.text(max_size=200))
def test_an_id_names_a_service_or_nothing(flow: str) -> None:
    assert len(flows.client_of(flow)) <= 64
    assert flows.client_of(f"{flow.replace('.', '')}.qiyun-market") == "qiyun-market"


def test_a_program_has_no_page_to_begin_at() -> None:
    assert start_of(department()) == SERVICE
    assert start_of(public(native=True, redirect_uris=("http://127.0.0.1/callback",))) == ""
    assert start_of(department(redirect_uris=())) == ""
    ours = replace(department(), first_party=True, redirect_uris=("https://id.gov.example/wallet/callback",))
    assert start_of(ours) == "https://id.gov.example/wallet/"


def test_a_second_step_that_came_too_late_leads_to_the_first(citizen: Citizen) -> None:
    at = begun(citizen)
    page = citizen.get(at.replace("/login?", "/login/second?"))
    assert page.status_code == 400
    assert "Begin again" in page.text
    assert f'href="{at}"' in page.text


def test_a_form_that_grew_old_leads_to_its_page(citizen: Citizen) -> None:
    page = citizen.browser.post("/login?next=/companies", data={"account": "a"}, headers={"Accept-Language": "en"})
    assert page.status_code == 403
    assert 'href="/login?next=/companies"' in page.text


def test_a_program_gets_the_problem_itself(citizen: Citizen) -> None:
    answer = citizen.browser.get("/login?flow=x", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json and answer.json["type"]) == (400, "urn:yinxin:problem:flow-gone")


def test_a_tab_that_waits_learns_that_it_can_go_on(citizen: Citizen) -> None:
    at = begun(citizen)
    waiting = at.replace("/login?", "/login/waiting?")
    assert 'data-waiting="' in citizen.get(at).text
    assert citizen.get(waiting).json == {"go": False}
    citizen.registers()  # in another window of the same browser
    assert citizen.get(waiting).json == {"go": True}
    assert "/consent" in citizen.get(at).location


def test_a_tab_that_asks_for_a_fresh_sign_in_does_not_go_on_without_it(citizen: Citizen) -> None:
    citizen.registers()
    with clock.shifted(5):
        service = Visit(citizen.house, citizen.app, department())
        location = citizen.get(f"/oidc/authorize?{urlencode(service.asked(prompt='login'))}").location
        at = location.removeprefix("http://localhost:8000")
        assert citizen.get(at.replace("/login?", "/login/waiting?")).json == {"go": False}
        assert citizen.signs_in(PASSWORD, at=at).status_code == 303
