"""Can a stranger tell by the clock whether an account exists? Four refused sign-ins, and four refused unlockings, side by side.

    python -m bench.login_times [rounds]

An unknown account, a wrong password, a locked account with its right password, and one whose password is closed to strangers; at
the page that unlocks: unknown, wrong, locked with a wrong password, not locked with the right one. One of each in every round, in
an order drawn anew, over the whole request in process (routing, page, Redis, database). CPU time of this process, so that a busy
machine troubles none of them; and wall time, which is what a stranger sees. Printed: medians, the difference to the unknown
account with a bootstrap interval of 95 %, and the Mann-Whitney probability that one takes longer than the other (0.5: nobody can
tell). Registration and recovery answer before they look at any account, so they are not here.
"""

import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import redis
import structlog
from flask.testing import FlaskClient

import app as front
from hub import clock, valkey
from hub.house import House, open_house
from idp.account import accounts
from idp.login import throttle
from idp.model.factor import Kind
from idp.model.person import State
from idp.store import factors, people
from tests.conftest import settings_for

PASSWORD = "seven quiet lanterns upstream"
BOOTSTRAPS = 2000
BASE = "unknown account"
LOGIN = {
    BASE: ("nobody.here", "a wrong password"),
    "wrong password": ("known.person", "a wrong password"),
    "locked account, right password": ("locked.person", PASSWORD),
    "closed password, right password": ("closed.person", PASSWORD),
}
UNLOCK = {
    BASE: ("nobody.here", "a wrong password"),
    "wrong password": ("known.person", "a wrong password"),
    "locked account, wrong password": ("locked.person", "a wrong password"),
    "not locked, right password": ("open.person", PASSWORD),
}
PAGES = {"/login": LOGIN, "/unlock": UNLOCK}


def main() -> None:
    """Time and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "valkey").mkdir()
        with valkey.embedded(folder / "valkey") as url:
            settings = settings_for(folder / "data", url)
            front.init(settings, clock.now()).close()
            house = open_house(settings)
            _people(house)
            served = front.create_app(settings, rooms=("hub", "idp"), house=house)
            logging.getLogger().setLevel(logging.ERROR)
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
            forget = redis.Redis.from_url(url).flushall
            found = {path: _timed(served.test_client, forget, rounds, path) for path in PAGES}
            house.close()
    for path, times in found.items():
        _print(f"{path}: CPU", {name: [cpu for cpu, _ in some] for name, some in times.items()})
        _print(f"{path}: wall", {name: [wall for _, wall in some] for name, some in times.items()})


def _people(house: House) -> None:
    now = clock.now()
    made = {name: accounts.register(house, name, PASSWORD, now=now) for name in
            ("known.person", "open.person", "locked.person", "closed.person")}  # fmt: skip
    with house.database.write() as db:
        people.set_state(db, made["locked.person"].id, State.locked, why="test", at=now, over=State.active)
        factors.disable(db, made["closed.person"].id, Kind.password, now)


def _timed(
    browser: Callable[[], FlaskClient], forget: Callable[[], object], rounds: int, path: str
) -> dict[str, list[tuple[float, float]]]:
    cases = PAGES[path]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    client = browser()
    for turn in range(rounds + 10):
        if turn % throttle.HERE.times == 0:
            forget()  # the brakes would end the bench
        token = client.get(path).text.partition('name="csrf" value="')[2].partition('"')[0]
        for name in random.sample(list(cases), len(cases)):
            account, typed = cases[name]
            cpu, wall = time.process_time(), time.perf_counter()
            answer = client.post(path, data={"csrf": token, "account": account, "password": typed})
            took = (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000
            assert answer.status_code == 401, (name, answer.status_code)
            if turn >= 10:  # the first ones warm up
                times[name].append(took)
        if turn % throttle.HERE.times == throttle.HERE.times - 1:
            forget()
    return times


def _print(what: str, times: dict[str, list[float]]) -> None:
    base = times[BASE]
    print(f"\n{what} time, ms, {len(base)} of each")
    for name, some in times.items():
        low, high = _interval(some, base)
        print(f"  {name:32} median {median(some):7.3f}  "
              f"difference {median(some) - median(base):+.3f} ms ({(median(some) / median(base) - 1) * 100:+.2f} %), "
              f"95 % {low:+.3f} to {high:+.3f}  P(longer) {_longer(some, base):.3f}")  # fmt: skip


def _interval(some: Sequence[float], base: Sequence[float]) -> tuple[float, float]:
    """The bootstrap interval of the difference of medians."""
    found = sorted(
        median(random.choices(some, k=len(some))) - median(random.choices(base, k=len(base))) for _ in range(BOOTSTRAPS)
    )
    return found[int(BOOTSTRAPS * 0.025)], found[int(BOOTSTRAPS * 0.975)]


def _longer(some: Sequence[float], base: Sequence[float]) -> float:
    """Mann-Whitney: how often one of these takes longer than one of those."""
    ranked = sorted([(value, 1) for value in some] + [(value, 0) for value in base])
    ranks = sum(rank for rank, (_, mine) in enumerate(ranked, 1) if mine)
    return (ranks - len(some) * (len(some) + 1) / 2) / (len(some) * len(base))


if __name__ == "__main__":
    main()
