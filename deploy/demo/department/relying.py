"""The relying party: sign in, sign out, be told to sign out, and tokens for the API.

Authlib, joserfc and httpx2; nothing of the hub.
"""

import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from deploy.demo.department.sessions import Session
from deploy.demo.department.sharing import TYPE, NotOurs, Told, told

SCOPE = "openid profile realname company offline_access"
API_SCOPE = "licenses:issue licenses:read licenses:change"
ALGORITHM = "ES256"  # what this client is registered for; a token that names another one is forged
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY = 30  # seconds by which two clocks may differ
SOON = 300  # seconds: a logout token is for now; one that was kept is refused


class SignInFailed(Exception):
    """The provider's answer could not be used; the text says why."""


@contextmanager
def _named_failures() -> Iterator[None]:
    """Whatever a library raises at a provider's answer becomes one thing that the site knows."""
    try:
        yield
    except (httpx2.HTTPError, AuthlibBaseError, JoseError, LookupError, TypeError, ValueError) as error:
        raise SignInFailed(f"the provider did not answer as it should: {type(error).__name__}") from error


@cache
def _authorities() -> ssl.SSLContext:
    """Whom this machine believes. To read it takes 20 ms: once, not for each call."""
    return httpx2.create_ssl_context()


class Provider:
    """The provider as this department knows it: discovery, keys, its own client."""

    def __init__(self, settings: dict[str, Any], transport: httpx2.BaseTransport | None = None) -> None:
        self.settings = settings
        self._transport = transport
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._api_token: tuple[float, str] = (0.0, "")

    @property
    def about(self) -> dict[str, Any]:
        """The discovery document, read once (OpenID Connect Discovery 4). Raises SignInFailed."""
        if not self._about:
            about = self._get(f"{self.settings['issuer']}/.well-known/openid-configuration")
            if about["issuer"] != self.settings["issuer"]:
                raise SignInFailed("the discovery document names another issuer")
            self._about = about
        return self._about

    def begin(self, scope: str = SCOPE, **asked: str) -> tuple[str, dict[str, str]]:
        """Where to send the visitor, and what to remember until he is back. Raises SignInFailed."""
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        with _named_failures(), self._client(scope) as client:
            url, state = client.create_authorization_url(
                self.about["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **asked
            )
        return url, {"state": state, "nonce": nonce, "verifier": verifier}

    def complete(self, answer: dict[str, str], flow: dict[str, str]) -> Session:
        """The visitor whom the provider vouches for (OpenID Connect Core 3.1.3). Raises SignInFailed."""
        self._belongs(answer, flow)
        if "error" in answer:
            raise SignInFailed(answer.get("error_description") or answer["error"])
        with _named_failures(), self._client() as client:
            tokens = client.fetch_token(
                self.about["token_endpoint"], code=answer.get("code", ""), code_verifier=flow["verifier"]
            )
            claims = self._identity(tokens, flow["nonce"])
            shared = client.get(self.about["userinfo_endpoint"]).raise_for_status().json()
            if shared["sub"] != claims["sub"]:  # OpenID Connect Core 5.3.4
                raise SignInFailed("userinfo speaks of someone else")
            if shared.get("act", {}).get("sub") != claims.get("act", {}).get("sub"):
                raise SignInFailed("userinfo names another one who acts")
        allowed = [one["grant"] for one in tokens.get("authorization_details", ()) if one.get("type") == TYPE]
        data_token = tokens["access_token"] if allowed else ""
        if "act" in shared:  # who is here, for the one of whom the claims speak (RFC 8693 4.1); userinfo adds his name
            claims["act"] = shared["act"]
        return Session({**shared, **claims}, tokens["id_token"], data_token=data_token, grant="".join(allowed[:1]))

    def sign_out_url(self, session: Session) -> str:
        """Where to send the visitor to end the login everywhere (RP-Initiated Logout 2)."""
        asked = {"id_token_hint": session.id_token, "post_logout_redirect_uri": f"{self.settings['url']}/"}
        return f"{self.about['end_session_endpoint']}?{urlencode(asked)}"

    def logged_out(self, token: str) -> tuple[str | None, str | None]:
        """The sid and sub of a logout token (Back-Channel Logout 2.6). Raises SignInFailed."""
        with _named_failures():
            claims = self._verified(token, kind="logout+jwt")
        now = time.time()
        wrong = (
            claims.get("iss") != self.settings["issuer"]
            or claims.get("aud") not in (self.settings["client_id"], [self.settings["client_id"]])
            or LOGOUT_EVENT not in claims.get("events", {})
            or "nonce" in claims  # then it would be an ID token in disguise
            or abs(now - claims.get("iat", 0)) > SOON
            or now > claims.get("exp", 0) + LEEWAY
        )
        if wrong or not (claims.get("sid") or claims.get("sub")):
            raise SignInFailed("this is not a logout token for us")
        return claims.get("sid"), claims.get("sub")

    def api(self, method: str, path: str, **given: Any) -> httpx2.Response:
        """Call the hub's API in the department's own name (client credentials, private_key_jwt)."""
        headers = {"Authorization": f"Bearer {self._token()}", **given.pop("headers", {})}
        with self._http() as http:
            return http.request(method, f"{self.settings['api']}{path}", headers=headers, **given)

    def grants(self) -> list[dict[str, Any]]:
        """What other bodies granted us to ask our visitors for. Raises SignInFailed."""
        with _named_failures():
            found: list[dict[str, Any]] = self.api("GET", "/sharing/grants").raise_for_status().json()["grants"]
        return found

    def shared(self, session: Session, grant: dict[str, Any], language: str) -> Told | dict[str, Any]:
        """Ask with the visitor's permission: what we were told, or the hub's refusal in words. Raises SignInFailed."""
        headers = {"Authorization": f"Bearer {session.data_token}", "Accept-Language": language}
        asked = {"grant": grant["grant"], "purpose": grant["purpose"]}
        with _named_failures(), self._http() as http:
            answer = http.post(f"{self.settings['api']}/sharing/data", json=asked, headers=headers)
            if answer.status_code != 200:
                refusal: dict[str, Any] = answer.json()
                return refusal
            keys = self._get(f"{self.settings['api']}/sharing/jwks")
            try:
                return told(answer.json(), grant, self.settings["client_id"], keys, self.settings["issuer"])
            except NotOurs as error:
                raise SignInFailed(str(error)) from error

    def schema(self, kind: str) -> dict[str, Any]:
        """The JSON Schema of a kind of license, which is public."""
        return self._get(f"{self.settings['api']}/kinds/{kind}/schema")

    def _belongs(self, answer: dict[str, str], flow: dict[str, str]) -> None:
        """The answer is to this visitor's own question, and from our provider (RFC 6749 10.12, RFC 9207 2.4)."""
        same = flow and secrets.compare_digest(answer.get("state", "").encode(), flow["state"].encode())
        if not same or answer.get("iss") != self.settings["issuer"]:
            raise SignInFailed("the answer does not belong to this sign-in")

    def _identity(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        """The checked claims of the ID token (OpenID Connect Core 3.1.3.7)."""
        claims = self._verified(tokens["id_token"], kind="JWT")
        checked = CodeIDToken(
            claims,
            {"alg": ALGORITHM},
            options={
                "iss": {"essential": True, "value": self.settings["issuer"]},
                "aud": {"essential": True, "value": self.settings["client_id"]},
            },
            params={"nonce": nonce, "client_id": self.settings["client_id"], "access_token": tokens["access_token"]},
        )
        checked.validate(leeway=LEEWAY)
        return claims

    def _verified(self, token: str, *, kind: str) -> dict[str, Any]:
        """The claims of a token that the provider signed; keys are read again when it has a new one. Raises SignInFailed."""
        for again in (False, True):
            if self._keys is None or again:
                self._keys = KeySet.import_key_set(self._get(self.about["jwks_uri"]))  # type: ignore[arg-type]  # as JSON says
            try:
                read = jwt.decode(token, self._keys, algorithms=[ALGORITHM])
            except (JoseError, LookupError, TypeError, ValueError) as error:  # a new key, or a forgery
                if again:
                    raise SignInFailed("the provider's signature does not fit") from error
                continue
            if read.header.get("typ", "JWT").lower() != kind.lower():
                raise SignInFailed("this is a token of another kind")
            return dict(read.claims)
        raise AssertionError

    def _token(self) -> str:
        ends, token = self._api_token
        if time.monotonic() > ends:
            with self._client(scope=self.settings.get("api_scope", API_SCOPE)) as client:
                got = client.fetch_token(self.about["token_endpoint"], grant_type="client_credentials")
            token = got["access_token"]
            self._api_token = (time.monotonic() + got["expires_in"] - LEEWAY, token)
        return token

    def _client(self, scope: str = SCOPE) -> OAuth2Client:
        client = OAuth2Client(
            client_id=self.settings["client_id"],
            client_secret=ECKey.import_key(self.settings["key"]),
            token_endpoint_auth_method="private_key_jwt",
            scope=scope,
            redirect_uri=f"{self.settings['url']}/callback",
            code_challenge_method="S256",
            transport=self._transport,
            verify=_authorities(),
            timeout=10,
        )
        client.register_client_auth_method(PrivateKeyJWT(self.settings["issuer"], alg="ES256"))
        return client

    def _get(self, url: str) -> dict[str, Any]:
        with self._http() as http:
            found: dict[str, Any] = http.get(url).raise_for_status().json()
        return found

    def _http(self) -> httpx2.Client:
        return httpx2.Client(transport=self._transport, verify=_authorities(), timeout=30)
