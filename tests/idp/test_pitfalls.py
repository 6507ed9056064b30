"""Each weakness that a provider gets by using Authlib 1.9.9 as its documentation shows it, and that ours does not have.

Two more stand beside what they race for: parallel redemption (1) and parallel refresh (2) in `test_grants`.
"""

from datetime import timedelta
from typing import Any

import pytest

from hub import clock
from idp.model.client import ClientWrong, GrantType
from idp.model.flow import SignedIn
from idp.provider import device
from tests.idp.rp import CALLBACK, SECRET, Visit, Visits, department, public


@pytest.fixture
def party(visit: Visit) -> Visit:
    visit.signs_in()
    return visit


def test_03_reuse_of_a_rotated_refresh_token_kills_its_family(visits: Visits) -> None:
    party = visits(public())
    party.signs_in()
    first = party.tokens()["refresh_token"]
    second = (party.refresh(first).json or {})["refresh_token"]
    with clock.shifted(11):
        party.refresh(first)
        assert party.refresh(second).status_code == 400


def test_04_a_replayed_code_revokes_what_its_first_use_gave(party: Visit) -> None:
    code = party.code()
    access = (party.redeem(code).json or {})["access_token"]
    party.redeem(code)
    assert party.userinfo(access).status_code == 401


def test_05_a_device_code_cannot_be_redeemed_twice(visits: Visits) -> None:
    """Nor at once: `test_grants_races`."""
    hall = visits(department(id="hall", grant_types=(GrantType.device,), redirect_uris=()))
    hall.signs_in()
    asked = hall.token({"scope": "openid"}, path="/oidc/device").json or {}
    digest, waiting = device.found(hall.house, asked["user_code"], "net", clock.now())
    flow = device.begin(hall.house, digest, waiting, "b", clock.now())
    device.allow(hall.house, flow.asked, SignedIn(hall.sid, hall.person, "x", 2, (), clock.now()), clock.now())
    form = {"grant_type": GrantType.device.value, "device_code": asked["device_code"]}
    assert [hall.token(form).status_code for _ in range(2)] == [200, 400]


def test_06_of_several_private_keys_one_signs(party: Visit) -> None:
    party.house.keys.create("tokens-2", purpose="tokens")
    keys = party.house.keys
    tokens = [party.tokens()["id_token"] for _ in range(6)]
    assert {keys.kid("tokens-1")} == {kid_of(token) for token in tokens}


def test_07_plain_is_refused_and_a_missing_challenge_is_seen_before_any_code(party: Visit, visits: Visits) -> None:
    assert party.answer(code_challenge_method="plain")["error"] == "invalid_request"
    native = visits(public(), browser_of=party)
    assert native.answer(code_challenge=None, code_challenge_method=None)["error"] == "invalid_request"


def test_08_nothing_is_read_from_the_query_of_the_token_endpoint(party: Visit) -> None:
    query = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    form = {"code": party.code(), "code_verifier": party.verifier}
    answer = party.program.post("/oidc/token", query_string=query, data=form, headers=party.basic())
    assert (answer.json or {})["error"] == "invalid_request"


def test_09_two_proofs_and_another_clients_id_are_refused(party: Visit) -> None:
    assert (party.redeem(party.code(), client_secret=SECRET).json or {})["error"] == "invalid_request"
    assert (party.redeem(party.code(), client_id="wallet").json or {})["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"max_age": "0", "prompt": "none"}, "login_required"),
        ({"prompt": "bogus"}, "invalid_request"),
        ({"id_token_hint": "{other}", "prompt": "none"}, "login_required"),
        ({"acr_values": "urn:yinxin:loa:3", "prompt": "none"}, "interaction_required"),
    ],
    ids=str,
)
def test_10_max_age_prompt_hints_and_levels_have_an_effect(visit: Visit, changes: dict[str, str], error: str) -> None:
    visit.signs_in()
    other = visit.tokens()["id_token"]
    visit.person = ""
    visit.signs_in(now=clock.now() - timedelta(minutes=1))
    assert visit.answer(**{name: value.format(other=other) for name, value in changes.items()})["error"] == error


