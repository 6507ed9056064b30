"""The claims parameter: parsed, bounded, agreed to, and told by name (OpenID Connect Core 5.5)."""

import json
import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import clock
from idp.consent import consent_text, consents
from idp.model import claims
from idp.model.claims import ClaimsWrong, agreed_as, asked_in, is_essential, parsed, released, values
from idp.model.flow import acr
from tests.idp.rp import Visit, Visits, department

ALL = ("openid", "profile", "realname", "company")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from([*claims.OF_SCOPE, *claims.OF_SIGN_IN, "verified_claims", "email", "phone"])
SPECS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "essential": st.booleans(),
        "value": st.text(max_size=20),
        "values": st.lists(st.text(max_size=20), max_size=5),
        "purpose": st.text(max_size=5),
    },
)
ASKED = st.fixed_dictionaries(
    {}, optional={part: st.dictionaries(NAMES, SPECS, max_size=6) for part in ("id_token", "userinfo", "other")}
)


def one(**spec: Any) -> str:
    return json.dumps({"id_token": spec})


# -- the form


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "NaN",
        '{"id_token": []}',
        '{"id_token": "x"}',
        '{"userinfo": {"name": 1}}',
        '{"userinfo": {"name": [1]}}',
        '{"userinfo": {"name": {"essential": "yes"}}}',
        '{"userinfo": {"name": {"values": "x"}}}',
        '{"userinfo": {"name": {"value": {"a": 1}}}}',
        '{"userinfo": {"name": {"value": 1.5}}}',
        '{"userinfo": {"name": null, "name": {"essential": true}}}',
        '{"userinfo": {"acr": {"values": ' + json.dumps(["x"] * 21) + "}}}",
        '{"userinfo": {"sub": {"value": "' + "x" * 201 + '"}}}',
        '{"userinfo": {"sub": {"value": "\\ud800"}}}',
        '{"userinfo": {"verified_claims": {"\\udfff": null}}}',
        '{"userinfo": {"name": null}}' + " " * 9000,
        "[" * 4000,
        '{"userinfo": {"verified_claims": ' + '{"a":' * 1500 + "1" + "}" * 1500 + "}}",
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_claims_parameter_is_refused(text: str) -> None:
    with pytest.raises(ClaimsWrong):
        parsed(text, ALL)


@given(JSON)
def test_no_json_is_a_fault_of_ours(value: Any) -> None:
    with suppress(ClaimsWrong):
        assert parsed(json.dumps(value), ALL).isascii()


@given(st.text(max_size=60))
def test_no_text_is_a_fault_of_ours(text: str) -> None:
    with suppress(ClaimsWrong):
        assert parsed(text, ALL).isascii()


@given(ASKED)
def test_it_is_kept_in_one_form(asked: Any) -> None:
    kept = parsed(json.dumps(asked), ALL)
    assert kept == parsed(json.dumps(asked, indent=2), ALL)
    assert not kept or parsed(kept, ALL) == kept
    assert kept.isascii()
    for part in ("id_token", "userinfo"):
        known = {name for name in asked.get(part, {}) if name not in ("email", "phone")}
        assert released(kept, part) == known


def test_members_that_nobody_knows_are_left_out() -> None:
    """OpenID Connect Core 5.5, 5.5.1."""
    text = json.dumps({"id_token": {"name": {"purpose": "x"}, "email": None}, "elsewhere": {"name": None}})
    assert parsed(text, ALL) == '{"id_token":{"name":null}}'


@pytest.mark.parametrize(
    ("scopes", "kept"),
    [
        (("openid",), {"acr"}),
        (("openid", "profile"), {"acr", "name"}),
        (("openid", "realname"), {"acr", "name", "number", "number_type"}),
        (("openid", "company"), {"acr", "company"}),
    ],
    ids=["openid", "profile", "realname", "company"],
)
def test_a_service_may_ask_by_name_for_what_it_is_registered_for(scopes: tuple[str, ...], kept: set[str]) -> None:
    asked = one(name=None, number=None, number_type=None, company=None, acr={"essential": True})
    assert released(parsed(asked, scopes), "id_token") == kept


def test_what_must_be_agreed_to_is_what_the_scopes_do_not_tell_anyway() -> None:
    asked = parsed(one(name=None, number={"essential": True}, company=None), ALL)
    assert agreed_as(asked) == ("claim:company", "claim:name", "claim:number")
    assert agreed_as(asked, ("openid", "profile")) == ("claim:company", "claim:number")
    assert agreed_as(asked, ALL) == ()
    assert agreed_as("") == ()


def test_every_claim_that_can_be_agreed_to_says_what_it_tells() -> None:
    assert set(claims.AGREED_AS.values()) <= consent_text.FIELDS.keys()
    assert set(claims.AGREED_AS) == set(claims.OF_SCOPE)


def test_values_and_essential() -> None:
    asked = parsed(one(acr={"essential": True, "values": ["a", "b"]}, sub={"value": "s"}), ALL)
    assert values(asked, "acr") == ("a", "b")
    assert values(asked, "sub") == ("s",)
    assert is_essential(asked, "acr")
    assert not is_essential(asked, "sub")
    assert asked_in(asked, "userinfo") == {}


