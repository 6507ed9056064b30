"""How answers travel: query, fragment, form_post; and what stands in the front channel (Multiple Response Types, Form Post)."""

import base64
import hashlib
import html
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from idp.model.client import FAPI2, LEGACY, POLICIES, ClientWrong, GrantType
from idp.model.policy import FRONT_CHANNEL
from idp.model.registration import Registration
from idp.provider import responses
from tests.idp.rp import ASSERTION, CALLBACK, Visit, Visits, department, with_key

OLD = department(
    id="qiyun-old",
    policy=LEGACY,
    grant_types=tuple(one for one in GrantType if one is not GrantType.client_credentials),
    registered=Registration(response_types=("code", *FRONT_CHANNEL)),
)


@pytest.fixture
def old(visits: Visits) -> Visit:
    visit = visits(OLD)
    visit.signs_in()
    return visit


def posted(response: TestResponse) -> dict[str, str]:
    """The fields of the form that the browser posts, as it would read them."""
    assert response.status_code == 200, response.text
    assert f'action="{CALLBACK}"' in response.text
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', response.text)
    return {name: html.unescape(value) for name, value in found}


# -- the modes


def test_each_mode_carries_state_and_issuer_in_the_same_part(visit: Visit) -> None:
    """RFC 9207 2; Multiple Response Types 2.1; Form Post Response Mode 2."""
    visit.signs_in()
    wanted = {"code", "state", "iss"}
    query = urlsplit(visit.authorize(response_mode="query").location)
    assert (set(parse_qs(query.query)), query.fragment) == (wanted, "")
    fragment = urlsplit(visit.authorize(response_mode="fragment").location)
    assert (set(parse_qs(fragment.fragment)), fragment.query) == (wanted, "")
    form = posted(visit.authorize(response_mode="form_post"))
    assert form.keys() == wanted
    assert form["iss"] == visit.house.settings.issuer_url
    assert visit.redeem(form["code"]).status_code == 200


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_errors_travel_like_answers(visit: Visit, mode: str) -> None:
    response = visit.authorize(response_mode=mode, prompt="none")
    said = posted(response) if mode == "form_post" else visit.answered(response)
    assert said.keys() == {"error", "error_description", "state", "iss"}
    assert said["error"] == "login_required"
    assert ("#" in response.headers.get("Location", "")) == (mode == "fragment")


def test_the_form_works_without_inline_script_and_leads_to_the_service_alone(visit: Visit) -> None:
    visit.signs_in()
    response = visit.authorize(response_mode="form_post")
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "form-action 'self' https://market.qiyun.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "form_post.js" in response.text
    assert "<button" in response.text
    assert not re.search(r"<script(?![^>]*src=)", response.text)


@pytest.mark.parametrize("state", ['"><script>alert(1)</script>', "a b%20c", "中文 & <b>", "'\"`", "\t{{ 7*7 }}"])
def test_values_are_escaped_and_arrive_as_they_were(visit: Visit, state: str) -> None:
    visit.signs_in()
    response = visit.authorize(response_mode="form_post", state=state)
    assert posted(response)["state"] == state
    assert "<script>alert" not in response.text


def test_fapi_clients_may_use_no_fragment(visits: Visits) -> None:
    """ASVS 10.4.12: the modes of a client are those of its policy."""
    visit = visits(with_key(id="strict", policy=FAPI2))
    proof = {"client_assertion_type": ASSERTION}
    for mode, status in (("fragment", 400), ("form_post", 201), ("query", 201)):
        form = visit.asked(response_mode=mode) | proof | {"client_assertion": visit.assertion()}
        assert visit.token(form, headers={}, path="/oidc/par").status_code == status


@given(st.text(max_size=30), st.none() | st.text(max_size=12) | st.sampled_from(responses.MODES))
def test_no_token_is_ever_told_in_a_query(response_type: str, asked: str | None) -> None:
    mode = responses.mode(response_type, asked)
    assert mode in responses.MODES
    if {"token", "id_token"} & set(response_type.split()):
        assert mode != "query"


