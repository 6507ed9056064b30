"""A WSGI application behind granian's event loop: bodies are awaited with a deadline, and only whole requests are answered.

Under granian's own WSGI a body is read inside the thread that answers, so one connection that sends a byte and waits would hold
a worker for as long as it likes.

Two lanes lead to the application. What programs ask all day takes a millisecond and is answered in the loop itself: handing it to
a thread and waking up again takes a third of that. Everything else (pages, uploads, a password to hash) takes a thread, so
that it holds up no program: hashing leaves the interpreter to others while it runs.
"""

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

WAITING = 200  # requests for a thread: whoever came after them would wait for five seconds of hashing, and had gone
BODY_SECONDS = 30.0  # for a whole body: 20 MB over a bad line; longer is slow on purpose
ONE_VALUE = {"CONTENT_TYPE", "CONTENT_LENGTH"}


class TooLong(Exception):
    """More bytes than any of our addresses takes."""


class Bridge:
    """An RSGI application around a WSGI one. `threads` requests are answered at once; the rest wait without a thread.

    What begins with one of the `quick` paths does not wait for them.
    """

    def __init__(self, application: "WSGIApplication", *, threads: int, most: int, quick: tuple[str, ...] = ()) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._most = most
        self._quick = quick
        self._waiting = 0  # for a thread, or answered by one; the loop alone counts

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request (granian's RSGI 1.5)."""
        if scope.proto != "http":
            protocol.response_empty(400, [])
            return
        declared = scope.headers.get("content-length", "")
        # What says itself that it is too long is not read: the application refuses it in words.
        refused = declared.isdecimal() and int(declared) > self._most
        body = b""
        if not refused and (declared or "transfer-encoding" in scope.headers or scope.http_version == "2"):
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await self._read(protocol)
            except TimeoutError:
                protocol.response_empty(408, [("connection", "close")])
                return
            except TooLong:
                protocol.response_empty(413, [("connection", "close")])
                return
        given = environ(scope, body, declared if refused else str(len(body)))
        if scope.path.startswith(self._quick):
            status, headers, answer = answered(self._application, given)
        elif self._waiting >= WAITING:
            protocol.response_empty(503, [("retry-after", "5")])
            return
        else:
            self._waiting += 1
            try:
                answering = asyncio.get_running_loop().run_in_executor(
                    self._threads, answered, self._application, given
                )
                status, headers, answer = await answering
            finally:
                self._waiting -= 1
        protocol.response_bytes(status, headers, answer)

    async def _read(self, protocol: Any) -> bytes:
        body = bytearray()
        async for some in protocol:
            body += some
            if len(body) > self._most:
                raise TooLong
        return bytes(body)


def environ(scope: Any, body: bytes, length: str) -> "WSGIEnvironment":
    """The request as WSGI wants it (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    given: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "CONTENT_LENGTH": length,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.authority:
        given["HTTP_HOST"] = scope.authority  # HTTP/2 has no Host header
    for name in scope.headers.keys():  # noqa: SIM118  not a dict
        key = name.upper().replace("-", "_")
        values = scope.headers.get_all(name)
        if key == "CONTENT_TYPE":
            given[key] = values[0]
        elif key not in ONE_VALUE and "_" not in name:  # `a_b` must not pass for `a-b`
            given[f"HTTP_{key}"] = ("; " if key == "COOKIE" else ", ").join(values)
    return given


def answered(application: "WSGIApplication", given: "WSGIEnvironment") -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of the application's answer."""
    got: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
        got[:] = [int(status[:3]), headers]
        return lambda _data: None

    parts: Iterable[bytes] = application(given, start)
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return got[0], got[1], body
