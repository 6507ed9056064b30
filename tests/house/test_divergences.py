"""docs/divergences.md names tests for its rules: all of them are there."""

import ast
import re

import pytest

from tests.house import source

PAGE = source.ROOT / "docs/divergences.md"
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))))


def test_the_page_names_tests_for_every_rule() -> None:
    rules = [
        line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`tests/" in line
    ]
    assert len(rules) > 30
    assert len(NAMED) > 50


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_each_test_that_is_named_exists(file: str) -> None:
    tree = ast.parse((source.ROOT / file).read_text(encoding="utf-8"))
    there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert not {name for of, name in NAMED if of == file} - there
