"""A department's site as the tests play it: an OpenID Connect client over real HTTP in process, and a person with a session."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from werkzeug.test import TestResponse

from hub import callers, clock
from hub.callers import Caller
from hub.house import House
from idp.consent import consents
from idp.model.client import FAPI2, Client, ClientAuth, GrantType
from idp.model.person import Level, Person, Profile
from idp.provider import clients
from idp.store import people

SECRET = "a-secret-of-a-relying-party-0123456789"
CALLBACK = "https://market.qiyun.example/callback"
KEY = ECKey.generate_key("P-256", parameters={"kid": "rp-1"})
AGENCY = "11880100DEM000049A"


def department(**changes: Any) -> Client:
    """A department's service with everything a test may want; `changes` say what is different."""
    plain = Client(
        id="qiyun-market",
        name="栖云市市场监管局",
        name_en="Qiyun market regulation",
        agency=AGENCY,
        place="hub",
        auth=ClientAuth.secret_basic,
        redirect_uris=(CALLBACK,),
        post_logout_uris=("https://market.qiyun.example/bye",),
        grant_types=(GrantType.code, GrantType.refresh, GrantType.client_credentials),
        scopes=("openid", "profile", "realname", "company", "offline_access", "licenses:issue", "licenses:read"),
        secret_digest=clients.secret_digest(SECRET),
        id_token_algorithm="ES256",
    )
    return replace(plain, **changes)


def with_key(**changes: Any) -> Client:
    """The same service, proving itself by private_key_jwt."""
    plain: dict[str, Any] = {
        "id": "qiyun-keyed",
        "auth": ClientAuth.private_key_jwt,
        "secret_digest": "",
        "keys": (dict(KEY.as_dict()),),
    }
    return department(**(plain | changes))


def fapi(**changes: Any) -> Client:
    """A service under the policy of the FAPI 2.0 Security Profile: its key proves it, its tokens are bound to another."""
    plain: dict[str, Any] = {"id": "qiyun-fapi", "policy": FAPI2}
    return with_key(**(plain | changes))


def public(**changes: Any) -> Client:
    """An installed program without a secret."""
    plain: dict[str, Any] = {
        "id": "qiyun-program",
        "auth": ClientAuth.none,
        "secret_digest": "",
        "grant_types": (GrantType.code, GrantType.refresh),
        "scopes": ("openid", "profile", "offline_access"),
    }
    return department(**(plain | changes))


