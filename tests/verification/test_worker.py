"""Hostile uploads are read by another process, and only that process suffers."""

import os
import signal
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.verification.attacks.forge import FORGERIES, Forger
from tests.verification.desk import Desk
from verification.model import Reason, Result
from verification.pdf import examine
from verification.worker import Workbench


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    made = Workbench(seconds=5)
    yield made
    made.close()


def pid(bench: Workbench) -> int:
    process = bench._process
    assert process
    return process.pid


def test_it_answers_as_the_engine_does(bench: Workbench, desk: Desk, paper: bytes) -> None:
    anchors = desk.trust().anchors
    assert bench.examine(paper, anchors, desk.now) == examine(paper, anchors, desk.now)
    before = pid(bench)
    assert bench.examine(paper + b"x", anchors, desk.now) == examine(paper + b"x", anchors, desk.now)
    assert pid(bench) == before, "one process for many files"


def test_a_worker_that_dies_is_replaced(bench: Workbench, desk: Desk, paper: bytes) -> None:
    anchors = desk.trust().anchors
    bench.examine(paper, anchors, desk.now)
    os.kill(pid(bench), signal.SIGKILL)
    answers = [bench.examine(paper, anchors, desk.now) for _ in range(2)]
    assert all(check.result is Result.passed for check in answers[1].checks)


def test_a_worker_that_hangs_is_ended(desk: Desk, paper: bytes) -> None:
    bench = Workbench(seconds=0.5)
    anchors = desk.trust().anchors
    bench.examine(paper, anchors, desk.now)
    hung = pid(bench)
    os.kill(hung, signal.SIGSTOP)
    (check,) = bench.examine(paper, anchors, desk.now).checks
    assert check.reason is Reason.too_long
    assert not Path(f"/proc/{hung}").exists()
    assert all(one.result is Result.passed for one in bench.examine(paper, anchors, desk.now).checks)
    bench.close()


def test_the_worker_has_no_secrets_little_memory_and_no_files_to_write(
    bench: Workbench, desk: Desk, paper: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINXIN_PASSPHRASE", "correct horse")
    bench.close()
    bench.examine(paper, desk.trust().anchors, desk.now)
    assert b"YINXIN" not in Path(f"/proc/{pid(bench)}/environ").read_bytes()
    limits = Path(f"/proc/{pid(bench)}/limits").read_text()
    assert limits.count("1200000000") == 2
    assert "Max file size             0 " in limits
    assert "Max core file size        0 " in limits


def test_a_picture_larger_than_its_memory(bench: Workbench) -> None:
    out = BytesIO()
    Image.new("1", (6300, 6300)).save(out, "PNG")
    assert bench.texts(out.getvalue()) == ()
    assert bench.texts(b"nothing") is Reason.not_a_document


@pytest.mark.parametrize("name", ["a_bomb_in_a_stream", "a_tower_of_arrays", "more_than_we_take", "nothing"])
def test_files_that_break_parsers_do_not_break_the_worker(
    bench: Workbench, desk: Desk, paper: bytes, name: str
) -> None:
    make, reason = FORGERIES[name]
    found = bench.examine(make(Forger(desk, paper, paper)), desk.trust().anchors, desk.now)
    assert [check.reason for check in found.checks if check.reason] == [reason]
    assert all(one.result is Result.passed for one in bench.examine(paper, desk.trust().anchors, desk.now).checks)
