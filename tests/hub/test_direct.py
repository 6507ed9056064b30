"""What programs ask all day is answered before Flask, and nobody can tell: same headers, same counts, same refusals."""

import io
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, request
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, TestResponse

from hub import api, i18n, metrics, web
from hub.callers import Program, Public, Session
from hub.house import House
from hub.problems import NotAllowed
from hub.web import direct
from hub.web.direct import Answer

OPEN = Program("a test")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
OWN = {"X-Request-Id", "Content-Length", "Vary"}  # of each answer another, or of pages alone


@pytest.fixture
def site(house: House) -> Flask:
    app = Flask("direct")
    web.frame(app, house)
    app.register_blueprint(api.blueprint())
    bp = Blueprint("programs", __name__)

    @direct.direct(bp, "/echo", gate=OPEN)
    def echo(_house: House, environ: Any) -> Answer:
        body = environ["wsgi.input"].read()
        if body == b"no":
            raise NotAllowed("Not this one")
        if body == b"bug":
            raise RuntimeError("a fault of ours")
        own = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "cross-origin"}
        return Answer(201, body, "text/plain", own)

    @direct.first(bp, "/page", "page", gate=Public(), pages=True)
    def _before(_house: House, environ: Any) -> Answer | None:
        environ[direct.FOUND] = f"found in {i18n.language()}"
        return Answer(303, media="", headers={"Location": "/echo"}) if environ["QUERY_STRING"] == "go" else None

    @web.route(bp, "/page", gate=Public())
    def page() -> Response:
        return Response(request.environ.get(direct.FOUND, "nothing was found"))

    app.register_blueprint(bp)
    return app


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    site.config["PROPAGATE_BUGS"] = False
    return program(site)


def program(site: Flask) -> FlaskClient:
    client = site.test_client()
    client.environ_base["HTTP_ACCEPT"] = "application/problem+json"
    return client


@pytest.fixture
def slow(site: Flask) -> FlaskClient:
    """A visitor of the same site for whom nothing is answered directly."""
    table = dict(site.extensions["direct"])
    site.config["PROPAGATE_BUGS"] = False
    client = program(site)
    original = client.open

    def asked(*args: Any, **named: Any) -> TestResponse:
        site.extensions["direct"].clear()
        try:
            return original(*args, **named)
        finally:
            site.extensions["direct"].update(table)

    client.open = asked  # type: ignore[method-assign]
    return client


def told(response: TestResponse) -> tuple[int, dict[str, str], bytes]:
    return (
        response.status_code,
        {name: value for name, value in response.headers.items() if name not in OWN},
        response.data,
    )


def test_both_ways_give_the_same_answer(visitor: FlaskClient, slow: FlaskClient) -> None:
    assert told(visitor.post("/echo", data="hello")) == told(slow.post("/echo", data="hello"))


def test_a_header_of_an_answer_stands_in_place_of_the_usual_one(visitor: FlaskClient, slow: FlaskClient) -> None:
    """Of two that differ, browsers obey neither (Fetch 3.9)."""
    for way in (slow, visitor):
        headers = way.post("/echo", data="hello").headers
        assert headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
        assert len(headers) == len(set(headers.keys()))


def test_an_answer_has_the_headers_of_every_answer(visitor: FlaskClient) -> None:
    headers = visitor.post("/echo", data="hello").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert len(headers["X-Request-Id"]) == 16
    assert headers["Content-Length"] == "5"


@pytest.mark.parametrize("body", ["no", "bug"])
def test_a_refusal_is_told_as_everywhere(visitor: FlaskClient, slow: FlaskClient, body: str) -> None:
    mine, other = visitor.post("/echo", data=body), slow.post("/echo", data=body)
    assert mine.status_code == other.status_code in (403, 500)
    assert (mine.json or {})["title"] == (other.json or {})["title"]


@pytest.mark.parametrize(
    "call",
    [
        {"method": "GET"},
        {"method": "POST", "data": b"a=%00", "headers": FORM},
        {"method": "POST", "data": b"a=%ED%A0%80", "headers": FORM},
        {"method": "POST", "query_string": "a=%00"},
        {"method": "POST", "data": b"x" * 70_000},
        {"method": "POST", "query_string": "a=" + "x" * 20_000},
        {"method": "OPTIONS"},
        {"method": "HEAD"},
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_usual_way(
    visitor: FlaskClient, slow: FlaskClient, call: dict[str, Any]
) -> None:
    assert told(visitor.open("/echo", **call))[::2] == told(slow.open("/echo", **call))[::2]


def test_a_body_of_unknown_length_is_never_waited_for(site: Flask) -> None:
    """Without Content-Length nothing says where it ends (PEP 3333)."""
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/echo", "QUERY_STRING": "", "wsgi.input": io.BytesIO(b"more")}
    assert direct.is_usual(environ)
    assert environ["wsgi.input"].read() == b""  # type: ignore[attr-defined]


def test_what_is_left_to_the_usual_way_needs_no_input_that_can_be_read_again(site: Flask) -> None:
    """That of granian cannot (PEP 3333 asks for read, readline and their like alone)."""
    environ = EnvironBuilder("/page").get_environ() | {"wsgi.input": object()}
    assert b"".join(site.wsgi_app(environ, lambda *_: None)).startswith(b"found")  # type: ignore[arg-type]


def test_what_was_found_before_goes_along_to_the_page(visitor: FlaskClient, slow: FlaskClient) -> None:
    assert visitor.get("/page?go").headers["Location"] == "/echo"
    assert visitor.get("/page", headers={"Accept-Language": "en"}).text == "found in en"
    assert slow.get("/page").text == "nothing was found"


def test_a_page_may_read_the_body_that_was_looked_at(site: Flask) -> None:
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/echo", "QUERY_STRING": "", "CONTENT_LENGTH": "3"}
    environ["wsgi.input"] = io.BytesIO(b"\0ab")  # type: ignore[assignment]
    assert not direct.is_usual(environ)
    assert environ["wsgi.input"].read() == b"\0ab"  # type: ignore[attr-defined]


def test_direct_answers_are_counted_like_others(visitor: FlaskClient, house: House) -> None:
    count = metrics.requests.labels("/echo", "POST", "201")._value.get
    before = count()
    visitor.post("/echo", data="hello")
    assert count() == before + 1
    house.tally.flush()
    assert any(name.startswith("answer programs.echo ok:") for name in house.tally.waiting())


def test_nobody_is_let_in_before_flask(site: Flask) -> None:
    """A session or a token is looked at by the gate of a route, and there alone."""
    with pytest.raises(AssertionError):
        direct.first(Blueprint("more", __name__), "/more", "more", gate=Session("idp"))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.text(max_size=40), st.sampled_from(["text/plain", *FORM.values(), "", "a;b=;"]))
def test_whatever_comes_both_ways_end_alike(
    visitor: FlaskClient, slow: FlaskClient, body: bytes, query: str, kind: str
) -> None:
    given = {"data": body, "query_string": {"q": query}, "headers": {"Content-Type": kind} if kind else {}}
    one, other = visitor.post("/echo", **given), slow.post("/echo", **given)
    assert one.status_code == other.status_code
    if one.status_code == 201:
        assert told(one) == told(other)
