"""The token endpoint over HTTP: codes, refresh tokens and a client's own tokens."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import callers, clock
from hub.problems import NotSignedIn
from idp.model.client import GrantType
from idp.model.grant import Code
from idp.provider import clients, codes
from tests.idp.rp import AGENCY, CALLBACK, Visit, Visits, b64, department, public

# -- a code


def test_a_code_becomes_tokens(visit: Visit) -> None:
    visit.signs_in()
    response = visit.redeem(visit.code())
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"  # RFC 6749 5.1
    assert response.headers["Pragma"] == "no-cache"
    assert response.mimetype == "application/json"
    tokens: dict[str, Any] = response.json or {}
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == "openid profile"
    assert visit.userinfo(tokens["access_token"]).status_code == 200


def test_the_id_token_says_who_signed_in_when_and_how(visit: Visit) -> None:
    visit.signs_in(level=2, now=clock.now() - timedelta(minutes=7))
    signed_in = int((clock.now() - timedelta(minutes=7)).timestamp())
    tokens = visit.tokens(acr_values="urn:yinxin:loa:2")
    claims = visit.claims(tokens["id_token"])
    assert claims["iss"] == visit.house.settings.issuer_url
    assert claims["aud"] == visit.client.id
    assert claims["nonce"] == "nonce-1"
    assert claims["acr"] == "urn:yinxin:loa:2"
    assert claims["amr"] == ["pwd"]
    assert abs(claims["auth_time"] - signed_in) <= 2  # of the sign-in, not of the token
    assert claims["exp"] - claims["iat"] <= 600
    assert claims["at_hash"] == b64(hashlib.sha256(tokens["access_token"].encode()).digest()[:16])
    assert "sid" not in claims  # for those alone who are told when the login ends


def test_a_code_works_once_and_its_second_use_takes_the_tokens(visit: Visit) -> None:
    visit.signs_in()
    code = visit.code()
    tokens = visit.redeem(code).json or {}
    assert error_of(visit.redeem(code)) == "invalid_grant"
    assert visit.userinfo(tokens["access_token"]).status_code == 401  # RFC 6749 4.1.2: its tokens fall too
    assert error_of(visit.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_a_second_use_is_found_long_after_the_code_is_forgotten(visit: Visit) -> None:
    visit.signs_in()
    code = visit.code()
    tokens = visit.redeem(code).json or {}
    with clock.shifted(300):
        assert error_of(visit.redeem(code)) == "invalid_grant"
        assert visit.userinfo(tokens["access_token"]).status_code == 401


def test_a_code_ends_after_a_minute(visit: Visit) -> None:
    visit.signs_in()
    code = visit.code()
    with clock.shifted(60):
        assert error_of(visit.redeem(code)) == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code_verifier": None}, "invalid_grant"),  # RFC 7636 4.6
        ({"code_verifier": "short"}, "invalid_grant"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unauthorized_client"),
    ],
    ids=str,
)
def test_a_wrong_redemption_gives_nothing_and_leaves_the_code(
    visit: Visit, changes: dict[str, str | None], error: str
) -> None:
    visit.signs_in()
    code = visit.code()
    wrong = visit.redeem(**({"code": code} | changes))  # type: ignore[arg-type]
    assert error_of(wrong) == error
    assert wrong.headers["Cache-Control"] == "no-store"
    assert visit.redeem(code).status_code == 200


def test_a_verifier_without_a_challenge_is_refused(visit: Visit) -> None:
    """RFC 9700 2.1.1: otherwise an attacker strips the challenge."""
    visit.signs_in()
    code = visit.code(code_challenge=None, code_challenge_method=None)
    assert error_of(visit.redeem(code)) == "invalid_grant"
    assert visit.redeem(code, code_verifier=None).status_code == 200


def test_a_code_belongs_to_its_client(visit: Visit, visits: Visits) -> None:
    visit.signs_in()
    code = visit.code()
    other = visits(department(id="other"), verifier=visit.verifier)
    assert error_of(other.redeem(code)) == "invalid_grant"
    tokens = visit.redeem(code).json or {}
    assert error_of(other.redeem(code)) == "invalid_grant"  # a stranger's try revokes nothing
    assert visit.userinfo(tokens["access_token"]).status_code == 200


def test_a_code_dies_with_the_login(visit: Visit) -> None:
    caller = visit.signs_in()
    code = visit.code()
    with visit.house.database.write() as db:
        callers.end_sessions(db, at=clock.now(), sid=caller.sid)
    assert error_of(visit.redeem(code)) == "invalid_grant"


def test_a_public_client_redeems_with_its_verifier_alone(visits: Visits) -> None:
    visit = visits(public())
    visit.signs_in()
    code = codes.seal(visit.house, code_for(visit))
    named = {"client_id": visit.client.id}
    assert error_of(visit.redeem(code, headers={}, code_verifier=None, **named)) == "invalid_grant"
    assert visit.redeem(code, headers={}, **named).status_code == 200


# -- refresh


def test_refresh_rotates_and_keeps_who_and_when(visits: Visits) -> None:
    visit = visits(public())
    visit.signs_in(now=clock.now() - timedelta(minutes=5))
    first = visit.tokens()
    second = visit.refresh(first["refresh_token"]).json or {}
    assert second["refresh_token"] != first["refresh_token"]
    before, after = visit.claims(first["id_token"]), visit.claims(second["id_token"])
    assert {name: before[name] for name in ("sub", "aud", "auth_time", "acr")} == {
        name: after[name] for name in ("sub", "aud", "auth_time", "acr")
    }
    assert "nonce" not in after  # OpenID Connect Core 12.2
    assert visit.refresh(second["refresh_token"]).status_code == 200


def test_the_refresh_token_of_a_client_that_proves_itself_stays(visit: Visit) -> None:
    """RFC 9700 4.14.2: rotation is for clients that cannot."""
    visit.signs_in()
    token = visit.tokens()["refresh_token"]
    for seconds in (0, 11, 600):
        with clock.shifted(seconds):
            assert (visit.refresh(token).json or {})["refresh_token"] == token


def test_a_repetition_within_the_grace_gives_the_same_successor(visits: Visits) -> None:
    visit = visits(public())
    visit.signs_in()
    token = visit.tokens()["refresh_token"]
    answers = [visit.refresh(token).json or {} for _ in range(3)]
    assert len({answer["refresh_token"] for answer in answers}) == 1


def test_reuse_after_the_grace_revokes_the_family_and_no_other(visits: Visits) -> None:
    visit = visits(public())
    visit.signs_in()
    stolen, other = visit.tokens(), visit.tokens()
    renewed = visit.refresh(stolen["refresh_token"]).json or {}
    with clock.shifted(11):
        assert error_of(visit.refresh(stolen["refresh_token"])) == "invalid_grant"
        assert error_of(visit.refresh(renewed["refresh_token"])) == "invalid_grant"
        assert visit.userinfo(renewed["access_token"]).status_code == 401
        assert visit.refresh(other["refresh_token"]).status_code == 200


def test_scopes_shrink_for_one_answer_and_never_grow(visit: Visit) -> None:
    visit.signs_in()
    token = visit.tokens(scope="openid profile")["refresh_token"]
    assert error_of(visit.refresh(token, scope="openid profile realname")) == "invalid_scope"
    smaller = visit.refresh(token, scope="openid").json or {}
    assert smaller["scope"] == "openid"
    assert "name" not in (visit.userinfo(smaller["access_token"]).json or {})
    assert (visit.refresh(smaller["refresh_token"]).json or {})["scope"] == "openid profile"


def test_a_refresh_token_belongs_to_its_client(visit: Visit, visits: Visits) -> None:
    visit.signs_in()
    token = visit.tokens()["refresh_token"]
    assert error_of(visits(department(id="other")).refresh(token)) == "invalid_grant"
    assert visit.refresh(token).status_code == 200


def test_refresh_dies_with_the_login_unless_offline_access_was_granted(visit: Visit) -> None:
    caller = visit.signs_in()
    bound, offline = visit.tokens(), visit.tokens(scope="openid offline_access")
    with visit.house.database.write() as db:
        callers.end_sessions(db, at=clock.now(), sid=caller.sid)
    assert error_of(visit.refresh(bound["refresh_token"])) == "invalid_grant"
    assert visit.refresh(offline["refresh_token"]).status_code == 200


def test_a_family_has_an_absolute_end(visit: Visit) -> None:
    visit.signs_in()
    token = visit.tokens(scope="openid offline_access")["refresh_token"]
    with clock.shifted(29 * 86400):
        token = (visit.refresh(token).json or {})["refresh_token"]
    with clock.shifted(30 * 86400):
        assert error_of(visit.refresh(token)) == "invalid_grant"


def test_a_client_without_the_grant_type_gets_no_refresh_token(visits: Visits) -> None:
    visit = visits(department(grant_types=(GrantType.code,)))
    visit.signs_in()
    tokens = visit.tokens(scope="openid offline_access")
    assert "refresh_token" not in tokens
    assert tokens["scope"] == "openid"
    assert error_of(visit.refresh("anything")) == "unauthorized_client"


def test_refresh_needs_its_token(visit: Visit) -> None:
    assert error_of(visit.token({"grant_type": "refresh_token"})) == "invalid_request"


# -- client credentials


def test_a_client_gets_a_token_bound_to_its_agency_and_place(visit: Visit) -> None:
    answer = visit.token({"grant_type": "client_credentials", "scope": "licenses:issue"}).json or {}
    assert answer["scope"] == "licenses:issue"
    assert "refresh_token" not in answer  # RFC 6749 4.4.3
    caller = callers.read_token(visit.house, answer["access_token"], clock.now())
    assert caller.client == visit.client.id
    assert caller.agency == AGENCY
    assert caller.place == "hub"
    assert caller.scopes == {"licenses:issue"}
    assert caller.person is None


def test_without_a_scope_a_client_gets_all_that_it_may_use_in_its_own_name(visit: Visit) -> None:
    answer = visit.token({"grant_type": "client_credentials"}).json or {}
    assert answer["scope"] == "licenses:issue licenses:read"


@pytest.mark.parametrize("scope", ["licenses:revoke", "openid", "realname licenses:issue", "licenses:issue nonsense"])
def test_a_scope_beyond_the_registration_is_invalid(visit: Visit, scope: str) -> None:
    assert error_of(visit.token({"grant_type": "client_credentials", "scope": scope})) == "invalid_scope"


def test_a_client_must_be_registered_for_the_grant_type(visits: Visits) -> None:
    visit = visits(department(grant_types=(GrantType.code,)))
    assert error_of(visit.token({"grant_type": "client_credentials"})) == "unauthorized_client"


def test_a_token_falls_with_its_client(visits: Visits) -> None:
    visit = visits(department(id="soon-over"))
    token = (visit.token({"grant_type": "client_credentials"}).json or {})["access_token"]
    clients.end(visit.house, visit.client.id, by="test", now=clock.now())
    with pytest.raises(NotSignedIn):
        callers.read_token(visit.house, token, clock.now())
    assert error_of(visit.token({"grant_type": "client_credentials"})) == "invalid_client"


# -- the form


def test_nothing_is_taken_from_the_query_string(visit: Visit) -> None:
    visit.signs_in()
    response = visit.program.post(
        f"/oidc/token?grant_type=authorization_code&code={visit.code()}&redirect_uri={CALLBACK}", headers=visit.basic()
    )
    assert error_of(response) == "invalid_request"


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier", "something_unknown"])
def test_a_repeated_field_is_refused(visit: Visit, name: str) -> None:
    visit.signs_in()
    body = f"grant_type=authorization_code&code={visit.code()}&{name}=1&{name}=2"
    response = visit.program.post(
        "/oidc/token", data=body, headers=visit.basic() | {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert error_of(response) == "invalid_request"


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain", ""])
def test_only_a_form_is_read(visit: Visit, kind: str) -> None:
    response = visit.program.post(
        "/oidc/token", data=b"grant_type=client_credentials", headers=visit.basic() | {"Content-Type": kind}
    )
    assert error_of(response) == "invalid_request"


def test_a_large_form_is_refused(visit: Visit) -> None:
    assert error_of(visit.token({"grant_type": "client_credentials", "scope": "x" * 70_000})) == "invalid_request"


def test_the_endpoint_takes_only_post(visit: Visit) -> None:
    assert visit.program.get("/oidc/token?grant_type=client_credentials", headers=visit.basic()).status_code == 405


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
def test_no_form_is_a_fault_of_ours(visit: Visit, body: bytes, authorization: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": authorization}
    for path in ("/oidc/token", "/oidc/revoke", "/oidc/introspect"):
        response = visit.program.post(path, data=body, headers=headers)
        assert response.status_code in {400, 401}


def test_a_proxy_cannot_change_who_we_are(visit: Visit) -> None:
    """The issuer is a setting: neither Host nor forwarded headers, nor plain HTTP behind a proxy, have a say."""
    visit.signs_in()
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Host": "evil.example"}
    code = visit.code()
    response = visit.redeem(code, headers=visit.basic() | forged)
    assert response.status_code == 200
    assert visit.claims((response.json or {})["id_token"])["iss"] == visit.house.settings.issuer_url


def code_for(visit: Visit) -> Code:
    moment = clock.now()
    return Code(
        client=visit.client.id,
        redirect_uri=CALLBACK,
        scopes=("openid",),
        nonce=None,
        challenge=visit.challenge,
        person=visit.person,
        sid=visit.sid,
        level=1,
        amr=("pwd",),
        auth_time=moment,
        acting_for=None,
        holder_keys=(),
        made=moment,
    )


def error_of(response: Any) -> str:
    assert response.status_code in {400, 401}, response.text
    assert response.mimetype == "application/json"
    return str(response.json["error"])
