"""The API for departments: bad input gets its documented answer, never a 500."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hub import callers, ledger
from hub.house import House
from idp.model.client import Client, ClientAuth, GrantType
from idp.provider import clients
from idp.provider.tokens import sign
from licenses.model import Status
from tests.licenses.conftest import COMPANY, QIYUN, Department

SCOPES = ("licenses:issue", "licenses:read", "licenses:change")
WHY = {"reason": "复查不合格", "legal_basis": "食品安全法", "decision": "1号"}


@pytest.fixture
def service(house: House, department: Department, now: datetime) -> Any:
    """A department's program as the provider knows it."""
    return clients.add(
        house,
        Client(
            id="market",
            name="市场监管",
            name_en="Market",
            agency=QIYUN.code,
            place=QIYUN.place,
            auth=ClientAuth.secret_basic,
            secret_digest=clients.secret_digest(clients.new_secret()),
            grant_types=(GrantType.client_credentials,),
            scopes=SCOPES,
        ),
        by="test",
        now=now,
    )


@pytest.fixture
def call(client: FlaskClient, house: House, service: Client, department: Department, now: datetime) -> Any:
    """Send a request with a token of our own provider."""

    def send(method: str, path: str, *, scopes: Any = SCOPES, key: Any = None, token: Any = None, **given: Any) -> Any:
        held = token or sign.client_token(house, service, scopes=scopes, now=now)
        headers = {"Authorization": f"Bearer {held}", "Accept-Language": "en", **given.pop("headers", {})}
        if method == "post":
            headers["Idempotency-Key"] = key if key is not None else str(uuid.uuid4())
        return getattr(client, method)(path, headers=headers, **given)

    return send


def body(**fields: Any) -> Any:
    return {"kind": "business-license", "fields": COMPANY | fields}


def test_a_license_is_issued_and_fetched(call: Any) -> None:
    made = call("post", "/api/licenses", json=body())
    assert made.status_code == 201
    assert made.json["level"] == "B-T"
    found = call("get", f"/api/licenses/{made.json['number']}?use_cause=check")
    assert found.json == made.json
    file = call("get", f"/api/licenses/{made.json['number']}/file?use_cause=check")
    assert file.data.startswith(b"%PDF-")
    assert file.content_type == "application/pdf"


def test_a_retry_by_network_gets_the_same_answer(call: Any) -> None:
    first, second = (call("post", "/api/licenses", json=body(), key="one") for _ in range(2))
    assert first.json == second.json


def test_a_key_with_another_body_is_refused(call: Any) -> None:
    call("post", "/api/licenses", json=body(), key="one")
    answer = call("post", "/api/licenses", json=body(scope="另一项"), key="one")
    assert (answer.status_code, answer.json["type"]) == (422, "urn:yinxin:problem:key-reused")


@pytest.mark.parametrize(
    ("given", "status", "kind"),
    [
        ({"data": b"{", "content_type": "application/json"}, 400, "bad-request"),
        ({"data": b"", "content_type": "application/json"}, 400, "bad-request"),
        ({"data": b"kind=x"}, 400, "bad-request"),
        ({"json": []}, 400, "bad-request"),
        ({"json": {}}, 422, "body-wrong"),
        ({"json": body() | {"holder": "x"}}, 422, "body-wrong"),
        ({"json": body() | {"valid_from": "tomorrow"}}, 422, "body-wrong"),
        ({"json": body() | {"valid_from": "2026-02-30"}}, 400, "bad-request"),
        ({"json": body() | {"kind": "pilot-license"}}, 404, "no-such-kind"),
        ({"json": body() | {"kind": "residence-permit"}}, 403, "not-your-kind"),
        ({"json": body(unified_code="91880101DEM0000810")}, 422, "fields-wrong"),
        ({"json": body(nonsense=1)}, 422, "fields-wrong"),
        ({"json": body(), "key": ""}, 400, "bad-request"),
        ({"json": body(), "key": "x" * 300}, 400, "bad-request"),
        ({"json": body(), "scopes": ("licenses:read",)}, 403, "not-allowed"),
        ({"json": body(), "token": "forged.to.ken"}, 401, "not-signed-in"),
        ({"data": b"x" * 50_000_000, "content_type": "application/json"}, 413, "too-large"),
    ],
)
def test_bad_input_gets_its_documented_answer(call: Any, given: Any, status: Status, kind: str) -> None:
    answer = call("post", "/api/licenses", **given)
    assert (answer.status_code, answer.json["type"]) == (status, f"urn:yinxin:problem:{kind}"), answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["title"]


