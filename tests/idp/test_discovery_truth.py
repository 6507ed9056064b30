"""The discovery document tells the truth: each value that it lists is used here, each other member by the test that is named."""

import ast
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub import clock
from idp.model.client import ClientAuth, GrantType, Registration
from idp.model.policy import LEGACY
from idp.provider import discovery
from tests.house.source import ROOT
from tests.idp.conformance.fapi import Fapi
from tests.idp.conformance.suite import Op, unb64
from tests.idp.rp import ASSERTION, SECRET, Visit, Visits, department, public, with_key

ABOUT = discovery.metadata("http://localhost:8000")
MADE: dict[str, Callable[[], Any]] = {
    "ES256": lambda: ECKey.generate_key("P-256", parameters={"kid": "own"}),
    "EdDSA": lambda: OKPKey.generate_key("Ed25519", parameters={"kid": "own"}),
    "RS256": cache(lambda: RSAKey.generate_key(2048, parameters={"kid": "own"})),
    "PS256": cache(lambda: RSAKey.generate_key(2048, parameters={"kid": "own"})),
}
FRAMES = "test_logout_services::test_the_page_after_signing_out_frames_every_service_with_issuer_and_session"
# Members without a list of values to try here: the test that uses them, or why there is nothing to use.
BY_NAME = {
    "issuer": "test_discovery::test_the_issuer_is_equal_to_the_octet",
    "authorization_endpoint": "test_authorize::test_single_sign_on_answers_at_once",
    "pushed_authorization_request_endpoint": "test_par::test_a_pushed_request_gives_what_was_pushed_and_nothing_beside_it_counts",
    "require_pushed_authorization_requests": "test_par::test_a_client_of_the_policy_fapi2_begins_with_a_pushed_request_only",
    "token_endpoint": "test_server::*",
    "device_authorization_endpoint": "test_device::test_a_person_lets_a_device_in",
    "userinfo_endpoint": "test_userinfo::test_each_scope_tells_its_part_and_no_more",
    "jwks_uri": "test_tokens::test_the_key_set_holds_public_halves_of_every_token_key",
    "registration_endpoint": "test_registration::test_a_registered_service_signs_people_in",
    "end_session_endpoint": "test_logout::test_the_hint_of_this_login_signs_out_and_goes_on_with_state",
    "revocation_endpoint": "test_token_status::test_a_refresh_token_takes_its_family_with_it",
    "introspection_endpoint": "test_token_status::test_introspection_tells_what_a_token_allows_and_nothing_internal",
    "scopes_supported": "test_userinfo::test_each_scope_tells_its_part_and_no_more",
    "subject_types_supported": "test_userinfo::test_a_person_has_another_name_in_each_sector_and_the_same_in_one",
    "id_token_encryption_alg_values_supported": "test_encrypt::test_an_id_token_is_signed_and_then_encrypted",
    "id_token_encryption_enc_values_supported": "test_encrypt::test_an_id_token_is_signed_and_then_encrypted",
    "userinfo_encryption_alg_values_supported": "test_encrypt::test_userinfo_can_be_encrypted_with_and_without_a_signature",
    "userinfo_encryption_enc_values_supported": "test_encrypt::test_userinfo_can_be_encrypted_with_and_without_a_signature",
    "introspection_signing_alg_values_supported": "test_token_status::test_an_answer_can_be_signed",
    "protected_resources": "test_bound_everywhere::*",
    "code_challenge_methods_supported": "test_pitfalls::test_07_plain_is_no_challenge",
    "acr_values_supported": "test_authorize::test_a_running_session_is_not_enough",
    "authorization_details_types_supported": "test_data::test_a_yes_is_carried_into_the_token_and_told_to_the_client",
    "prompt_values_supported": "test_prompts::test_a_fresh_sign_in_is_asked_for_although_there_is_a_session",
    "claims_supported": "test_release::test_a_claim_is_told_where_it_was_asked_for_and_nowhere_else",
    "trust_frameworks_supported": "test_release::test_what_is_supported_is_said",
    "claims_in_verified_claims_supported": "test_release::test_only_what_was_asked_for_is_told",
    "evidence_supported": "test_release::test_a_service_learns_how_a_name_was_verified",
    "electronic_records_supported": "test_release::test_a_service_learns_how_a_name_was_verified",
    "documents_supported": "test_release::test_what_was_seen_at_a_counter_is_a_document",
    "documents_check_methods_supported": "test_release::test_what_was_seen_at_a_counter_is_a_document",
    "ui_locales_supported": "test_authorize::test_the_service_may_ask_for_a_language",
    "claims_parameter_supported": "test_claims::test_a_name_asked_for_by_name_is_agreed_to_by_name",
    "request_parameter_supported": "test_request_object::test_the_values_inside_count_and_those_outside_do_not",
    "request_uri_parameter_supported": "test_request_object::test_an_object_is_read_where_the_client_registered_it",
    "require_request_uri_registration": "test_request_object::test_no_other_address_is_read",
    "authorization_response_iss_parameter_supported": "test_responses::test_each_mode_carries_state_and_issuer_in_the_same_part",
    "backchannel_logout_supported": "test_logout::test_each_service_of_the_login_is_told_once",
    "backchannel_logout_session_supported": "test_logout::test_each_service_of_the_login_is_told_once",
    "frontchannel_logout_supported": FRAMES,
    "frontchannel_logout_session_supported": FRAMES,
}
TRIED: dict[str, Callable[[Visits, Any], None]] = {}
Try = Callable[[Visits, Any], None]


