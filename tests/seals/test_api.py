"""The API of seals: one document, many, a digest. Bad input gets its documented answer, never a 500."""

import json
import re
import subprocess
import uuid
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator, FormatChecker

from hub import asked
from hub.house import House
from idp.model.client import Client, ClientAuth, GrantType
from idp.provider import clients
from idp.provider.tokens import sign
from seals import grants, openapi, store
from seals.seal_document import resume
from seals.store.tables import seal_table
from tests.seals import foreign
from tests.seals.conftest import CITY, HEALTH, MARKET, Office

API = openapi.document(url="http://localhost:8000", token_url="http://localhost:8000/oidc/token")
OPERATIONS = [(path, method) for path, methods in API["paths"].items() for method in methods]
DIGEST = {"algorithm": "sha256", "digest": sha256(b"a document that stays").hexdigest()}


def program(house: House, id: str, agency: str, now: datetime) -> Client:
    return clients.add(
        house,
        Client(
            id=id,
            name=id,
            name_en=id,
            agency=agency,
            place=CITY,
            auth=ClientAuth.secret_basic,
            secret_digest=clients.secret_digest(clients.new_secret()),
            grant_types=(GrantType.client_credentials,),
            scopes=("seals:use", "licenses:read"),
        ),
        by="test",
        now=now,
    )


@pytest.fixture
def call(client: FlaskClient, house: House, office: Office, now: datetime) -> Any:
    market = program(house, "market", MARKET.code, now)

    def send(
        method: str, path: str, *, scopes: Any = ("seals:use",), key: Any = None, who: Any = None, **more: Any
    ) -> Any:
        token = sign.client_token(house, who or market, scopes=scopes, now=now)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en", **more.pop("headers", {})}
        if method == "post" and key != "":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        return getattr(client, method)(path, headers=headers, **more)

    return send


@pytest.fixture
def at(office: Office) -> str:
    return f"/api/seals/{office.seal.id}"


def pdf(data: bytes | None = None) -> dict[str, Any]:
    return {"data": data or foreign.pdf(), "content_type": "application/pdf"}


