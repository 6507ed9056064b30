"""Jobs: the row is the truth. Kill a worker, lose the queue: everything asked for is done in the end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
import redis

from hub import clock, jobs
from hub.house import House
from hub.jobs import Job
from hub.problems import Problem, Unavailable


@pytest.fixture(autouse=True)
def own_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "HANDLERS", {})
    yield
    jobs._broker_at.cache_clear()


def added(house: House, kind: str = "count", **body: object) -> str:
    with house.database.write() as db:
        return jobs.add(db, kind, dict(body), clock.now())


def stands(house: House, id: str) -> Job:
    with house.database.read() as db:
        found = jobs.job(db, id)
    assert found is not None
    return found


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_job_is_done_by_a_worker_and_its_result_is_seen(bare_on: House) -> None:
    jobs.handles("count", lambda _, job, __: {"sum": job.body["a"] + 1})
    with jobs.working(bare_on, threads=2):
        id = added(bare_on, a=41)
        jobs.wake(bare_on, id)
        until(lambda: stands(bare_on, id).state == "done")
    job = stands(bare_on, id)
    assert (job.result, job.attempts) == ({"sum": 42}, 1)
    assert job.ended is not None


def test_a_job_falls_with_the_step_that_asked_for_it(bare_on: House) -> None:
    with suppress(RuntimeError), bare_on.database.write() as db:
        id = jobs.add(db, "count", {}, clock.now())
        raise RuntimeError
    assert not jobs.run(bare_on, id)


def test_of_many_workers_one_does_it(bare_on: House) -> None:
    done = []
    jobs.handles("count", lambda _, job, __: done.append(job.id))
    id = added(bare_on)
    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(lambda _: jobs.run(bare_on, id), range(6))) == [False] * 5 + [True]
    assert done == [id]
    assert not jobs.run(bare_on, id)  # and never again


def test_a_refusal_ends_the_job_with_its_words(bare_on: House) -> None:
    class KindRetired(Problem):
        title = "This kind is no longer issued"

    def refuse(house: House, job: Job, now: datetime) -> None:
        raise KindRetired("It ended on %(day)s", day="2026-01-01")

    jobs.handles("count", refuse)
    id = added(bare_on)
    assert not jobs.run(bare_on, id)
    assert stands(bare_on, id).state == "failed"
    assert stands(bare_on, id).result == {"problem": "This kind is no longer issued", "detail": "It ended on %(day)s"}


@pytest.mark.parametrize("error", [Unavailable("the key store is away"), KeyError("a bug")])
def test_anything_else_is_tried_again_a_few_times(bare_on: House, error: Exception) -> None:
    def fail(house: House, job: Job, now: datetime) -> None:
        raise error

    jobs.handles("count", fail)
    id = added(bare_on)
    tried, waited = 0, 0
    for seconds in (0, *jobs.DELAYS):
        with clock.shifted(waited + seconds - 3):
            assert not jobs.run(bare_on, id)  # not due yet
        waited += seconds
        with clock.shifted(waited + 1 + tried):
            jobs.run(bare_on, id)
            tried += 1
            assert stands(bare_on, id).attempts == tried
    assert stands(bare_on, id).state == "failed"


def test_a_kind_that_nobody_does_is_seen(bare_on: House) -> None:
    id = added(bare_on, kind="from the future")
    jobs.run(bare_on, id)
    assert stands(bare_on, id).result == {"problem": "KeyError"}


def test_a_lost_queue_costs_time_only(bare_on: House) -> None:
    jobs.handles("count", lambda *_: None)
    ids = [added(bare_on) for _ in range(5)]
    jobs.wake(bare_on, *ids)
    redis.Redis.from_url(bare_on.shared.url).flushall()
    assert jobs.resume(bare_on, clock.now()) == 0  # they were woken just now
    with jobs.working(bare_on, threads=1):
        assert jobs.resume(bare_on, clock.now() + jobs.WAKE_AGAIN) == 5
        until(lambda: all(stands(bare_on, id).state == "done" for id in ids))


def test_asking_while_the_queue_is_down_is_no_error(bare: House, tmp_path_factory: pytest.TempPathFactory) -> None:
    bare.shared.url = f"unix://{tmp_path_factory.mktemp('nobody')}/nobody.sock"
    began = time.monotonic()
    jobs.wake(bare, added(bare))
    assert time.monotonic() - began < 2


def test_a_long_job_keeps_its_claim_and_a_sleeper_loses_it(bare_on: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LEASE", timedelta(seconds=0.3))
    gate = threading.Event()
    jobs.handles("count", lambda *_: {"first": gate.wait(20)})
    id = added(bare_on)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(jobs.run, bare_on, id)
        until(lambda: stands(bare_on, id).state == "running")
        time.sleep(0.8)  # longer than the lease: it was renewed
        assert not jobs.run(bare_on, id)
        with bare_on.database.write() as db:  # as if its process had been stopped for a while
            db.execute(jobs.job_table.update().values(claim="taken over", state="done", result={"second": True}))
        gate.set()
        running.result()
    assert stands(bare_on, id).result == {"second": True}


WORKER = """
import sys, time
from pathlib import Path
from hub import clock, jobs
from hub.house import open_house
from hub.settings import read

house = open_house(read(profile="demo", data=Path(sys.argv[1]), redis_url=sys.argv[2], passphrase="test"))

def work(house, job, now):
    time.sleep(0.05)
    with house.database.write() as db:  # finds what it did before
        db.exec_driver_sql("INSERT OR IGNORE INTO work_done VALUES (?)", (job.id,))
    with (house.settings.data / "runs").open("a") as file:
        file.write(job.id + "\\n")

jobs.handles("count", work)
jobs.LEASE /= 10
jobs.WAKE_AGAIN /= 10
with jobs.working(house, threads=2):
    print("working", flush=True)
    while True:
        jobs.resume(house, clock.now())
        time.sleep(0.1)
"""


def test_a_killed_worker_loses_no_job_and_doubles_none(bare: House) -> None:
    with bare.database.write() as db:
        db.exec_driver_sql("CREATE TABLE work_done (id TEXT PRIMARY KEY)")
    ids = [added(bare) for _ in range(24)]
    jobs.wake(bare, *ids)
    command = [sys.executable, "-c", WORKER, str(bare.settings.data), bare.shared.url]

    def finished() -> int:
        with bare.database.read() as db:
            return len([id for id in ids if jobs.job(db, id).state == "done"])  # type: ignore[union-attr]

    with started(command) as first:
        until(lambda: finished() >= 6)
        os.kill(first.pid, signal.SIGKILL)
    assert finished() < 24
    with started(command):
        until(lambda: finished() == 24)
    runs = (bare.settings.data / "runs").read_text().split()
    assert set(runs) == set(ids)
    assert len(runs) <= 24 + 2  # only what ran when it was killed may have run twice


class started:  # noqa: N801  reads as a word of the story
    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)

    def __enter__(self) -> subprocess.Popen[bytes]:
        assert self.process.stdout
        assert self.process.stdout.readline() == b"working\n"
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
