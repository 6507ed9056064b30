"""Each command stands where the front door says, and is started without what it does not need."""

import importlib
import subprocess
import sys

import pytest

import app
from hub.db import metadata
from tests.house.source import ROOT

HEAVY = {"flask", "alembic", "pyhanko", "webauthn", "authlib", "idp", "licenses", "admin", "verification"}


@pytest.mark.parametrize("module", app.COMMANDS)
def test_a_room_s_commands_are_those_that_the_front_door_names(module: str) -> None:
    assert {one.name for one in importlib.import_module(module).commands} == set(app.COMMANDS[module])


def test_a_command_of_the_kernel_is_started_without_the_rooms() -> None:
    asked = "import app, sys; app.main(['place', '--help'], standalone_mode=False)"
    code = f"{asked}; sys.exit(' '.join({HEAVY} & set(sys.modules)) or 0)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "Usage" in run.stdout


def test_a_command_that_does_not_exist_is_refused_in_words() -> None:
    run = subprocess.run([sys.executable, "app.py", "plac"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "plac" in run.stderr


def test_what_concerns_every_room_finds_every_table() -> None:
    ours = {name for name in metadata.tables if name.split("_")[0] in app.ROOMS}
    asked = "import app; from hub.db import metadata; app.main(['backup', '--help'], standalone_mode=False)"
    code = f"{asked}; print(*metadata.tables)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ours <= set(run.stdout.split())