# -- the front channel


@pytest.mark.parametrize("response_type", [*FRONT_CHANNEL, "id_token code"])
def test_old_services_are_answered_in_the_fragment(old: Visit, response_type: str) -> None:
    """OpenID Connect Core 3.2.2.5, 3.3.2.5; the words of a response_type have no order."""
    response = old.authorize(response_type=response_type)
    at = urlsplit(response.location)
    assert at.query == ""
    said = old.answered(response)
    words = set(response_type.split())
    assert ("code" in said, "access_token" in said, "id_token" in said) == (
        "code" in words,
        "token" in words,
        "id_token" in words,
    )
    assert said["iss"] == old.house.settings.issuer_url
    assert said["state"] == "state-1"
    if "id_token" in words:
        claims = old.claims(said["id_token"])
        assert claims["nonce"] == "nonce-1"
        assert claims.get("at_hash") == half(said.get("access_token"))
        assert claims.get("c_hash") == half(said.get("code"))
        assert ("name" in claims) == (words == {"id_token"})  # Core 5.4: where no access token can ask
    if "token" in words:
        assert said["token_type"] == "Bearer"
        assert old.userinfo(said["access_token"]).status_code == 200
        assert "refresh_token" not in said
    if "code" in words:
        assert old.redeem(said["code"]).status_code == 200


def test_the_form_carries_tokens_too(old: Visit) -> None:
    said = posted(old.authorize(response_type="id_token", response_mode="form_post"))
    assert old.claims(said["id_token"])["aud"] == old.client.id


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "id_token", "nonce": None}, "invalid_request"),
        ({"response_type": "code id_token", "nonce": None}, "invalid_request"),
        ({"response_type": "id_token", "response_mode": "query"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_type": "code code"}, "unsupported_response_type"),
    ],
    ids=str,
)
def test_what_old_services_may_not_ask(old: Visit, changes: dict[str, str | None], error: str) -> None:
    assert old.answer(**changes)["error"] == error


@pytest.mark.parametrize("response_type", FRONT_CHANNEL)
def test_nobody_else_gets_tokens_in_the_front_channel(visit: Visit, visits: Visits, response_type: str) -> None:
    """RFC 9700 2.1.2; ASVS 10.4.4, 10.6.1."""
    visit.signs_in()
    said = visit.answer(response_type=response_type)
    assert said["error"] == "unsupported_response_type"
    assert not {"code", "access_token", "id_token"} & said.keys()
    half_way = replace(OLD, id="half-way", registered=Registration())
    bare = visits(half_way, browser_of=visit)
    assert bare.answer(response_type=response_type)["error"] == "unauthorized_client"


@pytest.mark.parametrize("policy", [name for name in POLICIES if name != LEGACY.name])
def test_no_registration_leads_there(visit: Visit, policy: str) -> None:
    """Discovery names them, as Discovery 3 wants of dynamic providers; no policy that can be registered for has them."""
    said = Registration(response_types=("id_token",))
    client = with_key(policy=POLICIES[policy], grant_types=(GrantType.code,), registered=said)
    with pytest.raises(ClientWrong, match="id_token"):
        client.checked()
    asked = {"redirect_uris": [CALLBACK], "response_types": ["id_token"], "grant_types": ["implicit"]}
    assert visit.program.post("/oidc/register", json=asked).status_code in {400, 401}


def test_tokens_of_the_front_channel_fall_with_the_login(old: Visit) -> None:
    from hub import clock
    from idp.provider import logout

    said = old.answer(response_type="id_token token")
    with old.house.database.write() as db:
        logout.end(db, clock.now(), sid=old.sid, why="signed out")
    assert old.userinfo(said["access_token"]).status_code == 401


def half(value: str | None) -> str | None:
    if value is None:
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


@given(st.dictionaries(st.sampled_from(["state", "error", "code"]), st.text(max_size=40), min_size=1))
def test_an_answer_is_encoded_as_forms_are(said: dict[str, str]) -> None:
    assert responses._encoded(said) == urlencode(said)
