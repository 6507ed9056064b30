"""A department's site believes its provider, and nobody else: what it refuses, and what it does for its visitors."""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.house import source
from tests.journeys import hostile
from tests.journeys.hostile import ISSUER, SITE, STRANGERS, Hostile

LONG_AGO = 1_700_000_000  # 2023: a test's name may not hold the present moment, or two processes name it differently


@pytest.fixture
def provider() -> Hostile:
    return Hostile()


def test_who_comes_back_with_the_right_answer_is_signed_in(provider: Hostile) -> None:
    assert provider.sign_in() == 303
    assert provider.is_signed_in


def test_the_question_is_bound_to_the_visitor(provider: Hostile) -> None:
    asked = provider.begin()
    assert asked["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert asked != provider.begin()


@pytest.mark.parametrize(
    "answer", [{}, {"state": ""}, {"state": "other"}, {"iss": ""}, {"iss": "https://evil.example"}]
)
def test_an_answer_that_is_not_ours_is_refused(provider: Hostile, answer: dict[str, str]) -> None:
    right = {"code": "a", "state": provider.begin()["state"], "iss": ISSUER}
    given = {**right, **answer} if answer else {"code": "a"}
    assert provider.come_back(**given) == 400
    assert not provider.is_signed_in


def test_an_answer_counts_once(provider: Hostile) -> None:
    state = provider.begin()["state"]
    assert provider.come_back(code="a", state=state, iss=ISSUER) == 303
    assert provider.come_back(code="a", state=state, iss=ISSUER) == 400


def test_nobody_is_signed_in_with_another_visitors_answer(provider: Hostile) -> None:
    state = provider.begin()["state"]
    victim = provider.site.test_client()
    victim.get("/sign-in", base_url=SITE)
    assert victim.get(f"/callback?code=a&state={state}&iss={ISSUER}", base_url=SITE).status_code == 400


def test_a_refusal_is_told_in_words(provider: Hostile) -> None:
    state = provider.begin()["state"]
    answer = {"state": state, "iss": ISSUER, "error": "access_denied", "error_description": "The person said no"}
    page = provider.get("/callback", **answer)
    assert page.status_code == 400
    assert "The person said no" in page.text


SPOILT: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "demo-market"},
    "several audiences without azp": {"aud": ["demo-civil", "demo-market"]},
    "expired": {"exp": 1_700_000_000},
    "no end": {"exp": None},
    "from the future": {"iat": 4_000_000_000},
    "another nonce": {"nonce": "other"},
    "no nonce": {"nonce": None},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "another person than userinfo": {"sub": "somebody else"},
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_no_forged_id_token_signs_in(provider: Hostile, spoilt: str) -> None:
    provider.spoil = SPOILT[spoilt]
    assert provider.sign_in() == 400
    assert not provider.is_signed_in


def stranger(provider: Hostile) -> None:
    provider.key = STRANGERS


def public_as_secret(provider: Hostile) -> None:
    provider.key, provider.header["alg"] = hostile.shared_secret(), "HS256"


def own_key_in_header(provider: Hostile) -> None:
    key = ECKey.generate_key("P-256")
    provider.key, provider.header = (
        key,
        {**provider.header, "kid": "two", "jwk": key.as_dict(private=False)},
    )


def another_kind(provider: Hostile) -> None:
    provider.header["typ"] = "at+jwt"


@pytest.mark.parametrize("forge", [stranger, public_as_secret, own_key_in_header, another_kind])
def test_no_forged_signature_is_believed(provider: Hostile, forge: Any) -> None:
    forge(provider)
    assert provider.sign_in() == 400
    provider = Hostile()
    provider.sign_in()
    forge(provider)
    assert provider.tell(provider.logout_token()) == 400
    assert provider.is_signed_in


def test_a_token_without_signature_is_not_believed(provider: Hostile) -> None:
    provider.sign_in()
    head, body, _ = provider.logout_token().split(".")
    assert provider.tell(f"{head}.{body}.") == 400
    assert provider.tell(f"eyJhbGciOiJub25lIiwidHlwIjoibG9nb3V0K2p3dCJ9.{body}.") == 400
    assert provider.is_signed_in


@pytest.mark.parametrize("by", [{"sid": "login"}, {"sid": None}])
def test_a_logout_token_ends_the_login_it_names(provider: Hostile, by: dict[str, Any]) -> None:
    provider.sign_in()
    assert provider.tell(provider.logout_token(**by)) == 200
    assert not provider.is_signed_in


