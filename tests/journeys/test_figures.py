"""Every figure of every board, counted once more by a stranger: a program, a file, and nothing of the house."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from admin import assessment, case_figures, counter, desk, experience, item_figures, sharing_board, supervision
from docs.figures.__main__ import every
from hub import clock, ledger
from tests.house.source import ROOT
from tests.world import World

Board = Callable[[Connection, datetime], dict[str, Any]]
BOARDS: dict[str, Board] = {
    "assessment": lambda db, now: assessment.figures(db, "hub", now),
    "cases": lambda db, now: case_figures.figures(db, "hub", now),
    "counter": lambda db, _now: counter.figures(db, "hub"),
    "desk": lambda db, now: desk.figures(db, "hub", now),
    "experience": lambda db, now: experience.figures(db, "hub", now),
    "services": lambda db, _now: item_figures.figures(db, "hub"),
    "sharing": lambda db, _now: sharing_board.figures(db, "hub"),
    "supervision": lambda db, now: supervision.figures(db, "hub", now),
}
PROGRAM = [sys.executable, "-I", "-S", str(ROOT / "docs/figures")]  # no installed package, no path of ours


def assert_every_board_is_counted_again(played: World, file: Path) -> None:
    """Export the ledger of a demo to a file and compare what its boards show with what the program counts.

    `test_tour` calls it at the end of the day that it played.
    """
    played.house.tally.flush()
    with clock.shifted(61):  # the minute is over
        experience.fold(played.house, clock.now())
        played.tick()
    now = clock.now()
    with played.house.database.snapshot() as db:
        lines = [json.dumps(event, ensure_ascii=False) for event in ledger.export(db)]
        shown = {name: board(db, now) for name, board in BOARDS.items()}
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = counted_by_program(str(file), "--now", now.isoformat())
    for name, figures in json.loads(json.dumps(shown)).items():
        assert told[name] == figures, name
    assert all(any(figures.values()) for figures in told.values()), "the story touches every board"


def counted_by_program(*arguments: str, given: str | None = None) -> dict[str, Any]:
    """What the program prints."""
    done = subprocess.run(
        [*PROGRAM, *arguments], cwd="/", capture_output=True, text=True, timeout=60, check=False, input=given
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_there_is_a_board_for_every_program() -> None:
    assert set(every([], clock.now())) == set(BOARDS)


def test_an_empty_ledger_has_figures_too() -> None:
    told = counted_by_program(given="\n")
    assert set(told) == set(BOARDS)
    assert not any(value for figures in told.values() for value in figures.values())


@pytest.mark.parametrize(
    ("line", "why"),
    [("{", "line 2 is not JSON"), ("[]", "line 2 is no event"), ('{"kind": "x"}', "line 2 is no event")],
)
def test_a_line_that_is_no_event_is_named(line: str, why: str) -> None:
    done = subprocess.run([*PROGRAM], input=f"\n{line}\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr


@pytest.mark.parametrize("wrong", ["yesterday", "2026-11-22T12:00:00", ""])
def test_a_moment_needs_its_zone(wrong: str) -> None:
    done = subprocess.run([*PROGRAM, "--now", wrong], input="", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