# -- the request


def test_a_name_asked_for_by_name_is_agreed_to_by_name(visit: Visit) -> None:
    """OpenID Connect Core 5.5: nothing is told without scope or claim, and nothing without a yes."""
    visit.signs_in(agrees=False)
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, ("openid",), now=clock.now())
    asked = {"scope": "openid", "claims": json.dumps({"userinfo": {"name": {"essential": True}}}), "prompt": "none"}
    assert "code" in visit.answer(scope="openid", prompt="none")
    assert visit.answer(**asked)["error"] == "consent_required"
    with visit.house.database.write() as db:
        consents.grant(db, visit.person, visit.client, ("claim:name",), now=clock.now())
    tokens = visit.tokens(**asked)
    assert (visit.userinfo(tokens["access_token"]).json or {})["name"] == "示例甲"


def test_whoever_agreed_to_the_scope_has_agreed_to_its_claims(visit: Visit) -> None:
    visit.signs_in()
    asked = json.dumps({"userinfo": {"number": None, "name": None}})
    tokens = visit.tokens(scope="openid", claims=asked, prompt="none")
    said = visit.userinfo(tokens["access_token"]).json or {}
    assert said["number"] == "880101198503120015"


def test_an_essential_level_that_nobody_knows_is_refused(visit: Visit) -> None:
    """OpenID Connect Core 5.5.1.1; Unmet Authentication Requirements 1.0."""
    visit.signs_in()
    strange = json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:other:9"]}}})
    assert visit.answer(claims=strange)["error"] == "unmet_authentication_requirements"
    voluntary = json.dumps({"id_token": {"acr": {"values": ["urn:other:9"]}}})
    assert "code" in visit.answer(claims=voluntary)


def test_an_essential_level_that_is_not_reached_is_a_step(visit: Visit) -> None:
    visit.signs_in(level=2)
    asked = {"id_token": {"acr": {"essential": True, "values": [acr(3), acr(4)]}}}
    assert visit.answer(claims=json.dumps(asked), prompt="none")["error"] == "interaction_required"
    asked["id_token"]["acr"]["values"] = [acr(2), "urn:other:9"]
    tokens = visit.tokens(claims=json.dumps(asked))
    assert visit.claims(tokens["id_token"])["acr"] == acr(2)


def test_auth_time_is_told_when_it_is_essential_and_when_it_is_not(visit: Visit) -> None:
    visit.signs_in()
    for asked in ({"id_token": {"auth_time": {"essential": True}}}, {}):
        assert "auth_time" in visit.claims(visit.tokens(claims=json.dumps(asked))["id_token"])


def test_a_subject_asked_for_by_value_is_a_hint(visit: Visit) -> None:
    """OpenID Connect Core 5.5.1: like an id_token_hint; another one is not answered for."""
    visit.signs_in()
    token = visit.tokens()["id_token"]
    mine = {"claims": json.dumps({"id_token": {"sub": {"value": visit.claims(token)["sub"]}}})}
    other = {"claims": json.dumps({"id_token": {"sub": {"value": "somebody-else"}}})}
    assert "code" in visit.answer(prompt="none", **mine)
    assert visit.answer(prompt="none", **other)["error"] == "login_required"
    assert visit.answer(prompt="none", id_token_hint=token, **other)["error"] == "invalid_request"
    assert "code" in visit.answer(prompt="none", id_token_hint=token, **mine)


def test_what_the_client_is_not_registered_for_is_passed_over(visits: Visits) -> None:
    """OpenID Connect Core 5.5.1: an essential claim that cannot be told is no error."""
    visit = visits(department(id="plain", scopes=("openid",)))
    visit.signs_in(now=clock.now() - timedelta(minutes=1))
    tokens = visit.tokens(scope="openid", claims=json.dumps({"userinfo": {"number": {"essential": True}}}))
    assert (visit.userinfo(tokens["access_token"]).json or {}).keys() == {"sub"}


def test_the_consent_page_lists_what_is_asked_for_by_name_and_keeps_it(visit: Visit) -> None:
    """OpenID Connect Core 5.5; ASVS 10.7.2: nobody agrees to what he does not see."""
    asked = json.dumps({"userinfo": {"name": None}, "id_token": {"number": {"essential": True}}})
    at = visit.authorize(scope="openid", claims=asked).location
    visit.signs_in(agrees=False)
    visit.browser.set_cookie("lang", "en")
    page = visit.browser.get(visit.browser.get(at.removeprefix(visit.house.settings.issuer_url)).location)
    assert "Your name" in page.text
    assert "The number of your paper" in page.text
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert token
    form = {"csrf": token[1], "decision": "agree"}
    done = visit.browser.post(f"{page.request.path}?{page.request.query_string.decode()}", data=form)
    assert "code" in visit.answered(done)
    with visit.house.database.read() as db:
        kept = consents.standing(db, visit.person, visit.client)
    assert kept is not None
    assert kept.scopes == {"openid", "claim:name", "claim:number"}
    assert "code" in visit.answer(scope="openid", claims=asked, prompt="none")
    assert visit.answer(scope="openid profile", prompt="none")["error"] == "consent_required"
