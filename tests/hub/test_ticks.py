"""Periodic work: by one process at a time, whatever happens to the others."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import clock, lead, ledger, ticks
from hub.house import House
from hub.lead import LeadLost, LockLead, RowLead, fence, lead_of, leading_with
from hub.ticks import NoBeat, Task, Ticker


@pytest.fixture(autouse=True)
def nobody_leads() -> Iterator[None]:
    yield
    leading_with(None)


@contextlib.contextmanager
def ticking(house: House, *tasks: Task) -> Iterator[Ticker]:
    ticker, stop = Ticker(house, list(tasks)), threading.Event()
    thread = threading.Thread(target=ticker.run, args=[stop])
    thread.start()
    try:
        yield ticker
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_task_runs_again_and_again(bare_on: House) -> None:
    times: list[datetime] = []
    with ticking(bare_on, Task("count", 0.2, lambda _, now: times.append(now))):
        until(lambda: len(times) >= 3)
    assert all(later - earlier > timedelta(seconds=0.15) for earlier, later in pairwise(times))


def test_a_slow_task_is_never_run_twice_at_once_and_stops_no_other(bare: House) -> None:
    running, most, quick = [0], [0], [0]

    def slow(house: House, now: datetime) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.6)
        running[0] -= 1

    def fast(house: House, now: datetime) -> None:
        quick[0] += 1

    with ticking(bare, Task("slow", 0.1, slow), Task("quick", 0.1, fast)):
        until(lambda: quick[0] >= 6)
    assert most[0] == 1
    assert running[0] == 0  # what ran was finished before the ticker ended


def test_a_broken_task_is_told_and_tried_again_but_not_in_a_storm(bare: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "BACK_OFF", (0.5,))
    tries: list[float] = []
    mended = threading.Event()

    def broken(house: House, now: datetime) -> None:
        tries.append(time.monotonic())
        if not mended.is_set():
            raise KeyError

    with ticking(bare, Task("broken", 0.01, broken)):
        until(lambda: "KeyError" in beats(bare).get("broken", ()))
        mended.set()
        until(lambda: "ok" in beats(bare)["broken"])
    assert tries[1] - tries[0] >= 0.45


def test_two_tickers_one_works(bare_on: House) -> None:
    by: list[str] = []
    with (
        ticking(bare_on, Task("count", 0.1, lambda *_: by.append("a"))),
        ticking(bare_on, Task("count", 0.1, lambda *_: by.append("b"))),
    ):
        until(lambda: len(by) >= 8)
    assert len(set(by)) == 1


def test_who_stops_gives_the_lead_away_at_once(bare_on: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "RENEW", 0.2)
    by: list[str] = []
    with ticking(bare_on, Task("count", 0.1, lambda *_: by.append("a"))):
        until(lambda: by)
    with ticking(bare_on, Task("count", 0.1, lambda *_: by.append("b"))):
        until(lambda: "b" in by, 5)


def test_the_row_lapses_and_is_taken_over(bare: House) -> None:
    now = clock.now()
    first, second = RowLead(bare), RowLead(bare)
    assert first.held(now)
    assert not second.held(now + lead.LEASE / 2)
    assert first.held(now + lead.LEASE / 2)  # renewed
    assert not second.held(now + lead.LEASE)
    assert second.held(now + lead.LEASE * 2)
    assert not first.held(now + lead.LEASE * 2)
    first.release()  # what it no longer has it cannot give away
    assert not RowLead(bare).held(now + lead.LEASE * 2)


def test_what_a_sleeper_writes_is_void(bare: House) -> None:
    """SIGSTOP for 30 s, then on: the old leader's write must fail."""
    now = clock.now()
    sleeper, other = RowLead(bare), RowLead(bare)
    assert sleeper.held(now)
    leading_with(sleeper)
    with bare.database.write() as db:
        fence(db)
    assert other.held(now + lead.LEASE * 2)
    with bare.database.write() as db, pytest.raises(LeadLost):
        fence(db)
    with bare.database.write() as db:
        ledger.wrote(db, "test.written", "hub", by="test", at=now)
    with pytest.raises(LeadLost):
        ledger.sequence(bare, now)


def test_outside_periodic_work_a_fence_is_open(bare_on: House) -> None:
    with bare_on.database.write() as db:
        fence(db)


@pytest.mark.parametrize("bare_on", ["postgresql"], indirect=True)
def test_the_lock_goes_with_its_session(bare_on: House) -> None:
    first, second = lead_of(bare_on), lead_of(bare_on)
    assert isinstance(first, LockLead)
    assert first.held(clock.now())
    assert not second.held(clock.now())
    with bare_on.database.engine.connect() as db:  # as when the database fails over
        db.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )
    assert not first.held(clock.now())
    assert second.held(clock.now())
    assert not first.held(clock.now())
    second.release()
    assert first.held(clock.now())
    first.release()


PROCESS = """
import sys, threading
from pathlib import Path
from hub import lead, ticks
from hub.house import open_house
from hub.settings import read

lead.LEASE /= 15
ticks.RENEW = 0.3
house = open_house(read(profile="demo", data=Path(sys.argv[1]), redis_url="redis://nobody", database_url=sys.argv[2]))

def write(_house, now):
    print(now.isoformat(), flush=True)

ticks.Ticker(house, [ticks.Task("write", 0.1, write)]).run(threading.Event())
"""


def test_a_killed_leader_is_followed(bare_on: House, tmp_path: Path) -> None:
    url = bare_on.settings.database_url
    command = [sys.executable, "-c", PROCESS, str(bare_on.settings.data), url]
    with (tmp_path / "first").open("wb") as out, (tmp_path / "second").open("wb") as other:
        first = subprocess.Popen(command, stdout=out)
        try:
            until(lambda: (tmp_path / "first").stat().st_size)
            second = subprocess.Popen(command, stdout=other)
            try:
                time.sleep(1.0)
                assert not (tmp_path / "second").stat().st_size
                os.kill(first.pid, signal.SIGKILL)
                until(lambda: (tmp_path / "second").stat().st_size)
            finally:
                second.kill()
                second.wait()
        finally:
            first.kill()
            first.wait()


def test_health_sees_that_periodic_work_stopped(bare_on: House) -> None:
    with pytest.raises(NoBeat):
        ticks.alive(bare_on, clock.now())
    with ticking(bare_on, Task("count", 0.1, lambda *_: None)):
        until(lambda: "count" in beats(bare_on))
    ticks.alive(bare_on, clock.now())
    with pytest.raises(NoBeat):
        ticks.alive(bare_on, clock.now() + ticks.LATE * 2)


def beats(house: House) -> dict[str, tuple[datetime, str]]:
    with house.database.read() as db:
        return ticks.beats(db)
