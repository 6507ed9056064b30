"""A test with a browser never reads a page that has not come: whatever leads to another page is pressed by `presses`."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.house import source
from tests.house.source import ROOT

BARE = re.compile(r"\.click\(\)$")
STAYS = ("summary", "label:has-text")  # pressing these leads nowhere
WAITS = re.compile(r"\bexpect\(|\.wait_for|\b(says|answered|is_welcome)\(")
READS = re.compile(
    r"\bassert\b|\.(all_inner_texts|inner_text|input_value|count|content|screenshot|evaluate|is_visible)\(|\.url\b"
    r"|\b(look|looked|judged|judge|shown|pictured|assert_accessible|at_both_widths|violations)\("
)


def followed(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    """Each statement of a block and the one after it, those of inner blocks too."""
    yield from pairwise(body)
    for statement in body:
        for inner in ("body", "orelse", "finalbody"):
            yield from followed(getattr(statement, inner, []))


def hasty(tree: ast.Module) -> list[str]:
    """What clicks, and reads at once."""
    return [
        f"line {click.lineno}: {pressed}"
        for click, after in followed(tree.body)
        if isinstance(click, ast.Expr)
        and BARE.search(pressed := ast.unparse(click))
        and not any(word in pressed for word in STAYS)
        and READS.search(text := ast.unparse(after))
        and not WAITS.search(text)
    ]


def test_nobody_reads_right_after_a_click() -> None:
    """What is read then may be the old page, or half of the new one."""
    files = [path for path in source.python("tests") if path.is_relative_to(ROOT / "tests/browser")]
    found = {source.relative(path): hasty(source.tree(path)) for path in files}
    assert not {path: lines for path, lines in found.items() if lines}


@pytest.mark.parametrize("after", ["assert page.url", "look(page)", "words = page.locator('dd').all_inner_texts()"])
def test_haste_is_seen(after: str) -> None:
    assert hasty(ast.parse(f"def test(page):\n    page.locator('a').click()\n    {after}"))
