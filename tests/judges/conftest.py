"""Other people's judges: veraPDF and EU DSS, run by the machine's Java."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub import clock
from hub.house import House, open_house
from tests.conftest import settings_for
from tests.judges import papers, tools
from tests.judges.papers import Papers

HERE = Path(__file__).parent
Judge = Callable[..., dict[tuple[str, str], str]]


@dataclass(frozen=True)
class Ruling:
    """What EU DSS says of the seal of one file."""

    indication: str
    sub: str
    level: str
    words: str


Dss = Callable[..., dict[str, Ruling]]


@pytest.fixture(scope="session")
def judged(template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One installation whose papers and certificates are judged."""
    folder = tmp_path_factory.mktemp("judged") / "data"
    shutil.copytree(template, folder)
    opened = open_house(settings_for(folder, valkey_url))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sealed(judged: House, tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """A document at every level and in both layouts, with each kind of key."""
    return papers.made(judged, clock.now(), tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="session")
def verapdf() -> Judge:
    """Ask veraPDF about files: `verapdf(path, ...)` gives, by (file name, standard), the failed rules ("" is a pass)."""
    libraries = tools.verapdf_jars()

    def judge(*files: Path, standards: str = "3a,ua1") -> dict[tuple[str, str], str]:
        command = [tools.java(), "-cp", f"{libraries}/*", str(HERE / "Judge.java"), standards, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        lines = [line.split("\t") for line in done.stdout.splitlines() if line.startswith(("PASS\t", "FAIL\t"))]
        assert len(lines) == len(files) * len(standards.split(",")), done.stdout
        return {
            (Path(file).name, standard): "" if answer == "PASS" else rules or "?"
            for answer, standard, file, rules in lines
        }

    return judge


@pytest.fixture(scope="session")
def dss(tmp_path_factory: pytest.TempPathFactory) -> Dss:
    """Ask EU DSS with its strict policy: `dss(path, ..., root=path, known=[paths])` gives a ruling by file name.

    It fetches nothing: beside the file it knows the root, and the lists and certificates in `known`.
    """
    libraries = tools.dss_jars()
    policy = tools.strict_policy(tmp_path_factory.mktemp("policy"))

    def judge(*files: Path, root: Path, known: tuple[Path, ...] = ()) -> dict[str, Ruling]:
        asked = [str(each) for each in (policy, root, *known, "--", *files)]
        command = [tools.java(), "-cp", f"{libraries}/*", str(HERE / "dss/Dss.java"), *asked]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        assert len(lines) == len(files), done.stdout
        return {name: Ruling(*rest) for name, *rest in lines}

    return judge
