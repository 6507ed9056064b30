"""The same relying party at two providers: ours, and one made of Authlib as its documentation shows it.

Both are asked over HTTP at the same addresses. What differs stands here: how a person comes to be signed in, how one says
yes, and what an operator does. Nothing here asserts anything about the naive one, so a rule can only be broken by its own
words in `test_pitfalls`.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub import clock, token_keys
from idp.model.client import Client, GrantType
from idp.model.flow import SignedIn
from idp.provider import device, registration
from idp.provider.tokens import sign
from idp.store.registration_tokens import Allowance
from tests.idp import naive, naive_models
from tests.idp.rp import AGENCY, ASSERTION, CALLBACK, KEY, SECRET, RelyingParty, Visit, department, fapi, public, signed

ALL_WAYS = (GrantType.code, GrantType.refresh, GrantType.client_credentials, GrantType.device)
SITE = department(grant_types=ALL_WAYS, keys=(dict(KEY.as_dict(private=False)),))
PROGRAM = public()
FAPI = fapi()


class Answer(dict[str, str]):
    """What came back to the relying party, in which part of its address, or the page that came instead."""

    def __init__(self, response: TestResponse) -> None:
        at = urlsplit(response.headers.get("Location", ""))
        back = f"{at.scheme}://{at.netloc}{at.path}" == CALLBACK
        self.part = ("fragment" if at.fragment else "query") if back else "page"
        self.text = response.text
        said = parse_qs(at.fragment or at.query) if back else {}
        super().__init__({name: values[0] for name, values in said.items()})


def request_object(party: "Party", alg: str = "ES256", **changes: Any) -> str:
    """A request as its client signs it (RFC 9101 4); a claim set to None is left out."""
    moment = int(clock.now().timestamp())
    about = {"iss": party.client.id, "aud": party.issuer, "exp": moment + 300, "nbf": moment, "iat": moment}
    claims = {name: value for name, value in (party.asked() | about | changes).items() if value is not None}
    return signed({"alg": alg, "kid": KEY.kid, "typ": "oauth-authz-req+jwt"}, claims, KEY)


class Party(Protocol):
    """A relying party and its person at some provider."""

    client: Client
    program: FlaskClient
    verifier: str

    @property
    def issuer(self) -> str: ...
    def signs_in(self, *, now: datetime | None = None, agrees: bool = True) -> object: ...
    def another(self) -> "Party": ...
    def without_secret(self) -> "Party": ...
    def asked(self, **changes: str | None) -> dict[str, str]: ...
    def ask(self, query: str) -> Answer: ...
    def answer(self, **changes: str | None) -> Answer: ...
    def code(self, **changes: str | None) -> str: ...
    def basic(self, client_id: str = "", secret: str = SECRET) -> dict[str, str]: ...
    def token(
        self, form: dict[str, str], *, headers: dict[str, str] | None = None, path: str = ...
    ) -> TestResponse: ...
    def redeem(self, code: str, **changes: Any) -> TestResponse: ...
    def refresh(self, token: str) -> TestResponse: ...
    def userinfo(self, access_token: str) -> TestResponse: ...
    def tokens(self, **changes: str | None) -> dict[str, Any]: ...
    def allowed_device(self) -> str: ...
    def posted_form(self, **changes: str) -> str: ...
    def hands_in(self, alg: str, **changes: Any) -> str: ...
    def registers(self, **metadata: Any) -> TestResponse: ...
    def adds_a_key(self) -> None: ...


class Ours(Visit):
    """At our provider."""

    @property
    def issuer(self) -> str:
        return self.house.settings.issuer_url

    def another(self) -> "Ours":
        """Somebody else with another browser at the same relying party."""
        made = Ours(self.house, self.app, self.client)
        made.signs_in()
        return made

    def without_secret(self) -> "Ours":
        """The same person with the same browser at an installed program."""
        return Ours(self.house, self.app, PROGRAM, browser_of=self)

    def ask(self, query: str) -> Answer:
        response = self.browser.get(f"/oidc/authorize?{query}")
        if self.client.public and "/login?flow=" in response.headers.get("Location", ""):
            self.agrees()
            response = self.browser.get(response.location)
        return Answer(response)

    def answer(self, **changes: str | None) -> Answer:
        return self.ask(urlencode(self.asked(**changes)))

    def allowed_device(self) -> str:
        """The code of a device that the person has let in."""
        asked, now = self.token({"scope": "openid"}, path="/oidc/device").json or {}, clock.now()
        digest, waiting = device.found(self.house, asked["user_code"], "net", now)
        flow = device.begin(self.house, digest, waiting, "b", now)
        device.allow(self.house, flow.asked, SignedIn(self.sid, self.person, "x", 2, (), now), now)
        return str(asked["device_code"])

    def posted_form(self, **changes: str) -> str:
        """The page that posts an answer to the relying party."""
        return self.answer(response_mode="form_post", **changes).text

    def hands_in(self, alg: str, **changes: Any) -> str:
        """The error for a request object, or none: under the policy that has a department's service sign all it asks."""
        site = Ours(self.house, self.app, FAPI, browser_of=self)
        proof = {"client_assertion_type": ASSERTION, "client_assertion": site.assertion()}
        answer = site.program.post("/oidc/par", data=proof | {"request": request_object(site, alg, **changes)})
        return str((answer.json or {}).get("error", ""))

    def registers(self, **metadata: Any) -> TestResponse:
        until = clock.now() + timedelta(hours=1)
        given = Allowance(AGENCY, "栖云市市场监督管理局", "Qiyun market regulation", "hub", 1, until)
        bearer = registration.allow(self.house, given, by="test", now=clock.now())
        return self.program.post("/oidc/register", json=metadata, headers={"Authorization": f"Bearer {bearer}"})

    def adds_a_key(self) -> None:
        """An operator adds a signing key that no relying party has seen yet."""
        life = sign.longest(self.house)
        token_keys.rotate(self.house, "test", clock.now(), life=life, algorithms=["ES256"])


