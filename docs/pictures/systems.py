# ruff: noqa: INP001  a program beside its pictures
"""Makes the pictures of docs/systems/: plays the tour, then photographs the pages as the citizen and the officers see them.

PYTHONPATH=. .venv/bin/python docs/pictures/systems.py [name ...]
"""

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ViewportSize, sync_playwright

from admin import experience
from hub import clock, ledger
from tests import servers
from tests.browser.conftest import launch
from tests.world import World, world
from yinxin.tour import play
from yinxin.tour.browser import Browser
from yinxin.tour.story import Story

HERE = Path(__file__).parent
DESK: ViewportSize = {"width": 1100, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 780}
COLOURS = 96  # enough for pages; each picture stays below 80 kB
NOBODY, CITIZEN = "nobody", "citizen"
# name -> who looks, at which page, on what. A page is an address (of the hub, or of the site before a colon; the first link that
# fits, if it ends in *); behind each > the first link that begins so, or behind >! the last button of the form that leads so;
# only the section of a heading, if its id stands behind a #.
PICTURES: dict[str, tuple[str, str, ViewportSize]] = {
    "portal-1": (NOBODY, "/", DESK),
    "portal-2": (NOBODY, "/services?q=restaurant", PHONE),
    "services-1": ("qiyun.jingban", "/console/services", DESK),
    "services-2": ("qiyun.jingban", "/console/services/11880100DEM000049A-0004", DESK),
    "assessment-1": ("qiyun.fuhe", "/console/assessment?done=1>/console/assessment/", DESK),
    "assessment-2": (CITIZEN, "/my/cases>/my/cases/C>/rate/", PHONE),
    "assessment-3": (NOBODY, "/scoreboard", DESK),
    "supervision-1": ("hub.jiandu", "/console/supervision", DESK),
    "supervision-2": ("hub.jiandu", "/console/supervision?state=closed>/console/supervision/W", DESK),
    "sharing-4": (
        CITIZEN,
        "yunlan:/benefits/told",
        DESK,
    ),  # before the question is asked: that begins a new session there
    "sharing-1": (CITIZEN, "yunlan:/benefits>!/benefits", PHONE),
    "sharing-2": (CITIZEN, "/my/data", PHONE),
    "sharing-3": ("qiyun.jingban", "/console/sharing>/console/sharing/requests/", DESK),
    "desk-1": (NOBODY, "/desk", PHONE),
    "desk-2": (NOBODY, "verify:/report", PHONE),
    "desk-3": ("hub.jiandu", "/console/desk", DESK),
    "desk-4": ("qiyun.fuhe", "/console/desk?done=1>/console/desk/R", DESK),
    "counter-1": ("qiyun.jingban", "/console/counter", DESK),
    "counter-2": (CITIZEN, "/my/visits", PHONE),
    "cases-1": (CITIZEN, "/my/cases/new/11880100DEM000049A-0001", PHONE),
    "cases-2": (CITIZEN, "/my/cases>/my/cases/C", DESK),
    "cases-3": ("qiyun.jingban", "/console/cases?view=all>/console/cases/C", DESK),
    "experience-1": ("hub.jiandu", "/console/experience", DESK),
    "experience-2": ("hub.jiandu", "/console/experience#far", PHONE),
}


class Unsigned(Story):
    """The story without its last step: everyone is still signed in."""

    def sign_out(self) -> str:
        """Stay."""
        return ""


def main(wanted: list[str]) -> None:
    """Play everything, then take each picture."""
    with (
        tempfile.TemporaryDirectory() as name,
        servers.valkey(Path(name) / "valkey") as redis,
        world(Path(name), redis, threaded=True) as demo,
        sync_playwright() as playwright,
    ):
        story = Unsigned(demo.sites, Browser(), Browser(), demo.officers)
        if not play.play(story, lambda _: None):
            raise SystemExit(1)
        ledger.sequence(demo.house, clock.now())
        demo.house.tally.flush()
        with clock.shifted(61):  # the minute is over
            experience.fold(demo.house, clock.now())
        browser = launch(playwright)
        for file in wanted or PICTURES:
            take(browser, demo, story, file)
        browser.close()


def take(browser: Chromium, demo: World, story: Story, file: str) -> None:
    """One picture, as its viewer sees the page in English."""
    who, address, size = PICTURES[file]
    context = browser.new_context(viewport=size, device_scale_factor=1, locale="en", reduced_motion="reduce")
    jar = None if who == NOBODY else (story.citizen if who == CITIZEN else demo.officers[who])
    if jar is not None:
        context.add_cookies(
            [{"name": name, "value": value, "url": demo.sites.hub} for name, value in jar.cookies.items()]
        )
    page = context.new_page()
    address, *further = address.split(">")
    site, _, path = address.rpartition(":")
    page.goto(f"{vars(demo.sites)[site or 'hub']}{path.removesuffix('*')}")
    for start in further:
        if start.startswith("!"):
            page.locator(f"form[action='{start[1:]}'] button").last.click()
            page.wait_for_load_state()
            continue
        links = [link.get_attribute("href") or "" for link in page.locator("main a").all()]
        page.goto(f"{demo.sites.hub}{next(link for link in links if link.startswith(start) and link != start)}")
    if address.endswith("*"):
        links = [link.get_attribute("href") or "" for link in page.locator("main a").all()]
        page.goto(f"{demo.sites.hub}{next(link for link in links if re.match(address.removesuffix('*') + '/.', link))}")
    part = address.partition("#")[2]
    picture = page.locator(f"section:has(#{part})").screenshot() if part else page.screenshot(full_page=True)
    save(picture, HERE / f"{file}.png", size)
    context.close()


def save(picture: bytes, path: Path, size: ViewportSize) -> None:
    """Keep what fits on one screen and a half, in few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, size["height"] * 3 // 2)))
    image.quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
