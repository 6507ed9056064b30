"""Our provider beside npm oidc-provider with Redis: CPU of the servers for each operation, in one run, in turns.

    python -m bench.oidc [--runs 3] [--flows 300] [--at-once 8] [--algorithms ES256,RS256] [--modes sso,refresh]
                         [--postgresql] [--only ours] [--workers 1]

Needs node and npm; npm fetches the peer's packages as its lock file says. Both are real servers on this machine, each with a
Redis-speaking server of its own. A browser and a relying party drive them alike: discovery, forms, PKCE, and an ID token whose
signature is checked. Counted is what server, Redis and database use of the processors (Linux, /proc), not what the browser uses,
so that a busy machine troubles the numbers little; and the two take turns, so that it troubles both alike.
"""

import argparse
import contextlib
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import psycopg

from bench.sides import ours
from bench.sides.browser import CALLBACK, PASSWORD, SECRET, Browser, Provider, Wrong
from hub import valkey
from tests import servers

PEOPLE = 50
PEER = Path(__file__).parent / "sides" / "node"
GOALS = {"sso": 0.67, "refresh": 0.8, "client_credentials": 1.2, "introspect": 1.0}
WARM = 60  # operations before the first one that counts


@dataclass
class Side:
    """A provider that runs, and the processes whose work is counted as its."""

    provider: Provider
    pids: list[int]
    runs: list["Run"] = field(default_factory=list)
    idle: float = 0.0  # milliseconds in a second in which nobody asks anything

    def cpu_ms(self) -> float:
        """What its processes, and theirs, have used of the processors so far."""
        return sum(_cpu_ns(pid) for pid in _with_children(self.pids)) / 1e6


@dataclass(frozen=True)
class Run:
    """Some hundred operations of one kind."""

    cpu: float  # milliseconds for each
    waited: list[float]  # milliseconds of each
    errors: list[str]


# -- what is measured


def login(browser: Browser, number: int) -> None:
    """A whole login: nothing known of the browser, form, password, consent where it is asked, code and tokens."""
    browser.forget()
    browser.signs_in(f"service-{number % 3 + 1}")


def sso(browser: Browser, number: int) -> None:
    """The next service of somebody who is signed in: authorization and redemption."""
    browser.signs_in(f"service-{number % 3 + 1}")


def refresh(browser: Browser, number: int) -> None:
    """Renewed tokens."""
    answer = browser.called(
        "token_endpoint", "service-1", {"grant_type": "refresh_token", "refresh_token": browser.refresh}
    )
    browser.refresh = answer.get("refresh_token", browser.refresh)
    assert answer["access_token"]


def client_credentials(browser: Browser, number: int) -> None:
    """A token for a service in its own name."""
    scope = browser.provider.api_scope
    assert browser.called("token_endpoint", "service-1", {"grant_type": "client_credentials", "scope": scope})[
        "access_token"
    ]


def introspect(browser: Browser, number: int) -> None:
    """What an access token is worth."""
    if not browser.called("introspection_endpoint", "service-1", {"token": browser.access})["active"]:
        raise Wrong("a living token is not active")


MODES: dict[str, Callable[[Browser, int], None]] = {
    "login": login,
    "sso": sso,
    "refresh": refresh,
    "client_credentials": client_credentials,
    "introspect": introspect,
}


def ready(side: Side, mode: str, at_once: int) -> list[Browser]:
    """As many people with browsers, as far as the mode needs them."""
    browsers = [Browser(side.provider, number) for number in range(at_once)]
    for browser in browsers:
        if mode == "sso":
            for service in side.provider.services:
                browser.signs_in(service)
        elif (
            mode == "refresh"
        ):  # what outlives the session is given after a consent of its own (OpenID Connect Core 11)
            browser.signs_in("service-1", "openid profile offline_access", prompt="consent")
        elif mode == "introspect":
            browser.signs_in("service-1")
    return browsers