def test_wrong_fields_are_named_each(call: Any) -> None:
    answer = call("post", "/api/licenses", json=body(unified_code="x", established="never"))
    assert {error["field"] for error in answer.json["errors"]} == {"unified_code", "established"}


def test_an_expired_and_a_revoked_token_are_refused(call: Any, house: House, service: Client, now: datetime) -> None:
    from datetime import timedelta

    old = sign.client_token(house, service, scopes=SCOPES, now=now - timedelta(hours=2))
    assert call("post", "/api/licenses", json=body(), token=old).status_code == 401
    with house.database.write() as db:
        callers.revoke(db, service.id, now, now + timedelta(hours=1))
    assert call("post", "/api/licenses", json=body()).status_code == 401


@pytest.mark.parametrize("cause", ["", "?use_cause=", "?use_cause=%20", "?use_cause=" + "x" * 201])
def test_a_look_up_says_what_it_is_for(call: Any, department: Department, cause: str) -> None:
    number = department.issue().number
    assert call("get", f"/api/licenses/{number}{cause}").status_code == 400


def test_a_look_up_stands_in_the_ledger(call: Any, department: Department, house: House) -> None:
    number = department.issue().number
    call("get", f"/api/licenses/{number}?use_cause=annual+review")
    with house.database.read() as db:
        assert ledger.events(db, subject=number, kind="license.looked-up")[0].facts == {"cause": "annual review"}


@pytest.mark.parametrize("number", ["x", "2.999.1", "%00", "..%2f..", "a" * 300])
def test_a_number_that_does_not_exist_is_not_found(call: Any, number: str) -> None:
    assert call("get", f"/api/licenses/{number}?use_cause=x").status_code == 404


def test_a_change_by_api(call: Any, department: Department) -> None:
    number = department.issue().number
    assert call("post", f"/api/licenses/{number}/suspend", json=WHY).json["status"] == "suspended"
    assert call("post", f"/api/licenses/{number}/suspend", json=WHY).status_code == 409
    assert call("post", f"/api/licenses/{number}/reinstate", json=WHY).json["status"] == "valid"
    assert call("post", f"/api/licenses/{number}/revoke", json=WHY | {"decision": ""}).status_code == 422
    assert call("post", f"/api/licenses/{number}/revoke", json=WHY, scopes=("licenses:issue",)).status_code == 403
    revoked = call("post", f"/api/licenses/{number}/revoke", json=WHY).json
    assert (revoked["status"], revoked["changed"]["decision"]) == ("revoked", "1号")


def test_kinds_and_schemas_are_public(client: FlaskClient) -> None:
    kinds = [kind["kind"] for kind in client.get("/api/kinds").get_json()["kinds"]]
    assert set(kinds) >= {"business-license", "food-business-license", "residence-permit"}
    for kind in kinds:
        assert client.get(f"/api/kinds/{kind}/schema").get_json()["$schema"].endswith("2020-12/schema")
    assert client.get("/api/kinds/none/schema", headers={"Accept": "application/json"}).status_code == 404


def test_the_status_list_is_public_and_kept_for_its_ttl(client: FlaskClient, department: Department) -> None:
    department.issue()
    answer = client.get("/api/status/1")
    assert answer.content_type == "application/statuslist+jwt"
    assert answer.headers["Cache-Control"] == "public, max-age=30"


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from([*COMPANY, "extra"]),
)
def test_no_value_of_any_field_is_a_500(call: Any, value: str, name: str) -> None:
    import json

    text = json.dumps(body(**{name: value}), ensure_ascii=True)
    answer = call("post", "/api/licenses", data=text, content_type="application/json")
    assert answer.status_code in (201, 400, 422), answer.text


def test_a_status_list_that_no_database_can_number_is_not_there(client: FlaskClient) -> None:
    for number in (2, 2**31, 2**63, 10**40):
        assert client.get(f"/api/status/{number}").status_code == 404


def test_a_number_of_a_person_does_not_get_into_the_ledger(call: Any, house: House) -> None:
    number = call("post", "/api/licenses", json=body()).json["number"]
    call("get", f"/api/licenses/{number}?use_cause=核验 880101198503120015 13800000000")
    with house.database.read() as db:
        facts = ledger.events(db, subject=number, kind="license.looked-up")[0].facts
    assert facts == {"cause": "核验 [hidden] [hidden]"}
