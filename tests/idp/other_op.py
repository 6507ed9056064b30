"""A provider of another make: Authlib's server as its documentation shows it, with RS256 and a client secret."""

import time
from types import SimpleNamespace
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify
from joserfc.jwk import RSAKey

ISSUER = "http://localhost:8021/realm"
SECRET = "a-secret-that-an-operator-was-given"
HIGH = "https://op.example/high"
KEY = RSAKey.generate_key(2048, parameters={"kid": "other-1", "use": "sig", "alg": "RS256"})
PERSON = {"sub": "248289761001", "name": "示例甲", "national_id": "880101198503120015"}


class Hub(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """The one client that it knows."""

    def __init__(self, callback: str) -> None:
        self.client_id, self.callback = "hub", callback

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.callback

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return uri == self.callback

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Kept(SimpleNamespace):
    """A code."""

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(self.auth_time)

    def get_acr(self) -> str:
        return HIGH

    def get_amr(self) -> list[str]:
        return ["sc", "pin"]


class Identity(OpenIDCode):  # type: ignore[misc]
    """Its ID tokens."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": ISSUER, "aud": [client.get_client_id()], "iat": now, "exp": now + 300}

    def get_encode_header(self, client: Any) -> dict[str, Any]:
        return {"alg": "RS256", "kid": "other-1"}

    def resolve_client_private_key(self, client: Any) -> Any:
        return KEY

    def get_client_algorithm(self, client: Any) -> str:
        return "RS256"

    def generate_user_info(self, user: Any, scope: str) -> UserInfo:
        return UserInfo(sub=PERSON["sub"])


def create_app(callback: str, codes: dict[str, Kept]) -> Flask:
    """It signs its one person in without asking."""
    app, tokens = Flask("other"), dict[str, bool]()

    class Code(grants.AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            said = request.payload.data
            codes[code] = Kept(
                code=code,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                nonce=said.get("nonce"),
                auth_time=time.time(),
                code_challenge=said.get("code_challenge"),
                code_challenge_method=said.get("code_challenge_method"),
            )

        def query_authorization_code(self, code: str, client: Hub) -> Kept | None:
            return codes.get(code)

        def delete_authorization_code(self, kept: Kept) -> None:
            del codes[kept.code]

        def authenticate_user(self, kept: Kept) -> SimpleNamespace:
            return SimpleNamespace(**PERSON)

    server = AuthorizationServer(
        app,
        query_client=lambda client_id: Hub(callback) if client_id == "hub" else None,
        save_token=lambda token, _request: tokens.update({token["access_token"]: True}),
    )
    server.register_grant(Code, [Identity(require_nonce=True), CodeChallenge(required=True)])
    _routes(app, server, tokens)
    return app


def _routes(app: Flask, server: AuthorizationServer, tokens: dict[str, bool]) -> None:
    @app.get("/realm/.well-known/openid-configuration")
    def described() -> Response:
        return jsonify(
            issuer=ISSUER,
            authorization_endpoint=f"{ISSUER}/authorize",
            token_endpoint=f"{ISSUER}/token",
            userinfo_endpoint=f"{ISSUER}/me",
            jwks_uri=f"{ISSUER}/keys",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
        )

    @app.get("/realm/keys")
    def keys() -> Response:
        return jsonify(keys=[KEY.as_dict(private=False)])

    @app.get("/realm/authorize")
    def authorize() -> Any:
        grant = server.get_consent_grant(end_user=SimpleNamespace(**PERSON))
        return server.create_authorization_response(grant=grant, grant_user=SimpleNamespace(**PERSON))

    @app.post("/realm/token")
    def token() -> Any:
        return server.create_token_response()

    @app.get("/realm/me")
    def me() -> Any:
        from flask import request

        known = request.headers.get("Authorization", "").removeprefix("Bearer ") in tokens
        return jsonify(PERSON) if known else ("", 401)
