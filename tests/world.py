"""The whole demo in this process: hub, verification, register and three department sites, each listening on a port of its own."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from flask import Flask
from werkzeug.serving import BaseWSGIServer, make_server

import app as front
from admin import rules
from deploy.demo.civil.site import DESK as CIVIL
from deploy.demo.department.site import create_app as department
from deploy.demo.market.site import DESK as MARKET
from deploy.demo.officers import seed_officers
from deploy.demo.register.site import create_app as register
from deploy.demo.seed import seed, site_settings
from deploy.demo.yunlan.site import DESK as YUNLAN
from hub import clock, ledger, outbox, settings
from hub.house import House
from hub.settings import Settings
from yinxin.tour.officers import Account, Officers
from yinxin.tour.story import Sites

NAMES = ("hub", "verify", "register", "market", "civil", "yunlan")
DESKS = {"market": MARKET, "civil": CIVIL, "yunlan": YUNLAN}
PASSPHRASE = "correct horse battery staple"


@dataclass(frozen=True)
class World:
    """A running demo. `tick` does what the ticker of an installation does, once."""

    house: House
    sites: Sites
    officers: Officers
    departments: dict[str, Flask]
    tick: Callable[[], None]


@contextmanager
def world(folder: Path, redis_url: str, *, database_url: str = "", threaded: bool = False) -> Iterator[World]:
    """Run everything for the length of a block; one thread for each origin, unless `threaded`."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    redis.Redis.from_url(redis_url).flushall()  # the world before was visited from the same address: limits would go on
    with ExitStack() as stack:
        servers = {name: stack.enter_context(_listening(threaded=threaded)) for name in NAMES}
        url = {name: f"http://localhost:{server.port}" for name, server in servers.items()}
        house = front.init(_settings(folder, redis_url, database_url, url), clock.now())
        stack.callback(house.close)
        departments = _departments(house, folder / "sites", {name: url[name] for name in DESKS})
        apps = {
            "hub": front.create_app(house.settings, house=house),
            "verify": front.create_app(house.settings, rooms=("verification",), house=house),
            "register": register(folder / "register", url["register"]),
            **departments,
        }
        for name, made in apps.items():
            servers[name].app = made
        tick = stack.enter_context(_ticking(house))
        officers = [Account(one["account"], one["password"], one["app"]) for one in seed_officers(house, clock.now())]
        yield World(house, Sites(**url), Officers(url["hub"], officers), departments, tick)


def _settings(folder: Path, redis_url: str, database_url: str, url: dict[str, str]) -> Settings:
    return settings.read(
        profile="demo",
        data=folder / "data",
        redis_url=redis_url,
        database_url=database_url,
        passphrase=PASSPHRASE,
        issuer_url=url["hub"],
        verify_url=url["verify"],
        register_url=url["register"],
        allowed_hosts=",".join(url[name].removeprefix("http://") for name in DESKS),
    )


def _departments(house: House, folder: Path, url: dict[str, str]) -> dict[str, Flask]:
    files = {name: folder / f"{name}.json" for name in url}
    seed(house, {name: (files[name], url[name]) for name in url}, clock.now())
    return {name: department(site_settings(files[name]), DESKS[name]) for name in url}


@contextmanager
def _listening(*, threaded: bool) -> Iterator[BaseWSGIServer]:
    """A server on a free port. Its application comes later: addresses are frozen into it first."""
    server = make_server("127.0.0.1", 0, _not_yet, threaded=threaded)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def _ticking(house: House) -> Iterator[Callable[[], None]]:
    """What the ticker does in an installation: tell the departments who signed out, write the ledger on, watch it."""
    stop, one_at_a_time = threading.Event(), threading.Lock()

    def tick() -> None:
        with one_at_a_time:
            for work in (outbox.deliver, ledger.sequence, rules.watch, ledger.sequence):  # an alert is an event too
                work(house, clock.now())

    def run() -> None:
        while not stop.wait(0.1):
            tick()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield tick
    finally:
        stop.set()
        thread.join(5)


def _not_yet(_: Any, start: Callable[..., Any]) -> list[bytes]:
    start("503 Service Unavailable", [])
    return []