def fits(name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": API["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


def test_a_document_is_sealed_and_fetched(call: Any, at: str) -> None:
    data = foreign.pdf(pages=2)
    made = call("post", f"{at}/documents?name=notice.pdf&kind=notice&page=1&position=top", **pdf(data))
    assert made.status_code == 201, made.json
    fits("Document", made.json)
    assert (made.json["state"], made.json["level"], made.json["place"]["page"]) == ("sealed", "B-T", 1)
    path = re.sub(r"^https?://[^/]+", "", made.headers["Location"])
    assert call("get", path).json == made.json
    file = call("get", f"{path}/file")
    assert file.data.startswith(data)
    assert sha256(file.data).hexdigest() == made.json["sha256"]


def test_a_retry_gets_the_same_document_and_another_one_its_refusal(call: Any, at: str) -> None:
    first, second = (call("post", f"{at}/documents", key="one", **pdf()) for _ in range(2))
    assert first.json == second.json
    other = call("post", f"{at}/documents", key="one", **pdf(foreign.pdf(pages=2)))
    assert (other.status_code, other.json["type"]) == (422, "urn:yinxin:problem:key-spent")


def test_each_of_many_documents_ends_by_itself(call: Any, at: str) -> None:
    def item(data: bytes, **given: Any) -> dict[str, Any]:
        return {"pdf": b64encode(data).decode(), **given}

    harm = foreign.pdf(catalog=b"/OpenAction<</S/JavaScript/JS(x)>>")
    many = [
        item(foreign.pdf(), name="1.pdf"),
        item(harm, name="2.pdf"),
        {"pdf": "\u0080", "name": "3.pdf"},
        item(foreign.pdf(pages=2), name="4.pdf", place={"page": 9}),
        item(foreign.pdf(pages=3), name="5.pdf", place={"x_mm": 100, "y_mm": 100}),
    ]
    answer = call("post", f"{at}/batches", key="b1", json={"documents": many})
    assert answer.status_code == 200, answer.json
    fits("Outcomes", answer.json)
    told = answer.json["documents"]
    assert [one["name"] for one in told] == [f"{number}.pdf" for number in range(1, 6)]
    assert [one.get("document", {}).get("state") for one in told] == ["sealed", None, None, None, "sealed"]
    assert "runs programs" in told[1]["problem"]["detail"]
    assert call("post", f"{at}/batches", key="b1", json={"documents": many}).json == answer.json, "sealed once"


def test_what_can_i_seal(call: Any, house: House, office: Office, now: datetime) -> None:
    (mine,) = call("get", "/api/seals").json["seals"]
    fits("Seals", {"seals": [mine]})
    assert (mine["seal"], mine["agency"], mine["sensitive"]) == (office.seal.id, MARKET.code, False)
    health = program(house, "health", HEALTH.code, now)
    assert call("get", "/api/seals", who=health).json == {"seals": []}
    grants.grant(house, office.seal.id, "health", purposes=("document:notice",), by="owner", now=now, per_day=3)
    (lent,) = call("get", "/api/seals", who=health).json["seals"]
    assert (lent["purposes"], lent["left"]) == (["document:notice"], [{"seconds": 86400, "uses": 3}])


def test_a_sensitive_seal_waits_for_its_custodian(call: Any, at: str, house: House, office: Office) -> None:
    with house.database.write() as db:
        db.execute(seal_table.update().values(sensitive=True))
        store.keep_custodians(db, office.seal.id, ["p1"], by="owner", now=office.now)
    waits = call("post", f"{at}/documents", key="s", **pdf())
    assert (waits.status_code, waits.json["state"]) == (202, "asked")
    fits("Document", waits.json)
    path = f"/api/documents/{waits.json['id']}"
    assert call("get", f"{path}/file").status_code == 409
    assert call("post", f"{at}/hashes", json=DIGEST).status_code == 403
    with house.database.write() as db:
        (id,) = db.execute(asked.asked_table.select().with_only_columns(asked.asked_table.c.id)).scalars()
        assert asked.answered(db, id, {"credential": "x"}, office.now)
    assert resume(house, office.now) == [waits.json["id"]]
    assert call("get", path).json["state"] == "sealed"


def test_nobody_sees_documents_of_another_program(call: Any, at: str, house: House, now: datetime) -> None:
    made = call("post", f"{at}/documents", **pdf()).json["id"]
    stranger = program(house, "stranger", MARKET.code, now)
    for path in (f"/api/documents/{made}", f"/api/documents/{made}/file"):
        assert call("get", path, who=stranger).status_code == 404


@pytest.mark.system
def test_a_digest_is_sealed_as_openssl_reads_it(call: Any, at: str, office: Office, tmp_path: Path) -> None:
    assert call("post", f"{at}/hashes", key="h", json=DIGEST | {"kind": "contract"}).status_code == 403, (
        "all is not unseen"
    )
    grants.grant(office.house, office.seal.id, "market", purposes=("hash:contract",), by="owner", now=office.now)
    answer = call("post", f"{at}/hashes", key="h", json=DIGEST | {"kind": "contract"})
    assert answer.status_code == 201, answer.json
    fits("Container", answer.json)
    assert (answer.json["level"], answer.json["missing"]) == ("B-T", [])
    (tmp_path / "seal.der").write_bytes(b64decode(answer.json["cms"]))
    (tmp_path / "document").write_bytes(b"a document that stays")
    command = ["openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "seal.der"]
    command += ["-content", "document", "-out", "/dev/null"]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "successful" in checked.stderr, checked.stderr
    (tmp_path / "document").write_bytes(b"another document")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode
    assert call("post", f"{at}/hashes", key="h", json=DIGEST | {"kind": "contract"}).json == answer.json
    assert call("post", f"{at}/hashes", key="h", json=DIGEST).status_code == 422
    with office.house.database.read() as db:
        (used,) = store.uses(db, office.seal.id)
    assert (used.purpose, used.state.value) == ("hash:contract", "sealed")


def test_the_leave_to_seal_documents_does_not_open_digests(call: Any, at: str, house: House, office: Office) -> None:
    health = program(house, "health", HEALTH.code, office.now)
    purposes = ("document:letter",)
    grants.grant(house, office.seal.id, "health", purposes=purposes, by="owner", now=office.now)
    assert call("post", f"{at}/documents", who=health, **pdf()).status_code == 201
    refused = call("post", f"{at}/hashes", who=health, json=DIGEST | {"kind": "letter"})
    assert (refused.status_code, refused.json["type"]) == (403, "urn:yinxin:problem:no-grant")


@pytest.mark.parametrize(
    ("path", "given", "status", "kind"),
    [
        ("documents", pdf(b"MZ"), 422, "not-sealable"),
        ("documents", {"data": foreign.pdf(), "content_type": "text/plain"}, 400, "bad-request"),
        ("documents", pdf() | {"key": ""}, 400, "bad-request"),
        ("documents", pdf() | {"key": "k" * 201}, 400, "bad-request"),
        ("documents", pdf() | {"scopes": ("licenses:read",)}, 403, "not-allowed"),
        ("documents?page=2", pdf(), 422, "not-sealable"),
        ("documents?page=-1", pdf(), 422, "not-sealable"),
        ("documents?x_mm=5", pdf(), 400, "bad-request"),
        ("documents?x_mm=nan&y_mm=5", pdf(), 422, "not-sealable"),
        ("documents?position=moon", pdf(), 400, "bad-request"),
        ("documents?kind=A%20B", pdf(), 400, "bad-request"),
        ("batches", {"json": {"documents": []}}, 422, "body-wrong"),
        ("batches", {"json": []}, 400, "bad-request"),
        ("hashes", {"json": {"algorithm": "md5", "digest": "0" * 32}}, 422, "body-wrong"),
        ("hashes", {"json": {"algorithm": "sha384", "digest": "0" * 96}}, 403, "not-by-hash"),
        ("hashes", {"json": {"algorithm": "sha256", "digest": "0" * 96}}, 403, "not-by-hash"),
    ],
)
def test_a_wrong_request_gets_its_answer(
    call: Any, at: str, path: str, given: dict[str, Any], status: int, kind: str
) -> None:
    answer = call("post", f"{at}/{path}", **given)
    assert (answer.status_code, answer.json["type"]) == (status, f"urn:yinxin:problem:{kind}"), answer.json
    fits("Problem", answer.json)


def test_an_unknown_seal_or_document_is_not_there(call: Any) -> None:
    for path, body in (
        ("documents", pdf()),
        ("hashes", {"json": DIGEST}),
        ("batches", {"json": {"documents": [{"pdf": ""}]}}),
    ):
        assert call("post", f"/api/seals/none/{path}", **body).status_code == 404
    assert call("get", "/api/documents/none").status_code == 404


# -- its description


def test_every_route_is_described_with_its_scope(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("seals_api.")]
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower(), rule.endpoint.partition(".")[2])
        for rule in rules
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    assert served == {(path, method, API["paths"][path][method]["operationId"]) for path, method in OPERATIONS}
    gates = {rule.rule: getattr(app.view_functions[rule.endpoint], "__gate__", None) for rule in rules}
    for rule, gate in gates.items():
        for operation in API["paths"][re.sub(r"<(\w+)>", r"{\1}", rule)].values():
            wanted = getattr(gate, "name", None)
            assert operation["security"] == ([{"oauth": [wanted]}] if wanted else [])


def test_it_is_served_and_hangs_together(client: FlaskClient) -> None:
    document: Any = client.get("/api/seals/openapi.json").json
    assert document["paths"] == json.loads(json.dumps(API["paths"]))
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert used == set(document["components"]["schemas"])


@pytest.fixture(scope="module")
def described() -> Any:
    asked_for = json.loads(json.dumps(API))
    del asked_for["paths"]["/api/seals/{seal}/documents"]["post"]["requestBody"]  # a PDF: ours below
    return schemathesis.openapi.from_dict(asked_for)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=str)
def test_generated_requests_are_never_our_fault(
    path: str, method: str, described: Any, call: Any, office: Office
) -> None:
    @settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=described[path][method.upper()].as_strategy())
    def asked_for(case: Any) -> None:
        if "seal" in (case.path_parameters or {}):
            case.path_parameters["seal"] = office.seal.id
        sent = case.as_transport_kwargs(base_url="http://localhost:8000")
        more = {"json": sent["json"]} if "json" in sent else {"data": b"%PDF-", "content_type": "application/pdf"}
        address = sent["url"].removeprefix("http://localhost:8000")
        answer = call(method, address, query_string=sent.get("params"), **(more if method == "post" else {}))
        assert answer.status_code < 500, answer.text
        assert str(answer.status_code) in API["paths"][path][method]["responses"], answer.text

    asked_for()
