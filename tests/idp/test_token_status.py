"""Revocation (RFC 7009) and introspection (RFC 7662)."""

import pytest
from joserfc import jws

from hub import callers, clock
from hub.problems import NotSignedIn
from idp.model.client import Registration
from idp.provider import token_status
from tests.idp.rp import ASSERTION, Visit, Visits, department, fapi, public

REVOKE, INTROSPECT = "/oidc/revoke", "/oidc/introspect"


def active(visit: Visit, token: str) -> bool:
    answer = visit.token({"token": token}, path=INTROSPECT)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["active"] or answer.json == {"active": False}
    return bool(answer.json["active"])


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "pct", "saml2"])
def test_an_unknown_token_is_gone_already_and_a_hint_never_matters(visit: Visit, hint: str) -> None:
    answer = visit.token({"token": "unknown", "token_type_hint": hint}, path=REVOKE)
    assert answer.status_code == 200
    visit.signs_in()
    token = visit.tokens()["refresh_token"]
    assert visit.token({"token": token, "token_type_hint": hint}, path=REVOKE).status_code == 200
    assert visit.refresh(token).status_code == 400


def test_a_refresh_token_takes_its_family_with_it(visit: Visit) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    visit.token({"token": tokens["refresh_token"]}, path=REVOKE)
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    assert not active(visit, tokens["access_token"])


def test_an_access_token_goes_alone(visit: Visit) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    visit.token({"token": tokens["access_token"]}, path=REVOKE)
    assert visit.userinfo(tokens["access_token"]).status_code == 401
    renewed = visit.refresh(tokens["refresh_token"]).json or {}
    assert visit.userinfo(renewed["access_token"]).status_code == 200


def test_a_clients_own_token_is_refused_by_our_api_once_revoked(visit: Visit) -> None:
    token = (visit.token({"grant_type": "client_credentials"}).json or {})["access_token"]
    assert callers.read_token(visit.house, token, clock.now()).client == visit.client.id
    visit.token({"token": token}, path=REVOKE)
    with pytest.raises(NotSignedIn):
        callers.read_token(visit.house, token, clock.now())


def test_another_clients_token_cannot_be_revoked_or_looked_at(visit: Visit, visits: Visits) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    other = visits(department(id="other"))
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert other.token({"token": token}, path=REVOKE).status_code == 200
        assert not active(other, token)
    assert visit.userinfo(tokens["access_token"]).status_code == 200
    assert visit.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("path", [REVOKE, INTROSPECT])
def test_only_clients_may_ask_and_a_token_is_needed(visit: Visit, path: str) -> None:
    assert visit.token({"token": "x"}, headers={}, path=path).status_code == 401
    assert visit.token({"token": "x"}, headers=visit.basic(secret="wrong" * 8), path=path).status_code == 401
    assert (visit.token({}, path=path).json or {})["error"] == "invalid_request"


def test_introspection_tells_what_a_token_allows_and_nothing_internal(visit: Visit) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    said = visit.token({"token": tokens["access_token"]}, path=INTROSPECT).json or {}
    assert said["active"] is True
    assert said["client_id"] == visit.client.id
    assert said["scope"] == "openid profile"
    assert said["sub"] == visit.claims(tokens["id_token"])["sub"]
    assert not {"gid", "person", "holder_keys"} & said.keys()
    renews = visit.token({"token": tokens["refresh_token"]}, path=INTROSPECT).json or {}
    assert (renews["active"], renews["sub"]) == (True, said["sub"])
    assert "act" not in renews


def test_a_replaced_refresh_token_is_not_active(visits: Visits) -> None:
    visit = visits(public())
    visit.signs_in()
    token = visit.tokens()["refresh_token"]
    assert token_status.look_up(visit.house, token, clock.now())
    visit.refresh(token)
    assert token_status.look_up(visit.house, token, clock.now()) is None


def test_what_is_over_is_not_active(visit: Visit) -> None:
    visit.signs_in()
    tokens = visit.tokens()
    assert not active(visit, tokens["id_token"])
    assert not active(visit, tokens["access_token"][:-4] + "AAAA")
    assert not active(visit, "a.b.c")
    with clock.shifted(visit.house.settings.access_seconds):
        assert not active(visit, tokens["access_token"])


# -- who is told, and in what form

SIGNED = "application/token-introspection+jwt"


def test_the_api_that_a_token_is_for_is_told_of_it_and_nobody_else(visit: Visit, visits: Visits) -> None:
    """RFC 7662 4: a token that is shown to an API is looked up by it; another service learns nothing."""
    visit.signs_in()
    said = Registration(resource=f"{visit.house.settings.issuer_url}/oidc/userinfo")
    api, other = visits(department(id="the-api", registered=said)), visits(department(id="not-the-api"))
    tokens = visit.tokens()
    told = api.token({"token": tokens["access_token"]}, path=INTROSPECT).json or {}
    assert (told["active"], told["client_id"]) == (True, visit.client.id)
    assert not {"gid", "person", "sid", "holder_keys"} & told.keys()
    assert not active(api, tokens["refresh_token"])
    assert not active(other, tokens["access_token"])
    assert api.token({"token": tokens["access_token"]}, path=REVOKE).status_code == 200  # as of an unknown one
    assert active(visit, tokens["access_token"])


def test_nobody_asks_in_the_name_of_a_client_that_cannot_prove_itself(visits: Visits) -> None:
    """RFC 7662 2.1."""
    visit = visits(public())
    assert visit.token({"token": "x"}, path=INTROSPECT).status_code == 401


@pytest.mark.parametrize("algorithm", ["", "ES256", "PS256"])
def test_an_answer_can_be_signed(visits: Visits, algorithm: str) -> None:
    """RFC 9701 4, 5, 6: typ, iss, aud, iat; RS256 for whoever registered nothing."""
    said = Registration(introspection_signed_response_alg=algorithm)
    visit = visits(department(id=f"signed-{algorithm}", registered=said))
    visit.signs_in()
    for token, alive in ((visit.tokens()["access_token"], True), ("unknown", False)):
        answer = visit.token({"token": token}, path=INTROSPECT, headers=visit.basic() | {"Accept": SIGNED})
        assert answer.mimetype == SIGNED
        header = jws.extract_compact(answer.data).headers()
        assert (header["typ"], header["alg"]) == ("token-introspection+jwt", algorithm or "RS256")
        claims = visit.claims(answer.text)
        assert (claims["iss"], claims["aud"]) == (visit.house.settings.issuer_url, visit.client.id)
        assert claims["token_introspection"]["active"] is alive
        assert alive or claims["token_introspection"] == {"active": False}


def test_a_fapi_client_is_answered_by_no_weak_signature(visits: Visits) -> None:
    """FAPI 2.0 Security Profile 5.4.1, before the default of RFC 9701 6."""
    visit = visits(fapi())
    form = {"token": "unknown", "client_assertion_type": ASSERTION, "client_assertion": visit.assertion()}
    answer = visit.token(form, path=INTROSPECT, headers={"Accept": SIGNED})
    assert jws.extract_compact(answer.data).headers()["alg"] == "ES256"


def test_a_signed_answer_is_no_access_token(visit: Visit) -> None:
    """RFC 9701 8.1, RFC 8725 3.11."""
    visit.signs_in()
    form = {"token": visit.tokens()["access_token"]}
    answer = visit.token(form, path=INTROSPECT, headers=visit.basic() | {"Accept": SIGNED})
    assert not active(visit, answer.text)
    assert visit.userinfo(answer.text).status_code == 401
