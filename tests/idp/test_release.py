"""Claims that are asked for by name (OpenID Connect Core 5.5), and how a name was verified.

The second is OpenID Connect for Identity Assurance 1.0; the numbers of sections are its own.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import clock
from idp import proofs
from idp.model import verified as rules
from idp.model.realname import Evidence
from idp.provider import discovery, sandbox
from idp.store import people
from tests.idp.rp import Visit, Visits, department

LOA = "urn:yinxin:loa:"


def asking(**parts: Any) -> str:
    return json.dumps(parts)


def in_id_token(visit: Visit, claims: str, scope: str = "openid") -> dict[str, Any]:
    return visit.claims(visit.tokens(scope=scope, claims=claims)["id_token"])


def at_userinfo(visit: Visit, claims: str, scope: str = "openid") -> dict[str, Any]:
    return dict(visit.userinfo(visit.tokens(scope=scope, claims=claims)["access_token"]).json or {})


@pytest.fixture
def party(visit: Visit) -> Visit:
    """A person whose name was compared with the register, then with his face."""
    visit.signs_in(level=3)
    keep(visit, "match", 2, clock.now() - timedelta(days=400))
    keep(visit, "live", 3, clock.now() - timedelta(days=2))
    return visit


def keep(visit: Visit, method: str, level: int, at: Any, **changes: Any) -> None:
    plain = Evidence(
        visit.person, method, level, "population", f"{visit.person}-{method}", "high", "digest", at, kind="face"
    )
    with visit.house.database.write() as db:
        proofs.keep(db, replace(plain, **changes))


# -- by name


def test_a_claim_is_told_where_it_was_asked_for_and_nowhere_else(party: Visit) -> None:
    wanted = asking(id_token={"name": None}, userinfo={"number": {"essential": True}})
    tokens = party.tokens(scope="openid", claims=wanted)
    inside, outside = party.claims(tokens["id_token"]), party.userinfo(tokens["access_token"]).json or {}
    assert inside["name"] == "示例甲"
    assert "number" not in inside
    assert outside.keys() == {"sub", "number"}
    again = party.claims((party.refresh(tokens["refresh_token"]).json or {})["id_token"])
    assert again["name"] == "示例甲"


def test_nothing_is_told_without_a_scope_or_a_request(party: Visit) -> None:
    assert at_userinfo(party, asking(userinfo={"birthdate": None, "email": None})).keys() == {"sub"}
    assert (
        not {"name", "number", "verified_claims"} & in_id_token(party, asking(id_token={"phone_number": None})).keys()
    )


def test_a_service_is_not_told_by_name_what_it_may_not_ask(visits: Visits) -> None:
    visit = visits(department(id="little-party", scopes=("openid", "profile")))
    visit.signs_in()
    wanted = asking(userinfo={"number": {"essential": True}, "company": None, "name": None})
    assert at_userinfo(visit, wanted).keys() == {"sub", "name"}


def test_how_one_signed_in_can_be_asked_for_at_userinfo(party: Visit) -> None:
    said = at_userinfo(party, asking(userinfo={"acr": None, "amr": None, "auth_time": None}))
    assert (said["acr"], said["amr"]) == (f"{LOA}3", ["pwd"])


def test_a_request_cannot_overwrite_what_an_id_token_says(party: Visit) -> None:
    claims = in_id_token(party, asking(id_token={"acr": None, "sub": None, "sid": None}))
    assert claims["aud"] == party.client.id
    assert claims["acr"] == f"{LOA}3"


def test_a_sandbox_is_told_of_an_invented_person(visits: Visits, visit: Visit) -> None:
    visit.signs_in()
    with visit.house.database.read() as db:
        tester = people.account_key_of(db, visit.person)
    box = visits(
        department(id="box", sandbox=True, sector="box", testers=(str(tester),), scopes=("openid", "realname"),
                   grant_types=visit.client.grant_types[:2]),
        browser_of=visit,
    )  # fmt: skip
    box.agrees()
    wanted = asking(userinfo={"verified_claims": ask_verified()})
    said = at_userinfo(box, wanted, "openid realname")
    assert said["number"] == sandbox.EXAMPLE["number"]
    assert said["verified_claims"]["claims"]["name"] == sandbox.EXAMPLE["name"]


# -- verified


def ask_verified(*names: str, **verification: Any) -> dict[str, Any]:
    wanted = {"trust_framework": None, "assurance_level": None, "time": None, "evidence": None} | verification
    return {"verification": wanted, "claims": dict.fromkeys(names or ("name", "number"))}


def verified(visit: Visit, spec: Any, scope: str = "openid realname") -> Any:
    return at_userinfo(visit, asking(userinfo={"verified_claims": spec}), scope).get("verified_claims")


def test_a_service_learns_how_a_name_was_verified(party: Visit) -> None:
    """OpenID Connect for Identity Assurance 1.0, 6: the framework, the level, the time, the evidence, never a document."""
    said = verified(party, ask_verified())
    assert said["claims"] == {"name": "示例甲", "number": "880101198503120015"}
    verification = said["verification"]
    assert verification["trust_framework"] == rules.FRAMEWORK
    assert verification["assurance_level"] == f"{LOA}3"
    checks = [one["check_details"][0] for one in verification["evidence"]]
    assert {one["check_method"] for one in checks} == {"data", "bvr"}
    assert all(one["txn"].startswith("sha-256:") and one["organization"] == "population" for one in checks)
    assert {one["type"] for one in verification["evidence"]} == {"electronic_record"}


def test_it_stands_in_an_id_token_as_well(party: Visit) -> None:
    claims = in_id_token(party, asking(id_token={"verified_claims": ask_verified("name")}), "openid profile")
    assert claims["verified_claims"]["claims"] == {"name": "示例甲"}


def test_only_what_was_asked_for_is_told(party: Visit) -> None:
    said = verified(party, {"verification": {"trust_framework": None}, "claims": {"name": None}})
    assert said == {"verification": {"trust_framework": rules.FRAMEWORK}, "claims": {"name": "示例甲"}}


def test_without_the_number_no_digest_links_two_services(party: Visit) -> None:
    said = verified(party, ask_verified("name"), "openid profile")
    assert all("txn" not in one["check_details"][0] for one in said["verification"]["evidence"])


def test_what_the_person_did_not_agree_to_tell_is_not_told_as_verified_either(party: Visit) -> None:
    assert verified(party, ask_verified(), "openid") is None
    assert verified(party, ask_verified(), "openid profile")["claims"] == {"name": "示例甲"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"trust_framework": {"value": rules.FRAMEWORK}}, True),
        ({"trust_framework": {"value": "eidas"}}, False),
        ({"trust_framework": {"values": ["eidas", rules.FRAMEWORK]}}, True),
        ({"assurance_level": {"value": f"{LOA}4"}}, False),
        ({"assurance_level": {"values": [f"{LOA}3", f"{LOA}4"]}}, True),
        ({"time": {"max_age": 86_400 * 3}}, True),
        ({"time": {"max_age": 86_400}}, False),
        ({"time": {"max_age": -1}}, False),
        ({"time": {"max_age": True}}, False),
        ({"verification_process": {"essential": True}}, False),  # never told: nobody can do without it and have it
        ({"verification_process": None}, True),
        ({"evidence": [{"type": {"value": "electronic_record"}}]}, True),
        ({"evidence": [{"type": {"value": "document"}}]}, False),
        ({"evidence": [{"type": {"value": "electronic_record"}, "check_details": [{"check_method": {"value": "bvr"}}]}]}, True),
        ({"evidence": [{"type": {"value": "electronic_record"}, "check_details": [{"check_method": {"value": "vpip"}}]}]}, False),
        ({"evidence": "all"}, False),
    ],
    ids=str,
)  # fmt: skip
def test_a_constraint_that_is_not_met_is_no_answer(party: Visit, changes: dict[str, Any], *, told: bool) -> None:
    """OpenID Connect for Identity Assurance 1.0, 5.3: nothing is told rather than something else."""
    assert bool(verified(party, ask_verified(**changes))) is told


@pytest.mark.parametrize(
    "spec",
    [None, [], {}, {"claims": {"name": None}}, {"verification": {}, "claims": {"name": None}},
     {"verification": {"trust_framework": None}, "claims": {}}, {"verification": {"trust_framework": None}}],
    ids=str,
)  # fmt: skip
def test_a_request_that_is_none_is_not_answered(party: Visit, spec: Any) -> None:
    assert verified(party, spec) is None


def test_of_several_requests_each_is_answered_for_itself(party: Visit) -> None:
    """5.2: an array, of which those that cannot be met are left out."""
    said = verified(party, [ask_verified("name"), ask_verified(assurance_level={"value": f"{LOA}4"})])
    assert [one["claims"] for one in said] == [{"name": "示例甲"}]


def test_who_proved_nothing_has_nothing_verified(visit: Visit) -> None:
    visit.signs_in(level=1)
    assert verified(visit, ask_verified()) is None


def test_a_login_that_is_worth_less_does_not_carry_what_the_account_has(party: Visit) -> None:
    party.signs_in(level=2)
    said = verified(party, ask_verified())
    assert said["verification"]["assurance_level"] == f"{LOA}2"
    assert [one["check_details"][0]["check_method"] for one in said["verification"]["evidence"]] == ["data"]


def test_evidence_about_a_company_or_a_visit_says_nothing_of_a_person(visit: Visit) -> None:
    visit.signs_in()
    keep(visit, "representative", 2, clock.now(), about="91880101DEM000081U")
    keep(visit, "visit", 2, clock.now())
    assert verified(visit, ask_verified()) is None


def test_what_was_seen_at_a_counter_is_a_document(visit: Visit) -> None:
    visit.signs_in(level=4)
    keep(visit, "counter", 4, clock.now(), kind="citizen")
    (seen,) = verified(visit, ask_verified())["verification"]["evidence"]
    assert (seen["type"], seen["document_details"], seen["check_details"][0]["check_method"]) == (
        "document", {"type": "citizen"}, "vpip",
    )  # fmt: skip


def test_what_is_supported_is_said() -> None:
    said = discovery.metadata("https://x.example")
    assert "verified_claims_supported" not in said  # of the drafts; the standard has dropped it (IDA 1.0 8)
    assert said["trust_frameworks_supported"] == [rules.FRAMEWORK]
    assert set(said["claims_in_verified_claims_supported"]) <= set(said["claims_supported"])  # type: ignore[call-overload]


MEMBERS = ["value", "values", "max_age", "essential", "type", "check_details"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), one),
)


@given(st.dictionaries(st.sampled_from(["trust_framework", "time", "evidence", "assurance_level", "x"]), JSON), JSON)
def test_no_request_is_a_fault_of_ours(verification: dict[str, Any], claims: Any) -> None:
    check = {"check_method": "data", "time": "2026-01-01T00:00:00+00:00"}
    offer = {
        "trust_framework": rules.FRAMEWORK,
        "time": "2026-01-01T00:00:00+00:00",
        "evidence": [{"type": "document", "check_details": [check]}],
    }
    for one in rules.requests(
        [{"verification": verification, "claims": claims}, {"verification": claims, "claims": {}}]
    ):
        answer = rules.answered(one, offer, {"value": "x"}, clock.now())
        assert answer is None or answer["claims"]
