"""A provider as the documentation of Authlib 1.9.9 makes one: every hook as it shows it, and nothing added.

`test_pitfalls` holds it to the rules that ours keeps, and sees each of them broken. Each part says under which heading the
documentation has it. The addresses are those of our provider, so the same relying party can ask both.
"""

import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.oauth2 import OAuth2Error, rfc9101, rfc9207
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict
from authlib.oidc.core import UserInfo
from authlib.oidc.core import grants as openid
from flask import Blueprint, Flask, Response, current_app, jsonify, request, session
from joserfc.jwk import KeySet
from werkzeug.local import LocalProxy

from tests.idp.naive_models import Client, Code, Tables, Token

ISSUER = "https://naive.example"
SECRETLY = ("client_secret_basic", "client_secret_post", "none")  # RFC 7636: "none" for programs without a secret

db: Tables = LocalProxy(lambda: current_app.extensions["tables"])  # type: ignore[assignment]
site = Blueprint("naive", __name__, url_prefix="/oidc")


# -- "Authorization Server"


def query_client(client_id: str) -> Client | None:
    return db.clients.first(client_id)


def save_token(token_data: dict[str, Any], asked: Any) -> None:
    token = Token(client_id=asked.client.client_id, user_id=asked.user, **token_data)
    db.tokens[token.access_token] = token
    if token.refresh_token:
        db.refresh[token.refresh_token] = token


server = AuthorizationServer(query_client=query_client, save_token=save_token)


@site.route("/authorize", methods=["GET", "POST"])
def authorize() -> Any:
    user = session.get("user")
    try:
        grant = server.get_consent_grant(end_user=user)
    except OAuth2Error as error:
        return server.handle_error_response(request, error)
    if not user:
        return "<p>Please sign in.</p>", 401
    if request.method == "GET":
        return '<form method="post"><button name="confirm" value="yes">Confirm</button></form>'
    return server.create_authorization_response(grant=grant, grant_user=user if request.form["confirm"] else None)


@site.post("/token")
def issue_token() -> Any:
    return server.create_token_response()


# -- "Register Grants", with what RFC 7636 adds


class SavesCodes:
    def save_authorization_code(self, code: str, asked: Any) -> None:
        said = asked.payload.data
        db.codes[code] = Code(
            code=code,
            client_id=asked.client.client_id,
            redirect_uri=asked.payload.redirect_uri,
            scope=asked.payload.scope,
            user_id=asked.user,
            nonce=said.get("nonce"),
            auth_time=time.time(),
            code_challenge=said.get("code_challenge"),
            code_challenge_method=said.get("code_challenge_method"),
        )


class AuthorizationCodeGrant(SavesCodes, grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib has no types
    TOKEN_ENDPOINT_AUTH_METHODS = SECRETLY

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        item = db.codes.first(code)
        return item if item and item.client_id == client.client_id and not item.is_expired() else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        db.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code: Code) -> str:
        return str(authorization_code.user_id)


class RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = SECRETLY
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        item = db.refresh.first(refresh_token)
        return item if item and not item.is_revoked() else None

    def authenticate_user(self, credential: Token) -> str:
        return str(credential.user_id)

    def revoke_old_credential(self, credential: Token) -> None:
        db.revoke(credential)


class PasswordGrant(grants.ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]
    def authenticate_user(self, username: str, password: str) -> str | None:
        return username if password == "password" else None


# -- "Flask OIDC Provider"


class SignsIdTokens:
    def resolve_client_private_key(self, _client: Client) -> KeySet:
        return KeySet(db.keys)

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": ISSUER, "aud": [client.client_id]}

    def get_client_algorithm(self, _client: Client) -> str:
        return "ES256"

    def exists_nonce(self, nonce: str, asked: Any) -> bool:
        return any((one.client_id, one.nonce) == (asked.payload.client_id, nonce) for one in db.codes.values())

    def generate_user_info(self, user: str, _scope: str) -> UserInfo:
        return UserInfo(sub=user)


