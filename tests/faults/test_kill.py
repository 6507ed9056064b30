"""kill -9 at random moments while licenses are issued: every number accounted for, none twice, every answer true.

A sample here; YINXIN_KILLS=100 for the whole experiment (`make chaos`).
"""

import os
import random
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from hub import clock, ledger
from hub.house import House
from licenses import store
from licenses.fsck import fsck
from licenses.issue import LEASE, issue, resume
from licenses.model import License
from seals import store as seal_store
from tests.faults.crew import Crew, crew
from tests.faults.issuer import APPLICATION, CALLER
from tests.licenses.conftest import department_in
from verification.answer import verify
from verification.model import Verdict

KILLS = {"sqlite": 12, "postgresql": 8}
STEP = LEASE.total_seconds() + 1  # each life begins when the lease of the one before has run out
VERIFIED = 12  # licenses that are verified in a sample; all of them are compared by fsck


def kills(house: House) -> int:
    asked = os.environ.get("YINXIN_KILLS")
    return int(asked) if asked else KILLS["sqlite" if house.database.is_sqlite else "postgresql"]


def test_no_license_is_lost_doubled_or_half_done(house_on: House, tmp_path: Path) -> None:
    house, chance = house_on, random.Random(20261122)
    seal = department_in(house, clock.now()).seal
    with crew(house, tmp_path / "answers") as workers:
        cold, warm = _paces(workers)
        for life in range(1, kills(house) + 1):
            _one_life(workers, life, chance, cold, warm)
        acknowledged = workers.acknowledged()
    later = clock.now() + timedelta(seconds=STEP * (life + 1))
    resume(house, later, limit=1000)
    ledger.sequence(house, later)

    with house.database.read() as db:
        numbers = db.execute(sa.select(store.intents)).all()
        licenses = {one.number: one for one in store.found(db, "hub", limit=100_000)}
        uses = seal_store.uses(db, seal.id, limit=100_000)
    taken = sum(row.fence > 1 for row in numbers)
    sys.stdout.write(f"{life} kills, {len(acknowledged)} answers, {taken} taken over, {len(licenses)} licenses\n")
    assert acknowledged
    assert taken, "the kills must hit work in progress"
    # Every answer was true: the license exists with the very bytes that were told of.
    assert {count: licenses[number].sealed for count, (number, _) in acknowledged.items()} == {
        count: sealed for count, (_, sealed) in acknowledged.items()
    }
    # Every number ended, one for each application; no number is missing, none is double.
    assert {row.state for row in numbers} == {"issued"}
    assert {row.identifier for row in numbers} == set(licenses)
    assert max(Counter(row.key for row in numbers).values()) == 1
    assert sorted(int(number.split(".")[4][4:]) for number in licenses) == list(range(1, len(licenses) + 1))
    # Every file that is there was named by a row; the seal was used once for each license.
    assert {one.sealed for one in licenses.values()} <= set(house.blobs.digests())
    assert len(uses) == len({one.use for one in licenses.values()}) == len(licenses)
    assert fsck(house, later)[1] == []
    _no_rubbish(house, later)
    _verify(house, chance.sample(list(licenses.values()), min(VERIFIED, len(licenses))), later)
    # A department that asks again after the crash gets the license it was told of.
    count, (number, _) = chance.choice(list(acknowledged.items()))
    key = f"application-{count}"
    assert issue(house, APPLICATION, caller=CALLER, idempotency_key=key, now=later).number == number


def _paces(workers: Crew) -> tuple[float, float]:
    """How long a license takes here: the first of a process, and the following."""
    pid = workers.begin(first=0)
    begun = time.monotonic()
    _answers(workers, 1)
    first = time.monotonic()
    _answers(workers, 4)
    warm = (time.monotonic() - first) / 3
    workers.kill(pid)
    return first - begun, warm


def _one_life(workers: Crew, life: int, chance: random.Random, cold: float, warm: float) -> None:
    """Begin with the application whose answer the one before did not live to see; die at any moment of it, or soon after."""
    had = len(workers.acknowledged())
    pid = workers.begin(first=had, resume=life % 4 == 0, shift=STEP * life)
    if life % 2:
        _answers(workers, had + 1)
        time.sleep(chance.uniform(0, 2 * warm))
    else:
        time.sleep(chance.uniform(0, 1.2 * cold))
    workers.kill(pid)


def _answers(workers: Crew, wanted: int) -> None:
    until = time.monotonic() + 60
    while len(workers.acknowledged()) < wanted:
        assert time.monotonic() < until, "no license is issued any more"
        time.sleep(0.002)


def _verify(house: House, some: list[License], now: datetime) -> None:
    for one in some:
        report = verify(house, file=house.blobs.get(one.sealed), now=now)
        assert report.verdict is Verdict.valid, report.checks


def _no_rubbish(house: House, now: datetime) -> None:
    """In the folder of files are whole files, and at most pieces that the ticker throws away."""
    house.blobs.tidy(now)
    assert house.blobs.folder
    there = {path.name for path in house.blobs.folder.rglob("*") if path.is_file()}
    assert there == set(house.blobs.digests())
