"""The modules of the plans Dynamic and 3rd party-initiated login: clients that register themselves."""

import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, Response
from joserfc import jws
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from hub import clock, tree
from idp.provider import clients, registration
from idp.store.registration_tokens import Allowance
from tests.idp.conformance.suite import RSA, Op, module, query_of, refused, unb64
from tests.idp.rp import AGENCY, ASSERTION, CALLBACK, Visit
from tests.idp.site import site

SITE = "https://rp.qiyun.example"
RSA_NEW = RSAKey.generate_key(2048, parameters={"kid": "rp-rsa-2"})


class Registered:
    """A client as the suite registers it: private_key_jwt with RS256, its keys by value, response type code."""

    def __init__(self, op: Op, **said: Any) -> None:
        self.op, self.key = op, RSA
        answer = register(op, **said)
        assert answer.status_code == 201, answer.text
        assert answer.content_type == "application/json"
        self.said: dict[str, Any] = dict(answer.json or {})
        assert self.said["registration_client_uri"].startswith("http")
        assert self.said["registration_access_token"]
        if "client_secret" in self.said:
            assert self.said["client_secret_expires_at"] >= 0
        client = clients.known(op.at.house, self.said["client_id"], clock.now())
        assert client is not None
        self.visit: Visit = op.person(client)

    def proves(self, **changes: Any) -> dict[str, str]:
        """An assertion signed with RS256."""
        moment = int(clock.now().timestamp())
        claims: dict[str, Any] = {
            "iss": self.visit.client.id,
            "sub": self.visit.client.id,
            "aud": self.op.about["token_endpoint"],
        }
        claims |= {"iat": moment, "exp": moment + 60, "jti": secrets.token_urlsafe(9)} | changes
        head = {"alg": "RS256", "kid": str(self.key.kid)}
        made = jws.serialize_compact(head, json.dumps(claims), self.key, algorithms=["RS256"])
        return {"client_assertion_type": ASSERTION, "client_assertion": made}

    def redeem(self, code: str, **more: Any) -> TestResponse:
        redirect = more.pop("redirect_uri", CALLBACK)
        return self.visit.redeem(code, headers={}, redirect_uri=redirect, **self.proves(**more))

    def flow(self, **asked: str | None) -> dict[str, Any]:
        code = self.op.answer(self.visit, **asked)["code"]
        return self.op.tokens(self.visit, self.redeem(code), **asked)


def register(op: Op, **said: Any) -> TestResponse:
    """A registration request; a member that is None is left out."""
    house = op.at.house
    allowance = Allowance(
        AGENCY, "栖云市市场监管局", "Qiyun market regulation", tree.ROOT, 1, clock.now() + timedelta(days=1)
    )
    token = registration.allow(house, allowance, by="test", now=clock.now())
    plain = {
        "client_name": "suite",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [RSA.as_dict(private=False)]},
        "contacts": ["certification@oidf.org"],
    }
    body = {name: value for name, value in (plain | said).items() if value is not None}
    path = op.path("registration_endpoint")
    return op.at.program.post(path, json=body, headers={"Authorization": f"Bearer {token}"})


def serves(op: Op, path: str, give: Callable[[], bytes], kind: str = "application/json") -> str:
    """Publish something at the client's site; gives its address."""
    site = Flask("site")
    site.add_url_rule(path, "published", lambda: Response(give(), mimetype=kind))
    op.at.house.fetch.serve_here(SITE, site.wsgi_app)
    return SITE + path


@module("oidcc-userinfo-rs256")
def userinfo_rs256(op: Op) -> None:
    client = Registered(op, userinfo_signed_response_alg="RS256")
    tokens = client.flow()
    answer = client.visit.userinfo(tokens["access_token"])
    assert answer.status_code == 200
    assert answer.content_type.partition(";")[0] == "application/jwt"
    assert json.loads(unb64(answer.text.split(".")[0]))["alg"] == "RS256"
    claims = client.visit.claims(answer.text)
    assert claims["iss"] == op.about["issuer"]
    assert claims["aud"] in (client.visit.client.id, [client.visit.client.id])
    assert claims["sub"] == tokens["claims"]["sub"]
    assert "nonce" not in claims


@module("oidcc-ensure-redirect-uri-in-authorization-request")
def redirect_uri_is_needed(op: Op) -> None:
    client = Registered(op, redirect_uris=[CALLBACK, CALLBACK + "/2"])
    op.shows_error(client.visit.authorize(redirect_uri=None))


@module("oidcc-redirect-uri-query-OK")
def redirect_uri_query(op: Op) -> None:
    uri = CALLBACK + "?dummy1=lorem&dummy2=ipsum"
    client = Registered(op, redirect_uris=[uri])
    answer = query_of(client.visit.authorize(redirect_uri=uri).location)
    assert (answer["dummy1"], answer["dummy2"]) == ("lorem", "ipsum")
    op.tokens(client.visit, client.redeem(answer["code"], redirect_uri=uri))


@module("oidcc-redirect-uri-query-mismatch", "oidcc-redirect-uri-query-added")
def redirect_uri_query_wrong(op: Op) -> None:
    for registered, asked in ((CALLBACK + "?foo=bar", CALLBACK + "?bar=foo"), (CALLBACK, CALLBACK + "?foo=bar")):
        client = Registered(op, redirect_uris=[registered])
        op.shows_error(client.visit.authorize(redirect_uri=asked))