class OpenIDCode(SignsIdTokens, openid.OpenIDCode):  # type: ignore[misc]
    pass


class OpenIDHybridGrant(SavesCodes, SignsIdTokens, openid.OpenIDHybridGrant):  # type: ignore[misc]
    pass


# -- "RFC 8628", "RFC 7009", "RFC 7591", "RFC 9101", "RFC 9207"


class DeviceAuthorization(DeviceAuthorizationEndpoint):  # type: ignore[misc]
    def get_verification_uri(self) -> str:
        return f"{ISSUER}/active"

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        db.devices[data["device_code"]] = DeviceCredentialDict(client_id=client_id, scope=scope, **data)


class DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    def query_device_credential(self, device_code: str) -> DeviceCredentialDict | None:
        return db.devices.first(device_code)

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        return db.grants.first(user_code)

    def should_slow_down(self, _credential: DeviceCredentialDict) -> bool:
        return False


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    def query_token(self, token: str, token_type_hint: str | None) -> Token | None:
        if token_type_hint == "access_token":
            return db.tokens.first(token)
        if token_type_hint == "refresh_token":
            return db.refresh.first(token)
        return db.tokens.first(token) or db.refresh.first(token)

    def revoke_token(self, token: Token, _asked: Any) -> None:
        db.revoke(token)


class Registration(ClientRegistrationEndpoint):  # type: ignore[misc]
    def authenticate_token(self, asked: Any) -> str:
        return str(asked.headers["Authorization"])

    def get_server_metadata(self) -> dict[str, Any]:
        return {}

    def save_client(self, client_info: dict[str, Any], client_metadata: dict[str, Any], _asked: Any) -> Client:
        client = db.clients[client_info["client_id"]] = Client(**client_info, **client_metadata)
        return client


class JWTAuthenticationRequest(rfc9101.JWTAuthenticationRequest):  # type: ignore[misc]
    def resolve_client_public_key(self, client: Client) -> KeySet:
        return KeySet.import_key_set(client.jwks)


class IssuerParameter(rfc9207.IssuerParameter):  # type: ignore[misc]
    def get_issuer(self) -> str:
        return ISSUER


@site.post("/<any(revoke, register, device):path>")
def endpoint(path: str) -> Any:
    names = {"revoke": "revocation", "register": "client_registration", "device": "device_authorization"}
    return server.create_endpoint_response(names[path])


# -- "Resource Server"


class MyBearerTokenValidator(BearerTokenValidator):  # type: ignore[misc]
    def authenticate_token(self, token_string: str) -> Token | None:
        return db.tokens.first(token_string)


require_oauth = ResourceProtector()
require_oauth.register_token_validator(MyBearerTokenValidator())


@site.get("/userinfo")
@require_oauth("profile")  # type: ignore[untyped-decorator]
def userinfo() -> Response:
    return jsonify(sub=current_token.user_id)


# -- all of it together

server.register_grant(AuthorizationCodeGrant, [OpenIDCode(require_nonce=True), CodeChallenge(required=True)])
for flow in (OpenIDHybridGrant, grants.ImplicitGrant, grants.ClientCredentialsGrant):
    server.register_grant(flow)
for flow in (RefreshTokenGrant, PasswordGrant, DeviceGrant):
    server.register_grant(flow)
for one in (Revocation, Registration, DeviceAuthorization):
    server.register_endpoint(one)
server.register_extension(JWTAuthenticationRequest())
server.register_extension(IssuerParameter())


def create_app(tables: Tables) -> Flask:
    """The application over its tables."""
    app = Flask("naive")
    app.config.update(SECRET_KEY="naive", OAUTH2_REFRESH_TOKEN_GENERATOR=True, PREFERRED_URL_SCHEME="https")
    app.extensions["tables"] = tables
    server.init_app(app)
    app.register_blueprint(site)
    return app
