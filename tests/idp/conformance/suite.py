"""A small conformance client: what the suite's modules share, and the register of those that are played here."""

import html
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc.jwk import ECKey, RSAKey
from werkzeug.test import TestResponse

from hub import clock
from idp.model.client import Client
from tests.idp.rp import CALLBACK, Visit, Visits, department

Play = Callable[["Op"], None]
PLAYED: dict[str, Play] = {}
RESOURCE = "/oidc/userinfo"
RSA = RSAKey.generate_key(2048, parameters={"kid": "rp-rsa"})
OTHER = ECKey.generate_key("P-256", parameters={"kid": "rp-2"})


def module(*names: str) -> Callable[[Play], Play]:
    """Enter a function as what plays the modules of these names."""

    def enter(play: Play) -> Play:
        for name in names:
            assert name not in PLAYED, name
            PLAYED[name] = play
        return play

    return enter


@dataclass
class Op:
    """The provider as one module meets it."""

    visits: Visits
    form_post: bool = False

    def __post_init__(self) -> None:
        self.at: Visit = self.visits(department())
        self._about: dict[str, Any] = {}

    @property
    def about(self) -> dict[str, Any]:
        """The discovery document."""
        if not self._about:
            answer = self.at.program.get("/.well-known/openid-configuration")
            assert answer.status_code == 200
            assert answer.content_type == "application/json"
            self._about = dict(answer.json or {})
        return self._about

    def path(self, endpoint: str) -> str:
        """Where an advertised endpoint is."""
        return urlsplit(str(self.about[endpoint])).path

    # -- clients and people

    def client(self, *, since: datetime | None = None, **changes: Any) -> Visit:
        """A static client with client_secret_basic that names no algorithm, and a person who is signed in."""
        return self.person(department(**{"id_token_algorithm": "RS256"} | changes), now=since)

    def person(self, client: Client, *, of: Visit | None = None, **more: Any) -> Visit:
        visit = self.visits(client, browser_of=of)
        if of is None:
            visit.signs_in(**more)
        else:
            visit.agrees()
        return visit

    def second(self, of: Visit) -> Visit:
        """Another client, at which the same person sits before the same browser."""
        id = f"second-{secrets.token_hex(4)}"
        changes: dict[str, Any] = {"id": id}
        if of.client.keys:
            changes["keys"] = (dict(OTHER.as_dict()),)
        return self.person(replace(of.client, **changes), of=of)

    # -- one authorization

    def answer(self, visit: Visit, **asked: str | None) -> dict[str, str]:
        """What comes back to the redirect URI, by query or by form."""
        if self.form_post:
            asked.setdefault("response_mode", "form_post")
        response = visit.authorize(**asked)
        return posted(response) if self.form_post else visit.answered(response)

    def flow(self, visit: Visit, **asked: str | None) -> dict[str, Any]:
        """A whole sign-in, each answer checked as the suite checks all of them."""
        answer = self.answer(visit, **asked)
        assert "error" not in answer, answer
        assert answer["iss"] == self.about["issuer"]
        assert answer.get("state") == asked.get("state", "state-1")
        verifier = visit.verifier if asked.get("code_challenge", "") is not None else None
        uri = asked.get("redirect_uri") or CALLBACK
        return self.tokens(visit, visit.redeem(answer["code"], redirect_uri=uri, code_verifier=verifier), **asked)

    def tokens(self, visit: Visit, response: TestResponse, **asked: str | None) -> dict[str, Any]:
        """The token answer, checked."""
        assert response.status_code == 200, response.text
        assert response.headers["Cache-Control"] == "no-store"
        said = dict(response.json or {})
        assert said["token_type"].lower() in ("bearer", "dpop")
        assert said["expires_in"] > 0
        claims = visit.claims(said["id_token"])
        header = json.loads(unb64(said["id_token"].split(".")[0]))
        assert header["kid"], "OpenID Connect Core 10.1"
        assert header["alg"] == visit.client.id_token_algorithm
        assert claims["iss"] == self.about["issuer"]
        assert claims["aud"] in (visit.client.id, [visit.client.id])
        assert claims["iat"] <= clock.now().timestamp() + 5 < claims["exp"]
        assert claims.get("nonce") == asked.get("nonce", "nonce-1")
        assert re.fullmatch(r"[!-~]+", said["access_token"])
        return said | {"claims": claims}

    def resource(self, visit: Visit, tokens: dict[str, Any]) -> dict[str, Any]:
        """The userinfo answer of a bearer token."""
        response = visit.userinfo(tokens["access_token"])
        assert response.status_code == 200, response.text
        assert response.content_type == "application/json"
        said = dict(response.json or {})
        assert said["sub"] == tokens["claims"]["sub"]
        return said

    def shows_page(self, response: TestResponse) -> str:
        """A page for the person; nobody is redirected."""
        assert "Location" not in response.headers, response.headers["Location"]
        assert response.content_type.startswith("text/html")
        return response.text

    def shows_error(self, response: TestResponse) -> None:
        """The error page of docs/automation.md."""
        assert response.status_code == 400
        assert 'id="error"' in self.shows_page(response)

    def asks_for_login(self, response: TestResponse) -> None:
        assert response.status_code == 303
        assert urlsplit(response.location).path == "/login", response.location


def posted(response: TestResponse) -> dict[str, str]:
    """The form of OAuth 2.0 Form Post Response Mode, as the browser would send it."""
    assert response.status_code == 200, response.text
    assert f'action="{html.escape(CALLBACK)}"' in response.text
    assert 'method="post"' in response.text
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', response.text)
    return {html.unescape(name): html.unescape(value) for name, value in pairs}


def refused(response: TestResponse, *errors: str, status: tuple[int, ...] = (400, 401)) -> None:
    """An OAuth error answer to a program, well formed (RFC 6749 5.2)."""
    assert response.status_code in status, (response.status_code, response.text)
    assert response.content_type == "application/json"
    said = response.json or {}
    assert said["error"] in errors, said
    if response.status_code == 401:
        assert said["error"] in ("invalid_client", "invalid_token"), said
    assert not re.search(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]", said.get("error_description", ""))


def unb64(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
