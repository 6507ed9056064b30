"""The source as the house tests see it: which files there are, what each imports."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("hub", "certs", "seals", "licenses", "verification", "idp", "admin")


@dataclass(frozen=True)
class Import:
    """One imported module or name (`from a import b` is `a.b`), and where it stands."""

    path: str
    line: int
    name: str
    for_types_only: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.name}"


@cache
def files() -> tuple[Path, ...]:
    """Every file of the project: what git knows or would add. (A release without .git: everything but hidden folders.)"""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if ".venv" not in path.parts]
    return tuple(sorted(ROOT / name for name in names if name and (ROOT / name).is_file()))


def relative(path: Path) -> str:
    """A path as it stands in the repository."""
    return path.relative_to(ROOT).as_posix()


def python(*folders: str) -> list[Path]:
    """The Python files in these folders, or `app.py` and the like by name."""
    return [path for path in files() if path.suffix == ".py" and relative(path).split("/")[0] in folders]


@cache
def tree(path: Path) -> ast.Module:
    """A file as its syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Everything a file imports, at its top or within functions."""
    guarded = {id(node) for block in ast.walk(tree(path)) if _for_types(block) for node in ast.walk(block)}
    return tuple(
        Import(relative(path), getattr(node, "lineno", 0), name, id(node) in guarded)
        for node in ast.walk(tree(path))
        for name in _names(node, path)
    )


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _names(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        above = relative(path).split("/")[: -node.level] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        yield from (f"{module}.{alias.name}" for alias in node.names)
