"""Pushed authorization requests (RFC 9126): checked when pushed, bound to their client, used up when the person is done."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from hub import clock
from idp.model.client import FAPI2
from idp.model.flow import FlowGone, Refused
from idp.provider import authorize, flows, grants
from tests.idp.rp import ASSERTION, SECRET, Visit, Visits, department, with_key

FAPI = with_key(policy=FAPI2, id="qiyun-fapi")
PREFIX = "urn:ietf:params:oauth:request_uri:"


def push(visit: Visit, *, headers: dict[str, str] | None = None, **changes: Any) -> TestResponse:
    form = visit.asked(**changes)
    if visit.client.keys:
        form |= {"client_assertion_type": ASSERTION, "client_assertion": visit.assertion()}
        headers = headers or {}
    return visit.token(form, headers=headers, path="/oidc/par")


def pushed(visit: Visit, **changes: Any) -> str:
    response = push(visit, **changes)
    assert response.status_code == 201, response.text
    return str((response.json or {})["request_uri"])


def load(visit: Visit, request_uri: str, **changes: str) -> TestResponse:
    return visit.browser.get(
        f"/oidc/authorize?{urlencode({'client_id': visit.client.id, 'request_uri': request_uri} | changes)}"
    )


# -- pushing


def test_a_client_pushes_and_is_told_a_name_of_256_bits_for_a_minute(visit: Visit) -> None:
    """RFC 9126 2.2, 7.1; FAPI 2.0 Security Profile 5.3.2.2."""
    response = push(visit)
    assert response.status_code == 201
    assert response.headers["Cache-Control"] == "no-store"
    said = response.json or {}
    assert said["expires_in"] == 60
    assert said["request_uri"].startswith(PREFIX)
    assert len(said["request_uri"].removeprefix(PREFIX)) >= 43
    assert pushed(visit) != said["request_uri"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"request_uri": PREFIX + "x"}, "invalid_request"),
        ({"request_uri": "https://market.qiyun.example/r"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"client_id": "wallet"}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
        ({"id_token_hint": "not.a.token"}, "invalid_request"),
        ({"nonce": "n" * 3000}, "invalid_request"),
    ],
    ids=str,
)
def test_what_the_authorization_endpoint_would_refuse_is_refused_when_it_is_pushed(
    visit: Visit, changes: dict[str, Any], error: str
) -> None:
    """RFC 9126 2.1, 2.3."""
    response = push(visit, **changes)
    assert response.status_code == 400
    assert (response.json or {})["error"] == error


def test_a_client_must_prove_itself(visit: Visit) -> None:
    """RFC 9126 2: like at the token endpoint (ASVS 10.4.10)."""
    for headers in ({}, visit.basic(secret="w" * 40), visit.basic("nobody")):
        response = push(visit, headers=headers, client_id=None)
        assert response.status_code == 401
        assert (response.json or {})["error"] == "invalid_client"


def test_a_repeated_parameter_and_two_proofs_are_refused(visit: Visit) -> None:
    body = urlencode([*visit.asked().items(), ("scope", "openid")])
    answer = visit.program.post(
        "/oidc/par", data=body, headers=visit.basic(), content_type="application/x-www-form-urlencoded"
    )
    assert (answer.json or {})["error"] == "invalid_request"
    assert (push(visit, client_secret=SECRET).json or {})["error"] == "invalid_request"


def test_only_post_is_taken(visit: Visit) -> None:
    """RFC 9126 2.1."""
    assert visit.program.get("/oidc/par").status_code == 405


def test_the_client_id_may_be_left_to_the_proof(visit: Visit) -> None:
    assert push(visit, client_id=None).status_code == 201


# -- beginning


def test_a_pushed_request_gives_what_was_pushed_and_nothing_beside_it_counts(visit: Visit) -> None:
    """FAPI 2.0 Security Profile 5.3.2.2; RFC 9101 5: the parameters in the address are those of a stranger."""
    visit.signs_in()
    name = pushed(visit, nonce="pushed", state="pushed")
    answer = visit.answered(
        load(visit, name, state="evil", nonce="evil", redirect_uri="https://evil.example", scope="openid")
    )
    assert answer.keys() == {"code", "state", "iss"}
    assert answer["state"] == "pushed"
    tokens = visit.redeem(answer["code"]).json or {}
    assert visit.claims(tokens["id_token"])["nonce"] == "pushed"
    assert tokens["scope"] == "openid profile"


def test_a_client_of_the_policy_fapi2_begins_with_a_pushed_request_only(visits: Visits) -> None:
    """FAPI 2.0 Security Profile 5.3.2.2; RFC 9126 5; ASVS 10.4.13."""
    visit = visits(FAPI)
    visit.signs_in()
    assert visit.answer()["error"] == "invalid_request"
    assert "code" in visit.answered(load(visit, pushed(visit)))


def test_who_registered_that_he_pushes_must_push(visits: Visits) -> None:
    from idp.model.registration import Registration

    visit = visits(department(id="pusher", registered=Registration(require_pushed_authorization_requests=True)))
    assert visit.answer()["error"] == "invalid_request"


@pytest.mark.parametrize(("name", "length"), [("nonce", 64), ("state", 512)])
def test_a_long_nonce_and_a_long_state_work(visits: Visits, name: str, length: int) -> None:
    visit = visits(FAPI)
    visit.signs_in()
    assert "code" in visit.answered(load(visit, pushed(visit, **{name: "n" * length})))


@pytest.mark.parametrize("bad", ["", "x", "x" * 5000, "n" * 43, "%00", "😀"])
def test_an_unknown_name_is_a_page_and_never_a_redirect(visit: Visit, bad: str) -> None:
    response = load(visit, PREFIX + bad)
    assert response.status_code == 400
    assert "Location" not in response.headers


def test_a_name_belongs_to_the_client_that_pushed(visit: Visit, visits: Visits) -> None:
    """RFC 9126 2.2."""
    visit.signs_in()
    name = pushed(visit)
    other = visits(department(id="other"), browser_of=visit)
    assert load(other, name).status_code == 400
    assert "code" in visit.answered(load(visit, name))


def test_an_address_that_the_client_gave_up_meanwhile_is_not_used(visit: Visit, visits: Visits) -> None:
    visit.signs_in()
    name = pushed(visit)
    changed = visits(department(redirect_uris=("https://new.qiyun.example/cb",)), browser_of=visit)
    assert load(changed, name).status_code == 400
    visits(department())


def test_a_client_id_is_needed_beside_the_name(visit: Visit) -> None:
    """RFC 9126 4; RFC 9101 5."""
    assert visit.browser.get(f"/oidc/authorize?request_uri={pushed(visit)}").status_code == 400


# -- once


def test_a_page_may_be_loaded_again_until_the_person_is_done_and_not_after(visit: Visit) -> None:
    """RFC 9126 4, 7.3; FAPI 2.0 Security Profile 5.3.2.2 note 3: the name is used up at the end, not at the first page."""
    name = pushed(visit)
    first, second = flow_at(load(visit, name)), flow_at(load(visit, name))
    caller = visit.signs_in()
    ready = authorize.finish(visit.house, second, caller, browser(visit), clock.now())
    assert "code=" in ready.url
    with pytest.raises(FlowGone):
        authorize.finish(visit.house, first, caller, browser(visit), clock.now())
    assert load(visit, name).status_code == 400


def test_a_person_has_half_an_hour_although_the_name_is_kept_for_a_minute(visit: Visit) -> None:
    flow = flow_at(load(visit, pushed(visit)))
    with clock.shifted(29 * 60):
        caller = visit.signs_in(now=clock.now())
        assert "code=" in authorize.finish(visit.house, flow, caller, browser(visit), clock.now()).url


def test_single_sign_on_uses_the_name_up_at_once(visit: Visit) -> None:
    visit.signs_in()
    name = pushed(visit)
    assert "code" in visit.answered(load(visit, name))
    assert load(visit, name).status_code == 400


def test_a_refusal_is_an_answer_too(visit: Visit) -> None:
    name = pushed(visit, prompt="none")
    assert visit.answered(load(visit, name))["error"] == "login_required"
    assert load(visit, name).status_code == 400
    name = pushed(visit)
    flow = flow_at(load(visit, name))
    assert "access_denied" in authorize.deny(visit.house, flow, browser(visit), clock.now()).url
    assert load(visit, name).status_code == 400


def test_of_a_hundred_finishes_of_one_pushed_request_one_gives_a_code(visit: Visit) -> None:
    """Twenty pages of one request, each finished five times at once."""
    name = pushed(visit)
    opened = [flow_at(load(visit, name)) for _ in range(20)]
    caller, secret = visit.signs_in(), browser(visit)

    def finish(flow: str) -> str:
        try:
            return authorize.finish(visit.house, flow, caller, secret, clock.now()).url
        except FlowGone:
            return ""

    with ThreadPoolExecutor(16) as pool:
        answers = [url for url in pool.map(finish, opened * 5) if url]
    assert len(answers) == 1
    assert "code=" in answers[0]


def test_a_code_of_a_fapi_client_lives_a_minute_whatever_the_setting_says(visits: Visits) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1; ASVS 10.4.3."""
    visit = visits(FAPI)
    visit.signs_in()
    code = visit.answered(load(visit, pushed(visit)))["code"]
    patient = replace(visit.house, settings=visit.house.settings.model_copy(update={"code_seconds": 600}))
    later = clock.now() + timedelta(seconds=61)
    with pytest.raises(Refused):
        grants.find_code(patient, code, visit.client, later)


# -- the key of the code


def test_a_code_is_bound_to_the_key_that_was_named(visit: Visit) -> None:
    """RFC 9449 10: whoever redeems it must show that key."""
    visit.signs_in()
    code = visit.answered(load(visit, pushed(visit, dpop_jkt="k" * 43)))["code"]
    refused = visit.redeem(code)
    assert refused.status_code == 400
    assert (refused.json or {})["error"] in {"invalid_grant", "invalid_dpop_proof"}


# -- whatever comes


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ["scope", "claims", "request", "request_uri", "prompt", "max_age", "redirect_uri", "resource", "x"]
        ),
        st.text(max_size=60),
    )
)
def test_no_pushed_request_is_a_fault_of_ours(visit: Visit, changes: dict[str, Any]) -> None:
    assert push(visit, **changes).status_code in {201, 400}


def flow_at(response: TestResponse) -> str:
    at = urlsplit(response.location)
    assert at.path == "/login", response.location
    return parse_qs(at.query)["flow"][0]


def browser(visit: Visit) -> str:
    found = visit.browser.get_cookie(flows.cookie_name(visit.house))
    assert found is not None
    return found.value
