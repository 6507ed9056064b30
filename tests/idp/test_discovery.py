"""What the provider says of itself is what it does."""

import json

from idp.provider import discovery
from tests.idp.rp import Visit

TESTED_IN = {  # each feature that is named to the world, and the test file that uses it
    "authorization_endpoint": "test_authorize",
    "pushed_authorization_request_endpoint": "test_par",
    "token_endpoint": "test_server",
    "device_authorization_endpoint": "test_device",
    "userinfo_endpoint": "test_userinfo",
    "jwks_uri": "test_tokens",
    "end_session_endpoint": "test_logout",
    "revocation_endpoint": "test_token_status",
    "introspection_endpoint": "test_token_status",
    "registration_endpoint": "test_registration",
}


def test_the_issuer_is_equal_to_the_octet(visit: Visit) -> None:
    said = visit.program.get("/.well-known/openid-configuration").json or {}
    assert said["issuer"] == visit.house.settings.issuer_url
    visit.signs_in()
    answer = visit.answer()
    assert answer["iss"] == said["issuer"]
    assert visit.claims((visit.redeem(answer["code"]).json or {})["id_token"])["iss"] == said["issuer"]


def test_every_named_endpoint_is_there(visit: Visit) -> None:
    said = visit.program.get("/.well-known/openid-configuration").json or {}
    named = {name for name in said if name.endswith("_endpoint")} | {"jwks_uri"}
    assert named == TESTED_IN.keys()
    for name in named:
        path = said[name].removeprefix(visit.house.settings.issuer_url)
        assert visit.program.get(path).status_code != 404, name


def test_both_well_known_addresses_say_the_same(visit: Visit) -> None:
    """OpenID Connect Discovery 4 and RFC 8414 3."""
    paths = ("openid-configuration", "oauth-authorization-server")
    assert len({visit.program.get(f"/.well-known/{path}").data for path in paths}) == 1


def test_nothing_unsafe_is_named(visit: Visit) -> None:
    """The legacy policy's response types are named, since it has them (and the Dynamic profile asks for it)."""
    said = discovery.metadata(visit.house.settings.issuer_url)
    assert "token" not in said["response_types_supported"]  # type: ignore[operator]  # no ID token: who is it for?
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert not {"password"} & set(said["grant_types_supported"])  # type: ignore[call-overload]
    assert "none" not in str(said["id_token_signing_alg_values_supported"])


def test_anybody_may_keep_it_for_a_while_and_read_it_from_a_script(visit: Visit) -> None:
    for path in ("/.well-known/openid-configuration", "/oidc/jwks"):
        response = visit.program.get(path)
        assert response.headers["Cache-Control"] == f"public, max-age={discovery.DOCUMENT_SECONDS}"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in response.headers
        assert json.loads(response.data)
