"""The whole demo in this process: hub, verification, register and three department sites, each listening on a port of its own."""

import logging
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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
from hub.house import House, open_house
from hub.settings import Settings
from tests.servers import Postgres, named
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


@dataclass(frozen=True)
class Mold:
    """A demo that was made once and that nobody has visited: where its files and tables are, its ports, its officers."""

    folder: Path
    database: str
    ports: tuple[int, ...]
    officers: list[Account]


_MOLDS: dict[bool, Mold] = {}  # on PostgreSQL or not; a demo takes more than a second to make, and a tenth to copy


@contextmanager
def world(folder: Path, redis_url: str, *, postgres: Postgres | None = None, threaded: bool = False) -> Iterator[World]:
    """Run everything for the length of a block; one thread for each origin, unless `threaded`."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ExitStack() as stack:
        servers = _servers(stack, postgres, threaded=threaded)
        url = {name: f"http://localhost:{server.port}" for name, server in servers.items()}
        mold = _mold(folder.with_name(f"{folder.name}-mold"), redis_url, postgres, servers)
        shutil.copytree(mold.folder, folder, dirs_exist_ok=True)
        # The world before was visited from the same address: its limits would go on.
        redis.Redis.from_url(redis_url).flushall()
        database_url = postgres.fresh(mold.database) if postgres else ""
        house = open_house(_settings(folder, redis_url, database_url, url))
        stack.callback(house.close)
        departments = {name: department(site_settings(file), DESKS[name]) for name, file in _files(folder).items()}
        apps = {
            "hub": front.create_app(house.settings, house=house),
            "verify": front.create_app(house.settings, rooms=("verification",), house=house),
            "register": register(folder / "register", url["register"]),
            **departments,
        }
        for name, made in apps.items():
            servers[name].app = made
        tick = stack.enter_context(_ticking(house))
        yield World(house, Sites(**url), Officers(url["hub"], mold.officers), departments, tick)


def _servers(stack: ExitStack, postgres: Postgres | None, *, threaded: bool) -> dict[str, BaseWSGIServer]:
    """One for each name, at the ports of the mold: they are printed in certificates. If those are taken: others, a new mold."""
    known = _MOLDS.get(postgres is not None)
    with suppress(OSError), ExitStack() as tried:
        ports = known.ports if known else (0,) * len(NAMES)
        found = {
            name: tried.enter_context(_listening(port, threaded=threaded))
            for name, port in zip(NAMES, ports, strict=True)
        }
        stack.push(tried.pop_all())
        return found
    del _MOLDS[postgres is not None]
    return _servers(stack, postgres, threaded=threaded)


def _mold(folder: Path, redis_url: str, postgres: Postgres | None, servers: dict[str, BaseWSGIServer]) -> Mold:
    """The demo to copy for these servers; made if there is none. What it was asked for while it was made nobody remembers."""
    if (known := _MOLDS.get(postgres is not None)) is None:
        url = {name: f"http://localhost:{server.port}" for name, server in servers.items()}
        servers["register"].app = register(folder / "register", url["register"])
        database_url = postgres.fresh() if postgres else ""
        house = front.init(_settings(folder, redis_url, database_url, url), clock.now())
        seed(house, {name: (file, url[name]) for name, file in _files(folder).items()}, clock.now())
        officers = [Account(one["account"], one["password"], one["app"]) for one in seed_officers(house, clock.now())]
        house.close()
        ports = tuple(server.port for server in servers.values())
        known = _MOLDS[postgres is not None] = Mold(folder, named(database_url), ports, officers)
    return known


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


def _files(folder: Path) -> dict[str, Path]:
    return {name: folder / f"sites/{name}.json" for name in DESKS}


@contextmanager
def _listening(port: int, *, threaded: bool) -> Iterator[BaseWSGIServer]:
    """A server on this port, or on a free one for 0. Its application comes later: addresses are frozen into it first."""
    with socket.create_server(("127.0.0.1", port)) as door:  # werkzeug would end the process if somebody has the port
        server = make_server("127.0.0.1", port, _not_yet, threaded=threaded, fd=door.fileno())
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