def test_a_logout_token_ends_no_other_login(provider: Hostile) -> None:
    provider.sign_in()
    assert provider.tell(provider.logout_token(sid="another login")) == 200
    assert provider.tell(provider.logout_token(sid=None, sub="somebody else")) == 200
    assert provider.is_signed_in


@pytest.mark.parametrize(
    "spoilt",
    [
        {"iss": "https://evil.example"},
        {"aud": "demo-market"},
        {"aud": ["demo-civil", "demo-market"]},
        {"events": {}},
        {"events": None},
        {"nonce": "a"},
        {"iat": LONG_AGO},
        {"iat": None},
        {"exp": LONG_AGO},
        {"exp": None},
        {"sid": None, "sub": None},
    ],
    ids=str,
)
def test_no_forged_logout_token_ends_a_login(provider: Hostile, spoilt: dict[str, Any]) -> None:
    provider.sign_in()
    assert provider.tell(provider.logout_token(**spoilt)) == 400
    assert provider.is_signed_in


@pytest.mark.parametrize("nonsense", ["", "a", "a.b.c", "....", "\u5370" * 50])
def test_nonsense_is_no_logout_token(provider: Hostile, nonsense: str) -> None:
    provider.sign_in()
    assert provider.tell(nonsense) == 400
    assert provider.is_signed_in


def test_an_id_token_is_no_logout_token(provider: Hostile) -> None:
    provider.sign_in()
    assert provider.tell(provider.id_token()) == 400
    assert provider.is_signed_in


@pytest.mark.parametrize("path", ["/desk", "/desk/revoke", "/sign-out"])
@pytest.mark.parametrize("token", ["", "00", "of another visitor"])
def test_a_form_of_somebody_else_is_refused(provider: Hostile, path: str, token: str) -> None:
    provider.sign_in()
    if token.startswith("of"):
        other = Hostile()
        other.sign_in()
        token = other.form_token()
    assert provider.post(path, token=token).status_code == 403
    assert provider.is_signed_in
    assert not provider.called


@pytest.mark.parametrize("path", ["/desk", "/desk/revoke"])
def test_the_desk_is_for_visitors_who_are_signed_in(provider: Hostile, path: str) -> None:
    assert provider.post(path, token=provider.form_token()).status_code == 403
    assert provider.get("/desk/file/1").status_code == 403
    assert not provider.called


def test_a_number_cannot_lead_to_another_address(provider: Hostile) -> None:
    provider.sign_in()
    provider.post("/desk/revoke", token=provider.form_token(), number="../kinds/x?a=b#")
    assert provider.called[0][0] == "licenses/../kinds/x?a=b#/revoke"  # one segment: the rest stands in it, encoded


def test_the_officer_gets_the_form_back_with_what_is_wrong(provider: Hostile) -> None:
    provider.sign_in()
    provider.api_answer = ({"title": "Wrong", "errors": [{"field": "name", "detail": "No such name"}]}, 422)
    fields = {"field-name": "甲<", "field-sum": "12", "field-other": "x"}
    page = provider.post("/desk", token=provider.form_token(), key="k", **fields)
    assert page.status_code == 422
    assert "No such name" in page.text
    assert 'value="甲&lt;"' in page.text
    assert provider.called == [("licenses", {"kind": "residence-permit", "fields": {"name": "甲<", "sum": 12}})]


def test_every_page_has_its_guards(provider: Hostile) -> None:
    for path in ("/", "/nothing", "/desk", "/callback"):
        headers = provider.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_cookies_are_for_tls_and_this_site_alone(provider: Hostile) -> None:
    cookie = provider.get("/sign-in").headers["Set-Cookie"]
    assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))


def test_a_provider_that_is_away_is_told_in_words() -> None:
    provider = Hostile()
    provider.settings["issuer"] = "https://other.example"
    page = provider.get("/sign-in")
    assert page.status_code == 503


@pytest.mark.parametrize("folder", ["department", "market", "civil"])
def test_a_department_needs_nothing_of_ours(folder: str) -> None:
    ours = {*source.ROOMS, "app", "deploy", "tests", "yinxin"}
    paths = [path for path in source.python("deploy") if path.parent == source.ROOT / "deploy/demo" / folder]
    found = [one for path in paths for one in source.imports(path) if one.name.partition(".")[0] in ours]
    assert paths
    assert not [str(one) for one in found if not one.name.startswith("deploy.demo.department")]