class RelyingParty:
    """A department's site: all that it does at a provider over HTTP, of whatever make that is."""

    app: Flask
    client: Client
    browser: FlaskClient
    program: FlaskClient
    verifier: str

    @property
    def challenge(self) -> str:
        return b64(hashlib.sha256(self.verifier.encode()).digest())

    def asked(self, **changes: str | None) -> dict[str, str]:
        """The parameters of an authorization request; None leaves one out."""
        plain: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": CALLBACK,
            "scope": "openid profile",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (plain | changes).items() if value is not None}

    def authorize(self, **changes: str | None) -> TestResponse:
        """Send the browser to the provider."""
        return self.browser.get(f"/oidc/authorize?{urlencode(self.asked(**changes))}")

    def answer(self, **changes: str | None) -> dict[str, str]:
        """What comes back to the relying party."""
        return self.answered(self.authorize(**changes))

    @staticmethod
    def answered(response: TestResponse) -> dict[str, str]:
        assert response.status_code == 303, response.text
        assert response.location.startswith(CALLBACK), response.location
        at = urlsplit(response.location)
        said = parse_qs(at.fragment or at.query, strict_parsing=True)
        return {name: values[0] for name, values in said.items()}

    def code(self, **changes: str | None) -> str:
        return self.answer(**changes)["code"]

    def basic(self, client_id: str = "", secret: str = SECRET) -> dict[str, str]:
        pair = f"{client_id or self.client.id}:{secret}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def token(
        self, form: dict[str, str], *, headers: dict[str, str] | None = None, path: str = "/oidc/token"
    ) -> TestResponse:
        """Call an endpoint for programs, proving to be the client unless `headers` say otherwise."""
        if headers is None and self.client.public:
            form, headers = {"client_id": self.client.id} | form, {}
        return self.program.post(path, data=form, headers=self.basic() if headers is None else headers)

    def redeem(self, code: str, *, headers: dict[str, str] | None = None, **changes: str | None) -> TestResponse:
        plain: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
        }
        return self.token(
            {name: value for name, value in (plain | changes).items() if value is not None}, headers=headers
        )

    def refresh(self, token: str, **more: str) -> TestResponse:
        return self.token({"grant_type": "refresh_token", "refresh_token": token} | more)

    def userinfo(self, access_token: str) -> TestResponse:
        return self.program.get("/oidc/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """A whole sign-in: code, then tokens."""
        response = self.redeem(self.code(**changes))
        assert response.status_code == 200, response.text
        return dict(response.json or {})


@dataclass
class Visit(RelyingParty):
    """One person's browser and one relying party at the provider of a house."""

    house: House
    app: Flask
    client: Client
    browser: FlaskClient = field(init=False)
    program: FlaskClient = field(init=False)
    person: str = ""
    sid: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    browser_of: "Visit | None" = None  # the same person with the same browser at another client

    def __post_init__(self) -> None:
        self.browser, self.program = self.app.test_client(), self.app.test_client()
        if self.browser_of:
            self.browser, self.person, self.sid = self.browser_of.browser, self.browser_of.person, self.browser_of.sid
        clients.add(self.house, self.client, by="test", now=clock.now())

    # -- the person

    def signs_in(self, *, level: int = 2, now: datetime | None = None, agrees: bool = True, **changes: Any) -> Caller:
        """The person has an account and a session, and agreed to everything the client may ask."""
        now = now or clock.now()
        self.person = self.person or self._account(level, now)
        keys = (self.person,) if level > 1 and "acting_for" not in changes else ()  # as `_account` makes them
        caller = Caller(person=self.person, level=level, amr=("pwd",), auth_time=now, **{"holder_keys": keys} | changes)
        with self.house.database.write() as db:
            value = callers.open_session(db, "idp", caller, now=now, hours=12)
        if agrees:
            self.agrees(now)
        self.browser.set_cookie(self.house.settings.cookie("idp"), value)
        with self.house.database.read() as db:
            opened = callers.session(db, hashlib.sha256(value.encode()).hexdigest(), "idp", now)
        assert opened is not None
        assert opened.sid is not None
        self.sid = opened.sid
        return opened

    def agrees(self, now: datetime | None = None) -> None:
        """The person agrees to everything that the client may ask."""
        with self.house.database.write() as db:
            apis = (f"api:{one}" for one in self.client.registered.exchanges_for)
            consents.grant(db, self.person, self.client, (*self.client.person_scopes, *apis), now=now or clock.now())

    def _account(self, level: int, now: datetime) -> str:
        id = secrets.token_urlsafe(8)
        profile = (
            Profile(f"account-{id}", "示例甲", "880101198503120015", "111") if level > 1 else Profile(f"account-{id}")
        )
        with self.house.database.write() as db:
            people.add(db, self.house.vault, Person(id, now, level=Level(level), holder_key=id, proved=now), profile)
        return id

    # -- the relying party

    def answer(self, **changes: str | None) -> dict[str, str]:
        """What comes back to the relying party. For a program that cannot prove itself the person agrees each time."""
        response = self.authorize(**changes)
        if self.client.public and "/login?flow=" in response.location:
            self.agrees()
            response = self.browser.get(response.location)
        return self.answered(response)

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token, its signature checked against our JWKS as any library does."""
        keys = KeySet.import_key_set(self.program.get("/oidc/jwks").json)  # type: ignore[arg-type]
        return dict(
            json.loads(jws.deserialize_compact(token, keys, algorithms=["ES256", "RS256", "PS256", "EdDSA"]).payload)
        )

    def assertion(self, *, key: ECKey = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A client assertion; a claim set to None is left out."""
        moment = int(clock.now().timestamp())
        plain = {
            "iss": self.client.id,
            "sub": self.client.id,
            "aud": self.house.settings.issuer_url,
            "iat": moment,
            "exp": moment + 60,
            "jti": secrets.token_urlsafe(12),
        }
        claims = {name: value for name, value in (plain | changes).items() if value is not None}
        head = {"alg": "ES256", "kid": "rp-1"} | (header or {})
        return jws.serialize_compact(head, json.dumps(claims), key, algorithms=[head["alg"]])


@dataclass
class BoundVisit(Visit):
    """The same with a client that pushes its requests, proves itself by assertions and holds a key for its tokens (FAPI 2.0)."""

    key: ECKey | RSAKey | OKPKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    nonce: str = ""  # the newest that the server gave

    @property
    def jkt(self) -> str:
        return self.key.thumbprint()

    def proof(self, path: str = "/oidc/token", method: str = "POST", *, token: str = "", **changes: Any) -> str:
        """A DPoP proof (RFC 9449 4.2). `header` changes the header, `key` signs instead; a value None is left out."""
        key, more = changes.pop("key", self.key), changes.pop("header", {})
        plain: dict[str, Any] = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": self.house.settings.issuer_url + path,
            "iat": int(clock.now().timestamp()),
            "nonce": self.nonce or None,
            "ath": b64(hashlib.sha256(token.encode()).digest()) if token else None,
        }
        claims = {name: value for name, value in (plain | changes).items() if value is not None}
        alg = {"EC": "ES256", "RSA": "PS256", "OKP": "EdDSA"}[key.key_type]
        head = {"typ": "dpop+jwt", "alg": alg, "jwk": key.as_dict(private=False)} | more
        return signed({name: value for name, value in head.items() if value is not None}, claims, key)

    def proved(self, form: dict[str, str], **changes: Any) -> dict[str, str]:
        """A form with the client's proof of itself."""
        return form | {"client_assertion_type": ASSERTION, "client_assertion": self.assertion(**changes)}

    def token(
        self, form: dict[str, str], *, headers: dict[str, str] | None = None, path: str = "/oidc/token"
    ) -> TestResponse:
        """Call an endpoint, with a fresh assertion and proof each time; once more with the nonce, if one is demanded."""
        if headers is not None:
            return self.program.post(path, data=form, headers=headers)
        answer = self.program.post(path, data=self.proved(form), headers={"DPoP": self.proof(path)})
        self.nonce = answer.headers.get("DPoP-Nonce", self.nonce)
        if (answer.json or {}).get("error") == "use_dpop_nonce":
            answer = self.program.post(path, data=self.proved(form), headers={"DPoP": self.proof(path)})
        return answer

    def push(self, *, headers: dict[str, str] | None = None, **changes: str | None) -> TestResponse:
        """Hand in an authorization request (RFC 9126)."""
        return self.program.post("/oidc/par", data=self.proved(self.asked(**changes)), headers=headers or {})

    def authorize(self, **changes: str | None) -> TestResponse:
        """Push a request and send the browser with its name, if that is how this client begins."""
        if not self.client.needs_par:
            return super().authorize(**changes)
        pushed = self.push(headers=None, **changes)
        assert pushed.status_code == 201, pushed.text
        named = {"client_id": self.client.id, "request_uri": (pushed.json or {})["request_uri"]}
        return self.browser.get(f"/oidc/authorize?{urlencode(named)}")

    def shown(
        self, access_token: str, path: str = "/oidc/userinfo", *, method: str = "GET", **changes: Any
    ) -> TestResponse:
        """Call a resource with a bound token and its proof."""
        proof = self.proof(path, method, token=access_token, **changes)
        return self.program.open(path, method=method, headers={"Authorization": f"DPoP {access_token}", "DPoP": proof})

    def userinfo(self, access_token: str) -> TestResponse:
        return self.shown(access_token)


def signed(header: dict[str, Any], claims: dict[str, Any], key: ECKey | RSAKey | OKPKey | OctKey) -> str:
    """A JWS with whatever header: joserfc would refuse to write some of them."""
    parts = b64(json.dumps(header).encode()), b64(json.dumps(claims).encode())
    signing = jws.JWSRegistry.algorithms[header["alg"]]
    return ".".join([*parts, b64(signing.sign(".".join(parts).encode(), key))])


class Visits(Protocol):
    """Makes a visit for a client."""

    def __call__(self, client: Client, **more: Any) -> Visit: ...


ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
