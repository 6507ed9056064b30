"""What a page must be for everyone: judged by axe-core and by what axe cannot see."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What passes is neither written down nor handed over: that takes four times as long as the judging.
VIOLATIONS = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})
  .then(found => found.violations)"""
SMALL = """[...document.querySelectorAll(
    'button, input:not([type=hidden]), select, textarea, summary, .yx-button, nav a, main li > a, label:has(input)')]
  .filter(e => e.checkVisibility({checkVisibilityCSS: true}) && !e.closest('.yx-choice') && !e.closest('.yx-card'))
  .filter(e => !e.closest('p') && !e.closest('.yx-skip'))
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && box.height < 43.5).map(([html, box]) => `${Math.round(box.height)} px: ${html}`)"""
LOOKS = f"""() => ({{
  wide: [document.documentElement.scrollWidth, innerWidth],
  small: {SMALL},
  titles: document.querySelectorAll('h1').length,
  ids: [...document.querySelectorAll('[id]')].map(e => e.id),
  language: document.documentElement.lang,
}})"""


@cache
def _axe() -> str:
    return (Path(__file__).parent / "axe/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe-core finds, with the page's Content-Security-Policy on (evaluating from outside passes it by)."""
    page.wait_for_load_state()  # a page that came by itself may still be on its way
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
        page.add_init_script(_axe())  # who judges one page of this window judges the next: sent once, not for each
    found: Any = page.evaluate(VIOLATIONS, RULES)
    return [
        f"{rule['id']}: {node['target']}: {node.get('failureSummary', '')}" for rule in found for node in rule["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    """Axe finds nothing; nothing scrolls sideways; targets are 44 px high; one h1; ids are unique; the language is said."""
    found = violations(page)
    assert not found, f"{page.url}: {found}"
    seen = page.evaluate(LOOKS)  # in one go: each question to a browser costs as much as its answer
    wide, width = seen["wide"]
    assert wide <= width, f"{page.url} scrolls sideways: {wide} px in a window of {width} px"
    assert not seen["small"], f"{page.url}: {seen['small']}"
    assert seen["titles"] == 1, f"{page.url}: {seen['titles']} h1"
    ids = seen["ids"]
    assert len(ids) == len(set(ids)), sorted(one for one in set(ids) if ids.count(one) > 1)
    assert seen["language"] in {"zh-Hans", "en"}
