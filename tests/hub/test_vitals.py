"""What pages tell about their speed: believed only in our own form, about pages that there are, and from our own site."""

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from hub import api, limits, steps, vitals, web
from hub.callers import Public
from hub.house import House
from hub.limits import Limit
from tests.hub.test_steps import PHONE, seen

PAGES = {"hub.front", "idp.login"}
WELL = {"page": "hub.front", "language": "en", "LCP": 1212.3, "FCP": 800, "TTFB": 90, "INP": 48, "CLS": 0}
PARTS = {"pages", "LCP:1200-1800", "FCP:400-800", "TTFB:50-100", "INP:32-50", "CLS:0-10"}


def body(**changes: Any) -> bytes:
    return json.dumps(WELL | changes).encode()


def test_a_report_in_our_form_is_read() -> None:
    assert vitals.read(body(), PAGES) == WELL
    assert vitals.read(b'{"page": "hub.front", "language": "zh-Hans", "CLS": 3}', PAGES)


@pytest.mark.parametrize(
    "wrong",
    [
        body(page="hub.none-such"),
        body(page="/wallet/2.999.1"),
        body(page="hub.secret"),
        body(page=["hub.front"]),
        body(page=None),
        body(language="de"),
        body(LCP="1"),
        body(LCP=-1),
        body(LCP=600_001),
        body(LCP=True),
        body(LCP=None),
        body(LCP=[1]),
        body(person="示例甲"),
        body(url="https://example.org/"),
        body(page="idp.login", x="y" * 2000),
        b'{"page": "hub.front", "language": "en", "LCP": NaN}',
        b'{"page": "hub.front", "language": "en", "LCP": Infinity}',
        b'{"page": "hub.front", "language": "en"}',
        b'{"page": "hub.front", "LCP": 1}',
        b"[]",
        b"null",
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 1900,
        b"9" * 1900,
    ],
    ids=lambda wrong: wrong[:60].decode("ascii", "replace"),
)
def test_no_other_report_is(wrong: bytes) -> None:
    assert vitals.read(wrong, PAGES) is None


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert vitals.read(data, PAGES) is None or b"hub.front" in data or b"idp.login" in data


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*vitals.EDGES, "page", "language", "x"]), JSON | st.sampled_from(["hub.front", "en"])
    )
)
def test_no_json_makes_it_fail_and_what_is_read_can_be_classed(told: Any) -> None:
    found = vitals.read(json.dumps(told).encode(), PAGES)
    for name in vitals.EDGES if found else ():
        if name in (found or {}):
            steps.between((found or {})[name], vitals.EDGES[name])


@pytest.fixture
def site(bare: House) -> FlaskClient:
    app = Flask("test")
    web.frame(app, bare)
    app.register_blueprint(api.blueprint())
    web.route(app, "/", gate=Public(), endpoint="hub_front")(lambda: web.answer({}))
    app.view_functions["hub.front"] = app.view_functions["hub_front"]
    return app.test_client()


def send(site: FlaskClient, headers: dict[str, str] | None = None, *, data: bytes = body()) -> Any:
    sent = {"User-Agent": PHONE, "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
    return site.post("/api/vitals", data=data, headers=sent | (headers or {}))


def test_a_report_is_counted_in_classes(bare: House, site: FlaskClient) -> None:
    answer = send(site)
    assert (answer.status_code, answer.data) == (204, b"")
    assert not answer.headers.getlist("Set-Cookie")
    assert seen(bare) == {f"vital hub.front {part} en phone": 1 for part in PARTS}


@pytest.mark.parametrize("unwilling", [{"Sec-GPC": "1"}, {"DNT": "1"}])
def test_who_does_not_want_to_be_counted_is_not(bare: House, site: FlaskClient, unwilling: dict[str, str]) -> None:
    assert send(site, unwilling).status_code == 204
    assert seen(bare) == {}


@pytest.mark.parametrize(
    "foreign",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
    ],
)
def test_another_site_cannot_report(bare: House, site: FlaskClient, foreign: dict[str, str]) -> None:
    assert send(site, foreign).status_code == 403
    assert not [name for name in seen(bare) if name.startswith("vital")]


@pytest.mark.parametrize("data", [b"{", b"x" * 3000, body(page="hub.front2"), body(url="x")])
def test_what_is_not_believed_is_dropped_without_a_word(bare: House, site: FlaskClient, data: bytes) -> None:
    assert send(site, data=data).status_code == 204
    assert seen(bare) == {}


def test_only_json_is_read(bare: House, site: FlaskClient) -> None:
    assert send(site, {"Content-Type": "text/plain"}).status_code == 204
    assert seen(bare) == {}


def test_a_network_can_only_report_so_often(bare: House, site: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "REPORTS", Limit("vitals", 3, 60))
    assert {send(site).status_code for _ in range(6)} == {204}
    assert seen(bare)["vital hub.front pages en phone"] == 3


def test_answers_and_problems_are_counted_by_the_name_of_their_route(bare: House, site: FlaskClient) -> None:
    site.get("/", headers={"User-Agent": PHONE})
    site.get(
        "/nothing/here?secret=1", headers={"User-Agent": PHONE, "Accept": "application/json", "Accept-Language": "en"}
    )
    site.get("/healthz")
    found = seen(bare)
    assert sorted(" ".join(name.split(" ")[:2]) for name in found) == [
        "answer hub_front",
        "answer none",
        "problem none",
    ]
    assert found["problem none not-found en phone"] == 1
    assert not [name for name in found if "secret" in name]


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/56"), ("", "unknown"), ("x", "unknown")],
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert limits.network(address) == network
