"""A department's API behind `yinxin.rs`, with real tokens of ours (RFC 9068 4, RFC 8707, RFC 9449 7, RFC 8705 3, RFC 9470)."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from hub import clock, dpop
from hub.house import House
from idp.model.client import ClientWrong, GrantType
from idp.model.registration import Registration
from idp.provider import clients
from idp.store import clients as store
from tests.idp.rp import SECRET, BoundVisit, Visit, b64, department, fapi, public, signed
from tests.verification.test_cli import SERVER_ONLY
from yinxin.rs import Api, Denied, Introspection, NotReachable, client_cert, read
from yinxin.rs_state import Once

ISSUER = "http://localhost:8000"
RESOURCE = "https://api.trade.qiyun.example/v1"
KEY = ECKey.generate_key("P-256", parameters={"kid": "k1"})
NOW = 1_800_000_000
MAY = Registration(exchanges_for=("trade-api",))  # may reach that API in the name of a person


@pytest.fixture(scope="module")
def reader(provider: tuple[House, Flask]) -> Visit:
    """The service that is the API: tokens name its address."""
    plain = department(id="trade-api", redirect_uris=(), grant_types=(GrantType.client_credentials,))
    return Visit(*provider, replace(plain, registered=Registration(resource=RESOURCE)))


@pytest.fixture(scope="module")
def party(provider: tuple[House, Flask], reader: Visit) -> BoundVisit:
    visit = BoundVisit(*provider, fapi(registered=MAY))
    visit.signs_in()
    return visit


@pytest.fixture(scope="module")
def simple(provider: tuple[House, Flask], reader: Visit) -> Visit:
    visit = Visit(*provider, department(id="simple", registered=MAY))
    visit.signs_in()
    return visit


def reads(provider: tuple[House, Flask]) -> Callable[[str], bytes]:
    """An HTTP client of one's own: here one that needs no socket."""
    return lambda url: provider[1].test_client().get(url.removeprefix(ISSUER)).data


@pytest.fixture(scope="module")
def api(provider: tuple[House, Flask], reader: Visit) -> Api:
    return Api(ISSUER, RESOURCE, read=reads(provider), clock=lambda: clock.now().timestamp())


@pytest.fixture(scope="module")
def trade(api: Api) -> FlaskClient:
    """The department's site."""
    site = Flask("trade")

    @site.get("/v1/records")
    @api.flask(scope="openid")
    def records() -> Any:
        return jsonify({"sub": api.access.subject, "client": api.access.client, "scopes": sorted(api.access.scopes)})

    @site.get("/v1/secret")
    @api.flask(level=3)
    def strong() -> Any:
        return jsonify({})

    @site.get("/v1/fresh")
    @api.flask(max_age=60)
    def fresh() -> Any:
        return jsonify({})

    @site.post("/v1/files")
    @api.flask(scope="licenses:read")
    def files() -> Any:
        return jsonify({"client": api.access.client})

    return site.test_client()


def called(trade: FlaskClient, party: BoundVisit, token: str, path: str = "/v1/records", **changes: Any) -> Any:
    proof = party.proof(path, "GET", token=token, **({"htu": f"https://api.trade.qiyun.example{path}"} | changes))
    return trade.get(path, headers={"Authorization": f"DPoP {token}", "DPoP": proof})


# -- tokens for one API


def test_a_token_is_for_the_one_api_that_was_asked_for(party: BoundVisit, trade: FlaskClient, reader: Visit) -> None:
    """RFC 8707 2; RFC 9068 3. It speaks of the person as its reader knows him."""
    token = party.tokens(resource=RESOURCE)["access_token"]
    claims = party.claims(token)
    assert claims["aud"] == RESOURCE
    assert called(trade, party, token).json == {
        "sub": claims["sub"],
        "client": "qiyun-fapi",
        "scopes": ["openid", "profile"],
    }
    assert claims["sub"] != party.claims(party.tokens()["id_token"])["sub"]
    assert party.userinfo(token).status_code == 401
    told = reader.token({"token": token}, path="/oidc/introspect").json or {}
    assert (told["active"], told["aud"]) == (True, RESOURCE)


