"""The pages of data sharing in a real browser: what a citizen allows and sees, and what officers ask and decide."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from admin.store import sharing as store
from hub import ledger
from tests.browser.accessible import assert_accessible
from tests.browser.presses import presses
from tests.journeys.test_sharing import company
from tests.world import World, world
from yinxin.proof import check_proof
from yinxin.tour import sharing
from yinxin.tour.story import Story

both = pytest.mark.parametrize("language", ["zh-Hans", "en"])
OFFICER = (
    "/console/sharing",
    "/console/sharing/entries/new",
    "/console/sharing/entries/E-credit",
    "/console/sharing/ask/E-credit",
    "/console/sharing/requests/{grant}",
    "/console/sharing/calls/{trace}",
    "/console/sharing/board",
)


@dataclass(frozen=True)
class Shared:
    """A demo in which one company's data were used once, and asked for once more."""

    made: World
    story: Story
    grant: str
    trace: str

    def cookies(self, who: str) -> Any:
        """The cookies of the citizen or of an officer, for a browser with a window."""
        jar = self.story.citizen if who == "citizen" else self.story.officers[who]
        return [{"name": name, "value": value, "url": self.made.sites.hub} for name, value in jar.cookies.items()]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, valkey_url: str) -> Iterator[Shared]:
    with world(tmp_path_factory.mktemp("world"), valkey_url, threaded=True) as made:
        story = company(made)
        chapter = sharing.Shared(story)
        chapter.agree()
        chapter.use()
        story.citizen.open(f"{made.sites.hub}/my/data")  # signed in there from now on
        made.tick()
        with made.house.database.read() as db:
            trace = store.every_call(db)[0].trace
        yield Shared(made, story, chapter.grant, trace)


@pytest.fixture(scope="module")
def windows(shared: Shared, browser: Browser) -> Iterator[dict[str, Page]]:
    """One window for each who only looks."""
    made: dict[str, Page] = {}
    yield made
    for page in made.values():
        page.context.close()


@pytest.fixture
def opened(shared: Shared, browser: Browser, windows: dict[str, Page]) -> Iterator[Any]:
    """Opens a page as somebody, narrow; whoever has wishes gets a browser of his own."""
    own = []

    def come(who: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        if who:
            context.add_cookies(shared.cookies(who))
        return context.new_page()

    def open_as(who: str, path: str, **options: Any) -> Page:
        if options:
            own.append(page := come(who, **options))
        else:
            page = windows[who] = windows.get(who) or come(who)
        page.set_viewport_size({"width": 320, "height": 568})
        page.goto(path if path.startswith("http") else f"{shared.made.sites.hub}{path}")
        return page

    yield open_as
    for page in own:
        page.context.close()


def judged(page: Page, language: str) -> None:
    """Narrow and wide, it is accessible and in this language."""
    assert page.locator("html").get_attribute("lang") == language
    assert_accessible(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert_accessible(page)


@both
def test_the_catalogue(opened: Any, language: str) -> None:
    judged(opened("", f"/data?lang={language}"), language)


@both
def test_who_used_my_data(opened: Any, language: str) -> None:
    page = opened("citizen", f"/my/data?lang={language}")
    expect(page.locator("h1")).to_have_text({"en": "Who used my data"}.get(language, "谁用了我的数据"))
    judged(page, language)


@both
@pytest.mark.parametrize("path", OFFICER)
def test_a_page_for_an_officer(shared: Shared, opened: Any, path: str, language: str) -> None:
    page = opened("qiyun.jingban", f"{path.format(grant=shared.grant, trace=shared.trace)}?lang={language}")
    expect(page.locator("h1")).to_be_visible()
    judged(page, language)


@both
def test_the_question_before_data_are_used(shared: Shared, opened: Any, language: str) -> None:
    """Without JavaScript, as every page: the visitor starts at the benefit's site and reads what for."""
    page = opened("citizen", f"{shared.made.sites.yunlan}/benefits?lang={language}", java_script_enabled=False)
    presses(page.locator("form[action='/benefits'] button").last)
    page.wait_for_url("**/allow?**")
    expect(page.locator("h1")).to_contain_text("?" if language == "en" else "？")
    expect(page.locator("main")).to_contain_text(shared.story.company)
    page.goto(f"{page.url}&lang={language}")
    context = page.context
    looked = context.browser.new_context(viewport={"width": 320, "height": 568}, storage_state=context.storage_state())
    again = looked.new_page()  # the judge needs JavaScript
    again.goto(page.url)
    judged(again, language)
    looked.close()
    presses(page.locator("button[value=refuse]"))
    page.wait_for_url(f"{shared.made.sites.yunlan}/**")


def test_the_proof_is_downloaded_and_holds(shared: Shared, opened: Any) -> None:
    page = opened("citizen", "/my/data?lang=en")
    with page.expect_download() as waiting:
        page.locator("a[href$='proof.json']").first.click()
    text = waiting.value.path().read_text()
    proved = check_proof(text, [shared.made.house.keys.jwk(ledger.KEY)])
    assert proved.event["facts"]["grant"] == shared.grant


def test_a_wrong_form_says_what_is_wrong(opened: Any) -> None:
    page = opened("yunlan.shuju", "/console/sharing/ask/E-credit?lang=en")
    presses(page.locator("main form button[type=submit]").last)
    expect(page.locator("#errors")).to_be_visible()
    expect(page.locator("#errors a[href='#fields']")).to_be_visible()
    assert_accessible(page)
