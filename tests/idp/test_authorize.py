"""The authorization endpoint over HTTP: what is refused, how, and what is answered."""

import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock, limits
from idp.consent import consents
from idp.model.client import GrantType
from idp.model.flow import FlowGone, Step
from idp.provider import authorize, flows
from tests.idp.rp import CALLBACK, Visit, Visits, department, public

# -- never redirected: client and address must be certain first


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "https://market.qiyun.example@evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_a_wrong_client_or_address_is_a_page_and_never_a_redirect(visit: Visit, changes: dict[str, str | None]) -> None:
    visit.signs_in()
    response = visit.authorize(**changes)
    assert response.status_code == 400
    assert "Location" not in response.headers
    assert response.mimetype == "text/html"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_repeated_client_or_address_is_a_page(visit: Visit, name: str) -> None:
    query = urlencode(visit.asked()) + "&" + urlencode({name: visit.asked()[name]})
    assert visit.browser.get(f"/oidc/authorize?{query}").status_code == 400


def test_a_native_program_may_vary_its_loopback_port_and_nothing_else(visits: Visits) -> None:
    native = public(native=True, redirect_uris=("http://127.0.0.1/back",))
    visit = visits(native)
    ok = visit.authorize(redirect_uri="http://127.0.0.1:51004/back")
    assert ok.status_code == 303
    for wrong in (
        "http://127.0.0.1:51004/other",
        "http://localhost:51004/back",
        "https://127.0.0.1/back",
        "http://127.0.0.1:0/back",
    ):
        assert visit.authorize(redirect_uri=wrong).status_code == 400


# -- told to the service


REFUSALS: list[tuple[dict[str, str | None], str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_mode": "web_message"}, "invalid_request"),
    ({"response_mode": "query.jwt"}, "invalid_request"),
    ({"response_type": "id_token", "response_mode": "query"}, "unsupported_response_type"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge": "=" * 43}, "invalid_request"),
    ({"prompt": "bogus"}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"nonce": "n" * 2049}, "invalid_request"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
    ({"request_uri": "https://market.qiyun.example/request"}, "invalid_request_uri"),
    ({"claims": "[]"}, "invalid_request"),
    ({"dpop_jkt": "short"}, "invalid_request"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"id_token_hint": "not.a.token"}, "invalid_request"),
]


@pytest.mark.parametrize(("changes", "error"), REFUSALS, ids=str)
def test_a_wrong_request_is_told_to_the_service_with_state_and_issuer(
    visit: Visit, changes: dict[str, str | None], error: str
) -> None:
    visit.signs_in()
    answer = visit.answer(**changes)
    assert answer["error"] == error
    assert answer["state"] == "state-1"
    assert answer["iss"] == visit.house.settings.issuer_url  # RFC 9207 2
    assert "code" not in answer


REPEATABLE = ("response_type", "scope", "nonce", "prompt", "code_challenge", "max_age", "something_unknown")


@pytest.mark.parametrize("name", REPEATABLE)
def test_every_repeated_parameter_is_refused(visit: Visit, name: str) -> None:
    visit.signs_in()
    response = visit.browser.get(f"/oidc/authorize?{urlencode(visit.asked())}&{urlencode([(name, '1'), (name, '2')])}")
    assert visit.answered(response)["error"] == "invalid_request"


def test_a_repeated_state_is_not_echoed(visit: Visit) -> None:
    response = visit.browser.get(f"/oidc/authorize?{urlencode(visit.asked())}&state=other")
    assert visit.answered(response).keys() == {"error", "error_description", "iss"}


def test_a_scope_beyond_the_registration_is_refused(visits: Visits) -> None:
    visit = visits(department(scopes=("openid", "profile")))
    assert visit.answer(scope="openid realname")["error"] == "invalid_scope"


def test_unknown_scopes_and_parameters_are_ignored(visit: Visit) -> None:
    visit.signs_in()
    assert "code" in visit.answer(scope="openid email vip", extra="1", display="page", claims_locales="en")


def test_an_empty_parameter_counts_as_omitted(visit: Visit) -> None:
    visit.signs_in()
    assert "code" in visit.answer(prompt="", max_age="", request="")


def test_a_client_without_the_code_flow_cannot_send_people(visits: Visits) -> None:
    registrar = department(redirect_uris=(), grant_types=(GrantType.client_credentials,), scopes=("licenses:issue",))
    assert visits(registrar).authorize().status_code == 400


def test_a_public_client_must_bring_a_challenge_and_a_confidential_one_may_come_without(visits: Visits) -> None:
    bare: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    assert visits(public(id="native")).answer(**bare)["error"] == "invalid_request"
    visit = visits(department())
    visit.signs_in()
    assert "code" in visit.answer(**bare)


def test_a_long_nonce_and_a_long_state_come_back_whole(visit: Visit) -> None:
    visit.signs_in()
    state = "s" * 1500 + " &=#?/中"
    answer = visit.answer(nonce="n" * 64, state=state)
    assert answer["state"] == state
    tokens = visit.redeem(answer["code"]).json
    assert tokens
    assert visit.claims(tokens["id_token"])["nonce"] == "n" * 64


def test_a_posted_request_comes_back_by_our_own_get(visit: Visit) -> None:
    """Lax cookies do not travel with a form from another site; with the redirect to our own GET they do."""
    visit.signs_in()
    response = visit.browser.post("/oidc/authorize", data=visit.asked())
    assert response.status_code == 303
    assert "code" in visit.answered(visit.browser.get(response.location))


def test_a_posted_request_that_no_address_can_hold_is_kept_for_the_redirect(visit: Visit) -> None:
    visit.signs_in()
    many = {f"unknown-{number}": "x" * 900 for number in range(20)}
    response = visit.browser.post("/oidc/authorize", data=visit.asked() | many)
    assert response.status_code == 303
    assert len(response.location) < 200
    assert "code" in visit.answered(visit.browser.get(response.location))
    assert visit.browser.get("/oidc/authorize/posted/guessed").status_code == 400


def test_a_posted_request_larger_than_any_form_is_refused(visit: Visit) -> None:
    assert visit.browser.post("/oidc/authorize", data=visit.asked(state="s" * 70_000)).status_code == 413


def test_the_query_of_a_registered_address_is_kept(visits: Visits) -> None:
    address = CALLBACK + "?site=1"
    visit = visits(department(redirect_uris=(address,)))
    visit.signs_in()
    location = visit.authorize(redirect_uri=address).location
    assert location.startswith(address + "&code=")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            sorted({name for changes, _ in REFUSALS for name in changes} | {"state", "acr_values", "ui_locales"})
        ),
        st.text(max_size=80),
    )
)
def test_no_request_is_a_fault_of_ours(visit: Visit, changes: dict[str, str]) -> None:
    response = visit.authorize(**changes)
    assert response.status_code in {303, 400}