@dataclass
class Naive(RelyingParty):
    """At Authlib's."""

    client: Client = SITE
    tables: naive_models.Tables = field(default_factory=naive_models.Tables)
    browser: FlaskClient = field(init=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    issuer: str = naive.ISSUER
    browser_of: "Naive | None" = None

    def __post_init__(self) -> None:
        self.app = self.browser_of.app if self.browser_of else naive.create_app(self.tables)
        self.browser, self.program = self.app.test_client(), self.app.test_client()
        if self.browser_of:
            self.browser = self.browser_of.browser
        self.tables.clients[self.client.id] = naive_models.Client(
            client_id=self.client.id,
            client_secret=SECRET,
            redirect_uris=[CALLBACK],
            token_endpoint_auth_method=self.client.auth.value,
            grant_types=[*map(str, ALL_WAYS), "password"],
            response_types=["code", "token", "code id_token"],
            scope="openid profile offline_access",
            jwks={"keys": [KEY.as_dict(private=False)]},
        )

    def signs_in(self, *, now: datetime | None = None, agrees: bool = True) -> None:
        """Neither the moment nor what was agreed to has a place in the documentation."""
        with self.browser.session_transaction() as session:
            session["user"] = secrets.token_urlsafe(6)

    def another(self) -> "Naive":
        made = Naive(self.client, self.tables)
        made.signs_in()
        return made

    def without_secret(self) -> "Naive":
        return Naive(PROGRAM, self.tables, browser_of=self)

    def asked(self, **changes: str | None) -> dict[str, str]:
        return super().asked(**{"nonce": secrets.token_urlsafe(8), **changes})  # it takes no nonce twice

    def ask(self, query: str) -> Answer:
        response = self.browser.get(at := f"/oidc/authorize?{query}")
        if "confirm" in response.text:
            response = self.browser.post(at, data={"confirm": "yes"})
        return Answer(response)

    def answer(self, **changes: str | None) -> Answer:
        return self.ask(urlencode(self.asked(**changes)))

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        return dict(self.redeem(self.code(**changes)).json or {})

    def allowed_device(self) -> str:
        asked = self.token({"scope": "openid"}, path="/oidc/device").json or {}
        self.tables.grants[asked["user_code"]] = ("somebody", True)
        return str(asked["device_code"])

    def posted_form(self, **changes: str) -> str:
        """Its code flow knows no `response_mode`; its hybrid flow does."""
        return self.answer(response_mode="form_post", response_type="code id_token", **changes).text

    def hands_in(self, alg: str, **changes: Any) -> str:
        outside = {"client_id": self.client.id, "request": request_object(self, alg, **changes)}
        return self.ask(urlencode(outside)).get("error", "")

    def registers(self, **metadata: Any) -> TestResponse:
        return self.program.post("/oidc/register", json=metadata, headers={"Authorization": "Bearer an-operators"})

    def adds_a_key(self) -> None:
        self.tables.keys.append(naive_models.new_key())
