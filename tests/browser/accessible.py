"""What a page must be for everyone: judged by axe-core and by what axe cannot see."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What passes is neither written down nor handed over: that takes four times as long as the judging.
VIOLATIONS = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})
  .then(found => found.violations)"""
SMALL = """() => [...document.querySelectorAll(
    'button, input:not([type=hidden]), select, textarea, summary, .yx-button, nav a, main li > a, label:has(input)')]
  .filter(e => e.checkVisibility({checkVisibilityCSS: true}) && !e.closest('.yx-choice') && !e.closest('.yx-card'))
  .filter(e => !e.closest('p') && !e.closest('.yx-skip'))
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && box.height < 43.5).map(([html, box]) => `${Math.round(box.height)} px: ${html}`)"""


@cache
def _axe() -> str:
    return (Path(__file__).parent / "axe/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe-core finds, with the page's Content-Security-Policy on (evaluating from outside passes it by)."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    found: Any = page.evaluate(VIOLATIONS, RULES)
    return [
        f"{rule['id']}: {node['target']}: {node.get('failureSummary', '')}" for rule in found for node in rule["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    """Axe finds nothing; nothing scrolls sideways; targets are 44 px high; one h1; ids are unique; the language is said."""
    found = violations(page)
    assert not found, f"{page.url}: {found}"
    wide, width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= width, f"{page.url} scrolls sideways: {wide} px in a window of {width} px"
    small = page.evaluate(SMALL)
    assert not small, f"{page.url}: {small}"
    assert page.locator("h1").count() == 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids)), sorted(one for one in set(ids) if ids.count(one) > 1)
    assert page.locator("html").get_attribute("lang") in {"zh-Hans", "en"}
