"""`make demo`: the whole story on this machine: hub, verification, register, three department sites and a province."""

import argparse
import contextlib
import json
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import app
from admin import operators
from admin.model.operator import Right
from admin.store import operators as operator_store
from deploy.demo import plan, words
from deploy.demo.officers import seed_officers
from deploy.demo.plan import Demo, NoDemo
from deploy.demo.province import introduce
from deploy.demo.seed import seed
from deploy.demo.words import Say
from hub import clock, log, serve, valkey
from hub.house import House
from hub.problems import Problem
from hub.settings import Settings
from idp import demo as people
from idp.account import invite
from idp.model.invitation import InvitationGone

PATIENCE = 60.0  # seconds for one process to answer on a busy machine
OPERATOR = "管理员 operator"
STOPPED = threading.Event()


def main() -> None:
    """Start everything, say what to try, run until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="demo", description="The whole story on this machine")
    parser.add_argument("--data", type=Path, help="the folder that keeps the demo's data")
    parser.add_argument("--port", type=int, default=plan.FIRST_PORT, help="the first of seven ports in a row")
    parser.add_argument("--lan", action="store_true", help="serve TLS at the LAN address, for a real phone")
    parser.add_argument(
        "--tls", action="store_true", help="serve TLS at https://localhost, with a certificate of its own"
    )
    parser.add_argument("--clients", type=Path, help="a file of services to register at each start")
    parser.add_argument(
        "--open", action="store_true", help="let services register themselves, and stand on this machine"
    )
    parser.add_argument("--workers", type=int, default=2, help="web processes of the hub")
    parser.add_argument("--threads", type=int, default=1, help="threads in each")
    asked = parser.parse_args()
    try:
        made = plan.on_lan if asked.lan else plan.with_tls if asked.tls else plan.local
        demo = plan.judged(made(asked.data, asked.port), asked.clients, is_open=asked.open)
        plan.check_ports(demo)
    except NoDemo as error:
        sys.exit(str(error))
    demo.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = demo.folder / "log.txt"
    say = words.quiet(file)
    sys.exit(_told(demo, file, say, asked.workers, asked.threads))


def _told(demo: Demo, file: Path, say: Say, workers: int, threads: int) -> int:
    """Run, and say in words how it ended; gives the exit code."""
    log.setup(json=False)
    signal.signal(signal.SIGINT, _stop)
    try:
        run(demo, say, workers, threads)
    except KeyboardInterrupt:
        say("Stopped before it was ready.")
        return 130
    except Exception as error:  # noqa: BLE001  the terminal gets a sentence, the file the whole truth
        traceback.print_exc()
        said = f"{error.title}: {error.detail}" if isinstance(error, Problem) else str(error) or type(error).__name__
        say(f"The demo does not start. {said}\n{words.ending(file)}")
        return 1
    say("Stopped.")
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C. It is noted too: an exception that comes up in a finalizer is thrown away by Python."""
    STOPPED.set()
    raise KeyboardInterrupt


def run(demo: Demo, say: Say, workers: int, threads: int) -> None:
    """Make what is missing, then keep everything running until a signal ends it."""
    began, new = time.monotonic(), demo.is_new
    if new:
        say("Making keys, certificates, seals and people: the first time only ...")
    read = plan.read_settings(demo, workers, threads)
    province = plan.province(demo)
    with contextlib.ExitStack() as stack:
        stack.callback(province.stop)
        province.look()  # it makes its own keys beside ours
        accounts = _prepared(demo, read)
        if STOPPED.is_set():
            raise KeyboardInterrupt
        sites = [plan.register(demo), *(plan.site(demo, name) for name in plan.DEPARTMENTS), province]
        say("Starting ...")

        def ready(_line: str) -> None:
            for name in ("register", *plan.DEPARTMENTS):
                _answers(demo, name)
            citizen = _citizen_of_87(demo)
            say(words.welcome(demo, [*accounts, citizen], time.monotonic() - began))

        serve.serve(read, more=sites, told=ready)


def _prepared(demo: Demo, read: Settings) -> list[dict[str, str]]:
    """An installation with everything in it, and the accounts to show."""
    with _embedded(demo, read):
        house = app.init(read, clock.now())
        introduce(house, demo.url("province"), demo.folder / "province/hub.json", clock.now())
        seed(house, {name: (plan.site_file(demo, name), demo.url(name)) for name in plan.DEPARTMENTS}, clock.now())
        accounts = _accounts(demo, house)
        house.close()
    return accounts


@contextlib.contextmanager
def _embedded(demo: Demo, read: Settings) -> Iterator[None]:
    """What making the accounts needs: our own memory, and the register that is asked for the names."""
    with contextlib.ExitStack() as stack:
        if demo.is_new:
            register = plan.register(demo)
            stack.callback(register.stop)
            register.look()
            _answers(demo, "register")
        stack.enter_context(valkey.embedded(read.data / "valkey"))
        yield


def _citizen_of_87(demo: Demo) -> dict[str, str]:
    """The account that only the province knows, once the province is there. Raises NoDemo."""
    folder, end = demo.folder / "province", time.monotonic() + PATIENCE
    while not (folder / "ready").exists():
        if time.monotonic() > end:
            raise NoDemo(f"Province 87 did not start within {PATIENCE:.0f} s")
        time.sleep(0.05)
    found: dict[str, str] = json.loads((folder / "account.json").read_text("utf-8"))
    return found


def _accounts(demo: Demo, house: House) -> list[dict[str, str]]:
    """Demo accounts with passwords made at the first start; kept in the data folder to be shown again."""
    file, now = demo.folder / "accounts.json", clock.now()
    made = [*people.demo_people(house, now), *seed_officers(house, now), {"who": OPERATOR}] if demo.is_new else []
    accounts = made or json.loads(file.read_text("utf-8"))
    for one in accounts:
        if one["who"] == OPERATOR:
            one["link"] = _operators_way(house, one.get("link", ""))
    file.touch(mode=0o600)
    file.write_text(json.dumps(accounts, ensure_ascii=False, indent=1), encoding="utf-8")
    return accounts


def _operators_way(house: House, link: str) -> str:
    """How the operator comes in: by a one-time link that is still open, or with the account that it has made."""
    now = clock.now()
    with contextlib.suppress(InvitationGone):
        invite.invitation(house, link.rpartition("/")[2], now)
        return link
    with house.database.read() as db:
        if any(one.person for one in operator_store.all_operators(db)):
            return f"{house.settings.home_url}/console/   with the account you made"
    return operators.invite(house, "demo operator", "hub", frozenset(Right), by=None, now=now)


def _answers(demo: Demo, name: str) -> None:
    """Wait until a site listens. Raises NoDemo."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", demo.port(name)), 1):
            return
        time.sleep(0.05)
    raise NoDemo(f"The site {name!r} did not start within {PATIENCE:.0f} s")


if __name__ == "__main__":
    main()
