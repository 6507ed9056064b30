"""What an attacker would try, each refused (RFC 9700 4, FAPI 2.0 Attacker Model)."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

import app as front
from hub import callers, clock, limits, token_keys
from hub.house import House
from hub.problems import NotSignedIn
from idp import proofs
from idp.model.client import LEGACY, GrantType
from idp.model.realname import Evidence
from idp.model.registration import Registration
from idp.provider import flows
from idp.provider.tokens import sign
from tests.idp.rp import ASSERTION, Visit, Visits, b64, department, public, signed

API = "https://api.registry.example/v1"


def test_an_age_asked_of_what_is_no_time_is_not_met(visit: Visit) -> None:
    """OpenID Connect for Identity Assurance 5.3: whatever a service writes there, the answer is no fault of ours."""
    visit.signs_in()
    with visit.house.database.write() as db:
        proofs.keep(db, Evidence(visit.person, "match", 2, "population", "t-1", "high", "digest", clock.now()))
    for name in ("trust_framework", "assurance_level", "name"):
        verification: dict[str, Any] = {"trust_framework": None}
        asked: dict[str, Any] = {"verification": verification, "claims": {"name": None, "number": None}}
        (asked["claims"] if name == "name" else verification)[name] = {"max_age": 5}
        tokens = visit.tokens(scope="openid realname", claims=json.dumps({"userinfo": {"verified_claims": asked}}))
        assert visit.userinfo(tokens["access_token"]).status_code == 200


# -- one kind of token in place of another (RFC 8725 3.12)


def test_signed_userinfo_is_no_id_token(visits: Visits) -> None:
    """Both are JWTs of ours for the same client; only one says that somebody signed in."""
    visit = visits(department(id="signed", registered=Registration(userinfo_signed_response_alg="ES256")))
    visit.signs_in()
    told = visit.userinfo(visit.tokens()["access_token"]).text
    assert visit.answered(visit.authorize(id_token_hint=told))["error"] == "invalid_request"
    assert visit.userinfo(told).status_code == 401


# -- tokens for somebody else's API


@pytest.fixture
def registry(visits: Visits) -> Visit:
    """A service that is an API."""
    plain = department(id="registry-api", redirect_uris=(), grant_types=(GrantType.client_credentials,))
    return visits(replace(plain, registered=Registration(resource=API)))


def test_nobody_reaches_an_api_in_a_persons_name_that_his_registration_does_not_name(
    visits: Visits, registry: Visit
) -> None:
    """The token would say what that service calls the person, and open his records there (OpenID Connect Core 8.1)."""
    stranger = visits(department(id="stranger"))
    stranger.signs_in()
    assert stranger.answered(stranger.authorize(resource=API))["error"] == "invalid_target"
    friend = visits(department(id="friend", registered=Registration(exchanges_for=("registry-api",))))
    friend.signs_in()
    code = friend.code(resource=API)
    assert friend.claims((friend.redeem(code).json or {})["access_token"])["aud"] == API


def test_a_way_that_was_closed_meanwhile_is_closed(visits: Visits, registry: Visit) -> None:
    """What an operator takes back counts from the next token on."""
    plain = department(id="friend", registered=Registration(exchanges_for=("registry-api",)))
    friend = visits(plain)
    friend.signs_in()
    given = friend.redeem(friend.code(resource=API, scope="openid offline_access")).json or {}
    later = visits(replace(plain, registered=Registration()))
    with clock.shifted(2):
        assert (later.refresh(given["refresh_token"]).json or {})["error"] == "invalid_target"


# -- keys that are over


def test_a_key_that_has_left_the_set_signs_no_access_token_any_more(visit: Visit) -> None:
    """OpenID Connect Core 10.1.1: an old key that somebody stole later opens nothing."""
    visit.signs_in()
    house, now = visit.house, clock.now()
    given = visit.tokens()
    own = visit.token({"grant_type": "client_credentials"}).json or {}
    later = now + timedelta(days=2)
    names = {name: token_keys.signer(house, name, now) for name in ("ES256",)}
    old = sign._signer(house, "ES256", now)
    token_keys.rotate(house, "test", now, life=timedelta(seconds=600))
    assert not token_keys.ring(house).by_kid[names["ES256"].kid].is_shown(later)

    def forged(token: str) -> str:
        claims = visit.claims(token) | {"iat": int(later.timestamp()), "exp": int(later.timestamp()) + 600}
        return signed({"alg": "ES256", "typ": "at+jwt", "kid": names["ES256"].kid}, claims, old)

    tokens = forged(given["access_token"]), forged(own["access_token"])
    with clock.shifted(2 * 86_400 + 5):
        assert visit.userinfo(tokens[0]).status_code == 401
        assert (visit.token({"token": tokens[0]}, path="/oidc/introspect").json or {}) == {"active": False}
        with pytest.raises(NotSignedIn):
            callers.read_token(house, tokens[1], clock.now())


# -- the short-term memory


def test_nobody_fills_the_short_term_memory_with_requests_of_a_program_that_proves_nothing(
    visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 9126 2.3: 429. Whoever proves himself is known, and is not counted."""
    monkeypatch.setattr(flows, "OPENED", limits.Limit("flows-of-a-test", 2, 300))
    program, service = visits(public(id="in-a-shop")), visits(department(id="pushes"))
    answers = [program.token(program.asked(), path="/oidc/par") for _ in range(3)]
    assert [one.status_code for one in answers] == [201, 201, 429]
    assert answers[2].headers["Retry-After"] == "300"
    assert [service.token(service.asked(), path="/oidc/par").status_code for _ in range(3)] == [201] * 3


# -- names that no database takes


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "a b", "x" * 5000, "栖云"], ids=ascii)
def test_whatever_an_assertion_calls_its_client_the_answer_is_no_fault_of_ours(house_on: House, name: str) -> None:
    program = front.create_app(house_on.settings, rooms=("hub", "idp"), house=house_on).test_client()
    body = b64(json.dumps({"iss": name, "sub": name}).encode())
    form, head = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION}, b64(b'{"alg":"ES256"}')
    told = program.post("/oidc/token", data=form | {"client_assertion": f"{head}.{body}.AA"})
    assert (told.json or {})["error"] == "invalid_client"
    pair = base64.b64encode(f"{quote(name, errors='replace')}:x".encode()).decode()
    told = program.post("/oidc/token", data=form, headers={"Authorization": f"Basic {pair}"})
    assert told.status_code in (400, 401)


# -- less than was agreed


def test_a_service_whose_tokens_are_bound_gets_none_that_anybody_can_use(visits: Visits) -> None:
    """RFC 9449 5.2: in the browser's address nothing can be bound."""
    visit = visits(
        department(
            id="old-but-bound",
            policy=LEGACY,
            grant_types=(GrantType.code, GrantType.implicit),
            registered=Registration(dpop_bound_access_tokens=True, response_types=("code", "id_token token")),
        )
    )
    visit.signs_in()
    answer = visit.answered(visit.authorize(response_type="id_token token"))
    assert (answer["error"], "access_token" in answer) == ("unauthorized_client", False)
