"""`yinxin serve`: the one supervisor of an embedded installation.

It holds the lock of the data folder, starts the Redis-speaking server, the listeners, the job worker and the ticker, starts
again what dies, and drains on SIGTERM or SIGINT: first the listeners, then the workers, last what they stand on.
"""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from types import FrameType

import structlog

from hub import valkey
from hub.metrics import FOLDER as METRICS
from hub.process import Kept, python, spawn
from hub.settings import BadSetting, Settings

log = structlog.get_logger("serve")
LOOK = 0.1  # seconds between looks at the processes
ASK = 0.3  # seconds between questions whether all is ready, at the start
TELL = 5.0  # seconds between lines about what is still missing
HOPELESS = 4  # deaths of one process before everything was ready once: it will not get better
ROOMS = "hub,certs,seals,idp,licenses,admin"  # on the main listener; verification has its own origin


class StartFailed(RuntimeError):
    """A part of the house does not start; its own words stand above in the log."""


@contextlib.contextmanager
def locked(read: Settings) -> Iterator[None]:
    """Hold the data folder for this process alone. Raises BadSetting when another one has it."""
    if not (read.data / "installation.json").exists():
        raise BadSetting(f"{read.data} holds no installation: run `yinxin init`")
    with (read.data / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise BadSetting(f"{read.data} is in use by process {file.read().strip() or 'unknown'}") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextlib.contextmanager
def joined(read: Settings) -> Iterator[None]:
    """Have the embedded server running for a command: the supervisor's, or for its length one of its own."""
    folder = read.data / "valkey"
    if read.redis_url or valkey.alive(folder):
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(read))
        except BadSetting:  # a supervisor is just starting it
            if not valkey.wait(lambda: valkey.alive(folder), valkey.START_SECONDS):
                raise
        else:
            stack.enter_context(valkey.embedded(folder))
        yield


def serve(
    read: Settings, *, front: str = "app", more: Sequence[Kept] = (), told: Callable[[str], None] = print
) -> None:
    """Run the installation until a signal ends it. `more` are further processes to keep, `front` the
    module that assembles the house. Raises BadSetting, StartFailed.
    """
    stop = threading.Event()

    def ends(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ends) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with locked(read):
            checked(read)
            run(read, [*processes(read, front), *more], stop, told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def processes(read: Settings, front: str) -> list[Kept]:
    """What stands in an installation, in the order of starting; it is stopped in the opposite order."""
    folder = read.data / "run" / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    common = {METRICS: str(folder.resolve())}

    def kept(name: str, *arguments: str, **environment: str) -> Kept:
        return Kept(name, lambda: spawn(python("-m", *arguments), {**common, **environment}))

    embedded = [] if read.redis_url else [Kept("valkey", lambda: valkey.start(read.data / "valkey"))]
    return [
        *embedded,
        kept("ticker", front, "tick"),
        kept("worker", front, "work"),
        kept("verification", "hub.listener", "verification", front, YINXIN_ROOMS="verification"),
        kept("hub", "hub.listener", "hub", front, YINXIN_ROOMS=ROOMS),
    ]


def checked(read: Settings) -> None:
    """Refuse what would start and then not work: a port in use, a key that the web server cannot read."""
    for port in (read.port, read.verify_port):
        with socket.socket(socket.AF_INET6 if ":" in read.host else socket.AF_INET) as door:
            # granian shares ports between processes, so a second installation would not fail but take half of the calls.
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind((read.host, port))
            except OSError as error:
                raise BadSetting(f"Port {port} on {read.host} cannot be had: {error.strerror}") from error
    if read.tls_key and b"BEGIN PRIVATE KEY" not in read.tls_key.read_bytes():
        raise BadSetting(f"{read.tls_key} is not PKCS#8: convert it with `openssl pkcs8 -topk8 -nocrypt`")


def run(read: Settings, kept: Sequence[Kept], stop: threading.Event, told: Callable[[str], None]) -> None:
    """Keep the processes running until `stop`, then drain."""
    ready, ask, tell = False, 0.0, monotonic() + TELL
    try:
        while not stop.wait(LOOK):
            for each in kept:
                each.look()
                if not ready and each.deaths >= HOPELESS:
                    raise StartFailed(f"{each.name} does not start")
            if not ready and monotonic() >= ask:
                missing = lacks(read)
                ready, ask = not missing, monotonic() + ASK
                if ready:
                    told(f"Yinxin is ready: {read.home_url} (people and programs), {read.verify_url} (verification)")
                elif monotonic() >= tell:
                    tell = monotonic() + TELL
                    log.warning("not.ready.yet", missing=missing)
    finally:
        log.info("drain")
        drain(kept)


def drain(kept: Sequence[Kept]) -> None:
    """Stop the processes in the opposite order of their start; those that stand on the same ground end together."""
    ground = [each for each in kept if each.name == "valkey"]
    above = [each for each in kept if each.name != "valkey"]
    for each in above:
        each.tell(signal.SIGTERM)
    for each in (*reversed(above), *ground):
        each.stop()


def lacks(read: Settings) -> list[str]:
    """What is missing for both listeners to do their job; empty when everything is ready."""
    missing = []
    for name, port in (("hub", read.port), ("verification", read.verify_port)):
        checks = _asked(read, port)
        missing += [f"{name}: {check}" for check, result in checks.items() if result != "ok"]
    return missing


def _asked(read: Settings, port: int) -> dict[str, str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(read.host, read.host)  # noqa: S104  the address to ask, not to listen on
    connection = http.client.HTTPConnection(host, port, timeout=5)
    if read.tls_certificate:
        # It is our own process on this machine; the name in its certificate is another one than this address.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=5, context=context)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
        connection.request("GET", "/readyz")
        told = json.loads(connection.getresponse().read())
        return {} if told["ready"] else dict(told["checks"])
    return {"listener": "silent"}
