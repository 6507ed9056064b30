"""The texts of the house: message ids in code and templates, their Chinese, and words that slipped past translation."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jinja2
from babel.messages.pofile import read_po
from jinja2 import nodes
from jinja2.lexer import TOKEN_DATA

from tests.house import pages, source

JINJA = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.do"])
MARKS = {"_", "N_", "translated"}
SPOKEN = {"alt", "title", "placeholder", "aria-label", "label", "content"}
PLACE = re.compile(r"%\((\w+)\)")
WORD = re.compile(
    r"[a-z]{2}|[\u3400-\u9fff]"
)  # a single letter, a digit or an abbreviation is the same in both languages


@dataclass(frozen=True, order=True)
class Text:
    """A message id and where it is used."""

    message: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.message!r}"


def templates(room: str) -> list[Path]:
    """The templates of a room."""
    inside = f"{room}/templates/"
    return [path for path in source.files() if source.relative(path).startswith(inside) and path.suffix == ".html"]


@cache
def chinese(room: str) -> dict[str, str]:
    """A room's Chinese texts by message id."""
    found: dict[str, str] = {}
    for path in sorted((source.ROOT / room / "translations").glob("*.po")):
        found |= entries(path)
    return found


def entries(path: Path) -> dict[str, str]:
    """The Chinese texts of one file by message id."""
    with path.open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file, locale="zh_Hans") if entry.id}


@cache
def used(room: str) -> tuple[Text, ...]:
    """Every message id that a room shows."""
    found = [text for path in templates(room) for text in _in_template(path)]
    found += [text for path in source.python(room) for text in _in_python(path)]
    return tuple(found)


def _in_template(path: Path) -> list[Text]:
    parsed = JINJA.parse(path.read_text(encoding="utf-8"))
    return [
        Text(call.args[0].value, source.relative(path), call.lineno)
        for call in parsed.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name == "_" and isinstance(call.args[0], nodes.Const)
    ]


def _in_python(path: Path) -> list[Text]:
    kinds = {kind.__name__ for kind in pages.problems()} | {"Problem"}
    return [
        Text(message, source.relative(path), getattr(node, "lineno", 0))
        for node in ast.walk(source.tree(path))
        for message in (*_marked(node, kinds), *_of_a_kind(node, kinds))
        if message
    ]


def _marked(node: ast.AST, kinds: set[str]) -> list[str]:
    """The message id of `_("...")`, `N_("...")` and `SomeProblem("...")`."""
    if not isinstance(node, ast.Call) or not node.args:
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return _literals(node.args[0]) if name in MARKS | kinds else []


def _of_a_kind(node: ast.AST, kinds: set[str]) -> list[str]:
    """The title, the advice and the link of a class of Problem."""
    if not isinstance(node, ast.ClassDef) or node.name not in kinds:
        return []
    names = {"title", "advice", "act"}
    found = []
    for line in node.body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and line.value:
            targets = line.targets if isinstance(line, ast.Assign) else [line.target]
            if any(isinstance(one, ast.Name) and one.id in names for target in targets for one in ast.walk(target)):
                found += _literals(line.value)
    return found


def _literals(value: ast.expr) -> list[str]:
    """The constant strings a value can have: itself, both sides of an `if`, the members of a tuple."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value]
    if isinstance(value, ast.IfExp):
        return _literals(value.body) + _literals(value.orelse)
    if isinstance(value, ast.Tuple):
        return [text for one in value.elts for text in _literals(one)]
    return []


class _Words(HTMLParser):
    """Collects what a reader would see or hear of a template whose expressions were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"code", "pre", "kbd", "samp", "script", "style"}
        spoken = SPOKEN - ({"content"} if tag == "meta" else set())
        self.found += [value for name, value in attrs if name in spoken and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"code", "pre", "kbd", "samp", "script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def hard_coded(path: Path) -> list[str]:
    """Words that stand in a template outside `_()`."""
    return [text.strip() for text in plain(path) if WORD.search(text)]


def plain(path: Path) -> list[str]:
    """What a reader would see or hear of a template, had its expressions nothing to say."""
    tokens = JINJA.lex(path.read_text(encoding="utf-8"))
    text = ""
    for _, kind, piece in tokens:
        if kind == TOKEN_DATA:
            text += piece
        elif kind == "variable_begin":
            text += "x" if text.endswith(("<", "</")) else "0"  # an expression: the name of a tag, or a value
    words = _Words()
    words.feed(text)
    words.close()
    # A macro may hold a piece of a tag: what looks like an attribute is none of the words.
    return [re.sub(r'[\w-]+="[^"]*"', "", found) for found in words.found]
