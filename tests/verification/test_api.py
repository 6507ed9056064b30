"""`POST /api/verify`: what programs get, for good questions and for bad ones."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

import app as front
from licenses.model import License
from tests.verification.desk import Desk
from verification import receipt
from verification.model import Reason, Step, Verdict


@pytest.fixture(scope="session")
def license(desk: Desk) -> License:
    return desk.issue("one")


@pytest.fixture(scope="session")
def program(desk: Desk) -> FlaskClient:
    made = front.create_app(desk.house.settings, rooms=("verification",), house=desk.house)
    made.testing = True
    return made.test_client()


def send(program: FlaskClient, data: bytes) -> TestResponse:
    return program.post("/api/verify", data={"file": (BytesIO(data), "x.pdf")}, headers={"Accept-Language": "en"})


def test_a_file_a_code_and_a_number(program: FlaskClient, desk: Desk, license: License) -> None:
    answers = [
        send(program, desk.file(license)),
        program.post("/api/verify", json={"code": license.code}),
        program.post("/api/verify", json={"number": license.identifier}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.json["reason"] for answer in answers if answer.json] == ["valid", "code-in-force", "number-in-force"]
    body = answers[0].json
    assert body
    assert (body["verdict"], body["says"]) == ("valid", "This license is valid: genuine, and in force.")
    assert (body["number"], body["evidence_age"], body["test_edition"]) == (license.identifier, 0, True)
    assert body["sealed"]["agency"] == "11880100DEM000049A"
    assert body["digest"] == license.sealed
    assert [check["step"] for check in body["checks"]] == [
        step for step in Step if step in {c["step"] for c in body["checks"]}
    ]
    assert all({"step", "result", "about", "why"} == set(check) for check in body["checks"])


def test_the_answer_comes_with_a_receipt(program: FlaskClient, desk: Desk, license: License) -> None:
    body = program.post("/api/verify", json={"number": license.identifier}).json
    assert body
    keys = [desk.house.keys.jwk("receipt")]
    claims, _ = receipt.read(body["receipt"], keys)
    assert (claims["number"], claims["verdict"], claims["evidence_age"]) == (license.identifier, "valid", 0)
    head, payload, signature = body["receipt"].split(".")
    for spoiled in (f"{head}.{payload[:-2]}AA.{signature}", f"{head}.{payload}.{signature[:-4]}AAAA", "", "a.b.c"):
        with pytest.raises(receipt.NotGenuine):
            receipt.read(spoiled, keys)
    with pytest.raises(receipt.NotGenuine):
        receipt.read(body["receipt"], [desk.house.keys.jwk("code-1")])


def test_a_paper_that_is_refused_is_an_answer_not_an_error(program: FlaskClient) -> None:
    answer = send(program, b"%PDF-1.7 nothing else")
    assert answer.status_code == 200
    assert answer.json
    assert (answer.json["verdict"], answer.json["reason"], answer.json["do"]) == (
        "cannot_say",
        "damaged",
        "Ask the holder for the original file.",
    )


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({"json": {}}, 422, "body-wrong"),
        ({"json": {"number": "1", "code": "2"}}, 422, "body-wrong"),
        ({"json": {"number": 1}}, 422, "body-wrong"),
        ({"json": {"number": "x" * 201}}, 422, "body-wrong"),
        ({"json": {"other": "1"}}, 422, "body-wrong"),
        ({"json": []}, 400, "bad-request"),
        ({"data": b"{", "content_type": "application/json"}, 400, "bad-request"),
        ({"data": b"%PDF-1.7", "content_type": "application/pdf"}, 400, "wrong-question"),
        ({"data": b""}, 400, "wrong-question"),
        ({"data": {"note": "x"}}, 400, "wrong-question"),
        ({"data": {"file": (BytesIO(b""), "x.pdf")}}, 400, "wrong-question"),
        ({"data": {"file": (BytesIO(b"x"), "x.pdf"), "number": "1"}}, 400, "wrong-question"),
        ({"data": {"other": (BytesIO(b"x"), "x.pdf")}}, 400, "wrong-question"),
    ],
)
def test_a_wrong_question_is_a_problem(program: FlaskClient, sent: dict[str, object], status: int, kind: str) -> None:
    answer = program.post("/api/verify", **sent)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json
    assert kind in answer.json["type"]
    assert {"title", "status", "advice"} <= set(answer.json)


def test_more_than_twenty_megabytes_are_too_large(program: FlaskClient) -> None:
    for size in (20_000_001, 50_000_000):
        answer = send(program, bytes(size))
        assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
        assert answer.json
        assert "20 MB" in answer.json["detail"]


def test_only_by_post(program: FlaskClient) -> None:
    assert program.get("/api/verify").status_code == 405


def test_a_crawler_is_slowed_down(desk: Desk) -> None:
    made = front.create_app(desk.house.settings, rooms=("verification",), house=desk.house)
    crawler = made.test_client()
    asked = {"json": {"number": "1"}, "environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    codes = [crawler.post("/api/verify", **asked).status_code for _ in range(125)]
    assert set(codes[:120]) == {200}
    assert set(codes[120:]) == {429}


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["code", "number"]), st.text(max_size=300), min_size=1, max_size=1))
def test_any_text_gets_an_answer(desk: Desk, asked: dict[str, str]) -> None:
    made = front.create_app(desk.house.settings, rooms=("verification",), house=desk.house)
    desk.house.shared.forget("limit:verify")
    answer = made.test_client().post("/api/verify", json=asked, environ_base={"REMOTE_ADDR": str(id(asked))})
    assert answer.status_code in {200, 422}
    if answer.status_code == 200:
        assert answer.json
        assert Reason(answer.json["reason"]).verdict is not Verdict.valid
