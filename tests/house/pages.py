"""Pages of docs/ that are made from the code: `make docs` writes them, a test compares them."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator

from hub.problems import Problem
from hub.settings import PREFIX, Settings
from tests.house.source import ROOMS, ROOT

FROZEN = {"issuer_url", "verify_url", "pki_url"}
NOTE = "<!-- Made from the code by `make docs`. -->"


def settings_page() -> str:
    """docs/settings.md: each setting with its default and meaning."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_default(field.default)} | {field.description}{' **(frozen)**' * (name in FROZEN)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            NOTE,
            "",
            "Environment variables, read once at start. A value that cannot be right stops the start, naming it.",
            f"Each may also be given as `{PREFIX}<NAME>_FILE`, the path of a file that holds the value: for secrets. **Frozen**:",
            "printed in licenses and certificates; `yinxin init` keeps the value, and another one is refused from then on.",
            "",
            "| variable | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def problems_page() -> str:
    """docs/problems.md: each kind of refusal by room."""
    lines = ["# Problems", "", NOTE, ""]
    lines += [
        "What can go wrong, as it is answered: to programs as `application/problem+json` (RFC 9457) with",
        '`"type": "urn:yinxin:problem:<code>"`, to people as a page in their language.',
        "The OAuth endpoints answer the codes of RFC 6749 instead.",
        "",
    ]
    for room in ROOMS:
        found = sorted((kind for kind in problems() if kind.__module__.split(".")[0] == room), key=code)
        if found:
            lines += [f"## {room}", "", "| code | status | title | what to do |", "|---|---|---|---|"]
            lines += [f"| `{code(kind)}` | {kind.status} | {kind.title} | {kind.advice} |" for kind in found]
            lines += [""]
    return "\n".join(lines)


def problems() -> set[type[Problem]]:
    """Every kind of Problem in the house (all modules are imported to find them)."""
    for room in ROOMS:
        _import_all(room)
    importlib.import_module("app")
    return {kind for kind in _below(Problem) if kind.__module__.split(".")[0] in ROOMS}


def code(kind: type[Problem]) -> str:
    """The code of a kind of Problem, as `Problem.code` says it."""
    return str(inspect.getattr_static(Problem, "code").fget(kind.__new__(kind)))


def _below(kind: type[Problem]) -> Iterator[type[Problem]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)


def _import_all(package: str) -> None:
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)


def _default(value: object) -> str:
    return f"`{value}`" if value not in (None, "") else "none"


PAGES: dict[str, Callable[[], str]] = {"docs/settings.md": settings_page, "docs/problems.md": problems_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
