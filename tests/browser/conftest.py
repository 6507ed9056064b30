"""A running house on free ports, and browsers to visit it with."""

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pytest
import redis
from flask import Flask, render_template
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright
from werkzeug.serving import BaseWSGIServer, make_server

import app as front
from deploy.demo.register.site import create_app as register_app
from hub import clock
from hub.house import House
from tests.conftest import settings_for

HERE = Path(__file__).parent
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    "--no-sandbox",  # the tests may run as root, and visit nobody but ourselves
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs Chromium."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.system)


@dataclass(frozen=True)
class Live:
    """An installation that answers on this machine: the hub, the verification pages, the register."""

    house: House
    hub: str
    verify: str
    register: str


def listen(app: Callable[..., Any]) -> BaseWSGIServer:
    """A server for an application on a free port, not yet answering. `serve` makes it answer."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return make_server("127.0.0.1", 0, app, threaded=True)


@contextmanager
def serve(server: BaseWSGIServer) -> Iterator[str]:
    """Answer for the length of a block; gives the address."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def not_yet(_: Any, start: Callable[..., Any]) -> list[bytes]:
    """Stand in for an application that cannot be made yet: its addresses, with their ports, are frozen first."""
    start("503 Service Unavailable", [])
    return []


@pytest.fixture(scope="module", autouse=True)
def forgotten(valkey_url: str) -> None:
    """All visitors come from one address: what its limits have counted ends with each file."""
    redis.Redis.from_url(valkey_url).flushall()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[Live]:
    """One installation for all browser tests of this process. Make your own person, agency or license in it."""
    folder = tmp_path_factory.mktemp("live")
    hub, verify, register = listen(not_yet), listen(not_yet), listen(not_yet)
    url = {server: f"http://localhost:{server.port}" for server in (hub, verify, register)}
    with ExitStack() as opened:
        for server in (hub, verify, register):
            opened.enter_context(serve(server))
        register.app = register_app(folder / "register", url[register])
        addresses = {"issuer_url": url[hub], "verify_url": url[verify], "register_url": url[register]}
        settings = settings_for(folder / "data", valkey_url, **addresses)
        house = front.init(settings, clock.now())
        opened.callback(house.close)
        hub.app = front.create_app(settings, house=house)
        verify.app = front.create_app(settings, rooms=("verification",), house=house)
        yield Live(house, url[hub], url[verify], url[register])


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, once per process."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium, headless."""
    launched = launch(playwright)
    yield launched
    launched.close()


def launch(playwright: Playwright, *switches: str) -> Browser:
    """Start Chromium with more switches than usual, such as a fake camera's file."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "Chromium is missing: run `deploy/setup.sh test`"
    return playwright.chromium.launch(executable_path=found, args=[*SWITCHES, *switches])


Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def kept(browser: Browser) -> Iterator[dict[object, Page]]:
    """Windows that several tests use, one for each kind of visitor: a new one costs a quarter of a second."""
    windows: dict[object, Page] = {}
    yield windows
    for page in windows.values():
        page.context.close()


@pytest.fixture
def leaving(browser: Browser, kept: dict[object, Page]) -> Iterator[None]:
    """Whoever comes in this test leaves with it."""
    before = set(browser.contexts)
    yield
    for context in set(browser.contexts) - before - {page.context for page in kept.values()}:
        context.close()


@pytest.fixture
def visit(browser: Browser, leaving: None) -> Visit:
    """Open a page as a new visitor: `visit(url, width=320, language="en", dark=True, javascript=False, ...)`."""

    def opened(url: str, *, width: int = 1280, language: str = "zh-Hans", dark: bool = False, **options: Any) -> Page:
        context = browser.new_context(
            viewport=window(width),
            locale={"zh-Hans": "zh-CN"}.get(language, language),
            color_scheme="dark" if dark else "light",
            java_script_enabled=options.pop("javascript", True),
            **options,
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto(url)
        return page

    return opened


@pytest.fixture
def pass_by(browser: Browser, kept: dict[object, Page], leaving: None) -> Visit:
    """The same for who only looks, as somebody unknown: his window is kept for the next one of his kind."""

    def opened(url: str, *, width: int = 1280, language: str = "zh-Hans", dark: bool = False) -> Page:
        kind = (language, dark)
        if kind not in kept:
            locale = {"zh-Hans": "zh-CN"}.get(language, language)
            kept[kind] = browser.new_context(locale=locale, color_scheme="dark" if dark else "light").new_page()
            kept[kind].set_default_timeout(10_000)
        kept[kind].context.clear_cookies()
        kept[kind].set_viewport_size(window(width))
        kept[kind].goto(url)
        return kept[kind]

    return opened


def window(width: int) -> ViewportSize:
    """How large a window of this width is."""
    return {"width": width, "height": 568 if width < 400 else 800}


def with_sample(live: Live) -> Flask:
    """The hub with one more page, `/sample`, that shows every part of `hub/parts.html`."""
    app = front.create_app(live.house.settings, house=live.house)
    folders = [jinja2.FileSystemLoader(HERE / "look"), app.jinja_loader]
    app.jinja_loader = jinja2.ChoiceLoader([folder for folder in folders if folder])
    app.add_url_rule("/sample", view_func=lambda: render_template("sample.html"))
    return app


@pytest.fixture(scope="session")
def sample(live: Live) -> Iterator[str]:
    """The address of the page that shows every part."""
    with serve(listen(with_sample(live))) as url:
        yield f"{url}/sample"
