"""Bringing other people's tools: Java libraries by Maven, zlint by Go; pinned, and kept in .cache."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

from tests.house.source import ROOT

HERE = Path(__file__).parent
ZLINT = "github.com/zmap/zlint/v3/cmd/zlint@v3.7.1"
GO_AT_LEAST = (1, 25)  # what this zlint's own go.mod asks for
SETUP = "run `deploy/setup.sh judges`"
STRICTER = ("PdfAnnotationOverlap", "PdfVisualDifference", "DocMDP", "FieldMDP", "SigFieldLock", "UndefinedChanges")


def java() -> str:
    """The machine's Java."""
    found = shutil.which("java")
    assert found, f"A JDK from 17 on is missing: {SETUP}"
    return found


def jars(pom: Path, folder: Path) -> Path:
    """The libraries that a pom names, in a folder; filled once for each version of the pom."""
    ready, wanted = folder / "ready", pom.read_text(encoding="utf-8")
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return folder
    maven = shutil.which("mvn")
    assert maven, f"Maven is missing: {SETUP}"
    shutil.rmtree(folder, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    command = [maven, "-q", "-B", "-f", str(pom), *goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=dict(os.environ))
    assert done.returncode == 0, f"Maven could not bring what {pom.name} names:\n{done.stdout[-3000:]}"
    ready.write_text(wanted, encoding="utf-8")
    return folder


def verapdf_jars() -> Path:
    """veraPDF."""
    return jars(HERE / "pom.xml", ROOT / ".cache/judges")


def dss_jars() -> Path:
    """EU DSS."""
    return jars(HERE / "dss/pom.xml", ROOT / ".cache/dss")


def strict_policy(folder: Path) -> Path:
    """The policy that DSS ships, except that any change after the signature is an error, not a warning."""
    (library,) = dss_jars().glob("dss-policy-jaxb-*.jar")
    text = ZipFile(library).read("policy/constraint.xml").decode()
    for rule in STRICTER:
        text, count = re.subn(rf'<{rule} Level="WARN"', f'<{rule} Level="FAIL"', text)
        assert count, f"the policy has no rule {rule} that warns"
    policy = folder / "strict.xml"
    policy.write_text(text, encoding="utf-8")
    return policy


def zlint() -> Path:
    """zlint's program, built once."""
    folder = ROOT / ".cache/zlint" / ZLINT.rpartition("@")[2]
    program = folder / "zlint"
    if not program.exists():
        go = shutil.which("go")
        assert go, f"Go 1.25 or newer is missing: {SETUP}"
        said = subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
        numbers = re.search(r"go(\d+)\.(\d+)", said)
        assert numbers, said
        assert (int(numbers[1]), int(numbers[2])) >= GO_AT_LEAST, f"Go 1.25 or newer is needed, this is {said}"
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [go, "install", ZLINT], capture_output=True, text=True, check=False, timeout=600,
            env=dict(os.environ) | {"GOBIN": str(folder), "GOFLAGS": "-modcacherw"},
        )  # fmt: skip
        assert done.returncode == 0, f"Go could not build zlint:\n{done.stderr[-3000:]}"
    return program
