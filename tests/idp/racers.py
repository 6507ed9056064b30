"""What a second process of an installation does in a race: it redeems what it is given, many times at the same moment.

Two of them stand for two web processes, each with a house, a pool of connections and threads of its own.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier

from hub import callers
from hub.digest import digest_of
from hub.house import House, open_house
from idp.model.client import Client
from idp.model.flow import FlowGone, Refused
from idp.provider import authorize, clients, device, grants

TRIES = 50  # of each process
Where = tuple[str, str, str]  # the folder of an installation, its database, its short-term memory
End = tuple[str, str]  # ("ok", refresh token) or (error, "")


@contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes of their own, not forked from this one."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def where(house: House) -> Where:
    """How another process finds an installation."""
    settings = house.settings
    return str(settings.data), settings.database_url, settings.redis_url


def race(pool: ProcessPoolExecutor, house: House, verb: str, value: str, client: Client, now: datetime) -> list[End]:
    """Hand the same thing in a hundred times, in two processes at once."""
    here = where(house)
    while len({one.result() for one in [pool.submit(ready, here) for _ in range(4)]}) < 2:
        continue
    start = time.time() + 0.3
    running = [pool.submit(run, here, verb, value, client.id, now, start) for _ in range(2)]
    ends = [one.result() for one in running]
    assert len({process for process, _ in ends}) == 2  # both took part
    return [end for _, found in ends for end in found]


def ready(here: Where) -> int:
    """Open the installation; which process did."""
    _house(here)
    time.sleep(0.05)  # the other one shall take the next
    return os.getpid()


def run(here: Where, verb: str, value: str, client_id: str, now: datetime, start: float) -> tuple[int, list[End]]:
    """Do it in many threads that begin at the same moment."""
    house = _house(here)
    client = clients.known(house, client_id, now)
    assert client
    found = grants.find_code(house, value, client, now) if verb == "code" else None
    gate = Barrier(TRIES)

    def once(number: int) -> End:
        gate.wait()
        try:
            if verb == "pushed":
                return finished(house, value, number, now)
            if verb == "code":
                assert found
                given = grants.redeem(house, value, found, client, now)
            elif verb == "device":
                given = device.redeem(house, value, client, now)
            else:
                given = grants.refresh(house, value, client, None, now)
        except Refused as refusal:
            return refusal.error, ""
        return "ok", str(given.refresh_token)

    time.sleep(max(0.0, start - time.time()))
    with ThreadPoolExecutor(TRIES) as threads:
        return os.getpid(), list(threads.map(once, range(TRIES)))


def finished(house: House, value: str, number: int, now: datetime) -> End:
    """Finish one of the flows that began with the same pushed request: `value` holds cookie, browser and flows."""
    cookie, browser, *opened = value.split()
    with house.database.read() as db:
        caller = callers.session(db, digest_of(cookie), "idp", now)
    try:
        return "ok", authorize.finish(house, opened[number % len(opened)], caller, browser, now).url
    except FlowGone:
        return "gone", ""


@lru_cache(maxsize=4)
def _house(here: Where) -> House:
    from tests.conftest import settings_for

    data, database_url, redis_url = here
    return open_house(settings_for(Path(data), redis_url, database_url=database_url))
