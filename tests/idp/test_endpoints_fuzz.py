"""Whatever a stranger sends to an address of the protocol, the answer is one of the standard's: never a fault of ours."""

import json
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from hub.house import House
from tests.house.source import ROOT
from tests.idp.rp import CALLBACK, Visit, Visits, department

API: dict[str, Any] = json.loads((ROOT / "docs/api/openid.json").read_text("utf-8"))
OPERATIONS = [(path, method) for path, some in API["paths"].items() for method in some if method != "parameters"]
PARAMETERS = sorted({one["name"] for one in API["paths"]["/oidc/authorize"]["get"]["parameters"]} - {"client_id"})
QUICK: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "derandomize": True,  # the same requests each time: a fault found is a fault shown
    "phases": (Phase.generate,),
    "suppress_health_check": list(HealthCheck),
}
NETWORKS = count()  # each request comes from another one, so that no limit answers in place of the endpoint
ODD = [
    "",
    " ",
    "a b",
    "none",
    "code",
    "openid",
    "S256",
    "\x00",
    "é",
    "示例",
    "{}",
    "[]",
    "null",
    "-1",
    "9" * 40,
    "https://x",
    CALLBACK,
]
TEXT = st.one_of(st.sampled_from(ODD), st.text(max_size=40))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
CLAIMED = JSON.map(lambda value: json.dumps(value, ensure_ascii=False))


def is_fine(answer: TestResponse) -> None:
    """No fault of ours; an error to a program is OAuth's or a problem, as JSON, and is kept by nobody."""
    assert answer.status_code < 500, answer.text
    if answer.data and str(answer.content_type).startswith("application/json") and answer.status_code >= 400:
        assert isinstance((answer.json or {})["error"], str)


def network() -> dict[str, Any]:
    number = next(NETWORKS)
    return {"environ_overrides": {"REMOTE_ADDR": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}}


@pytest.fixture(scope="module")
def described() -> Any:
    """The document of the addresses, as schemathesis reads it."""
    return schemathesis.openapi.from_dict(API)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_generated_requests_are_never_our_fault(
    path: str, method: str, described: Any, provider: tuple[House, Flask]
) -> None:
    browser = provider[1].test_client()

    @settings(max_examples=10, **QUICK)
    @given(case=described[path][method.upper()].as_strategy())
    def asked(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://localhost:8000")
        body = sent.get("data")
        more = {"json": sent["json"]} if "json" in sent else {"data": urlencode(body, True) if body else b""}
        headers = [(name, _printable(value)) for name, value in sent["headers"].items()]
        address = sent["url"].removeprefix("http://localhost:8000")
        is_fine(
            browser.open(
                address,
                method=method.upper(),
                query_string=urlencode(sent["params"], True),
                headers=headers,
                **more,
                **network(),
            )
        )

    asked()


def _printable(value: str) -> str:
    """What HTTP can carry in a header."""
    return "".join(letter for letter in value if " " <= letter <= "~")


@pytest.fixture(scope="module")
def known(provider: tuple[House, Flask]) -> Visit:
    """A service that everything is registered for, and somebody who is signed in."""
    visit = Visit(provider[0], provider[1], department(id="fuzzed"))
    visit.signs_in()
    return visit


@settings(max_examples=120, **QUICK)
@given(changes=st.dictionaries(st.sampled_from(PARAMETERS), st.one_of(TEXT, CLAIMED), min_size=1, max_size=4))
def test_any_value_of_any_parameter_is_answered(changes: dict[str, str], known: Visit) -> None:
    asked = urlencode(known.asked(**changes))
    answer = known.browser.get(f"/oidc/authorize?{asked}", **network())
    is_fine(answer)
    assert answer.status_code in (200, 303, 400)
    if "redirect_uri" not in changes and answer.status_code == 303 and answer.location.startswith(CALLBACK):
        assert "iss=" in answer.location


@settings(max_examples=40, **QUICK)
@given(changes=st.dictionaries(st.sampled_from(PARAMETERS), st.one_of(TEXT, CLAIMED), min_size=1, max_size=4))
def test_any_pushed_request_is_answered(changes: dict[str, str], known: Visit) -> None:
    answer = known.token(known.asked(**changes), path="/oidc/par")
    is_fine(answer)
    assert answer.status_code in (201, 400)


TEXT_OF_FIELDS = """
grant_type code redirect_uri code_verifier refresh_token scope resource device_code subject_token subject_token_type
actor_token actor_token_type audience requested_token_type client_id client_secret client_assertion token
token_type_hint client_assertion_type authorization_details acr_values
"""
FIELDS = TEXT_OF_FIELDS.split()
GRANTS = API["paths"]["/oidc/token"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
KINDS: list[str] = GRANTS["properties"]["grant_type"]["enum"]
TOKENS = st.sampled_from(
    ["a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFUzI1NiJ9.e30.AAAA", "eyJhbGciOiJFUzI1NiIsImtpZCI6MX0.W10.A"]
)


@settings(max_examples=100, **QUICK)
@given(
    path=st.sampled_from(["/oidc/token", "/oidc/revoke", "/oidc/introspect", "/oidc/device"]),
    kind=st.sampled_from(KINDS),
    form=st.dictionaries(st.sampled_from(FIELDS), st.one_of(TEXT, TOKENS, CLAIMED), max_size=5),
    proof=st.one_of(st.none(), TOKENS, TEXT),
)
def test_any_form_of_a_known_client_is_answered(
    path: str, kind: str, form: dict[str, str], proof: str | None, known: Visit
) -> None:
    headers = known.basic() | ({"DPoP": _printable(proof)} if proof is not None else {})
    answer = known.token({"grant_type": kind} | form, headers=headers, path=path)
    is_fine(answer)
    assert answer.status_code in (200, 400, 401)


KINDS_OF_BODY = ["application/x-www-form-urlencoded", "application/json", "text/plain", ""]


@settings(max_examples=40, **QUICK)
@given(body=st.binary(max_size=60), kind=st.sampled_from(KINDS_OF_BODY))
def test_any_bytes_are_answered(body: bytes, kind: str, known: Visit) -> None:
    for path in ("/oidc/token", "/oidc/par", "/oidc/register", "/oidc/userinfo", "/oidc/authorize", "/oidc/logout"):
        is_fine(known.program.post(path, data=body, content_type=kind, headers=known.basic(), **network()))


MEMBERS = """
redirect_uris jwks grant_types response_types client_name scope contacts default_max_age jwks_uri
token_endpoint_auth_method subject_type logo_uri
"""


@settings(max_examples=60, **QUICK)
@given(said=st.dictionaries(st.sampled_from(MEMBERS.split()), JSON, max_size=5))
def test_any_registration_is_answered(said: dict[str, Any], known: Visit) -> None:
    answer = known.program.post("/oidc/register", json={"redirect_uris": [CALLBACK]} | said, **network())
    is_fine(answer)


def test_the_document_knows_every_address_of_the_protocol(visits: Visits, provider: tuple[House, Flask]) -> None:
    served = {
        (rule.rule.replace("<path:", "{").replace("<", "{").replace(">", "}"), method.lower())
        for rule in provider[1].url_map.iter_rules()
        if rule.endpoint.startswith("oidc.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    ours = {one for one in served if not any(part in one[0] for part in NOT_FOR_PROGRAMS)}
    assert ours == set(OPERATIONS)


NOT_FOR_PROGRAMS = ("/logout/", "/authorize/posted/", "/logos/")  # pages of ours between two steps, and their pictures
