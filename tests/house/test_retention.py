"""docs/retention.md is true: no table is missing, each period is the one in the code, each chore is registered."""

import importlib
import re
from datetime import timedelta

import app
from hub import ticks
from hub.db import metadata
from tests.house import source

PAGE = (source.ROOT / "docs/retention.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| what |")
]
UNITS = {"day": timedelta(days=1), "days": timedelta(days=1), "hours": timedelta(hours=1)}


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_table_stands_there_once() -> None:
    for room in app.ROOMS:
        app._module(f"{room}.store")
    told = [table for row in ROWS for table in named(row[1])]
    assert sorted(told) == sorted(set(told))
    assert set(told) == set(metadata.tables), set(told) ^ set(metadata.tables)


def test_each_period_is_the_one_in_the_code() -> None:
    checked = 0
    for what, _, kept, constant, *_ in ROWS:
        for name in named(constant):
            module, _, attribute = name.rpartition(".")
            value = getattr(importlib.import_module(module), attribute)
            value = value if isinstance(value, timedelta) else timedelta(days=value)
            found = re.search(r"(\d+) (days|hours)", kept)
            assert found, what
            assert int(found[1]) * UNITS[found[2]] == value, what
            checked += 1
    assert checked > 15


def test_each_chore_is_registered_and_each_row_has_a_reason() -> None:
    for what, _, _, _, then, chore, basis in ROWS:
        assert set(named(chore)) <= ticks.TASKS.keys(), what
        assert basis, what
        assert chore or not re.search("erased|deleted|taken out", then), what