def run(side: Side, mode: str, browsers: list[Browser], count: int) -> Run:
    """Do `count` operations, shared among the browsers, all at once."""
    waited, errors, numbers, lock = [], [], iter(range(count)), threading.Lock()

    def work(browser: Browser) -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            began = time.perf_counter()
            try:
                MODES[mode](browser, number)
                waited.append((time.perf_counter() - began) * 1000)
            except Exception as error:  # noqa: BLE001  whatever it is, it is a failed operation
                errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=work, args=(browser,)) for browser in browsers]
    before, began = side.cpu_ms(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(SETTLE)  # the ledger's leaves and the like come after the answer, and belong to it
    idle = side.idle * (time.perf_counter() - began)
    return Run((side.cpu_ms() - before - idle) / count, waited, errors)


def rest(side: Side) -> None:
    """Measure what the provider's periodic work takes while nobody asks anything, once what its start left behind is done."""
    side.idle = math.inf
    while True:
        before = side.cpu_ms()
        time.sleep(REST)
        earlier, side.idle = side.idle, (side.cpu_ms() - before) / REST
        if side.idle < STEADY or side.idle > earlier * 0.8:
            return


SETTLE = 1.0
REST = 5.0
STEADY = 5.0  # milliseconds in a second: less is nothing to wait for


# -- the two


@contextlib.contextmanager
def peer(folder: Path, algorithm: str) -> Iterator[Side]:
    """npm oidc-provider with its Redis."""
    cache = Path(".cache/bench/node")
    shutil.copytree(PEER, cache, dirs_exist_ok=True)
    if not (cache / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--omit=dev", "--no-fund", "--no-audit", "--silent"], cwd=cache, check=True)
    (port,) = _free_ports(1)
    (folder / "redis").mkdir()
    redis = valkey.start(folder / "redis")
    given = {
        "PORT": str(port),
        "ALG": algorithm,
        "REDIS": str(valkey.socket_path(folder / "redis")),
        "NODE_ENV": "production",
    }
    given |= {"PASSWORD": PASSWORD, "SECRET": SECRET, "CALLBACK": CALLBACK}
    log = (folder / "peer.log").open("wb")
    node = subprocess.Popen(["node", "server.mjs"], cwd=cache, env=os.environ | given, stdout=log, stderr=log)
    services = ("service-1", "service-2", "service-3")
    try:
        provider = Provider("npm oidc-provider", f"http://localhost:{port}", services, "api")
        _discovered(provider)
        yield Side(provider, [node.pid, redis.pid])
    finally:
        node.terminate()
        node.wait()
        valkey.stop(redis)


@contextlib.contextmanager
def postgres() -> Iterator[tuple[str, list[int]]]:
    """A PostgreSQL of its own, as the tests start it: its address and its process."""
    with servers.postgres() as server:
        url = server.fresh()
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as asked:
            for setting in ("fsync", "synchronous_commit"):  # which the tests do without
                asked.execute(f"ALTER SYSTEM SET {setting} = on")
            asked.execute("SELECT pg_reload_conf()")
            found = asked.execute("SELECT current_setting('data_directory')").fetchone()
        assert found
        yield url, [int(Path(found[0], "postmaster.pid").read_text().split()[0])]


@contextlib.contextmanager
def mine(folder: Path, algorithm: str, given: dict[str, str], more: list[int]) -> Iterator[Side]:
    """Our provider with all its processes."""
    ours.prepare(folder, given, algorithm=algorithm, people=PEOPLE)
    process = ours.serve(folder, given)
    services = ("service-1", "service-2", "service-3")
    try:
        provider = Provider("yinxin", given["YINXIN_ISSUER_URL"], services, "licenses:read")
        _discovered(provider)
        yield Side(provider, [process.pid, *more])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _discovered(provider: Provider) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError, ValueError):
            return provider.discover()
        time.sleep(0.1)
    raise SystemExit(f"{provider.name} does not start")


def _free_ports(count: int) -> tuple[int, ...]:
    with contextlib.ExitStack() as doors:
        sockets = [doors.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


def _with_children(pids: list[int]) -> set[int]:
    """These processes, their children, and so on."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, fresh = set[int](), set(pids)
    while fresh:
        found |= fresh
        fresh = {pid for pid, parent in parents.items() if parent in fresh} - found
    return found


def _cpu_ns(pid: int) -> int:
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(task.read_text().split()[0])
    return total


# -- the table


def measured(sides: list[Side], mode: str, read: argparse.Namespace) -> None:
    """Measure one mode on every side in turns, and print its line."""
    count = read.flows if mode != "login" else min(read.flows, 60)
    browsers = {side.provider.name: ready(side, mode, read.at_once) for side in sides}
    for side in sides:
        side.runs = []
        run(side, mode, browsers[side.provider.name], min(WARM, count))
    for _ in range(read.runs):
        for side in sides:
            side.runs.append(run(side, mode, browsers[side.provider.name], count))
    cpu = [median(one.cpu for one in side.runs) for side in sides]
    line = f"{mode:20}"
    for side, each in zip(sides, cpu, strict=True):
        waited = sorted(one for run in side.runs for one in run.waited) or [0.0, 0.0]
        cuts = quantiles(waited, n=100)
        errors = [error for run in side.runs for error in run.errors]
        line += f"{each:>9.2f}{cuts[49]:>8.1f}{cuts[98]:>8.1f}{len(errors):>7}"
        for error in sorted(set(errors))[:3]:
            print(f"  {side.provider.name}: {error}", file=sys.stderr)
    if len(cpu) == 2:
        line += f"{cpu[0] / cpu[1]:>8.2f}" + (f"{GOALS[mode]:>7.2f}" if mode in GOALS else "")
    print(line, flush=True)
    for some in browsers.values():
        for browser in some:
            browser.close()


def head(sides: list[Side], algorithm: str, read: argparse.Namespace) -> None:
    """Print what the columns are."""
    print(f"\n{algorithm}, {read.at_once} at once, median of {read.runs} runs of {read.flows}: CPU ms, waited ms")
    print(f"{'':20}" + "".join(f"{side.provider.name:>32}" for side in sides))
    columns = "".join(f"{'CPU':>9}{'p50':>8}{'p99':>8}{'errors':>7}" for _ in sides)
    print("idle, ms in a second" + "".join(f"{side.idle:>9.2f}{'':23}" for side in sides))
    print(f"{'':20}{columns}" + (f"{'ratio':>8}{'goal':>7}" if len(sides) == 2 else ""))


def main() -> None:
    """Set both up for each algorithm, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--flows", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=8)
    parser.add_argument("--algorithms", default="ES256,RS256")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--only", choices=("ours", "peer"))
    read = parser.parse_args()
    if read.only != "ours" and not (shutil.which("node") and shutil.which("npm")):
        raise SystemExit("The peer needs node and npm; `--only ours` measures without it")
    for algorithm in read.algorithms.split(","):
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder, sides = Path(name), []
            if read.only != "peer":
                database, more = stack.enter_context(postgres()) if read.postgresql else ("", [])
                first, second = _free_ports(2)
                given = ours.environment(folder, (first, second), database=database, workers=read.workers)
                sides.append(stack.enter_context(mine(folder, algorithm, given, more)))
            if read.only != "ours":
                sides.append(stack.enter_context(peer(folder, algorithm)))
            for side in sides:
                rest(side)
            head(sides, algorithm, read)
            for mode in read.modes.split(","):
                measured(sides, mode, read)


if __name__ == "__main__":
    main()
