"""Taste in numbers, and marks that `make check` relies on."""

import re
import statistics

from tests.house import source
from tests.house.source import ROOMS

PROGRAMS = re.compile(r"\"(?:qpdf|pdfsig|pdftoppm|openssl|softhsm2-util|chromium)\"|libsofthsm2")


def test_files_are_short() -> None:
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in source.python(*ROOMS))
    assert statistics.median(lengths) < 140
    assert sum(length <= 300 for length in lengths) / len(lengths) > 0.9


def test_the_top_of_the_repository_stays_small() -> None:
    known = {*ROOMS, "yinxin", "app.py", "tests", "bench", "docs", "deploy", ".ci", "pyproject.toml", "Makefile"}
    known |= {"requirements.txt", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"}
    known |= {".gitignore", ".pre-commit-config.yaml", ".gitattributes", "compose.yaml", "Dockerfile", ".dockerignore"}
    assert {source.relative(path).split("/")[0] for path in source.files()} <= known


def test_a_test_that_needs_a_program_says_so() -> None:
    """`make check` leaves out what is marked `system`: it promises to need Python alone."""
    needy = [path for path in source.python("tests") if PROGRAMS.search(path.read_text(encoding="utf-8"))]
    needy = [path for path in needy if path.name.startswith("test_") and "house" not in path.parts]
    elsewhere = {"judges", "browser", "faults"}  # whole folders that `make check` does not run
    needy = [path for path in needy if not elsewhere & set(path.parts)]
    assert not [source.relative(path) for path in needy if "mark.system" not in path.read_text(encoding="utf-8")]
