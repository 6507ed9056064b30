"""The modules of the plans Basic, Form Post Basic and Config."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from hub import clock
from idp.model.client import ClientAuth
from tests.idp.conformance.known import KNOWN
from tests.idp.conformance.suite import Op, module, refused
from tests.idp.rp import CALLBACK, SECRET

OFFLINE = {"scope": "openid offline_access", "prompt": "consent"}


@module("oidcc-server", "oidcc-idtoken-signature", "oidcc-idtoken-rs256")
def server(op: Op) -> None:
    """Who names no algorithm gets RS256."""
    visit = op.client()
    tokens = op.flow(visit, scope="openid")
    op.resource(visit, tokens)


@module("oidcc-response-type-missing")
def response_type_missing(op: Op) -> None:
    visit = op.client()
    answer = visit.answered(visit.authorize(response_type=None)) if not op.form_post else {}
    if op.form_post:
        answer = op.answer(visit, response_type=None)
    assert answer["error"] in ("invalid_request", "unsupported_response_type")
    assert (answer["state"], answer["iss"]) == ("state-1", op.about["issuer"])
    assert set(answer) <= {"error", "error_description", "state", "iss"}


@module("oidcc-idtoken-unsigned")
def idtoken_unsigned(op: Op) -> None:
    """The suite skips it where `none` is not advertised; ours never is."""
    assert "none" not in op.about["id_token_signing_alg_values_supported"]


@module("oidcc-userinfo-get")
def userinfo_get(op: Op) -> None:
    visit = op.client()
    op.resource(visit, op.flow(visit))


@module("oidcc-userinfo-post-header")
def userinfo_post_header(op: Op) -> None:
    visit = op.client()
    tokens = op.flow(visit)
    answer = visit.program.post("/oidc/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.status_code == 200
    assert (answer.json or {})["sub"] == tokens["claims"]["sub"]


@module("oidcc-userinfo-post-body")
def userinfo_post_body(op: Op) -> None:
    visit = op.client()
    tokens = op.flow(visit)
    answer = visit.program.post("/oidc/userinfo", data={"access_token": tokens["access_token"]})
    assert answer.status_code == 200
    assert (answer.json or {})["sub"] == tokens["claims"]["sub"]


@module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow")
def without_nonce(op: Op) -> None:
    assert "nonce" not in op.flow(op.client(), nonce=None)["claims"]


@module("oidcc-scope-profile", "oidcc-scope-email", "oidcc-scope-address", "oidcc-scope-phone", "oidcc-scope-all")
def scopes(op: Op) -> None:
    """The suite skips a scope that is not advertised. We know none of email, address and phone, and of the fourteen claims
    of `profile` only the name: who advertises the scope must return them all.
    """
    assert not {"email", "address", "phone", "profile"} & set(op.about["scopes_supported"])
    visit = op.client()
    assert op.resource(visit, op.flow(visit, scope="openid profile"))["name"]


@module("oidcc-alternate-happy-flow")
def alternate_happy_flow(op: Op) -> None:
    """Neither the order of scopes nor that of parameters matters."""
    visit = op.client()
    asked = visit.asked(scope="profile openid") | ({"response_mode": "form_post"} if op.form_post else {})
    backwards = urlencode(list(reversed(asked.items())))
    assert visit.browser.get(f"/oidc/authorize?{backwards}").status_code in (200, 303)
    op.flow(visit, scope="profile openid")


@module("oidcc-display-page", "oidcc-display-popup")
def display(op: Op) -> None:
    visit = op.client()
    for value in ("page", "popup"):
        op.flow(visit, display=value)
    visit.browser = op.visits(replace(visit.client, id="fresh")).browser  # no cookies: a login page
    op.asks_for_login(visit.authorize(display="popup"))


@module("oidcc-prompt-login")
def prompt_login(op: Op) -> None:
    visit = op.client()
    first = op.flow(visit)["claims"]
    with clock.shifted(1):
        op.asks_for_login(visit.authorize(prompt="login"))
        visit.signs_in()
        second = op.flow(visit)["claims"]
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


@module("oidcc-prompt-none-not-logged-in")
def prompt_none_not_logged_in(op: Op) -> None:
    visit = op.client()
    visit.browser = op.at.browser
    answer = op.answer(visit, prompt="none")
    assert answer["error"] in ("login_required", "interaction_required")
    assert "code" not in answer


@module("oidcc-prompt-none-logged-in")
def prompt_none_logged_in(op: Op) -> None:
    visit = op.client()
    first, second = op.flow(visit)["claims"], op.flow(visit, prompt="none")["claims"]
    assert (first["auth_time"], first["sub"]) == (second["auth_time"], second["sub"])


@module("oidcc-max-age-1")
def max_age_1(op: Op) -> None:
    visit = op.client()
    first = op.flow(visit)["claims"]
    with clock.shifted(2):
        op.asks_for_login(visit.authorize(max_age="1"))
        visit.signs_in()
        second = op.flow(visit, max_age="1")["claims"]
    assert second["auth_time"] > first["auth_time"]


@module("oidcc-max-age-10000")
def max_age_10000(op: Op) -> None:
    visit = op.client(since=clock.now() - timedelta(seconds=60))
    first, second = op.flow(visit, max_age="15000")["claims"], op.flow(visit, max_age="10000")["claims"]
    assert (first["auth_time"], first["sub"]) == (second["auth_time"], second["sub"])


@module("oidcc-ensure-request-with-unknown-parameter-succeeds")
def unknown_parameter(op: Op) -> None:
    op.flow(op.client(), extra="foobar")


@module("oidcc-id-token-hint")
def id_token_hint(op: Op) -> None:
    visit = op.client()
    first = op.flow(visit)
    second = op.flow(visit, prompt="none", id_token_hint=first["id_token"])
    assert second["claims"]["sub"] == first["claims"]["sub"]


@module("oidcc-login-hint")
def login_hint(op: Op) -> None:
    visit = op.client()
    op.flow(visit, login_hint="buffy@localhost")


@module("oidcc-ui-locales")
def ui_locales(op: Op) -> None:
    op.flow(op.client(), ui_locales="se")


@module("oidcc-claims-locales")
def claims_locales(op: Op) -> None:
    op.flow(op.client(), claims_locales="se")


@module("oidcc-ensure-request-with-acr-values-succeeds")
def acr_values(op: Op) -> None:
    """All advertised values at once; one of them must come back."""
    asked = " ".join(op.about["acr_values_supported"])
    assert op.flow(op.client(), acr_values=asked)["claims"]["acr"] in asked.split()


@module("oidcc-codereuse", "oidcc-codereuse-30seconds")
def code_reuse(op: Op) -> None:
    visit = op.client()
    code = op.answer(visit)["code"]
    tokens = op.tokens(visit, visit.redeem(code))
    with clock.shifted(30):
        refused(visit.redeem(code), "invalid_grant", status=(400,))
        assert visit.userinfo(tokens["access_token"]).status_code == 401


@module("oidcc-ensure-registered-redirect-uri")
def registered_redirect_uri(op: Op) -> None:
    visit = op.client()
    op.shows_error(visit.authorize(redirect_uri=CALLBACK + "/bad"))


@module("oidcc-ensure-post-request-succeeds")
def post_request(op: Op) -> None:
    """The cookies of the session are Lax, so a POST of another site does not bring them: we answer by a 303 to our own GET."""
    visit = op.client()
    asked = visit.asked() | ({"response_mode": "form_post"} if op.form_post else {})
    sent = op.at.program.post("/oidc/authorize", data=asked)
    assert sent.status_code == 303
    response = visit.browser.get(sent.location)
    assert response.status_code == (200 if op.form_post else 303)
    assert "code=" in response.location if not op.form_post else 'name="code"' in response.text


@module("oidcc-server-client-secret-post")
def client_secret_post(op: Op) -> None:
    assert "client_secret_post" in op.about["token_endpoint_auth_methods_supported"]
    visit = op.client(id="posts", auth=ClientAuth.secret_post)
    credentials = {"client_id": visit.client.id, "client_secret": SECRET}
    op.tokens(visit, visit.redeem(op.answer(visit)["code"], headers={}, **credentials))


@module(
    "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
    "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
    "oidcc-request-uri-unsigned",
    "oidcc-ensure-request-object-with-redirect-uri",
)
def unsigned_request_object(op: Op) -> None:
    """The suite skips them where `none` is not advertised for request objects; none of ours is ever taken unsigned."""
    assert "none" not in op.about["request_object_signing_alg_values_supported"]
    unsigned = "eyJhbGciOiJub25lIn0.e30."
    visit = op.client()
    assert "code" not in visit.authorize(request=unsigned).headers.get("Location", "")
    op.shows_error(visit.authorize(request=unsigned, redirect_uri=CALLBACK + "/bad"))


@module("oidcc-claims-essential")
def claims_essential(op: Op) -> None:
    """The name, essential in userinfo: there it is, and not in the ID token."""
    visit = op.client()
    asked = json.dumps({"userinfo": {"name": {"essential": True}}})
    tokens = op.flow(visit, scope="openid", claims=asked)
    assert op.resource(visit, tokens)["name"]
    assert "name" not in tokens["claims"]


@module("oidcc-refresh-token")
def refresh_token(op: Op) -> None:
    """It works, its ID token is about the same sign-in, and it is bound to its client."""
    assert "refresh_token" in op.about["grant_types_supported"]
    visit = op.client()
    visit.agrees()
    first = op.flow(visit, scope="openid")
    again = op.tokens(visit, visit.refresh(first["refresh_token"]), nonce=None)
    for name in ("iss", "sub", "aud", "auth_time"):
        assert again["claims"][name] == first["claims"][name]
    assert again["claims"]["iat"] >= first["claims"]["iat"]
    assert again["access_token"] != first["access_token"]
    op.resource(visit, again)
    other = op.second(visit)
    theirs = op.flow(other, scope="openid")
    refused(visit.refresh(theirs["refresh_token"]), "invalid_grant", status=(400,))


@module("oidcc-ensure-request-with-valid-pkce-succeeds")
def valid_pkce(op: Op) -> None:
    visit = op.client()
    op.flow(visit)
    op.flow(visit, code_challenge=None, code_challenge_method=None)  # and a confidential client without it


@module("oidcc-discovery-endpoint-verification")
def discovery(op: Op) -> None:
    """Each member has its form; members that no registered standard knows are worth a warning to the suite."""
    about = op.about
    assert about["issuer"] == op.at.house.settings.issuer_url
    assert {"code", "id_token"} <= set(about["response_types_supported"])
    assert {"id_token", "token"} in [set(one.split()) for one in about["response_types_supported"]]
    assert {"authorization_code", "implicit"} <= set(about["grant_types_supported"])
    assert set(about["subject_types_supported"]) <= {"pairwise", "public"}
    assert "RS256" in about["id_token_signing_alg_values_supported"]
    assert "RS256" in about["userinfo_signing_alg_values_supported"]
    assert "RS256" in about["request_object_signing_alg_values_supported"]
    for name in about:
        if name.endswith(("_endpoint", "_uri")):
            assert about[name].startswith(f"{about['issuer']}/"), name
    for name in ("request_parameter_supported", "request_uri_parameter_supported", "claims_parameter_supported"):
        assert about[name] is True, name
    assert "openid" in about["scopes_supported"]
    assert all(re.fullmatch(r"[!#-\[\]-~]+", scope) for scope in about["scopes_supported"])
    assert about["claims_supported"]
    assert about["code_challenge_methods_supported"] == ["S256"]
    assert about["ui_locales_supported"] == ["zh-Hans", "en"]  # in the case that BCP 47 gives
    assert not set(about) - KNOWN
    keys = (op.at.program.get(op.path("jwks_uri")).json or {})["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not [key for key in keys if {"d", "k", "p", "q"} & set(key)]
    assert {"RSA", "EC"} <= {key["kty"] for key in keys}
