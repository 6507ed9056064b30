"""One supervisor: what dies comes back, what is told to stop finishes first, and nothing is left over."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import redis

from hub import process, serve, valkey
from hub.process import ROOT, Kept, python, spawn
from hub.serve import StartFailed, joined
from hub.settings import BadSetting, Settings, read
from tests.hub import front

pytestmark = pytest.mark.slow
PATIENCE = 60.0  # of a busy machine


class Running:
    """An installation under `serve`."""

    started: ClassVar[list["Running"]] = []

    def __init__(
        self, folder: Path, *options: str, main: str = "tests.hub.front", wait: bool = True, tells: str = ""
    ) -> None:
        self.folder, self.ports = folder, free_ports()
        environment = {
            "YINXIN_PROFILE": "demo",
            "YINXIN_DATA": str(folder),
            "YINXIN_PASSPHRASE": "test",
            "YINXIN_PORT": str(self.ports[0]),
            "YINXIN_VERIFY_PORT": str(self.ports[1]),
            "PATH": os.environ["PATH"],
        }
        self.log = (folder.parent / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", main, "serve", *options],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self.started.append(self)
        assert self.process.stdout
        if tells:
            assert tells in self.process.stdout.readline()
        self.told = self.process.stdout.readline() if wait else "Yinxin is ready: "
        assert self.told.startswith("Yinxin is ready: "), (folder.parent / "log").read_text()[-3000:]

    def ask(self, path: str, *, method: str = "GET", verification: bool = False) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[verification], timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")

    def ready(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return {self.ask("/readyz")[0], self.ask("/healthz", verification=True)[0]} == {200}
        return False

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = (self.folder.parent / "log").read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in found if event["event"] == name]

    def pid(self, name: str) -> int:
        return int([event for event in self.events("process.started") if event["process"] == name][-1]["pid"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=PATIENCE)
        self.log.close()
        return self.process.returncode


def workers(running: Running) -> set[int]:
    found = set()
    for _ in range(12):
        with contextlib.suppress(OSError, http.client.HTTPException):
            found.add(running.ask("/pid")[1]["pid"])
    return found


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def family(pid: int) -> set[int]:
    """A process and all that it started."""
    found = {pid}
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found |= family(int(child))
    return found


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """One installation for all tests here; the last of the list is, or was, its supervisor."""
    folder = tmp_path_factory.mktemp("serve") / "data"
    front.init(folder)
    started = [Running(folder, "--workers", "2")]
    yield started
    for each in Running.started:  # what a failed test left behind
        if each.process.poll() is None:
            each.stop()


@pytest.fixture
def running(installation: list[Running]) -> Running:
    """The installation while it runs, whichever tests came before."""
    if installation[-1].process.poll() is not None:
        installation.append(Running(installation[-1].folder, "--workers", "2"))
    return installation[-1]


@pytest.fixture
def stopped(installation: list[Running]) -> Running:
    """The installation while nobody runs it, whichever tests came before."""
    if installation[-1].process.poll() is None:
        installation[-1].stop()
    return installation[-1]


def test_it_says_so_when_everything_is_ready(running: Running) -> None:
    assert "http://localhost:8000" in running.told
    assert running.ask("/readyz")[0] == 200
    assert running.ask("/healthz", verification=True) == (200, {"alive": True})


def test_a_job_is_done_and_an_event_gets_its_leaf(running: Running) -> None:
    id = running.ask("/ask", method="POST")[1]["id"]
    until(lambda: running.ask(f"/job/{id}")[1]["state"] == "done")
    until(lambda: running.ask(f"/job/{id}")[1]["leaf"] is not None)


def test_all_processes_log_in_one_form(running: Running) -> None:
    lines = (running.folder.parent / "log").read_text().splitlines()
    assert lines
    assert not [line for line in lines if not line.startswith("{")]


def test_a_killed_web_worker_is_replaced(running: Running) -> None:
    pid = running.ask("/pid")[1]["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: len(workers(running) - {pid}) == 2)  # what the kernel had queued for the dead one is lost, no more
    assert pid not in workers(running)


@pytest.mark.parametrize("name", ["ticker", "worker", "verification", "hub", "valkey"])
def test_what_is_killed_comes_back(running: Running, name: str) -> None:
    first = running.pid(name)
    children = family(first)
    os.kill(first, signal.SIGKILL)
    until(lambda: running.pid(name) != first)
    until(running.ready)
    until(lambda: not [pid for pid in children if alive(pid)])  # nobody of the old family takes calls any more
    id = running.ask("/ask", method="POST")[1]["id"]
    until(lambda: running.ask(f"/job/{id}")[1]["state"] == "done")


def test_numbers_are_counted_for_all_workers(running: Running) -> None:
    for _ in range(20):
        running.ask("/pid")
    connection = http.client.HTTPConnection("127.0.0.1", running.ports[0], timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    line = next(line for line in text.splitlines() if 'route="/pid",status="200"' in line)
    assert float(line.rpartition(" ")[2]) >= 20
    assert "yinxin_ledger_unsequenced 0.0" in text


def settings_of(running: Running, **given: Any) -> Settings:
    here = {"data": running.folder, "port": running.ports[0], "verify_port": running.ports[1]}
    return read(profile="demo", passphrase="test", **{**here, **given})


def test_a_second_supervisor_is_refused_with_words(running: Running) -> None:
    with pytest.raises(AssertionError):
        Running(running.folder)
    assert running.ready()


def test_a_command_joins_the_running_installation(running: Running) -> None:
    with joined(settings_of(running)):
        assert redis.Redis.from_url(valkey.url(running.folder / "valkey")).ping()
    assert running.ready()


def test_it_drains_before_it_ends(running: Running) -> None:
    """An answer that was begun is finished; nobody is left over."""
    everybody = family(running.process.pid)
    assert len(everybody) > 8
    answers: list[tuple[int, Any]] = []
    slow = threading.Thread(target=lambda: answers.append(running.ask("/slow")))
    slow.start()
    until((running.folder / "slow").exists)
    assert running.stop() == 0
    slow.join()
    assert [status for status, _ in answers] == [200]
    assert not [pid for pid in everybody if alive(pid)]
    assert not valkey.alive(running.folder / "valkey")


def test_killed_without_a_word_it_leaves_nobody_and_starts_again(stopped: Running) -> None:
    again = Running(stopped.folder)
    everybody = family(again.process.pid)
    assert again.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not [pid for pid in everybody if alive(pid)])
    once_more = Running(stopped.folder, "--workers", "1", "--threads", "1")
    assert once_more.ready()
    assert once_more.stop(signal.SIGINT) == 0


def test_a_command_alone_becomes_the_supervisor_for_its_length(stopped: Running) -> None:
    with joined(settings_of(stopped)):
        assert valkey.alive(stopped.folder / "valkey")
        with joined(settings_of(stopped)):
            pass
        assert valkey.alive(stopped.folder / "valkey")
    assert not valkey.alive(stopped.folder / "valkey")


@pytest.mark.parametrize(
    ("given", "words"),
    [({"data": Path("nowhere")}, "yinxin init"), ({"tls": "no pkcs8"}, "PKCS#8"), ({"port": "taken"}, "cannot be had")],
)
def test_what_could_not_work_is_refused_at_the_start(
    stopped: Running, given: dict[str, Any], words: str, tmp_path: Path
) -> None:
    if given.pop("tls", None):
        (tmp_path / "key.pem").write_text("-----BEGIN EC PRIVATE KEY-----")
        given |= {"tls_key": tmp_path / "key.pem", "tls_certificate": tmp_path / "key.pem"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        if given.get("port"):
            given["port"] = taken.getsockname()[1]
        with pytest.raises(BadSetting, match=words):
            serve.serve(settings_of(stopped, **given))


def test_what_never_starts_ends_the_supervisor(stopped: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BACK_OFF", (0.05,))
    hopeless = Kept("hopeless", lambda: spawn(python("-c", "raise SystemExit(3)")))
    good = Kept("good", lambda: spawn(python("-c", "import time; time.sleep(60)")))
    with pytest.raises(StartFailed, match="hopeless"):
        serve.run(settings_of(stopped), [good, hopeless], threading.Event(), print)
    assert good.process is not None
    assert good.process.poll() is not None  # what did start was ended again


def test_what_is_missing_is_told_while_it_waits(stopped: Running) -> None:
    """A database that comes later is no reason to end: it is waited for, aloud."""
    (stopped.folder / "yinxin.db").rename(stopped.folder / "away")
    (stopped.folder / "yinxin.db").mkdir()
    waiting = Running(stopped.folder, wait=False)
    until(lambda: [event for event in waiting.events("not.ready.yet") if "hub: database" in event["missing"]])
    (stopped.folder / "yinxin.db").rmdir()
    (stopped.folder / "away").rename(stopped.folder / "yinxin.db")
    until(waiting.ready)
    assert waiting.stop() == 0