# -- what the person must still do


def test_nobody_signed_in_opens_a_flow_at_our_own_page(visit: Visit) -> None:
    location = urlsplit(visit.authorize().location)
    assert f"{location.scheme}://{location.netloc}" == visit.house.settings.issuer_url
    assert location.path == "/login"
    assert parse_qs(location.query).keys() == {"flow"}


def test_a_stranger_cannot_fill_the_short_term_memory(visit: Visit) -> None:
    wide = "\U0001f600" * 1000  # 4000 bytes
    for name in ("state", "nonce", "login_hint", "ui_locales"):
        assert visit.answer(**{name: wide})["error"] == "invalid_request"
    long = "é" * 1024
    at = visit.authorize(login_hint=long, ui_locales=long, state=long, nonce=long).location
    flow = parse_qs(urlsplit(at).query)["flow"][0]
    assert len(visit.house.shared.peek(flows._key(flow)) or b"") < 6000
    visit.house.shared.put(
        f"limit:flows:{hashlib.sha256(b'127.0.0.0/24').hexdigest()[:32]}", str(flows.OPENED.times), 9
    )
    assert visit.authorize().status_code == 429
    visit.signs_in()
    assert "code" in visit.answer()  # who needs no flow is not held up
    limits.forgive(visit.house.shared, flows.OPENED, "127.0.0.0/24")


def test_single_sign_on_answers_at_once(visit: Visit) -> None:
    visit.signs_in()
    assert visit.answer().keys() == {"code", "state", "iss"}


@pytest.mark.parametrize(
    ("level", "agrees", "changes", "error"),
    [
        (0, "", {}, "login_required"),
        (2, "agreed", {"max_age": "0"}, "login_required"),
        (2, "agreed", {"acr_values": "urn:yinxin:loa:3"}, "interaction_required"),
        (2, "", {}, "consent_required"),
        (2, "agreed", {}, None),
        (2, "agreed", {"acr_values": "urn:yinxin:loa:3 urn:yinxin:loa:2"}, None),
        (2, "agreed", {"acr_values": "urn:other:level:9"}, None),
    ],
    ids=str,
)
def test_prompt_none_shows_no_page(
    visit: Visit, level: int, agrees: str, changes: dict[str, str | None], error: str | None
) -> None:
    if level:
        visit.signs_in(level=level, agrees=bool(agrees), now=clock.now() - timedelta(minutes=5))
    answer = visit.answer(prompt="none", **changes)
    assert answer.get("error") == error
    assert ("code" in answer) == (error is None)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"prompt": "login"}, Step.login),
        ({"prompt": "select_account"}, Step.whom),
        ({"max_age": "1"}, Step.login),
        ({"max_age": "0"}, Step.login),
        ({"acr_values": "urn:yinxin:loa:3"}, Step.level),
        ({"prompt": "consent"}, Step.consent),
    ],
    ids=str,
)
def test_a_running_session_is_not_enough(visit: Visit, changes: dict[str, str | None], step: Step) -> None:
    caller = visit.signs_in(now=clock.now() - timedelta(minutes=5))
    flow = flow_of(visit, **changes)
    assert authorize.pending(visit.house, flow, caller, cookie(visit), clock.now()).steps[0] is step


