"""What the documents tell one to type exists, and what they point to is there."""

import re
from pathlib import Path

import pytest

import app
from tests.house import source

MAKEFILE = (source.ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
DOCUMENTS = [path for path in source.files() if path.suffix == ".md"]


def blocks(path: Path) -> list[str]:
    """The lines to type: those of code blocks, and inline commands."""
    text = path.read_text(encoding="utf-8")
    typed = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in typed for line in block.splitlines()] + re.findall(r"`((?:make|yinxin) [^`]+)`", text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=source.relative)
def test_every_make_target_in_a_document_exists(path: Path) -> None:
    named = {target for line in blocks(path) for target in re.findall(r"\bmake ([a-z]+)", line)}
    assert named <= TARGETS


@pytest.mark.parametrize("path", DOCUMENTS, ids=source.relative)
def test_every_yinxin_command_in_a_document_exists(path: Path) -> None:
    named = {command for line in blocks(path) for command in re.findall(r"(?:^|[/ ])yinxin ([a-z]+(?:-[a-z]+)*)", line)}
    assert named <= set(app.main.list_commands())


@pytest.mark.parametrize("path", DOCUMENTS, ids=source.relative)
def test_every_link_within_the_project_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert not [link for link in links if "://" not in link and not (path.parent / link).exists()]


def test_every_decision_is_listed() -> None:
    folder = source.ROOT / "docs/decisions"
    listed = re.findall(r"^(\d+)\. \[.+\]\((\d{4})-", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    records = sorted(path.name[:4] for path in folder.glob("[0-9]*.md"))
    assert [name for _, name in listed] == records
    assert [int(number) for number, _ in listed] == [int(name) for name in records]


def test_the_readme_is_short_and_gives_two_commands() -> None:
    text = (source.ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert len(blocks(source.ROOT / "README.md")[0:2]) == 2
    assert "make demo" in text


def test_make_tells_what_there_is() -> None:
    assert {"demo", "test", "check", "lint", "format", "lock", "judges", "chaos", "bench"} <= TARGETS
    assert ".DEFAULT_GOAL := help" in MAKEFILE
