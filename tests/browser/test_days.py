"""Days of a citizen and of officers: once the story was played, every page to which a link leads, as each of them finds it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from tests.browser.accessible import assert_accessible
from tests.world import World, world
from yinxin.tour import play
from yinxin.tour.browser import Browser
from yinxin.tour.story import Story

FILES = re.compile(
    r"/(file|print|attachment|export)(/|$)|\.(pdf|json|jwt|csv|svg|crt|crl|png)$|/sign-(in|out)$|/(pki|api|oidc)/|/lang"
)
NAMES = re.compile(r"[^/]*[0-9][^/]*|[A-Za-z0-9_-]{20,}")  # numbers and tokens: pages of one kind are visited once
PHONE, DESK = (390, 844), (1280, 900)


class Day(Story):
    """The story without its end: everyone is still signed in."""

    def sign_out(self) -> str:
        """Stay."""
        return ""


@dataclass(frozen=True)
class Played:
    """A demo in which everything has happened once, and who took part in it."""

    demo: World
    story: Story

    def cookies(self, who: str) -> dict[str, str]:
        """What the browser of one of them holds."""
        if who == "stranger":
            return {}
        return (self.story.citizen if who == "citizen" else self.demo.officers[who]).cookies


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[Played]:
    with world(tmp_path_factory.mktemp("world"), valkey_url, threaded=True) as demo:
        story, said = Day(demo.sites, Browser(), Browser(), demo.officers), list[str]()
        assert play.play(story, said.append), "\n".join(said)
        demo.tick()
        yield Played(demo, story)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("who", "start", "size", "language", "least"),
    [
        ("stranger", "/", PHONE, "zh-Hans", 15),
        ("citizen", "/my/", PHONE, "zh-Hans", 20),
        ("qiyun.jingban", "/console/", DESK, "zh-Hans", 15),
        ("qiyun.fuhe", "/console/", DESK, "en", 10),
        ("yunlan.shuju", "/console/", PHONE, "en", 8),
        ("hub.jiandu", "/console/", DESK, "zh-Hans", 12),
    ],
)
def test_every_link_of_a_day_leads_to_a_page_for_everyone(
    played: Played, browser: Chromium, who: str, start: str, size: tuple[int, int], language: str, least: int
) -> None:
    hub = played.demo.sites.hub
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    cookies = [{"name": name, "value": value, "url": hub} for name, value in played.cookies(who).items()]
    context.add_cookies(cookies)  # type: ignore[arg-type]  # a cookie may be given by its site's address
    page = context.new_page()
    page.goto(f"{hub}{start}?lang={language}")
    visited: set[str] = set()
    waiting = [start]
    while waiting:
        address = waiting.pop(0)
        kind = NAMES.sub("*", urlsplit(address).path)
        if kind in visited:
            continue
        visited.add(kind)
        # An officer's own account is a citizen's, and no citizen has a way into the console.
        waiting += [link for link in look(page, hub, address) if link.startswith("/console") == (start == "/console/")]
    context.close()
    assert len(visited) >= least, sorted(visited)


def look(page: Page, hub: str, address: str) -> list[str]:
    """Judge one page of the hub; give the addresses to which it leads within the hub."""
    answer = page.goto(f"{hub}{address}")
    assert answer
    assert answer.status == 200, f"{address}: {answer.status} {page.locator('main').inner_text()[:200]}"
    if not page.url.startswith(hub):
        return []
    assert_accessible(page)
    links: list[str] = page.evaluate("[...document.querySelectorAll('a[href]:not([download])')].map(link => link.href)")
    return [
        link.removeprefix(hub) for link in links if link.startswith(f"{hub}/") and not FILES.search(urlsplit(link).path)
    ]
