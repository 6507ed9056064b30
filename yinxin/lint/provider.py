"""A provider for an hour: it speaks OpenID Connect on loopback, signs with keys of its own, and lies as it is told."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

CLIENT = "lint-rp"
SECRET = "not-a-secret-but-long-enough-for-everybody"
PERSON, OTHER = "lint-person", "lint-somebody-else"
MINUTES = 5


@dataclass
class Liar:
    """What the provider remembers of the sign-in under way, and the lie that it tells."""

    issuer: str = ""
    algorithm: str = "RS256"
    fault: str = ""
    asked: dict[str, str] = field(default_factory=dict)
    code: str = ""
    visits: int = 0

    def __post_init__(self) -> None:
        kinds: dict[str, Callable[[], RSAKey | ECKey]] = {
            "RS256": lambda: RSAKey.generate_key(2048, parameters={"kid": "lint"}),
            "ES256": lambda: ECKey.generate_key("P-256", parameters={"kid": "lint"}),
        }
        self.key, self.foreign = kinds[self.algorithm](), kinds[self.algorithm]()

    def tells(self, fault: str) -> None:
        """From now on this lie, to a new sign-in."""
        self.fault, self.asked, self.code, self.visits = fault, {}, "", 0

    # -- what it publishes

    def discovery(self) -> dict[str, Any]:
        """The document that a site reads."""
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo",
            "jwks_uri": f"{at}/jwks",
            "end_session_endpoint": f"{at}/logout",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.algorithm],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile"],
            "authorization_response_iss_parameter_supported": True,
        }

    def jwks(self) -> dict[str, Any]:
        """Its public key."""
        return {"keys": [self.key.as_dict(private=False) | {"use": "sig", "alg": self.algorithm}]}

    # -- what it answers

    def authorize(self, asked: dict[str, str]) -> str:
        """Where to send the browser. Everybody is signed in here."""
        self.visits += 1
        self.asked, self.code = asked, secrets.token_urlsafe(16)
        answer = {"code": self.code, "state": asked.get("state", ""), "iss": self.issuer}
        if self.fault == "wrong-state":
            answer["state"] = "another-" + answer["state"]
        if self.fault == "wrong-answerer":
            answer["iss"] = "https://other.example"
        for fault, name in (("no-state", "state"), ("no-answerer", "iss")):
            if self.fault == fault:
                del answer[name]
        answer = {name: value for name, value in answer.items() if value}
        uri = asked.get("redirect_uri", "")
        return f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}"

    def token(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """The tokens for a code, once."""
        challenge = self.asked.get("code_challenge")
        digest = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not self.code or form.get("code") != self.code or (challenge and digest != challenge):
            return 400, {"error": "invalid_grant"}
        self.code = ""
        access = secrets.token_urlsafe(24)
        return 200, {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.id_token(access),
        }

    def userinfo(self) -> dict[str, Any]:
        """About the person, or about somebody else."""
        return {"sub": OTHER if self.fault == "other-userinfo" else PERSON, "name": "示例甲"}

    def id_token(self, access: str) -> str:
        """The ID token, true but for the lie."""
        now = int(time.time())
        half = b64(hashlib.sha256(access.encode()).digest()[:16])
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": PERSON,
            "aud": self.asked.get("client_id", CLIENT),
            "iat": now,
            "exp": now + MINUTES * 60,
            "auth_time": now,
            "nonce": self.asked.get("nonce"),
            "at_hash": half,
            "sid": "lint-session",
            "acr": "urn:yinxin:loa:2",
        }
        lies: dict[str, dict[str, Any]] = {
            "wrong-issuer": {"iss": "https://other.example"},
            "wrong-audience": {"aud": "another-site"},
            "expired": {"iat": now - 7200, "exp": now - 3600, "auth_time": now - 7200},
            "wrong-nonce": {"nonce": "another-nonce"},
            "no-nonce": {"nonce": None},
            "no-subject": {"sub": None},
            "wrong-at-hash": {"at_hash": b64(b"0" * 16)},
        }
        claims |= lies.get(self.fault, {})
        return self._signed(json.dumps({name: value for name, value in claims.items() if value is not None}))

    def _signed(self, payload: str) -> str:
        if self.fault == "alg-none":
            return ".".join((b64(b'{"alg":"none","kid":"lint"}'), b64(payload.encode()), ""))
        if self.fault == "public-key-as-secret":  # by hand: a good library refuses such a secret
            signed = ".".join((b64(b'{"alg":"HS256","kid":"lint"}'), b64(payload.encode())))
            return f"{signed}.{b64(hmac.digest(self.key.as_pem(private=False), signed.encode(), 'sha256'))}"
        head = {"alg": self.algorithm, "kid": "lint", "typ": "JWT"}
        key = self.foreign if self.fault == "foreign-key" else self.key
        return jws.serialize_compact(head, payload, key, algorithms=[self.algorithm])


class Standing:
    """The provider, listening on loopback until the block ends."""

    def __init__(self, port: int, algorithm: str) -> None:
        self.liar = Liar(algorithm=algorithm)
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self.liar))
        self.liar.issuer = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> Liar:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self.liar

    def __exit__(self, *_raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(liar: Liar) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request."""

        def do_GET(self) -> None:  # the name that http.server wants
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                self.send_response(303)
                self.send_header("Location", liar.authorize(asked))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            documents: dict[str, Callable[[], dict[str, Any]]] = {
                "/.well-known/openid-configuration": liar.discovery,
                "/.well-known/oauth-authorization-server": liar.discovery,
                "/jwks": liar.jwks,
                "/userinfo": liar.userinfo,
            }
            found = documents.get(parts.path)
            self._json(200 if found else 404, found() if found else {"error": "not_found"})

        def do_POST(self) -> None:  # the name that http.server wants
            length = min(int(self.headers.get("Content-Length") or 0), 100_000)
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            if urlsplit(self.path).path == "/userinfo":
                self._json(200, liar.userinfo())
            else:
                self._json(*liar.token(form))

        def _json(self, status: int, body: dict[str, Any]) -> None:
            ready = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Length", str(len(ready)))
            self.end_headers()
            self.wfile.write(ready)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the linter says what matters."""

    return Handler


def b64(data: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
