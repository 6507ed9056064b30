"""Pages tell how fast they were, once and to us alone; the supervisor's board shows it to everyone who may look."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Request

from admin.model.experience import floor
from admin.store import counts
from hub import clock, vitals
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.browser.test_every_page import operator  # noqa: F401  a fixture

SCRIPT = Path(vitals.__file__).parent / "static/vitals.js"
BOTH = pytest.mark.parametrize("language", ["zh-Hans", "en"])


def counted(live: Live) -> dict[str, int]:
    """What waits to be folded."""
    live.house.tally.flush()
    return live.house.tally.waiting()


def forget(live: Live) -> None:
    """Begin with nothing counted."""
    counted(live)
    for minute in (-1, 0, 1):
        live.house.shared.take_all(f"tally:{clock.timestamp() // 60 + minute}")


def reports(page: Page) -> list[Request]:
    """The reports that pages of this browser send from now on while they stay open (Playwright sees no others)."""
    sent: list[Request] = []
    page.context.on("request", lambda request: sent.append(request) if request.url.endswith("/api/vitals") else None)
    return sent


def hide(page: Page, state: str = "hidden") -> None:
    """As if the reader had turned to another tab."""
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        state,
    )
    page.wait_for_timeout(100)


# An answer to a key that takes its time on any machine: what is quicker than 16 ms is not measured.
MEASURES = """addEventListener('keydown', () => { const end = performance.now() + 40; while (performance.now() < end); });
new PerformanceObserver(list => { window.measured ||= list.getEntries().some(one => one.interactionId); })
  .observe({type: 'event', buffered: true, durationThreshold: 16})"""


def use(page: Page) -> None:
    """Touch the page as a reader does, until the browser has measured an answer to it."""
    page.evaluate(MEASURES)
    page.locator("main input.yx-input:not([type=file])").first.click()
    for _ in range(100):
        page.keyboard.type("a")
        page.wait_for_timeout(50)
        if page.evaluate("window.measured"):
            return
    raise AssertionError("the browser measures nothing")


@BOTH
@pytest.mark.parametrize("site", ["hub", "verify"])
def test_a_page_that_is_left_tells_how_fast_it_was(live: Live, visit: Visit, site: str, language: str) -> None:
    """Really left, for another page: the report must outlive its own page."""
    forget(live)
    page = visit(f"{live.hub}/login" if site == "hub" else f"{live.verify}/", language=language)
    name = "idp.login" if site == "hub" else "verification.check"
    use(page)
    assert not [found for found in counted(live) if found.startswith("vital")], "nothing while it is read"
    page.goto("about:blank")
    end = time.monotonic() + 20
    while len(found := {key: n for key, n in counted(live).items() if key.startswith("vital")}) <= len(vitals.EDGES):
        assert time.monotonic() < end, f"the report arrives, whole: {found}"
        page.wait_for_timeout(50)
    assert found.pop(f"vital {name} pages {language} desktop") == 1
    classes = dict(key.split(" ")[2].split(":") for key in found)
    assert classes.keys() == vitals.EDGES.keys()
    assert all(key.endswith(f" {language} desktop") for key in found)
    low = {speed: float(text.partition("-")[0]) for speed, text in classes.items()}
    assert low["TTFB"] <= low["FCP"] <= low["LCP"] <= 6000
    assert low["CLS"] <= 100
    assert low["INP"] <= 1000


def test_a_report_holds_five_numbers_and_no_identifier(live: Live, visit: Visit) -> None:
    page = visit("about:blank", language="en")
    page.add_init_script("navigator.sendBeacon = (url, blob) => { globalThis.sent = blob.text(); return true; }")
    page.goto(f"{live.hub}/login?next=/wallet/secret")
    cookies = page.context.cookies()
    use(page)
    hide(page)
    told = json.loads(page.evaluate("globalThis.sent"))
    assert told["page"] == "idp.login", "the name of the route, not the address"
    assert set(told) == {"page", "language", *vitals.EDGES}
    assert 0 < told["TTFB"] < told["FCP"] <= told["LCP"] < 10_000
    assert 0 <= told["CLS"] < 100
    assert 0 < told["INP"] < 2000
    assert page.context.cookies() == cookies


def test_a_page_tells_it_once(live: Live, visit: Visit) -> None:
    page = visit(f"{live.hub}/help")
    sent = reports(page)
    for state in ("hidden", "visible", "hidden"):
        hide(page, state)
    assert len(sent) == 1


@pytest.mark.parametrize("signal", ["globalPrivacyControl", "doNotTrack"])
def test_a_browser_that_does_not_want_it_tells_nothing(live: Live, visit: Visit, signal: str) -> None:
    page = visit("about:blank")
    page.add_init_script(
        f"Object.defineProperty(Navigator.prototype, '{signal}', {{get: () => '{signal}' === 'doNotTrack' ? '1' : true}})"
    )
    page.goto(f"{live.hub}/help")
    sent = reports(page)
    hide(page)
    assert not sent


def test_a_signal_that_the_script_does_not_see_is_honoured_by_the_server(live: Live, visit: Visit) -> None:
    forget(live)
    page = visit(f"{live.hub}/login", extra_http_headers={"Sec-GPC": "1"})
    sent = reports(page)
    hide(page)
    assert len(sent) == 1
    assert counted(live) == {}


def test_another_site_cannot_tell_it(live: Live, visit: Visit) -> None:
    """A page of somebody else, in the reader's own browser."""
    forget(live)
    page = visit("about:blank")
    page.route(
        "http://elsewhere.example/", lambda route: route.fulfill(body="<h1>Hello</h1>", content_type="text/html")
    )
    page.goto("http://elsewhere.example/")
    body = json.dumps({"page": "hub.front", "language": "en", "LCP": 1})
    for kind in ("text/plain", "application/json"):
        page.evaluate(
            "([url, body, type]) => fetch(url, {method: 'POST', mode: 'no-cors', body: new Blob([body], {type})}).catch(() => 0)",
            [f"{live.hub}/api/vitals", body, kind],
        )
    assert not [name for name in counted(live) if name.startswith("vital")]


