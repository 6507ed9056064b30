"""The description of the API is true: it lists every route, and real answers have the shapes it promises."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker

from licenses import kinds
from tests.licenses.samples import SAMPLES
from tests.licenses.test_api import WHY, body, call, service

__all__ = ["call", "service"]  # fixtures
Call = Callable[..., Any]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def document(client: FlaskClient) -> Any:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json


def checker(document: Any, name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def test_every_route_of_the_room_is_described_and_nothing_else(app: Flask, document: Any) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("licenses_api.")]
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method) for rule in rules for method in rule.methods or ()
    }
    described = {(path, method) for path, method, _ in operations(document)}
    assert described == {one for one in served if one[1] in METHODS}


def test_every_operation_names_what_it_demands(app: Flask, document: Any) -> None:
    gates = {
        rule.rule: getattr(app.view_functions[rule.endpoint], "__gate__", None) for rule in app.url_map.iter_rules()
    }
    scopes = document["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["scopes"]
    for path, _, operation in operations(document):
        gate = next(gates[rule] for rule in gates if re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule) == path)
        wanted = getattr(gate, "name", None)
        assert operation["security"] == ([{"oauth": [wanted]}] if wanted else [])
        assert wanted is None or wanted in scopes
        named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", path))


def test_the_document_hangs_together(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    used = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert used == set(schemas)


@pytest.mark.parametrize("slug", SAMPLES)
def test_an_application_of_each_kind_fits_its_schema_and_no_other(document: Any, slug: str) -> None:
    application = {"kind": slug, "fields": SAMPLES[slug][0]}
    right = checker(document, "Application")
    assert right.is_valid(application)
    assert right.is_valid(application | {"kind": kinds.named(slug).code, "valid_from": "2026-11-22"})
    assert not right.is_valid(application | {"kind": next(other for other in SAMPLES if other != slug)})
    assert not right.is_valid(application | {"holder": "x"})
    assert not right.is_valid({"kind": slug, "fields": {}})


def test_real_answers_have_the_promised_shape(call: Call, document: Any) -> None:
    made = call("post", "/api/licenses", json=body())
    checker(document, "License").validate(made.json)
    number = made.json["number"]
    changed = call("post", f"/api/licenses/{number}/suspend", json=WHY)
    checker(document, "License").validate(changed.json)
    assert changed.json["changed"]["decision"] == WHY["decision"]
    checker(document, "License").validate(call("get", f"/api/licenses/{number}?use_cause=x").json)
    checker(document, "Kinds").validate(call("get", "/api/kinds").json)


def test_real_refusals_have_the_promised_shape_and_status(call: Call, document: Any) -> None:
    refused = [
        ("/api/licenses", call("post", "/api/licenses", json=body(unified_code="x"))),
        ("/api/licenses", call("post", "/api/licenses", json=[])),
        ("/api/licenses", call("post", "/api/licenses", json=body(), token="forged.to.ken")),
        ("/api/licenses", call("post", "/api/licenses", json=body(), scopes=("licenses:read",))),
        ("/api/licenses", call("post", "/api/licenses", json=body() | {"kind": "none"})),
        ("/api/licenses/{number}", call("get", "/api/licenses/x?use_cause=x")),
        ("/api/licenses/{number}", call("get", "/api/licenses/x")),
        ("/api/kinds/{kind}/schema", call("get", "/api/kinds/none/schema")),
        ("/api/licenses/{number}/revoke", call("post", "/api/licenses/x/revoke", json={})),
    ]
    for path, answer in refused:
        checker(document, "Problem").validate(answer.json)
        [operation] = document["paths"][path].values()
        assert str(answer.status_code) in operation["responses"], (path, answer.json)
