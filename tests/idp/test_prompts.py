"""How a service asks for its person: prompt, max_age, levels, hints, and what it registered of them once for all."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hub import clock
from idp.model.client import KIOSK, GrantType
from idp.model.flow import acr
from idp.model.registration import Registration
from idp.provider import authorize, flows
from tests.idp.citizen import Citizen
from tests.idp.rp import CALLBACK, Visit, Visits, department

EARLIER = timedelta(minutes=5)
MACHINE = department(
    id="hall", policy=KIOSK, grant_types=(GrantType.code,), scopes=("openid", "profile"), registered=Registration()
)


def registered(**said: Any) -> Any:
    return department(id="said", registered=Registration(**said))


# -- what is registered once for all (OpenID Connect Registration 2)


def test_a_registered_max_age_counts_where_a_request_names_none(visits: Visits) -> None:
    visit = visits(registered(default_max_age=60))
    visit.signs_in(now=clock.now() - EARLIER)
    assert visit.answer(prompt="none")["error"] == "login_required"
    assert "code" in visit.answer(prompt="none", max_age="600")
    always = visits(registered(default_max_age=0), browser_of=visit)
    assert always.answer(prompt="none")["error"] == "login_required"


def test_registered_levels_count_where_a_request_names_none(visits: Visits) -> None:
    visit = visits(registered(default_acr_values=(acr(3),)))
    visit.signs_in(level=2)
    assert visit.answer(prompt="none")["error"] == "interaction_required"
    assert "code" in visit.answer(prompt="none", acr_values=acr(2))


def test_the_time_of_the_sign_in_is_always_told(visits: Visits) -> None:
    """OpenID Connect Registration 2, require_auth_time: ours always has it."""
    visit = visits(registered(require_auth_time=True))
    visit.signs_in(now=clock.now() - EARLIER)
    assert visit.claims(visit.tokens()["id_token"])["auth_time"] <= clock.timestamp() - 300


# -- prompt


@pytest.mark.parametrize("prompt", ["login", "create", "login consent", "create consent", "select_account login"])
def test_a_fresh_sign_in_is_asked_for_although_there_is_a_session(visit: Visit, prompt: str) -> None:
    visit.signs_in(now=clock.now() - EARLIER)
    assert urlsplit(visit.authorize(prompt=prompt).location).path in {"/login", "/register"}


@pytest.mark.parametrize("prompt", ["none login", "none consent", "none create", "none select_account", "create bogus"])
def test_what_cannot_stand_together_is_refused(visit: Visit, prompt: str) -> None:
    """OpenID Connect Core 3.1.2.1; Initiating User Registration 1.0, 4.1."""
    assert visit.answer(prompt=prompt)["error"] == "invalid_request"


def test_whoever_has_no_account_is_led_to_registration_first(citizen: Citizen) -> None:
    """Initiating User Registration via OpenID Connect 1.0."""
    service = Visit(citizen.house, citizen.app, department())
    citizen.browser.set_cookie("lang", "en")
    at = service.authorize(prompt="create").location
    assert urlsplit(at).path == "/register"
    page = service.browser.get(at.removeprefix(citizen.house.settings.issuer_url))
    assert page.status_code == 200
    assert "/login?flow=" in page.text  # whoever has one after all may sign in


# -- hints


def test_a_hint_that_has_expired_still_names_its_person(visit: Visit) -> None:
    """OpenID Connect Core 3.1.2.1: an ID token previously issued."""
    visit.signs_in()
    token = visit.tokens()["id_token"]
    with clock.shifted(3600 * 3):
        visit.signs_in()
        assert "code" in visit.answer(prompt="none", id_token_hint=token)


@pytest.mark.parametrize("damage", ["x", "", ".x.x"])
def test_a_hint_that_is_not_ours_is_refused(visit: Visit, damage: str) -> None:
    visit.signs_in()
    token = visit.tokens()["id_token"]
    forged = token[:-8] + "AAAAAAAA" + damage
    assert visit.answer(id_token_hint=forged)["error"] == "invalid_request"
    access = visit.tokens()["access_token"]
    assert visit.answer(id_token_hint=access)["error"] == "invalid_request"


def test_a_login_hint_stands_in_the_form(visit: Visit) -> None:
    at = visit.authorize(login_hint='li"><b>').location
    page = visit.browser.get(at.removeprefix(visit.house.settings.issuer_url)).text
    assert 'value="li&#34;&gt;&lt;b&gt;"' in page


@pytest.mark.parametrize(
    ("name", "value"), [("display", "popup"), ("claims_locales", "fr"), ("foo", "bar"), ("ui_locales", "xx")]
)
def test_what_nobody_needs_is_passed_over(visit: Visit, name: str, value: str) -> None:
    visit.signs_in()
    assert "code" in visit.answer(**{name: value})


# -- machines for many


def test_at_a_machine_for_many_nobody_is_taken_for_the_one_before(visits: Visits) -> None:
    visit = visits(MACHINE)
    visit.signs_in(now=clock.now() - EARLIER)
    assert urlsplit(visit.authorize().location).path == "/login"
    assert visit.answer(prompt="none")["error"] == "login_required"


def test_the_machine_forgets_whoever_is_done(visits: Visits) -> None:
    visit = visits(MACHINE)
    at = visit.authorize().location
    visit.signs_in()
    page = visit.browser.get(at.removeprefix(visit.house.settings.issuer_url))
    assert page.location.startswith(CALLBACK)
    name = visit.house.settings.cookie("idp")
    assert visit.browser.get_cookie(name) is None
    tokens = visit.redeem(visit.answered(page)["code"]).json or {}
    assert visit.userinfo(tokens["access_token"]).status_code == 200  # what he did there goes on


def test_the_machine_forgets_whoever_signs_in_last_thing(citizen: Citizen) -> None:
    """The sign-in that finishes a flow hands out no session either."""
    citizen.registers()
    machine = Visit(citizen.house, citizen.app, MACHINE, person=citizen.person)
    machine.agrees()
    machine.browser = citizen.app.test_client()
    at = machine.authorize().location.removeprefix(citizen.house.settings.issuer_url)
    alone = Citizen(citizen.house, citizen.app, citizen.register)
    alone.browser = machine.browser
    done = alone.signs_in(at=at)
    assert done.location.startswith(CALLBACK), done.location
    assert alone.found is None


# -- step-up (RFC 9470)


def test_a_level_that_a_resource_asks_for_leads_through_a_new_sign_in(visit: Visit) -> None:
    """RFC 9470 4: the challenge of a resource server comes back as acr_values and max_age."""
    first = visit.signs_in(level=2, now=clock.now() - EARLIER)
    at = visit.authorize(acr_values=acr(3), max_age="60").location
    flow = parse_qs(urlsplit(at).query)["flow"][0]
    cookie = visit.browser.get_cookie(flows.cookie_name(visit.house))
    assert cookie is not None
    assert urlsplit(at).path == "/login"
    again = visit.signs_in(level=3)
    assert again.sid != first.sid
    answer = authorize.finish(visit.house, flow, again, cookie.value, clock.now())
    assert answer.url.startswith(CALLBACK)