def tries(*members: str) -> Callable[[Try], Try]:
    """Enter a function as what uses each value of these members."""

    def enter(one: Try) -> Try:
        TRIED.update(dict.fromkeys(members, one))
        return one

    return enter


def person(visits: Visits, client: Any) -> Visit:
    visit = visits(client)
    visit.signs_in()
    return visit


def algorithm(token: str) -> str:
    return str(json.loads(unb64(token.split(".", maxsplit=1)[0]))["alg"])


@tries("id_token_signing_alg_values_supported")
def id_tokens(visits: Visits, alg: str) -> None:
    visit = person(visits, department(id="tried", id_token_algorithm=alg))
    assert algorithm(visit.tokens()["id_token"]) == alg


@tries("userinfo_signing_alg_values_supported")
def userinfo(visits: Visits, alg: str) -> None:
    said = Registration(userinfo_signed_response_alg=alg)
    visit = person(visits, department(id="tried", registered=said))
    assert algorithm(visit.userinfo(visit.tokens()["access_token"]).text) == alg


@tries("response_modes_supported")
def response_modes(visits: Visits, mode: str) -> None:
    answer = person(visits, department(id="tried")).authorize(response_mode=mode)
    if mode == "form_post":
        assert 'name="code"' in answer.text
    else:
        assert f"{'?' if mode == 'query' else '#'}code=" in answer.location


@tries("response_types_supported")
def response_types(visits: Visits, kind: str) -> None:
    said = Registration(response_types=LEGACY.response_types)
    grants = (GrantType.code, GrantType.implicit)
    visit = person(visits, department(id="tried", policy=LEGACY, grant_types=grants, registered=said))
    answer = visit.authorize(response_type=kind).location
    names = {"code": "code", "id_token": "id_token", "token": "access_token"}
    assert all(f"{names[one]}=" in answer for one in kind.split())


@tries("grant_types_supported")
def grant_types(visits: Visits, kind: str) -> None:
    if kind == GrantType.implicit.value:  # it never comes to the token endpoint: the response types above use it
        return
    visit = person(
        visits, department(id="tried", grant_types=tuple(one for one in GrantType if one.value != "implicit"))
    )
    answer = visit.token({"grant_type": kind}).json or {}
    assert answer.get("error") != "unsupported_grant_type"


@tries(
    "token_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_methods_supported",
)
def proofs(visits: Visits, method: str) -> None:
    way = ClientAuth(method)
    client = (
        public(id="tried")
        if way is ClientAuth.none
        else with_key(id="tried")
        if way is ClientAuth.private_key_jwt
        else department(id="tried", auth=way)
    )
    visit = person(visits, client)
    proof: dict[str, dict[str, str]] = {
        "none": {"client_id": "tried"},
        "client_secret_post": {"client_id": "tried", "client_secret": SECRET},
    }
    form = proof.get(method, {})
    if way is ClientAuth.private_key_jwt:
        form = {"client_assertion_type": ASSERTION, "client_assertion": visit.assertion()}
    headers = visit.basic() if way is ClientAuth.secret_basic else {}
    assert visit.token({"token": "x"} | form, headers=headers, path="/oidc/revoke").status_code == 200


@tries(
    "token_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
)
def assertions(visits: Visits, alg: str) -> None:
    key = MADE[alg]()
    visit = person(visits, with_key(id="tried", keys=(dict(key.as_dict(private=False)),)))
    made = visit.assertion(key=key, header={"alg": alg, "kid": "own"})
    form = {"token": "x", "client_assertion_type": ASSERTION, "client_assertion": made}
    assert visit.token(form, headers={}, path="/oidc/introspect").status_code == 200


@tries("request_object_signing_alg_values_supported")
def request_objects(visits: Visits, alg: str) -> None:
    key = MADE[alg]()
    visit = person(visits, with_key(id="tried", keys=(dict(key.as_dict(private=False)),)))
    moment = int(clock.now().timestamp())
    claims: dict[str, Any] = visit.asked() | {"iss": "tried", "aud": visit.house.settings.issuer_url}
    claims |= {"iat": moment, "nbf": moment, "exp": moment + 60}
    made = jws.serialize_compact({"alg": alg, "kid": "own"}, json.dumps(claims), key, algorithms=[alg])
    asked = {"client_id": "tried", "response_type": "code", "scope": "openid", "request": made}
    assert "code" in visit.answered(visit.browser.get("/oidc/authorize", query_string=asked))


@tries("dpop_signing_alg_values_supported")
def dpop(visits: Visits, alg: str) -> None:
    fapi = Fapi(Op(visits))
    fapi.dpop = MADE[alg]()
    proof = {"head": {"alg": alg}}
    tokens = fapi.op.tokens(fapi.visit, fapi.redeem(fapi.answer(proof=dict(proof))["code"], proof=dict(proof)))
    fapi.works(tokens["access_token"], head={"alg": alg})


VALUES = [(name, value) for name in TRIED for value in ABOUT[name]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("member", "value"), VALUES, ids=str)
def test_each_value_works(member: str, value: str, visits: Visits) -> None:
    TRIED[member](visits, value)


def test_every_member_is_tried_or_names_its_test() -> None:
    assert set(ABOUT) == set(TRIED) | set(BY_NAME)
    assert not set(TRIED) & set(BY_NAME)


@pytest.mark.parametrize("named", sorted(set(BY_NAME.values())))
def test_each_named_test_is_there(named: str) -> None:
    file, _, function = named.partition("::")
    path = ROOT / f"tests/idp/{file}.py"
    assert path.exists()
    found = {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}
    assert function == "*" or function in found
