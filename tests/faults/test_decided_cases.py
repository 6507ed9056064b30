"""kill -9 at random moments while an officer approves: no decision is lost, each approved case has one license."""

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

from admin import decide, finish
from admin.model.case import CaseState
from hub import clock, ledger
from hub.house import House
from licenses import issue
from licenses import store as licenses
from tests.admin.applicants import World
from tests.faults.crew import ROOT, environment_of

CASES, KILLS = 12, 3
LONGEST = 0.3  # seconds of work on further cases until the kill: an approval takes 0.1


def test_a_kill_between_decision_and_license_is_made_good(house_on: House) -> None:
    world, chance = World(house_on, clock.now()), random.Random(20261122)
    numbers = [world.submitted(f"key-{count}").number for count in range(CASES)]
    for number in numbers:
        decide.accept(house_on, number, caller=world.officer(), now=world.now)
    for _ in range(KILLS):
        waiting = [number for number in numbers if world.case(number).state is CaseState.accepted]
        if waiting:  # on a quick machine the earlier ones may have decided everything before they died
            live_and_die(house_on, waiting, chance.uniform(0, LONGEST))
    later = clock.now() + timedelta(minutes=5)  # the leases of the dead have run out
    for number in numbers:
        if world.case(number).state is CaseState.accepted:
            decide.approve(house_on, number, caller=world.officer(), now=later)
    issue.resume(house_on, later)
    finish.resume(house_on, later)

    with house_on.database.read() as db:
        issued = [one.number for one in licenses.found(db, "hub", kind=world.item.kind, limit=1000)]
        events = Counter((event.kind, event.subject) for event in ledger.events(db, kind="case.", limit=10_000))
    assert sorted(world.case(number).license for number in numbers) == sorted(issued)
    for number in numbers:
        assert events["case.approved", number] == events["case.issued", number] == 1


def live_and_die(house: House, numbers: list[str], seconds: float) -> None:
    """One process that approves, killed so many seconds after its first approval."""
    command = [sys.executable, "-m", "tests.faults.decider", *numbers]
    with subprocess.Popen(command, cwd=ROOT, env=environment_of(house), stdout=subprocess.PIPE, text=True) as officer:
        assert officer.stdout
        assert any(line.startswith("approved") for line in officer.stdout)
        time.sleep(seconds)
        officer.kill()
