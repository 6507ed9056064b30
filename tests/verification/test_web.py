"""The pages behind every code, without JavaScript, and the lists that browsers fetch."""

import json
import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient

import app as front
from licenses.model import License
from tests.verification.desk import Desk
from verification.model import Reason
from verification.web import MODULES


@pytest.fixture(scope="session")
def license(desk: Desk) -> License:
    return desk.issue("one")


@pytest.fixture
def visitor(desk: Desk) -> FlaskClient:
    """A browser without cookies and without JavaScript."""
    made = front.create_app(desk.house.settings, rooms=("verification",), house=desk.house)
    made.testing = True
    return made.test_client()


def ask(visitor: FlaskClient, language: str = "en", **fields: object) -> str:
    """Send one of the forms of the page as a browser does."""
    page = visitor.get(f"/?lang={language}").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token
    answer = visitor.post("/check", data={"csrf": token[1], **fields}, content_type="multipart/form-data")
    assert answer.status_code in {200, 422}
    return answer.text


def first_line(page: str) -> str:
    heading = re.search(r"<h1[^>]*>([^<]+)</h1>", page)
    assert heading
    return heading[1]


def test_the_first_line_answers(visitor: FlaskClient, desk: Desk, license: License) -> None:
    page = ask(visitor, file=(BytesIO(desk.file(license)), "license.pdf"))
    assert first_line(page) == "This license is valid: genuine, and in force."
    for shown in (license.identifier, "栖云市市场监督管理局", "望舒示范餐饮有限公司", "checked just now", "Sealed at"):
        assert shown in page


def test_the_same_in_chinese(visitor: FlaskClient, license: License) -> None:
    page = ask(visitor, "zh-Hans", number=license.identifier)
    assert first_line(page) == "该编号的证照现行有效。"
    assert "营业执照" in page


def test_a_forgery_shows_nothing_of_what_it_claims(visitor: FlaskClient, desk: Desk, license: License) -> None:
    pdf = desk.file(license)
    spoiled = pdf.replace(b"/Rotate", b"/Rotata", 1) if b"/Rotate" in pdf else pdf[:500] + b"X" + pdf[501:]
    page = ask(visitor, file=(BytesIO(spoiled), "license.pdf"))
    assert first_line(page) == "This file was changed after it was sealed."
    assert "望舒示范餐饮有限公司" not in page


def test_a_mistyped_number_is_said_beside_the_field(visitor: FlaskClient) -> None:
    page = ask(visitor, number="2.999.<b>1</b>")
    assert "<title>Error:" in page
    assert "its check character does not fit" in page
    assert "2.999.&lt;b&gt;1&lt;/b&gt;" in page


@pytest.mark.parametrize(("field", "words"), [("number", "Type the number of the license"), ("file", "Choose a file")])
def test_an_empty_form_says_what_is_missing(visitor: FlaskClient, field: str, words: str) -> None:
    given = {"number": "  "} if field == "number" else {"file": (BytesIO(b""), "")}
    page = ask(visitor, **given)
    assert f'<a href="#{field}">{words}' in page


def test_a_form_of_another_site_is_refused(visitor: FlaskClient, license: License) -> None:
    visitor.get("/")
    assert visitor.post("/check", data={"number": license.identifier}).status_code == 403


def test_more_than_twenty_megabytes_are_refused_with_words(visitor: FlaskClient) -> None:
    answer = visitor.post("/check?lang=en", data={"file": (BytesIO(bytes(21_000_000)), "big.pdf")})
    assert answer.status_code == 413
    assert "At most 20 MB are accepted" in answer.text


def test_the_question_again_by_get_leads_to_the_doors(visitor: FlaskClient) -> None:
    assert visitor.get("/check").headers["Location"] == "/"


# -- what the browser's own check needs


def test_only_this_page_may_run_the_code_reader_and_use_the_camera(visitor: FlaskClient, license: License) -> None:
    page = visitor.get("/")
    assert "'wasm-unsafe-eval'" in page.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
    assert page.headers["Permissions-Policy"].startswith("camera=(self)")
    other = visitor.get("/check?lang=en")
    assert "wasm" not in other.headers["Content-Security-Policy"]
    assert other.headers["Permissions-Policy"].startswith("camera=()")


@pytest.mark.parametrize("reason", Reason)
def test_the_page_knows_every_answer(visitor: FlaskClient, reason: Reason) -> None:
    page = visitor.get("/?lang=en").text
    assert f'<template id="reason-{reason.value}">' in page


def test_the_page_pins_the_key_of_the_trust_list(visitor: FlaskClient, desk: Desk) -> None:
    pinned = re.search(r'data-trust-keys="([^"]+)"', visitor.get("/").text)
    assert pinned
    (key,) = json.loads(pinned[1].replace("&#34;", '"'))
    assert key["kid"] == desk.house.keys.kid("trust-list")
    assert "d" not in key


def test_the_service_worker_keeps_everything_the_page_needs(visitor: FlaskClient) -> None:
    worker = visitor.get("/sw.js")
    assert worker.content_type.startswith("text/javascript")
    files = json.loads(worker.text.split("const FILES = ")[1].split(";\n")[0])
    assert {f"/verification/{name}" for name in MODULES} < set(files)
    for url in (*files, "/?lang=en", "/?lang=zh-Hans"):
        assert visitor.get(url).status_code == 200


def test_every_module_the_page_imports_is_kept(visitor: FlaskClient) -> None:
    for name in ("page.js", *MODULES):
        source = visitor.get(f"/verification/{name}").text
        assert set(re.findall(r'from "\./([a-z]+\.js)"', source)) <= set(MODULES)


def test_the_page_is_light(visitor: FlaskClient) -> None:
    """At most 60 kB on the way, compressed as a proxy does, without the code reader."""
    import gzip

    worker = visitor.get("/sw.js")
    files = json.loads(worker.text.split("const FILES = ")[1].split(";\n")[0])
    sizes = {url: len(gzip.compress(visitor.get(url).data)) for url in ("/?lang=zh-Hans", "/sw.js", *files)}
    assert sum(sizes.values()) < 60_000
    scripts = sum(size for url, size in sizes.items() if ".js" in url and "sw.js" not in url)
    assert scripts < 14_500  # of which 1 kB tells how fast the page was


def test_signed_lists_are_for_everyone(visitor: FlaskClient) -> None:
    named = visitor.get("/status/").json
    assert named
    (address,) = named["status_lists"]
    for url, kind in (
        ("/trust-list.jwt", "application/trust-list+jwt"),
        ("/" + address.split("/", 3)[3], "application/statuslist+jwt"),
        ("/crl/root.crl", "application/pkix-crl"),
        ("/crl/issuing-ca.crl", "application/pkix-crl"),
    ):
        answer = visitor.get(url)
        assert (answer.status_code, answer.content_type) == (200, kind)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "url", ["/status/99", "/status/x", "/crl/other.crl", "/verification/../web.py", "/verification/x"]
)
def test_what_is_not_there(visitor: FlaskClient, url: str) -> None:
    assert visitor.get(url).status_code == 404


def test_names_are_words_for_codes(visitor: FlaskClient) -> None:
    names = visitor.get("/names.json").json
    assert names
    assert names["agencies"]["11880100DEM000049A"]["zh-Hans"] == "栖云市市场监督管理局"
    assert {kind["en"] for kind in names["kinds"].values()} >= {"Business License"}
