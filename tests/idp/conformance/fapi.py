"""A client under the FAPI 2.0 Security Profile, as the suite's modules use it."""

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from joserfc import jws
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from hub import clock
from idp.model.policy import FAPI2
from tests.idp.conformance.suite import OTHER, RESOURCE, Op, Play, module
from tests.idp.rp import ASSERTION, CALLBACK, KEY, Visit, b64, with_key


def played(*names: str) -> Callable[[Play], Play]:
    """Enter a function as what plays the modules of these names."""
    return module(*(f"fapi2-security-profile-final-{name}" for name in names))


class Fapi:
    """A client under the FAPI 2.0 Security Profile: pushed requests, private_key_jwt, PKCE, DPoP."""

    def __init__(self, op: Op, visit: Visit | None = None, key: ECKey = KEY, **person: Any) -> None:
        client = with_key(policy=FAPI2, id_token_algorithm="ES256", scopes=("openid", "profile", "offline_access"))
        self.op = op
        self.visit = visit or op.person(client, **person)
        self.key = key
        self.dpop = ECKey.generate_key("P-256")
        self.nonce = ""

    def second(self) -> "Fapi":
        """Another client of the same kind with a key of its own."""
        return Fapi(self.op, self.op.second(self.visit), OTHER)

    @property
    def jkt(self) -> str:
        return self.dpop.thumbprint()

    def assertion(self, **changes: Any) -> dict[str, str]:
        kid = {"header": {"kid": str(self.key.kid)}} if "header" not in changes else {}
        made = self.visit.assertion(**{"key": self.key} | kid | changes)
        return {"client_assertion_type": ASSERTION, "client_assertion": made}

    def proof(self, method: str, path: str, *, token: str = "", key: ECKey | None = None, **changes: Any) -> str:
        """A DPoP proof (RFC 9449 4.2); a claim set to None is left out, `head` changes the header."""
        key = key or self.dpop
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)} | changes.pop("head", {})
        claims = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": self.op.about["issuer"] + path,
            "iat": int(clock.now().timestamp()),
            "ath": b64(hashlib.sha256(token.encode()).digest()) if token else None,
            "nonce": self.nonce or None,
        } | changes
        payload = json.dumps({name: value for name, value in claims.items() if value is not None})
        head = {name: value for name, value in head.items() if value is not None}
        registry = jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
        return jws.serialize_compact(head, payload, key, registry=registry)

    def call(self, path: str, form: dict[str, str], proof: dict[str, Any] | None = None) -> TestResponse:
        """POST with a proof; once more if the server wants its nonce in it (RFC 9449 8)."""
        for _ in range(2):
            headers = {} if proof is None else {"DPoP": self.proof("POST", path, **proof)}
            response = self.visit.program.post(path, data=form, headers=headers)
            self.nonce = response.headers.get("DPoP-Nonce", self.nonce)
            if (response.json or {}).get("error") != "use_dpop_nonce":
                break
            if "client_assertion" in form:
                form = form | self.assertion()
        return response

    def push(
        self, proof: dict[str, Any] | None = None, client: dict[str, Any] | None = None, **asked: str | None
    ) -> TestResponse:
        """The pushed authorization request (RFC 9126)."""
        path = self.op.path("pushed_authorization_request_endpoint")
        form = self.visit.asked(**asked) | self.assertion(**(client or {}))
        return self.call(path, form, proof)

    def request_uri(self, **more: Any) -> str:
        response = self.push(**more)
        assert response.status_code == 201, response.text
        said = response.json or {}
        assert 5 <= said["expires_in"] <= 600
        return str(said["request_uri"])

    def authorize(self, request_uri: str, **more: str) -> TestResponse:
        query = urlencode({"client_id": self.visit.client.id, "request_uri": request_uri} | more)
        return self.visit.browser.get(f"/oidc/authorize?{query}")

    def answer(self, **more: Any) -> dict[str, str]:
        return self.visit.answered(self.authorize(self.request_uri(**more)))

    def redeem(
        self,
        code: str,
        proof: dict[str, Any] | None = None,
        client: dict[str, Any] | None = None,
        **changes: str | None,
    ) -> TestResponse:
        """The token request, with a proof unless `proof` is False."""
        plain: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.visit.verifier,
        }
        form = {name: value for name, value in (plain | self.assertion(**(client or {})) | changes).items() if value}
        return self.call("/oidc/token", form, {} if proof is None else proof)

    def tokens(self, **more: Any) -> dict[str, Any]:
        """A whole sign-in, checked."""
        answer = self.answer(**more)
        assert "error" not in answer, answer
        assert answer["iss"] == self.op.about["issuer"]
        assert answer.get("state") == more.get("state", "state-1")
        said = self.op.tokens(self.visit, self.redeem(answer["code"]), nonce=more.get("nonce", "nonce-1"))
        assert said["token_type"].lower() == "dpop"
        return said

    def resource(self, token: str, scheme: str = "DPoP", proofs: int = 1, raw: str = "", **proof: Any) -> TestResponse:
        """Call a protected resource with a bound token."""
        for _ in range(2):
            made = [raw or self.proof("GET", RESOURCE, **{"token": token} | proof) for _ in range(proofs)]
            headers = [("Authorization", f"{scheme} {token}"), *(("DPoP", one) for one in made)]
            response = self.visit.program.get(RESOURCE, headers=headers)
            self.nonce = response.headers.get("DPoP-Nonce", self.nonce)
            if "use_dpop_nonce" not in response.headers.get("WWW-Authenticate", ""):
                break
        return response

    def works(self, token: str, **more: Any) -> None:
        response = self.resource(token, **more)
        assert response.status_code == 200, (response.text, response.headers)

    def fails(self, token: str, **more: Any) -> None:
        response = self.resource(token, **more)
        assert response.status_code in (400, 401), response.text
        assert response.headers["WWW-Authenticate"]