def test_a_token_for_nobody_else_is_taken(party: BoundVisit, trade: FlaskClient) -> None:
    given = party.tokens()
    assert called(trade, party, given["access_token"]).status_code == 401  # for userinfo
    assert called(trade, party, given["id_token"]).status_code == 401  # ASVS 9.2.2: an ID token is no access token


@pytest.mark.parametrize(
    "address", ["https://unknown.example", "not an address", "https://api.trade.qiyun.example/v1#x", "x" * 3000]
)
def test_a_token_for_an_unknown_api_is_refused(party: BoundVisit, simple: Visit, address: str) -> None:
    """RFC 8707 2: invalid_target, at every endpoint."""
    assert (party.push(resource=address).json or {})["error"] in ("invalid_target", "invalid_request")
    own = {"grant_type": "client_credentials", "resource": address}
    assert (simple.token(own).json or {})["error"] == "invalid_target"


def test_several_apis_may_be_asked_for_and_each_token_is_for_one(simple: Visit) -> None:
    """RFC 8707 2: the parameter may be repeated; and 2.2: the client narrows it down."""
    other = f"{ISSUER}/oidc/userinfo"
    code = simple.code(resource=f"{RESOURCE} {other}", scope="openid offline_access")
    assert (simple.redeem(code).json or {})["error"] == "invalid_target"
    given = simple.redeem(code, resource=other).json or {}
    assert simple.claims(given["access_token"])["aud"] == other
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"], "resource": [RESOURCE, other]}
    both = simple.program.post("/oidc/token", data=form, headers=simple.basic())
    assert (both.json or {})["error"] == "invalid_target"


def test_a_pushed_request_may_name_several_apis(party: BoundVisit) -> None:
    form: dict[str, Any] = party.proved(party.asked()) | {"resource": [RESOURCE, f"{ISSUER}/oidc/userinfo"]}
    assert party.program.post("/oidc/par", data=form).status_code == 201
    twice: dict[str, Any] = party.proved(party.asked()) | {"nonce": ["a", "b"]}
    assert (party.program.post("/oidc/par", data=twice).json or {})["error"] == "invalid_request"


def test_an_address_belongs_to_one_api(simple: Visit) -> None:
    with pytest.raises(ClientWrong):
        Visit(simple.house, simple.app, department(id="squatter", registered=Registration(resource=RESOURCE)))


def test_a_person_is_asked_before_a_token_is_for_an_api(simple: Visit) -> None:
    """RFC 8707 2.2: the token endpoint gives no more than was asked for at the authorization endpoint."""
    assert (simple.redeem(simple.code(), resource=RESOURCE).json or {})["error"] == "invalid_target"
    given = simple.redeem(simple.code(resource=RESOURCE, scope="openid offline_access")).json or {}
    assert simple.claims(given["access_token"])["aud"] == RESOURCE
    plain = simple.refresh(given["refresh_token"], resource=f"{ISSUER}/oidc/userinfo").json or {}
    assert simple.claims(plain["access_token"])["aud"] == f"{ISSUER}/oidc/userinfo"
    assert (simple.refresh(given["refresh_token"], resource="https://unknown.example").json or {})[
        "error"
    ] == "invalid_target"


def test_a_client_in_its_own_name_names_the_api(simple: Visit, trade: FlaskClient) -> None:
    form = {"grant_type": "client_credentials", "scope": "licenses:read", "resource": RESOURCE}
    token = (simple.token(form).json or {})["access_token"]
    assert simple.claims(token)["aud"] == RESOURCE
    assert trade.post("/v1/files", headers={"Authorization": f"Bearer {token}"}).json == {"client": "simple"}
    ours = (simple.token({"grant_type": "client_credentials"}).json or {})["access_token"]
    assert trade.post("/v1/files", headers={"Authorization": f"Bearer {ours}"}).status_code == 401


def test_an_api_is_found_by_its_whole_address_on_both_databases(house_on: House) -> None:
    told = Registration(resource="https://api.example/v1%20x_y")
    plain = department(id="odd", redirect_uris=(), grant_types=(GrantType.client_credentials,), registered=told)
    clients.add(house_on, plain, by="test", now=clock.now())
    with house_on.database.read() as db:
        found = [
            store.of_resource(db, one) for one in (told.resource, told.resource[:-1], "%", "https://api.example/v1")
        ]
    assert found == ["odd", None, None, None]
    clients.end(house_on, "odd", by="test", now=clock.now())
    with house_on.database.read() as db:
        assert store.of_resource(db, told.resource) is None