def test_a_native_program_is_agreed_to_each_time(visits: Visits) -> None:
    visit = visits(public())
    caller = visit.signs_in(now=clock.now() - timedelta(minutes=5))
    flow = flow_of(visit)
    assert authorize.pending(visit.house, flow, caller, cookie(visit), clock.now()).steps == (Step.consent,)


def test_our_own_sites_need_no_consent(visits: Visits) -> None:
    visit = visits(department(first_party=True))
    visit.signs_in(agrees=False)
    assert "code" in visit.answer()


def test_a_hint_of_another_person_needs_that_person(visit: Visit) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    assert "code" in visit.answer(prompt="none", id_token_hint=hint)
    visit.person = ""
    visit.signs_in()
    assert visit.answer(prompt="none", id_token_hint=hint)["error"] == "login_required"


def test_a_hint_of_another_client_is_refused(visit: Visit, visits: Visits) -> None:
    visit.signs_in()
    hint = visit.tokens()["id_token"]
    other = visits(department(id="other"))
    assert other.answer(id_token_hint=hint)["error"] == "invalid_request"


# -- the flow


def test_a_flow_goes_from_step_to_step_and_ends_in_one_code(visit: Visit) -> None:
    flow = flow_of(visit, acr_values="urn:yinxin:loa:3")
    now = clock.now()
    browser = cookie(visit)
    assert authorize.pending(visit.house, flow, None, browser, now).steps == (Step.login,)
    stated = visit.signs_in(level=2, agrees=False)
    assert authorize.pending(visit.house, flow, stated, browser, now).steps == (Step.level, Step.consent)
    assert authorize.finish(visit.house, flow, stated, browser, now).url == authorize.login_url(visit.house, flow)
    proved = visit.signs_in(level=3, agrees=False)
    waiting = authorize.pending(visit.house, flow, proved, browser, now)
    assert waiting.steps == (Step.consent,)
    assert waiting.origin == "https://market.qiyun.example"
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, waiting.asked.scopes, now=clock.now())
    answer = authorize.finish(visit.house, flow, proved, browser, clock.now())
    assert answer.url.startswith(CALLBACK + "?code=")
    with pytest.raises(FlowGone):
        authorize.finish(visit.house, flow, proved, browser, clock.now())


def test_consent_given_for_this_very_flow_satisfies_prompt_consent(visit: Visit) -> None:
    caller = visit.signs_in(now=clock.now() - timedelta(minutes=5))
    flow = flow_of(visit, prompt="consent")
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, ("openid", "profile"), now=clock.now())
    assert authorize.finish(visit.house, flow, caller, cookie(visit), clock.now()).url.startswith(CALLBACK)


def test_a_sign_in_for_this_very_flow_satisfies_prompt_login_and_max_age(visit: Visit) -> None:
    visit.signs_in(now=clock.now() - timedelta(minutes=5))
    flow = flow_of(visit, prompt="login", max_age="0")
    again = visit.signs_in()
    assert authorize.finish(visit.house, flow, again, cookie(visit), clock.now()).url.startswith(CALLBACK)


def test_a_flow_belongs_to_the_browser_that_began_it(visit: Visit) -> None:
    flow = flow_of(visit)
    caller = visit.signs_in()
    for browser in ("", "x" * 43):
        with pytest.raises(FlowGone):
            authorize.pending(visit.house, flow, caller, browser, clock.now())


def test_a_flow_ends_after_half_an_hour(visit: Visit) -> None:
    flow = flow_of(visit)
    later = clock.now() + timedelta(minutes=30)
    with pytest.raises(FlowGone):
        authorize.pending(visit.house, flow, None, cookie(visit), later)


def test_a_person_may_say_no(visit: Visit) -> None:
    flow = flow_of(visit)
    location = authorize.deny(visit.house, flow, cookie(visit), clock.now())
    said = parse_qs(urlsplit(location.url).query)
    assert said["error"] == ["access_denied"]
    assert said["state"] == ["state-1"]
    assert said["iss"] == [visit.house.settings.issuer_url]
    with pytest.raises(FlowGone):
        authorize.deny(visit.house, flow, cookie(visit), clock.now())


def test_the_cookie_of_a_flow_is_out_of_reach_of_scripts(visit: Visit) -> None:
    set_cookie = next(value for name, value in visit.authorize().headers if name == "Set-Cookie" and "flow" in value)
    assert "HttpOnly" in set_cookie
    assert "SameSite=Lax" in set_cookie


def test_the_service_may_ask_for_a_language(visit: Visit) -> None:
    assert visit.authorize(ui_locales="fr en").location.endswith("&lang=en")
    assert "lang" not in visit.authorize(ui_locales="fr").location


def flow_of(visit: Visit, **changes: str | None) -> str:
    location = visit.authorize(**changes).location
    assert urlsplit(location).path == "/login", location
    return parse_qs(urlsplit(location).query)["flow"][0]


def cookie(visit: Visit) -> str:
    found = visit.browser.get_cookie(flows.cookie_name(visit.house))
    assert found is not None
    return found.value