def test_11_prompt_none_does_not_skip_consent(visit: Visit) -> None:
    visit.signs_in(agrees=False)
    assert visit.answer(prompt="none")["error"] == "consent_required"


def test_12_auth_time_is_that_of_the_sign_in(visit: Visit) -> None:
    signed_in = clock.now() - timedelta(hours=2)
    visit.signs_in(now=signed_in)
    assert visit.claims(visit.tokens()["id_token"])["auth_time"] == int(signed_in.timestamp())


@pytest.mark.parametrize("name", ["nonce", "prompt", "max_age", "acr_values", "code_challenge"])
def test_13_every_repeated_parameter_is_seen(party: Visit, name: str) -> None:
    asked = [*party.asked().items(), (name, "a"), (name, "b")]
    answer = party.answered(party.browser.get("/oidc/authorize", query_string=dict_of_lists(asked)))
    assert answer["error"] == "invalid_request"


def test_14_a_request_object_counts_only_if_its_client_signed_it_for_us(party: Visit) -> None:
    """What is signed wrongly, for others or too long ago stands in `test_request_object`."""
    unsigned = "eyJhbGciOiJub25lIn0.e30."
    assert party.answer(request=unsigned)["error"] == "invalid_request_object"
    assert party.answer(request_uri="https://evil.example/r")["error"] == "invalid_request_uri"


def test_15_a_form_that_is_posted_holds_what_was_sent_and_needs_no_inline_script(party: Visit) -> None:
    page = party.authorize(response_mode="form_post", state='a "<b> c').text
    assert 'name="state" value="a &#34;&lt;b&gt; c"' in page
    assert "onload" not in page


@pytest.mark.parametrize(
    "changes", [{"response_type": "token"}, {"response_mode": "fragment"}, {"response_type": "code id_token"}], ids=str
)
def test_16_every_answer_carries_the_issuer_in_the_same_part(party: Visit, changes: dict[str, str | None]) -> None:
    answer = party.answer(**changes)
    assert answer["iss"] == party.house.settings.issuer_url
    in_front = "response_type" in changes or changes.get("response_mode") == "fragment"
    assert ("#" in party.authorize(**changes).location) == in_front


def test_17_an_unknown_hint_at_revocation_is_ignored(party: Visit) -> None:
    form = {"token": party.tokens()["refresh_token"], "token_type_hint": "unknown"}
    assert party.token(form, path="/oidc/revoke").status_code == 200
    assert party.refresh(form["token"]).status_code == 400


def test_18_no_plain_http_address_and_no_secret_for_who_cannot_keep_it() -> None:
    for wrong in (department(redirect_uris=("http://market.qiyun.example/cb",)), public(secret_digest="0" * 64)):
        with pytest.raises(ClientWrong):
            wrong.checked()


def test_19_a_wrong_secret_and_an_unknown_client_look_alike(party: Visit) -> None:
    form = {"grant_type": "client_credentials"}
    known = party.token(form, headers=party.basic(secret="w" * 40))
    unknown = party.token(form, headers=party.basic("nobody"))
    assert (known.status_code, known.data, dict_of(known)) == (unknown.status_code, unknown.data, dict_of(unknown))


def test_20_plain_http_behind_a_proxy_is_no_fault(party: Visit) -> None:
    answer = party.program.get("/oidc/authorize", base_url="http://10.0.0.7:8000", query_string=party.asked())
    assert answer.status_code == 303
    token = party.program.post(
        "/oidc/token", base_url="http://10.0.0.7:8000", data={"grant_type": "client_credentials"}, headers=party.basic()
    )
    assert token.status_code == 200


def test_21_a_missing_address_is_not_filled_in_and_old_grants_are_gone(party: Visit) -> None:
    assert party.authorize(redirect_uri=None).status_code == 400
    password = {"grant_type": "password", "username": "a", "password": "b"}
    assert (party.token(password).json or {})["error"] == "unsupported_grant_type"
    assert party.answer(response_type="token")["error"] == "unsupported_response_type"


def kid_of(token: str) -> str:
    from tests.idp.test_tokens import header

    return str(header(token)["kid"])


def dict_of_lists(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def dict_of(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers if name not in {"X-Request-Id", "Date"}}
