"""What is installed is what stands here: code, pages, texts, kinds, fonts."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house import source
from tests.house.source import ROOMS

SHIPPED = (*ROOMS, "yinxin", "app.py")


@pytest.mark.slow
def test_the_package_holds_every_file_of_every_room(tmp_path: Path) -> None:
    for path in source.files():
        if source.relative(path).split("/")[0] in {*SHIPPED, "pyproject.toml", "README.md", "LICENSE"}:
            copy = tmp_path / "source" / source.relative(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    build = "from setuptools import build_meta; import sys; print(build_meta.build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", build, str(tmp_path)]
    subprocess.run(command, cwd=tmp_path / "source", check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = set(wheel.namelist())
        entry = next(name for name in inside if name.endswith("entry_points.txt"))
        assert "yinxin = app:main" in wheel.read(entry).decode()
    wanted = {source.relative(path) for path in source.files() if source.relative(path).split("/")[0] in SHIPPED}
    assert not sorted(wanted - inside)
    assert not [name for name in inside if "__pycache__" in name]
