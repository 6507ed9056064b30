"""The frame and the parts of every page: for everyone, in both languages, in every light."""

import gzip
import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessible import assert_accessible, violations
from tests.browser.conftest import Live, Visit
from tests.browser.presses import presses
from tests.house import source

CSS = (source.ROOT / "hub/static/hub.css").read_text()
PAGES = ("", "help", "privacy", "accessibility", "trust", "nothing-here")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_part_is_for_everyone(sample: str, pass_by: Visit, language: str, width: int, dark: bool) -> None:  # noqa: FBT001
    page = pass_by(sample, language=language, width=width, dark=dark)
    # The sample shows three answers, so it has three h1: everything else must hold.
    assert not violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["zh-Hans", "en"])
def test_every_page_of_words_is_for_everyone(live: Live, pass_by: Visit, language: str, name: str) -> None:
    page = pass_by(f"{live.hub}/{name}", language=language, width=320)
    assert_accessible(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert_accessible(page)


def test_the_language_can_be_changed_and_is_remembered(live: Live, visit: Visit) -> None:
    page = visit(f"{live.hub}/help?from=elsewhere", language="zh-Hans")
    assert page.locator("h1").inner_text() == "帮助"
    presses(page.get_by_role("link", name="English"))
    assert page.locator("h1").inner_text() == "Help"
    assert "from=elsewhere" in page.url
    page.goto(f"{live.hub}/privacy")
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_keyboard_comes_first_to_the_skip_link(live: Live, visit: Visit) -> None:
    page = visit(f"{live.hub}/help", language="en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_focus_cannot_be_missed(sample: str, visit: Visit) -> None:
    page = visit(sample)
    seen = set()
    for _ in range(25):
        page.keyboard.press("Tab")
        script = (
            "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth] })()"
        )
        style, width = page.evaluate(script)
        seen.add((style, float(width.removesuffix("px")) >= 3))
    assert seen <= {("solid", True)} | {("none", False)}
    assert ("solid", True) in seen


def test_the_error_summary_leads_to_the_field(sample: str, visit: Visit) -> None:
    page = visit(sample)
    assert page.evaluate("document.activeElement.id") == "errors"
    page.locator("#errors a").first.click()
    expect(page.locator("#name")).to_be_focused()
    described = page.locator("#name").get_attribute("aria-describedby")
    assert described == "name-hint name-error"


def test_the_answer_is_never_colour_alone(sample: str, visit: Visit) -> None:
    page = visit(sample)
    shapes = page.locator(".yx-answer__line > svg").evaluate_all("all => all.map(one => one.innerHTML)")
    words = page.locator(".yx-answer__word").all_inner_texts()
    assert len(set(shapes)) == len(set(words)) == 3


def test_what_one_does_not_do_on_paper_is_not_printed(sample: str, visit: Visit) -> None:
    page = visit(sample)
    page.emulate_media(media="print")
    for hidden in (".yx-languages", ".yx-nav", ".yx-button", ".yx-account"):
        assert not page.locator(hidden).first.is_visible()
    assert page.locator(".yx-answer").first.is_visible()


def test_high_contrast_and_less_motion_are_respected(sample: str, visit: Visit) -> None:
    page = visit(sample, forced_colors="active", reduced_motion="reduce")
    assert not violations(page)
    moving = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration !== '0s').length"
    assert page.evaluate(moving) == 0


def test_pages_are_light_and_ask_nobody_else(live: Live, visit: Visit) -> None:
    page = visit("about:blank")
    asked: list[str] = []
    size: list[int] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda response: size.append(len(gzip.compress(response.body()))))
    page.goto(live.hub)
    page.wait_for_load_state("networkidle")
    assert all(url.startswith(live.hub) for url in asked)
    assert len(asked) <= 15
    assert sum(size) < 60_000


def test_the_stylesheet_is_small_and_calls_nobody() -> None:
    assert len(gzip.compress(CSS.encode())) < 16_000
    assert "url(" not in CSS
    assert "@import" not in CSS


def test_every_class_in_a_template_is_in_the_stylesheet() -> None:
    known = set(re.findall(r"\.(yx-[\w-]+)", CSS))
    templates = [path for path in source.files() if path.suffix == ".html" and "templates" in path.parts]
    templates = [path for path in templates if "deploy" not in path.parts]
    used = {
        (source.relative(path), name)
        for path in templates
        for given in re.findall(r'class="([^"{]*)"', path.read_text(encoding="utf-8"))
        for name in given.split()
    }
    assert not sorted(one for one in used if one[1] not in known)
