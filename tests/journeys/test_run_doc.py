"""docs/run.md is true: its commands are run as they stand, from an empty folder to a backed-up installation."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT
from tests.journeys.test_tour import seven_free_ports

PAGE = (ROOT / "docs/run.md").read_text("utf-8")
SECONDS = 300
STOP = "\nkill -TERM %1; wait %1\n"  # what the reader does with Ctrl-C


def blocks(text: str) -> list[str]:
    """The parts of a page that are commands to run."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.system
def test_the_commands_of_the_page_make_an_installation(tmp_path: Path) -> None:
    tools, folder = tmp_path / "bin", tmp_path / "new"
    tools.mkdir()
    folder.mkdir()
    (tools / "yinxin").write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "app.py"} "$@"\n')
    (tools / "yinxin").chmod(0o755)
    script = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n" + "\n".join(blocks(PAGE)) + STOP
    first = seven_free_ports()
    for port, free in (("8000", first), ("8001", first + 1)):
        script = script.replace(f"https://localhost:{port}", f"https://localhost:{free}")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("YINXIN_", "SSL_", "CURL_"))}
    given = {"PATH": f"{tools}:{clean['PATH']}", "YINXIN_PORT": str(first), "YINXIN_VERIFY_PORT": str(first + 1)}
    done = _ran(script, folder, clean | given)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "1 rows: 1 issued" in done.stdout
    assert re.search(r'"status": ?"valid"', done.stdout)
    assert "The ledger is whole" in done.stdout
    assert (folder / "today.backup").stat().st_size > 10_000


def _ran(script: str, folder: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a script in a group of its own, so that nothing of it goes on when it takes too long."""
    command = ["bash", "-c", script]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True, process_group=0) as run:
        try:
            said, complained = run.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, run.returncode, said, complained)


@pytest.mark.parametrize("block", blocks(PAGE), ids=lambda block: block.split("\n")[0][:40])
def test_every_block_is_a_script(block: str) -> None:
    subprocess.run(["bash", "-n", "-c", block], check=True)
    for command in re.findall(r"^yinxin ([a-z-]+)", block, re.MULTILINE):
        assert command in commands(), f"there is no `yinxin {command}`"


def commands() -> set[str]:
    """The commands that there are."""
    import app

    return set(app.main.list_commands())


def test_what_the_page_names_is_there() -> None:
    for link in re.findall(r"\]\(([a-z./-]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
    for path in re.findall(r"`(deploy/[\w./-]+)`", PAGE):
        assert (ROOT / path).exists(), path
