"""veraPDF, brought by Maven, run by the machine's Java."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.source import ROOT

HERE = Path(__file__).parent
LIBRARIES = ROOT / ".cache/judges"
READY = LIBRARIES / "ready"  # holds the pom it was filled from
Judge = Callable[..., dict[tuple[str, str], str]]


@pytest.fixture(scope="session")
def verapdf() -> Judge:
    """Ask veraPDF about files: `verapdf(path, ...)` gives, by (file name, standard), the failed rules ("" is a pass)."""
    java, maven = shutil.which("java"), shutil.which("mvn")
    assert java, "A JDK from 17 on is missing: run `deploy/setup.sh judges`"
    assert maven, "Maven is missing: run `deploy/setup.sh judges`"
    _bring(maven)

    def judge(*files: Path, standards: str = "3a,ua1") -> dict[tuple[str, str], str]:
        command = [java, "-cp", f"{LIBRARIES}/*", str(HERE / "Judge.java"), standards, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        lines = [line.split("\t") for line in done.stdout.splitlines() if line.startswith(("PASS\t", "FAIL\t"))]
        assert len(lines) == len(files) * len(standards.split(",")), done.stdout
        return {
            (Path(file).name, standard): "" if answer == "PASS" else rules or "?"
            for answer, standard, file, rules in lines
        }

    return judge


def _bring(maven: str) -> None:
    pom = (HERE / "pom.xml").read_text(encoding="utf-8")
    if READY.exists() and READY.read_text(encoding="utf-8") == pom:
        return
    shutil.rmtree(LIBRARIES, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={LIBRARIES}"]
    command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), *goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=dict(os.environ))
    assert done.returncode == 0, f"Maven could not bring veraPDF:\n{done.stdout[-3000:]}"
    READY.write_text(pom, encoding="utf-8")