# -- at the API


def test_a_bound_token_needs_its_key_at_a_department_too(party: BoundVisit, trade: FlaskClient) -> None:
    token = party.tokens(resource=RESOURCE)["access_token"]
    assert called(trade, party, token).status_code == 200
    refused = [
        trade.get("/v1/records", headers={"Authorization": f"Bearer {token}"}),
        trade.get("/v1/records", headers={"Authorization": f"DPoP {token}"}),
        trade.get("/v1/records", query_string={"access_token": token}),
        called(trade, party, token, key=KEY),
        called(trade, party, token, htu="https://api.trade.qiyun.example/v1/other"),
        called(trade, party, token, htm="POST"),
        called(trade, party, token, ath=None),
        called(trade, party, token, iat=int(clock.now().timestamp()) - 100),
    ]
    assert [one.status_code for one in refused] == [401] * len(refused)
    assert 'DPoP error="invalid_token"' in refused[0].headers["WWW-Authenticate"]


def test_a_proof_works_once_at_a_department(party: BoundVisit, trade: FlaskClient) -> None:
    token = party.tokens(resource=RESOURCE)["access_token"]
    assert [called(trade, party, token, jti="the-same").status_code for _ in range(2)] == [200, 401]


def test_without_a_token_the_answer_says_how_to_come(trade: FlaskClient) -> None:
    """RFC 6750 3: no error code where no token was shown."""
    answer = trade.get("/v1/records")
    assert (answer.status_code, answer.json) == (401, {})
    assert answer.headers["WWW-Authenticate"].startswith("Bearer, DPoP algs=")


