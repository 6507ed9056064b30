"""A provider that answers as it is told, rightly or not: to see what a department's site believes."""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from flask import Flask, jsonify, request
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from deploy.demo.department.desk import Desk
from deploy.demo.department.relying import LOGOUT_EVENT, Provider
from deploy.demo.department.site import create_app

ISSUER = "https://id.example"
SITE = "https://department.example"
DESK = Desk("residence-permit", "居住证", "residence permit", {"name": "示例甲", "sum": 5})
SCHEMA = {
    "properties": {
        "sum": {"type": "integer", "title": "Sum", "x-title-zh": "金额"},
        "name": {"type": "string", "title": "Name", "x-title-zh": "姓名"},
    },
    "required": ["name"],
}
OURS, STRANGERS = (ECKey.generate_key("P-256", parameters={"kid": "one"}) for _ in range(2))


class Hostile:
    """The provider and, beside it, the API. `id_token` and `userinfo` are what it hands out next."""

    def __init__(self) -> None:
        self.nonce = ""
        self.spoil: dict[str, Any] = {}
        self.key: Any = OURS
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "one", "typ": "JWT"}
        self.userinfo: dict[str, Any] = {"sub": "visitor", "name": "示例甲"}
        self.called: list[tuple[str, Any]] = []
        self.api_answer: tuple[dict[str, Any], int] = ({}, 500)
        self.settings = {
            "client_id": "demo-civil", "key": ECKey.generate_key("P-256").as_dict(private=True), "issuer": ISSUER,
            "api": f"{ISSUER}/api", "verify": "https://verify.example", "url": SITE, "cookie_secret": "00" * 32,
            "agency": "", "title": "民政", "title_en": "Civil affairs", "place": "汐城市", "place_en": "Xicheng",
        }  # fmt: skip
        self.site = create_app(self.settings, DESK, Provider(self.settings, httpx2.WSGITransport(self._app())))
        self._visitor = self.site.test_client()

    def signed(self, **claims: Any) -> str:
        """A token with these claims; those that are None are left out."""
        return jwt.encode(self.header, {k: v for k, v in claims.items() if v is not None}, self.key, ["ES256", "HS256"])

    def id_token(self) -> str:
        """An ID token that is right but for what is to be spoilt."""
        now = int(time.time())
        at_hash = base64.urlsafe_b64encode(hashlib.sha256(b"access").digest()[:16]).rstrip(b"=").decode()
        right = {
            "iss": ISSUER, "sub": "visitor", "aud": "demo-civil", "iat": now, "exp": now + 300, "nonce": self.nonce,
            "sid": "login", "acr": "urn:yinxin:loa:2", "amr": ["pwd"], "at_hash": at_hash,
        }  # fmt: skip
        return self.signed(**{**right, **self.spoil})

    def logout_token(self, **spoil: Any) -> str:
        """A logout token that is right but for what is spoilt."""
        now = int(time.time())
        right = {
            "iss": ISSUER, "sub": "visitor", "aud": "demo-civil", "iat": now, "exp": now + 120, "jti": "1",
            "sid": "login", "events": {LOGOUT_EVENT: {}},
        }  # fmt: skip
        self.header = {**self.header, "typ": "logout+jwt"} if self.header["typ"] == "JWT" else self.header
        return self.signed(**{**right, **spoil})

    def get(self, path: str, **query: str) -> Any:
        """The visitor opens a page of the site."""
        return self._visitor.get(path, query_string=query, base_url=SITE, headers={"Accept-Language": "en"})

    def post(self, path: str, **form: str) -> Any:
        """The visitor sends a form to the site."""
        return self._visitor.post(path, data=form, base_url=SITE, headers={"Accept-Language": "en"})

    def tell(self, token: str) -> int:
        """The provider tells the site by its back channel; gives the site's status."""
        data = {"logout_token": token}
        return self.site.test_client().post("/backchannel-logout", data=data, base_url=SITE).status_code

    def begin(self) -> dict[str, str]:
        """Press "sign in"; gives what the site asks the provider."""
        asked = parse_qs(urlsplit(self.get("/sign-in").headers["Location"]).query)
        self.nonce = asked["nonce"][0]
        return {name: values[0] for name, values in asked.items()}

    def come_back(self, **answer: str) -> int:
        """Come back from the provider; gives the status of what the site says."""
        status: int = self.get("/callback", **answer).status_code
        return status

    def sign_in(self) -> int:
        """The whole way; 303 if it ends signed in."""
        return self.come_back(code="a", state=self.begin()["state"], iss=ISSUER)

    @property
    def is_signed_in(self) -> bool:
        """Whether the site greets the visitor by name."""
        return "示例甲" in self.get("/").text

    def form_token(self) -> str:
        """The guard of the site's forms, as the visitor's own page holds it."""
        page: str = self.get("/").text
        return page.partition('name="token" value="')[2].partition('"')[0]

    def _app(self) -> Flask:
        app = Flask("hostile")

        @app.get("/.well-known/openid-configuration")
        def about() -> Any:
            names = ("authorization", "token", "userinfo", "end_session")
            ends = {f"{name}_endpoint": f"{ISSUER}/{name}" for name in names}
            return jsonify(issuer=ISSUER, jwks_uri=f"{ISSUER}/jwks", **ends)

        @app.get("/jwks")
        def jwks() -> Any:
            return jsonify(keys=[OURS.as_dict(private=False)])

        @app.post("/token")
        def token() -> Any:
            id_token = {} if request.form["grant_type"] == "client_credentials" else {"id_token": self.id_token()}
            return jsonify(access_token="access", token_type="Bearer", expires_in=600, **id_token)

        @app.get("/userinfo")
        def userinfo() -> Any:
            return jsonify(self.userinfo)

        @app.get("/api/kinds/<kind>/schema")
        def schema(kind: str) -> Any:
            return jsonify(SCHEMA)

        @app.route("/api/<path:path>", methods=("GET", "POST"))
        def api(path: str) -> Any:
            self.called.append((path, request.get_json(silent=True)))
            return jsonify(self.api_answer[0]), self.api_answer[1]

        return app


def shared_secret() -> OctKey:
    """The provider's public key, taken for a shared secret: the oldest trick (RFC 8725 2.1)."""
    return OctKey.import_key(json.dumps(OURS.as_dict(private=False)))
