"""A person who used a hundred services signs out: ninety-nine are told at once, whatever the hundredth does.

Back-Channel Logout 1.0 2.5. The outbox looks each half second (`hub.chores`), so what one look begins is what counts.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from datetime import timedelta

from flask import Flask

from hub import clock, outbox
from hub.house import House
from idp.model.grant import Grant
from idp.provider import clients, logout
from idp.store import grants
from tests.idp.rp import Visit, department

SERVICES = 100
FAR = 0.1  # seconds that a service takes to answer


def used(visit: Visit, number: int, site: Flask) -> None:
    """A service with a back channel at an address of its own has had tokens in this login."""
    at, now = f"https://s{number}.qiyun.example", clock.now()
    visit.house.fetch.serve_here(at, site)
    client = department(id=f"s{number}", backchannel_logout_uri=f"{at}/told/{number}")
    clients.add(visit.house, client, by="test", now=now)
    grant = Grant(f"g{number}", client.id, visit.person, visit.sid, ("openid",), 2, ("pwd",), now, None, now,
                  now + timedelta(hours=1))  # fmt: skip
    with visit.house.database.write() as db:
        assert grants.redeem(db, grant)


def test_of_a_hundred_services_one_that_never_answers_holds_up_none(
    house: House, app: Flask, record_property: Callable[[str, object], None]
) -> None:
    visit, stuck, site = Visit(house, app, department()), threading.Event(), Flask("site")
    visit.signs_in()

    @site.post("/told/<int:number>")
    def told(number: int) -> str:
        stuck.wait(60 if number == 7 else FAR)
        return ""

    for number in range(SERVICES):
        used(visit, number, site)
    with house.database.write() as db:
        logout.end(db, clock.now(), why="test", sid=visit.sid)
    start = time.monotonic()
    waiting = set(outbox.begin(house, clock.now()))
    assert len(waiting) == SERVICES
    while len(waiting) > 1:
        waiting = wait(waiting, timeout=60, return_when=FIRST_COMPLETED).not_done
    record_property("seconds", time.monotonic() - start)  # about 1 on two busy cores; wall times are never asserted
    with house.database.read() as db:
        assert Counter(one.state for one in outbox.deliveries(db, limit=SERVICES)) == {"sent": 99, "waiting": 1}
    stuck.set()
    assert waiting.pop().result() == 1