@module("oidcc-redirect-uri-regfrag")
def redirect_uri_fragment(op: Op) -> None:
    answer = register(op, redirect_uris=[CALLBACK + "#foobar"])
    refused(answer, "invalid_redirect_uri", "invalid_client_metadata", status=(400,))


@module("oidcc-registration-logo-uri", "oidcc-registration-policy-uri", "oidcc-registration-tos-uri")
def shown_to_people(op: Op) -> None:
    """The login page shows the logo and links to policy and terms; the logo is no foreign picture that sees who comes."""
    site(op.at.house, "https://pictures.example", pages={"/logo.png": b"\x89PNG\r\n\x1a\n picture"})
    said = {"logo_uri": "https://pictures.example/logo.png", "policy_uri": f"{SITE}/policy", "tos_uri": f"{SITE}/terms"}
    client = Registered(op, **said)
    for name, value in said.items():
        assert client.said[name] == value
    fresh = op.at.browser
    page = fresh.get(client.op.at.browser.get("/oidc/authorize", query_string=client.visit.asked()).location)
    assert page.status_code == 200
    for name in ("policy_uri", "tos_uri"):
        assert f'href="{said[name]}"' in page.text, name
    assert "data-logo" in page.text
    assert said["logo_uri"] not in page.text


@module("oidcc-registration-jwks-uri")
def jwks_uri(op: Op) -> None:
    uri = serves(op, "/jwks", lambda: json.dumps({"keys": [RSA.as_dict(private=False)]}).encode())
    Registered(op, jwks=None, jwks_uri=uri).flow()


@module("oidcc-registration-sector-uri")
def sector_uri(op: Op) -> None:
    uri = serves(op, "/sector", lambda: json.dumps([CALLBACK]).encode())
    Registered(op, subject_type="pairwise", sector_identifier_uri=uri).flow()


@module("oidcc-registration-sector-bad")
def sector_bad(op: Op) -> None:
    uri = serves(op, "/sector", lambda: json.dumps([f"{CALLBACK}/other"]).encode())
    refused(register(op, subject_type="pairwise", sector_identifier_uri=uri), "invalid_client_metadata", status=(400,))


@module("oidcc-server-rotate-keys")
def rotate_keys(op: Op) -> None:
    """After a rotation there is a new key, and the old one is still there."""
    from hub import token_keys

    house = op.at.house

    def keys() -> set[str]:
        return {key["kid"] for key in (op.at.program.get(op.path("jwks_uri")).json or {})["keys"]}

    before = keys()
    token_keys.rotate(house, "test", clock.now(), life=timedelta(hours=1))
    with clock.shifted(house.settings.jwks_seconds + 1):
        after = keys()
    assert after - before
    assert before <= after


@module("oidcc-refresh-token-rp-key-rotation")
def rp_key_rotation(op: Op) -> None:
    """A key that appears at jwks_uri later works without anybody's help."""
    published = [RSA]
    uri = serves(op, "/jwks", lambda: json.dumps({"keys": [key.as_dict(private=False) for key in published]}).encode())
    client = Registered(op, jwks=None, jwks_uri=uri, scope="openid offline_access")
    first = client.flow(scope="openid")
    published[:], client.key = [RSA_NEW], RSA_NEW
    with clock.shifted(60):
        form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]} | client.proves()
        op.tokens(client.visit, client.visit.token(form, headers={}), nonce=None)


@module("oidcc-request-uri-signed-rs256")
def request_uri_signed(op: Op) -> None:
    """A request object by reference, signed by the client's registered key."""
    made: list[bytes] = []
    uri = serves(op, "/request.jwt", lambda: made[-1], "application/oauth-authz-req+jwt")
    client = Registered(op, request_object_signing_alg="RS256", request_uris=[uri])
    moment = int(clock.now().timestamp())
    claims: dict[str, Any] = client.visit.asked() | {"iss": client.visit.client.id, "aud": op.about["issuer"]}
    claims |= {"iat": moment, "nbf": moment, "exp": moment + 300}
    head = {"alg": "RS256", "kid": str(RSA.kid)}
    made.append(jws.serialize_compact(head, json.dumps(claims), RSA, algorithms=["RS256"]).encode())
    asked = {"client_id": client.visit.client.id, "response_type": "code", "scope": "openid", "request_uri": uri}
    answer = client.visit.answered(client.visit.browser.get("/oidc/authorize", query_string=asked))
    op.tokens(client.visit, client.redeem(answer["code"]))


@module("oidcc-ensure-client-assertion-with-iss-aud-succeeds")
def assertion_for_the_issuer(op: Op) -> None:
    client = Registered(op)
    code = op.answer(client.visit)["code"]
    op.tokens(client.visit, client.redeem(code, aud=op.about["issuer"]))


@module("oidcc-3rd_party-init-login")
def initiate_login(op: Op) -> None:
    uri = f"{SITE}/initiate"
    client = Registered(op, initiate_login_uri=uri)
    assert client.said["initiate_login_uri"] == uri
    held = {"Authorization": f"Bearer {client.said['registration_access_token']}"}
    read = op.at.program.get(client.said["registration_client_uri"], headers=held)
    assert (read.status_code, read.content_type) == (200, "application/json")
    assert (read.json or {})["initiate_login_uri"] == uri


@module("oidcc-3rd_party-init-login-nohttps")
def initiate_login_without_tls(op: Op) -> None:
    refused(register(op, initiate_login_uri="http://rp.qiyun.example/i"), "invalid_client_metadata", status=(400,))
