"""The web frame: gates, forms, headers, languages, problems."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, g, request
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from hub import callers, i18n, web
from hub.house import House
from hub.problems import NotAllowed, Problem, TooMany


class Odd(Problem):
    """A problem for this test."""

    status = 409
    title = "Please sign in"  # a message id that has a Chinese text


@pytest.fixture
def site(house: House) -> Any:
    app = Flask("site", template_folder="../../hub/templates", static_folder="../../hub/static", root_path=__file__)
    app.template_folder = str(Path(web.__file__).parent.parent / "templates")
    app.static_folder = str(Path(web.__file__).parent.parent / "static")
    web.frame(app, house)
    bp = Blueprint("site", __name__)

    @web.route(bp, "/form", gate=callers.Public(), methods=("GET", "POST"))
    def form() -> Any:
        return f"<form>{web.csrf()}</form>" if request.method == "GET" else "done"

    @web.route(bp, "/program", gate=callers.Program("for this test"), methods=("POST",))
    def program() -> Any:
        return web.answer(web.shape({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}))

    @web.route(bp, "/mine", gate=callers.Session("wallet", level=3))
    def mine() -> Any:
        return web.caller().person

    @web.route(bp, "/api/scoped", gate=callers.Scope("licenses:issue"), methods=("POST",))
    def scoped() -> Any:
        return web.answer({"agency": web.caller().agency})

    @web.route(bp, "/odd", gate=callers.Public())
    def odd() -> Any:
        raise Odd("A <b>detail</b> with %(what)s", what="values")

    @web.route(bp, "/many", gate=callers.Public())
    def many() -> Any:
        raise TooMany(extras={"retry_after": 7})

    @web.route(bp, "/bug", gate=callers.Public())
    def bug() -> Any:
        raise KeyError("private")

    app.register_blueprint(bp)
    return app


@pytest.fixture
def browser(site: Flask) -> Any:
    return site.test_client()


def token_in(text: str) -> Any:
    return text.partition('name="csrf" value="')[2].partition('"')[0]


def said(answer: TestResponse) -> Any:
    return answer.json


def test_a_form_with_its_token_is_taken(browser: FlaskClient) -> None:
    token = token_in(browser.get("/form").text)
    assert browser.post("/form", data={"csrf": token}).text == "done"


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        ({}, {}),
        ({"csrf": ""}, {}),
        ({"csrf": "0" * 64}, {}),
        ({"csrf": "ü"}, {}),
        ("own", {"Origin": "https://evil.example"}),
        ("own", {"Origin": "http://[evil"}),
        ("own", {"Sec-Fetch-Site": "cross-site"}),
        ("own", {"Sec-Fetch-Site": "same-site"}),
    ],
)
def test_a_form_from_elsewhere_is_refused(browser: FlaskClient, data: Any, headers: Any) -> None:
    token = token_in(browser.get("/form").text)
    assert browser.post("/form", data={"csrf": token} if data == "own" else data, headers=headers).status_code == 403


def test_a_token_of_another_browser_is_refused(site: Flask, browser: FlaskClient) -> None:
    token = token_in(browser.get("/form").text)
    other = site.test_client()
    other.get("/form")
    assert other.post("/form", data={"csrf": token}).status_code == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"null", b"\xff", b"1" * 10])
def test_a_body_that_is_no_object_is_refused(browser: FlaskClient, body: Any) -> None:
    answer = browser.post("/program", data=body, content_type="application/json")
    assert answer.status_code == 400


def test_wrong_fields_are_named(browser: FlaskClient) -> None:
    answer = browser.post("/program", json={"a": "x"}, headers={"Accept": "application/json"})
    assert (answer.status_code, said(answer)["errors"][0]["pointer"]) == (422, "/a")
    assert answer.content_type == "application/problem+json"


def test_a_page_of_a_session_sends_strangers_to_sign_in_or_refuses(browser: FlaskClient) -> None:
    assert browser.get("/mine", headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("value", ["", "x", "a" * 43, "a" * 5000, "%00"])
def test_a_made_up_cookie_opens_nothing(browser: FlaskClient, value: str) -> None:
    browser.set_cookie("yinxin-8000-wallet", value)
    assert browser.get("/mine", headers={"Accept": "application/json"}).status_code == 401


@pytest.fixture
def signed_in(house: House, now: datetime) -> Any:
    def sign_in(level: Any = 3, kind: str = "wallet", **given: Any) -> Any:
        who = callers.Caller(person="p1", level=level, amr=("pwd",), auth_time=now, sid="s1", **given)
        with house.database.write() as db:
            return callers.open_session(db, kind, who, now=now, hours=12)

    return sign_in


def test_a_session_opens_its_site_alone(browser: FlaskClient, signed_in: Any) -> None:
    browser.set_cookie("yinxin-8000-wallet", signed_in())
    assert browser.get("/mine").text == "p1"
    browser.set_cookie("yinxin-8000-wallet", signed_in(kind="console"))
    assert browser.get("/mine", headers={"Accept": "application/json"}).status_code == 401


def test_a_session_below_the_level_is_refused(browser: FlaskClient, signed_in: Any) -> None:
    browser.set_cookie("yinxin-8000-wallet", signed_in(level=2))
    assert browser.get("/mine").status_code == 403


def test_an_ended_session_opens_nothing(browser: FlaskClient, signed_in: Any, house: House, now: datetime) -> None:
    browser.set_cookie("yinxin-8000-wallet", signed_in())
    with house.database.write() as db:
        assert callers.end_sessions(db, sid="s1", at=now) == ["s1"]
    assert browser.get("/mine", headers={"Accept": "application/json"}).status_code == 401


def test_a_session_has_an_end(browser: FlaskClient, signed_in: Any) -> None:
    browser.set_cookie("yinxin-8000-wallet", signed_in())
    from hub import clock

    with clock.shifted(12 * 3600 + 1):
        assert browser.get("/mine", headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer a.b.c", "Bearer " + "e30." * 3, "bearer ü"]
)
def test_a_token_that_is_none_is_refused(browser: FlaskClient, header: str) -> None:
    answer = browser.post(
        "/api/scoped", headers={"Authorization": header.encode("latin-1", "replace").decode("latin-1")}
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_problem_speaks_the_readers_language(browser: FlaskClient) -> None:
    chinese = browser.get("/odd", headers={"Accept-Language": "zh-CN"})
    english = browser.get("/odd", headers={"Accept-Language": "en"})
    assert chinese.status_code == english.status_code == 409
    assert 'lang="zh-Hans"' in chinese.text
    assert "Please sign in" not in chinese.text
    assert 'lang="en"' in english.text
    assert "Please sign in" in english.text
    assert "<b>detail</b>" not in english.text


def test_a_program_gets_a_problem_document(browser: FlaskClient) -> None:
    answer = browser.get("/odd", headers={"Accept": "application/problem+json", "Accept-Language": "en"})
    assert said(answer)["type"] == "urn:yinxin:problem:odd"
    assert said(answer)["detail"] == "A <b>detail</b> with values"


def test_a_limit_says_when_to_come_back(browser: FlaskClient) -> None:
    assert browser.get("/many").headers["Retry-After"] == "7"


def test_a_bug_tells_nothing_private(site: Flask) -> None:
    site.config["PROPAGATE_BUGS"] = False
    site.testing = True
    answer = site.test_client().get("/bug")
    assert answer.status_code == 500
    assert "private" not in answer.text
    assert "KeyError" not in answer.text


def test_every_answer_is_guarded(browser: FlaskClient) -> None:
    for path in ("/form", "/odd", "/nowhere", "/static/hub.css"):
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Request-Id"]


def test_the_language_switch_is_remembered(browser: FlaskClient) -> None:
    assert 'lang="en"' in browser.get("/odd?lang=en").text
    assert 'lang="en"' in browser.get("/odd").text
    assert 'lang="zh-Hans"' in browser.get("/odd?lang=zh-Hans").text
    assert browser.get("/odd?lang=<script>").status_code == 409


@given(st.text(max_size=40))
def test_onward_never_leaves_the_site(target: Any) -> None:
    onward = web.local(target, "/home")
    assert onward.startswith("/")
    assert not onward.startswith("//")
    assert "\\" not in onward


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil", "javascript:x", "", None, "/\t/evil", "/" + "long" * 1000],
)
def test_onward_refuses_other_sites(target: Any) -> None:
    assert web.local(target, "/home") == "/home"


def test_a_call_within_a_request_does_not_touch_it(site: Flask, house: House) -> None:
    house.fetch.serve_here("http://inner.example", web.isolated(site.wsgi_app))
    with site.test_request_context("/odd?lang=en"):
        site.preprocess_request()
        outer = g.request_id
        inner = house.fetch.get("http://inner.example/odd?lang=zh-Hans")
        assert 'lang="zh-Hans"' in inner.text
        assert (i18n.language(), g.request_id) == ("en", outer)


@pytest.mark.parametrize("address", ["/odd?q=%00", "/odd?lang=en&q=x%00y"])
def test_no_address_brings_what_a_database_cannot_keep(browser: FlaskClient, address: str) -> None:
    assert browser.get(address).status_code == 400


def test_no_form_brings_what_a_database_cannot_keep(browser: FlaskClient) -> None:
    token = token_in(browser.get("/form").text)
    assert browser.post("/form", data={"csrf": token, "words": "x\0y"}).status_code == 400
    assert browser.post("/form", data={"csrf": token, "words": "x y"}).text == "done"
    assert browser.post("/program", data={"words": "x\0y"}).status_code == 400


@pytest.mark.parametrize("text", ['"x\\u0000"', '"\\ud800"', '["\\u0000"]', '{"\\u0000": 1}'])
def test_no_json_brings_what_a_database_cannot_keep(browser: FlaskClient, text: str) -> None:
    answer = browser.post("/program", data=f'{{"a": 1, "b": {text}}}', content_type="application/json")
    assert answer.status_code == 422
    assert browser.post("/program", json={"a": 1, "b": "\\u0000 😀"}).status_code == 200


def test_json_within_json_without_end_is_refused(browser: FlaskClient) -> None:
    text = f'{{"a": 1, "b": {"[" * 9999}{"]" * 9999}}}'
    assert browser.post("/program", data=text, content_type="application/json").status_code == 400


def test_not_allowed_names_the_scope(house: House) -> None:
    assert NotAllowed("x").status == 403


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), max_size=60))
def test_no_authorization_header_breaks_the_gate(browser: FlaskClient, header: str) -> None:
    assert browser.post("/api/scoped", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize(("behind", "seen"), [(False, "127.0.0.1"), (True, "203.0.113.9")])
def test_a_visitor_is_known_by_what_our_own_proxy_says_and_by_nobody_elses_word(
    house: House, *, behind: bool, seen: str
) -> None:
    app = Flask("proxied")
    web.frame(app, replace(house, settings=house.settings.model_copy(update={"behind_proxy": behind})))
    app.add_url_rule("/who", view_func=lambda: request.remote_addr or "")
    told = app.test_client().get("/who", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    assert told.text == seen  # what stands before the last address, the visitor may have written himself


def test_letters_are_large_for_whoever_wants_them_signed_in_or_not(client: FlaskClient) -> None:
    page = client.get("/help?lang=en").text
    assert 'class="yx-large"' not in page
    assert 'href="/help?lang=en&amp;text=large"' in page
    asked = client.get("/help?lang=en&text=large")
    assert 'class="yx-large"' in asked.text
    assert client.get_cookie("text").value == "large"  # type: ignore[union-attr]
    assert 'class="yx-large"' in client.get("/help").text
    assert 'class="yx-large"' not in client.get("/help?text=usual").text
    assert 'class="yx-large"' not in client.get("/help").text


@pytest.mark.parametrize("size", ["huge", "", "large;x=1", "LARGE"])
def test_no_other_size_is_kept(client: FlaskClient, size: str) -> None:
    page = client.get("/help", query_string={"text": size})
    assert 'class="yx-large"' not in page.text
    assert client.get_cookie("text") is None