def test_no_policy_is_broken_and_nothing_is_thrown(live: Live, visit: Visit) -> None:
    page = visit("about:blank")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for url in (f"{live.hub}/", f"{live.hub}/login", f"{live.verify}/", f"{live.hub}/nothing-here"):
        page.goto(url)
        page.wait_for_timeout(100)
    assert not [text for text in said if "404" not in text]


def test_the_script_is_small() -> None:
    assert len(SCRIPT.read_bytes()) < 2048


# -- the board


@pytest.fixture
def board(live: Live, operator: Any, visit: Visit) -> Page:  # noqa: F811
    """The supervisor's page with a day of counts."""
    words = {
        ("step", "login", "begun"): 240,
        ("step", "login", "shown"): 200,
        ("step", "login", "wrong"): 12,
        ("step", "login", "returned"): 190,
        ("step", "login", "at-once"): 900,
        ("step", "verification", "asked:uploaded"): 60,
        ("step", "verification", "answered:valid"): 51,
        ("step", "verification", "answered:not_valid"): 9,
        ("vital", "verification.check", "pages"): 60,
        ("vital", "verification.check", "LCP:1800-2500"): 50,
        ("vital", "verification.check", "LCP:4000-6000"): 30,
        ("vital", "verification.check", "INP:200-300"): 20,
        ("vital", "verification.check", "CLS:0-10"): 20,
        ("answer", "verification.ask", "ok:50-100"): 500,
        ("answer", "verification.ask", "failed:5000-"): 3,
        ("problem", "verification.ask", "too-large"): 11,
    }
    for hours in (0, 1, 2, 5):
        at = floor(clock.now() - timedelta(hours=hours), timedelta(hours=1))
        with live.house.database.write() as db:
            more = {(*name, "zh-Hans", "phone"): number + hours for name, number in words.items()}
            counts.add(db, 3600, at, more)
    return visit("about:blank", storage_state=operator)


@BOTH
def test_the_board_is_for_everyone_who_may_look(live: Live, board: Page, language: str) -> None:
    for query in ("", "&language=zh-Hans&device=phone", "&device=tablet", "&period=week"):
        board.goto(f"{live.hub}/console/experience?lang={language}{query}")
        for details in board.locator("details").all():
            details.locator("summary").click()
        for width in (320, 1280):
            board.set_viewport_size({"width": width, "height": 800})
            assert_accessible(board)


def test_words_of_a_plot_keep_their_size_and_place_on_a_phone(live: Live, board: Page) -> None:
    board.goto(f"{live.hub}/console/experience?lang=en")
    for width in (320, 1280):
        board.set_viewport_size({"width": width, "height": 800})
        sizes = board.evaluate(
            "[...document.querySelectorAll('.yx-plot text')].map(e => e.getBoundingClientRect().height)"
        )
        assert min(sizes) > 13
        outside = board.evaluate(
            "[...document.querySelectorAll('.yx-plot')].flatMap(plot => [...plot.querySelectorAll('text')].filter(e =>"
            " e.getBoundingClientRect().right > plot.getBoundingClientRect().right + 1).map(e => e.textContent))"
        )
        assert not outside


def test_a_selection_is_made_without_javascript(live: Live, operator: Any, visit: Visit) -> None:  # noqa: F811
    page = visit(f"{live.hub}/console/experience?lang=en", storage_state=operator, javascript=False)
    page.select_option("#period", "week")
    page.select_option("#device", "phone")
    presses(page.locator("main form button"))
    assert "period=week" in page.url
    assert page.locator("#device").input_value() == "phone"
