"""A provider that says whatever a test wants: discovery, keys, tokens and userinfo, over HTTP in process."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, Response, request
from joserfc import jws
from joserfc.jwk import ECKey

from hub import clock
from hub.house import House
from idp.model.flow import acr
from idp.model.upstream import Told, Upstream
from idp.upstream import answer, begin, configured

ISSUER = "http://localhost:8016"
JIA = ("示例甲", "880101198503120015")
BROWSER = "the browser's own secret"


def lanhai(**changes: Any) -> Upstream:
    """The province of 87 as an operator sets it up."""
    plain: dict[str, Any] = {
        "id": "lanhai",
        "issuer": ISSUER,
        "name": "澜海省统一身份认证平台",
        "name_en": "Lanhai sign-in",
        "region": "澜海省",
        "region_en": "Lanhai Province",
        "client_id": "national-hub",
    }
    return Upstream(**plain | changes)


@dataclass
class Province:
    """It signs what it is told to, and counts how often it is asked."""

    house: House
    upstream: Upstream = field(default_factory=lanhai)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", parameters={"kid": "p-1"}))
    published: list[ECKey] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)  # over the plain one
    claims: dict[str, Any] = field(default_factory=dict)  # over the plain ones; None leaves one out
    header: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, Any] = field(default_factory=dict)  # over the members of the token answer
    status: int = 200
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    nonce: str = ""
    sub: str = "subject-1"

    def __post_init__(self) -> None:
        self.published = self.published or [self.key]
        self.house.fetch.serve_here(self.upstream.issuer, self.app())
        configured.add(self.house, self.upstream, by="test", now=clock.now())

    def app(self) -> Flask:
        made = Flask(__name__)
        made.before_request(self._note)
        made.add_url_rule("/.well-known/openid-configuration", "d", lambda: self._said(self.described()))
        made.add_url_rule(
            "/jwks", "k", lambda: self._said({"keys": [key.as_dict(private=False) for key in self.published]})
        )
        made.add_url_rule("/token", "t", lambda: self._said(self.tokens()), methods=["POST"])
        made.add_url_rule(
            "/par", "p", lambda: (json.dumps({"request_uri": "urn:x", "expires_in": 60}), 201), methods=["POST"]
        )
        made.add_url_rule("/userinfo", "u", lambda: self._said(self.told()))
        return made

    def _note(self) -> None:
        self.asked.append(request.path)
        self.forms.append(request.form.to_dict())

    def _said(self, body: Any) -> Response:
        return Response(json.dumps(body), self.status, mimetype="application/json")

    def described(self) -> dict[str, Any]:
        issuer = self.upstream.issuer
        plain = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return {name: value for name, value in (plain | self.document).items() if value is not None}

    def id_token(self, now: datetime | None = None) -> str:
        moment = int((now or clock.now()).timestamp())
        plain = {
            "iss": self.upstream.issuer,
            "sub": self.sub,
            "aud": self.upstream.client_id,
            "iat": moment,
            "exp": moment + 300,
            "auth_time": moment,
            "nonce": self.nonce,
            "acr": acr(3),
            "amr": ["pwd", "otp", "mfa"],
            "sid": "their-session",
        }
        return self.signed(plain | self.claims)

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        said = {name: value for name, value in claims.items() if value is not None}
        head = {"alg": "ES256", "kid": self.key.kid} | self.header | header
        return jws.serialize_compact(head, json.dumps(said).encode(), self.key, algorithms=[head["alg"]])

    def logout_token(self, **claims: Any) -> str:
        moment = int(clock.now().timestamp())
        plain = {
            "iss": self.upstream.issuer,
            "aud": self.upstream.client_id,
            "iat": moment,
            "exp": moment + 120,
            "jti": secrets.token_hex(8),
            "sid": "their-session",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        return self.signed(plain | claims, typ="logout+jwt")

    def tokens(self) -> dict[str, Any]:
        return {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token()} | self.kinds

    def told(self) -> dict[str, Any]:
        plain = {"sub": self.sub, "name": JIA[0], "number": JIA[1], "number_type": "111"}
        return {name: value for name, value in (plain | self.userinfo).items() if value is not None}

    # -- a person who goes there and comes back

    def leaves(self, **changes: Any) -> str:
        """The state under which somebody was sent there."""
        plain: dict[str, Any] = {"browser": BROWSER, "flow": "", "onward": "", "again": False, "person": ""}
        plain |= {"language": "en", "net": "here", "now": clock.now(), "asked": None}
        url = begin.begin(self.house, self.upstream, **plain | changes)
        sent = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.nonce = sent.get("nonce", "")
        return sent.get("state", "")  # of a pushed request it is not in the address

    def comes_back(self, **given: str) -> Told:
        """What we believe of who comes back, if all is as it should be."""
        errand = begin.taken(self.house, self.leaves(), BROWSER, clock.now())
        said = {"code": "a-code", "iss": self.upstream.issuer} | given
        return answer.told(self.house, self.upstream, errand, said, clock.now())