def test_a_missing_scope_is_403(simple: Visit, trade: FlaskClient) -> None:
    form = {"grant_type": "client_credentials", "scope": "licenses:issue", "resource": RESOURCE}
    token = (simple.token(form).json or {})["access_token"]
    answer = trade.post("/v1/files", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert 'scope="licenses:read"' in answer.headers["WWW-Authenticate"]


def test_too_weak_a_sign_in_is_told_what_is_needed(simple: Visit, trade: FlaskClient) -> None:
    """RFC 9470 3."""
    token = simple.tokens(resource=RESOURCE)["access_token"]
    answer = trade.get("/v1/secret", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    told = answer.headers["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in told
    assert 'acr_values="urn:yinxin:loa:3 urn:yinxin:loa:4"' in told


def test_too_old_a_sign_in_is_told_how_young_it_must_be(simple: Visit, trade: FlaskClient) -> None:
    token = simple.tokens(resource=RESOURCE)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert trade.get("/v1/fresh", headers=headers).status_code == 200
    with clock.shifted(120):
        answer = trade.get("/v1/fresh", headers=headers)
    assert answer.status_code == 401
    assert 'max_age="60"' in answer.headers["WWW-Authenticate"]


def test_a_token_ends(simple: Visit, trade: FlaskClient) -> None:
    token = simple.tokens(resource=RESOURCE)["access_token"]
    with clock.shifted(601):
        assert trade.get("/v1/records", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_with_introspection_a_revoked_token_is_refused_at_once(
    provider: tuple[House, Flask], simple: Visit, party: BoundVisit
) -> None:
    """RFC 7662: asked at each call, by the service that is the API."""

    def send(url: str, data: bytes, headers: dict[str, str]) -> bytes:
        return bytes(provider[1].test_client().post(url.removeprefix(ISSUER), data=data, headers=headers).data)

    asking = Api(
        ISSUER,
        RESOURCE,
        introspect=Introspection(f"{ISSUER}/oidc/introspect", "trade-api", SECRET, send),
        clock=lambda: clock.now().timestamp(),
    )
    token = simple.tokens(resource=RESOURCE)["access_token"]
    assert asking.check(f"Bearer {token}", method="GET", path="/v1/records").client == "simple"
    simple.token({"token": token}, path="/oidc/revoke")
    with pytest.raises(Denied):
        asking.check(f"Bearer {token}", method="GET", path="/v1/records")
    bound = party.tokens(resource=RESOURCE)["access_token"]
    with pytest.raises(Denied):
        asking.check(f"Bearer {bound}", method="GET", path="/v1/records")


# -- tokens that anybody could make


def made(header: dict[str, Any] | None = None, *, key: ECKey = KEY, **changes: Any) -> str:
    plain: dict[str, Any] = {"iss": ISSUER, "aud": RESOURCE, "iat": NOW, "exp": NOW + 60, "sub": "s", "scope": "a"}
    claims = {name: value for name, value in (plain | changes).items() if value is not None}
    head = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"} | (header or {})
    return signed(head, claims, key)


@pytest.fixture(scope="module")
def alone() -> Api:
    """An API at an issuer whose key we have, so that we can make what the real one never would."""
    documents = {
        f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/k"},
        f"{ISSUER}/k": {"keys": [KEY.as_dict(private=False), {"kty": "XX", "kid": "new-kind"}, 7]},
    }
    return Api(ISSUER, RESOURCE, read=lambda url: json.dumps(documents[url]).encode(), clock=lambda: float(NOW))


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another type": ({"typ": "JWT"}, {}),
    "no kid that is known": ({"kid": "k2"}, {}),
    "a kid that is a number": ({"kid": 7}, {}),
    "brings its own key": ({"jwk": KEY.as_dict(private=False)}, {}),
    "brings an address of keys": ({"jku": "https://elsewhere.example/k"}, {}),
    "another issuer": ({}, {"iss": "https://elsewhere.example"}),
    "an issuer with a slash": ({}, {"iss": f"{ISSUER}/"}),
    "another audience": ({}, {"aud": "https://elsewhere.example"}),
    "no audience": ({}, {"aud": None}),
    "an audience that is an object": ({}, {"aud": {"x": RESOURCE}}),
    "expired": ({}, {"exp": NOW}),
    "no end": ({}, {"exp": None}),
    "an end that is text": ({}, {"exp": "2099"}),
    "an end that is true": ({}, {"exp": True}),
    "not yet": ({}, {"nbf": NOW + 11}),
    "made tomorrow": ({}, {"iat": NOW + 86_400}),
    "bound to nothing that is known": ({}, {"cnf": {"x": "y"}}),
    "bound to nothing": ({}, {"cnf": {}}),
    "bound, but how is text": ({}, {"cnf": "jkt"}),
    "bound to a certificate": ({}, {"cnf": {"x5t#S256": "x"}}),
}


@pytest.mark.parametrize("fault", WRONG)
def test_no_wrong_token_is_let_in(alone: Api, fault: str) -> None:
    header, changes = WRONG[fault]
    alone.check(f"Bearer {made()}", method="GET", path="/v1/records")
    with pytest.raises(Denied) as refused:
        alone.check(f"Bearer {made(header, **changes)}", method="GET", path="/v1/records")
    assert (refused.value.error, refused.value.status) == ("invalid_token", 401)


def test_an_unsigned_and_a_long_token_are_refused(alone: Api) -> None:
    """RFC 8725 3.2; ASVS 9.1.2. A signature of another key under the same name, too."""
    head, body, _ = made().split(".")
    none = b64(json.dumps({"alg": "none", "typ": "at+jwt", "kid": "k1"}).encode())
    other = made(key=ECKey.generate_key("P-256"))
    for token in (f"{none}.{body}.", f"{head}.{body}.", f"{none}.{body}.AAAA", other, made(pad="x" * 9000), "é" * 20):
        with pytest.raises(Denied):
            alone.check(f"Bearer {token}", method="GET", path="/v1/records")


def test_a_certificate_is_the_key_of_a_token_that_is_bound_to_it(alone: Api) -> None:
    """RFC 8705 3.1."""
    token = made(cnf={"x5t#S256": dpop.digest(b"certificate")})
    ask: dict[str, Any] = {"method": "GET", "path": "/v1/records"}
    assert alone.check(f"Bearer {token}", certificate=b"certificate", **ask).subject == "s"
    for certificate in (b"", b"another"):
        with pytest.raises(Denied):
            alone.check(f"Bearer {token}", certificate=certificate, **ask)


def test_a_flask_site_behind_a_proxy_takes_the_certificate_from_its_header(alone: Api) -> None:
    """RFC 9440 2.2."""
    site = Flask("behind")
    behind = Api(
        ISSUER,
        RESOURCE,
        read=alone.read,
        clock=alone.clock,
        certificate=lambda: client_cert(request.headers.get("Client-Cert", "")),
    )
    site.add_url_rule("/v1/records", "records", behind.flask()(lambda: behind.access.subject))
    token = made(cnf={"x5t#S256": dpop.digest(b"certificate")})
    statuses = [
        site.test_client()
        .get("/v1/records", headers={"Authorization": f"Bearer {token}", "Client-Cert": header})
        .status_code
        for header in (":Y2VydGlmaWNhdGU=:", "", ":", ":!:", "Y2VydGlmaWNhdGU=")
    ]
    assert statuses == [200, 401, 401, 401, 401]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(max_size=100), max_size=2), st.binary(max_size=50))
def test_no_headers_break_the_check(authorization: str, proofs: list[str], certificate: bytes) -> None:
    api = Api(ISSUER, RESOURCE, read=lambda _: b"{}", clock=lambda: float(NOW))
    with pytest.raises(Denied):
        api.check(authorization, method="GET", path="/", proofs=proofs, certificate=certificate)


# -- the keys of the provider


def test_a_new_key_is_found_and_a_provider_that_is_down_stops_nobody() -> None:
    new, state = ECKey.generate_key("P-256", parameters={"kid": "k2"}), {"keys": [KEY.as_dict(private=False)]}
    calls = []

    def reads(url: str) -> bytes:
        calls.append(url)
        if not state:
            raise NotReachable("down")
        return json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/k"} if "well-known" in url else state).encode()

    api = Api(ISSUER, RESOURCE, read=reads, clock=lambda: float(NOW))
    ask: dict[str, Any] = {"method": "GET", "path": "/"}
    api.check(f"Bearer {made()}", **ask)
    state["keys"].append(new.as_dict(private=False))
    for _ in range(20):  # made-up names do not make us call on and on
        with pytest.raises(Denied):
            api.check(f"Bearer {made({'kid': 'made up'})}", **ask)
    assert len(calls) == 2
    api._keys._tried -= 2
    api.check(f"Bearer {made({'kid': 'k2'}, key=new)}", **ask)
    state.clear()
    api._keys._got -= 1000
    api._keys._tried -= 1000
    api.check(f"Bearer {made()}", **ask)


def test_a_provider_of_another_name_is_not_believed() -> None:
    """OpenID Connect Discovery 4.3."""
    api = Api(ISSUER, RESOURCE, read=lambda _: b'{"issuer": "https://elsewhere.example", "jwks_uri": "x"}')
    with pytest.raises(NotReachable):
        api.check(f"Bearer {made()}", method="GET", path="/")


def test_keys_are_read_by_tls_only() -> None:
    with pytest.raises(NotReachable):
        read("http://id.gov.example/keys")


def test_once_means_once_and_is_bounded() -> None:
    once = Once()
    assert [once("a", 10), once("a", 10), once("b", 0), once("b", 10)] == [True, False, True, True]
    once._until = {str(number): 1e18 for number in range(Once.MOST)}
    assert not once("new", 10)


def test_it_works_without_the_libraries_of_the_server() -> None:
    names = [name for name in SERVER_ONLY if name != "flask"]
    program = f"import sys\nfor name in {names}: sys.modules[name] = None\nimport yinxin.rs\nassert 'flask' not in sys.modules"
    root = Path(__file__).resolve().parent.parent.parent
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)


def test_public_programs_come_with_bearer_tokens(provider: tuple[House, Flask], trade: FlaskClient) -> None:
    visit = Visit(*provider, public(id="a-program", registered=MAY))
    visit.signs_in()
    code = visit.code(resource=RESOURCE)
    token = (visit.redeem(code, headers={}, client_id=visit.client.id).json or {})["access_token"]
    assert trade.get("/v1/records", headers={"Authorization": f"Bearer {token}"}).status_code == 200
