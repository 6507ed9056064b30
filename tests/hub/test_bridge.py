"""The bridge: a request arrives as WSGI wants it, and nobody who sends slowly holds up anybody else."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import json, multiprocessing, sys, time
from granian.constants import Interfaces
from granian.server import Server
from hub import bridge, lanes

def application(given, start):
    said = {name: value for name, value in given.items() if isinstance(value, str)}
    if given["PATH_INFO"] == "/slow":
        time.sleep(3)
    if given["PATH_INFO"] == "/short":
        time.sleep(0.1)
    if "/calls" in given["PATH_INFO"]:
        lanes.calls_out()
        time.sleep(1.2)
    if given["PATH_INFO"] == "/quick/once":
        lanes.stays()
        lanes.calls_out()
    try:
        said["body"] = given["wsgi.input"].read().decode("latin-1")
    except OSError as error:
        said["body"] = repr(error)
    body = json.dumps(said).encode()
    start("207 Odd", [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [b"" if given["REQUEST_METHOD"] == "HEAD" else body]

def load(_):
    bridge.BODY_SECONDS = 2.0
    bridge.WAITING = 20
    return bridge.Bridge(application, threads=1, most=100_000, quick=("/quick",))

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    Server("x", address="127.0.0.1", port=int(sys.argv[1]), interface=Interfaces.RSGI, workers=1, websockets=False).serve(
        target_loader=load)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("bridge")
    (folder / "program.py").write_text(PROGRAM)
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        free = int(door.getsockname()[1])
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": root}
    with subprocess.Popen([sys.executable, str(folder / "program.py"), str(free)], env=environment) as server:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with socket.socket() as door:
                if door.connect_ex(("127.0.0.1", free)) == 0:
                    break
            time.sleep(0.1)
        yield free
        server.terminate()


def ask(port: int, method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, Any]:
    import json

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, answer.headers, json.loads(data) if data else None


def test_a_request_arrives_whole(port: int) -> None:
    headers = {"Cookie": "a=1; b=2", "X-Some-Thing": "é".encode().decode("latin-1"), "Content-Type": "text/plain"}
    status, given, said = ask(port, "POST", "/a%20b/%E8%AF%81?x=%26&y", body=b"\x00\xff!", headers=headers)
    assert status == 207
    assert given.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert said["PATH_INFO"].encode("latin-1").decode() == "/a b/证"
    assert said["QUERY_STRING"] == "x=%26&y"
    assert said["body"] == "\x00\xff!"
    assert said["CONTENT_LENGTH"] == "3"
    assert said["CONTENT_TYPE"] == "text/plain"
    assert said["HTTP_COOKIE"] == "a=1; b=2"
    assert said["HTTP_HOST"] == f"127.0.0.1:{port}"
    assert said["REMOTE_ADDR"] == "127.0.0.1"
    assert said["wsgi.url_scheme"] == "http"


def test_a_head_has_no_body(port: int) -> None:
    assert ask(port, "HEAD", "/")[2] is None


def test_a_chunked_body_arrives(port: int) -> None:
    assert ask(port, "POST", "/", body=iter([b"one", b"two"]))[2]["body"] == "onetwo"


def test_a_chunked_body_without_end_is_refused(port: int) -> None:
    assert ask(port, "POST", "/", body=iter([b"x" * 50_000] * 3))[0] == 413


def test_what_says_that_it_is_too_long_reaches_the_application_unread(port: int) -> None:
    status, _, said = ask(port, "POST", "/", body=b"x" * 200_000)
    assert (status, said["body"], said["CONTENT_LENGTH"]) == (207, "", "200000")


def test_an_underscore_does_not_pass_for_a_hyphen(port: int) -> None:
    said = ask(port, "GET", "/", headers={"X_Forwarded_For": "1.2.3.4"})[2]
    assert "HTTP_X_FORWARDED_FOR" not in said


def test_many_slow_bodies_hold_nobody_up_and_end(port: int) -> None:
    slow = []
    for _ in range(30):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\na")
        slow.append(one)
    assert ask(port, "GET", "/")[0] == 207  # with one thread
    for one in slow:
        one.settimeout(20)
        assert b"408" in one.recv(40)
        one.close()


def test_what_is_slow_holds_up_nothing_that_is_quick(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)  # it has the only thread
        began = time.monotonic()
        for body in (None, b"x=1"):
            assert ask(port, "POST" if body else "GET", "/quick", body=body)[0] == 207
        assert time.monotonic() - began < 2
        slow.settimeout(20)
        assert b"207" in slow.recv(40)


def test_whoever_would_wait_too_long_is_told_to_come_again(port: int) -> None:
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
    for one in lines:
        one.sendall(b"GET /short HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert ask(port, "GET", "/quick")[0] == 207
    for one in lines:
        one.settimeout(20)
    said = [one.recv(400) for one in lines]
    refused = [answer for answer in said if b" 503 " in answer.partition(b"\r\n")[0]]
    assert 5 <= len(refused) <= 10
    assert all(b"retry-after: 5" in answer.lower() for answer in refused)
    assert ask(port, "GET", "/short")[0] == 207


@pytest.mark.parametrize("path", ["/quick/calls", "/calls"])
def test_whoever_waits_for_somebody_outside_holds_up_nobody(port: int, path: str) -> None:
    """A slow server of one department must not stop the provider: neither its programs nor its pages."""
    with ThreadPoolExecutor(4) as many:
        waiting = [many.submit(ask, port, "POST", path, body=b"whole") for _ in range(4)]
        time.sleep(0.3)
        began = time.monotonic()
        assert ask(port, "GET", "/quick")[0] == 207
        assert ask(port, "GET", "/page")[0] == 207
        assert time.monotonic() - began < 0.8
        assert [one.result()[2]["body"] for one in waiting] == ["whole"] * 4  # answered anew from the beginning


def test_what_counts_once_is_not_done_twice(port: int) -> None:
    assert ask(port, "GET", "/quick/once")[0] == 207
