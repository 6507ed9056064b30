"""The cases of a test have the same names in each process: those that share the work compare their lists."""

import ast

import pytest

from tests.house import source

SETS = (ast.Set, ast.SetComp)


def unordered(tree: ast.Module) -> list[str]:
    """Cases whose order, or whose names made by a function, differ from process to process: sets do."""
    found = []
    for case in ast.walk(tree):
        if isinstance(case, ast.Call) and isinstance(case.func, ast.Attribute) and case.func.attr == "parametrize":
            values = case.args[1]
            named = any(word.arg == "ids" and not isinstance(word.value, ast.List) for word in case.keywords)
            found += [
                f"line {node.lineno}: {ast.unparse(node)}"
                for node in (ast.walk(values) if named else [values])
                if isinstance(node, SETS)
            ]
    return found


@pytest.mark.parametrize(
    ("cases", "wrong"),
    [
        ("[('a', {'a', 'b'})], ids=str", True),
        ("[('a', {'a', 'b'})], ids=['one']", False),
        ("[('a', {'a', 'b'})]", False),
        ("{'a', 'b'}", True),
        ("{one for one in NAMES}", True),
        ("sorted({one for one in NAMES})", False),
        ("[{'a': 1}, ('b',)], ids=str", False),
    ],
)
def test_a_set_among_the_cases_is_found(cases: str, *, wrong: bool) -> None:
    assert bool(unordered(ast.parse(f"@pytest.mark.parametrize('one', {cases})\ndef test(): ..."))) is wrong


def test_no_cases_of_a_test_stand_in_a_set() -> None:
    found = {source.relative(path): unordered(source.tree(path)) for path in source.python("tests")}
    assert not {path: lines for path, lines in found.items() if lines}
