"""A WSGI application behind granian's event loop: bodies are awaited with a deadline, and only whole requests are answered.

Under granian's own WSGI a body is read inside the thread that answers, so one connection that sends a byte and waits would hold
a worker for as long as it likes.

Two lanes lead to the application. What programs ask all day takes a millisecond and is answered in the loop itself: handing it to
a thread and waking up again takes a third of that. Everything else (pages, uploads, a password to hash) takes a thread, so
that it holds up no program: hashing leaves the interpreter to others while it runs. Whoever waits for somebody outside, by
whichever lane he came, is answered by threads that do nothing else (`hub.lanes`).
"""

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_to_bytes

from hub import lanes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

WAITING = 200  # requests for a thread: whoever came after them would wait for five seconds of hashing, and had gone
OUTWARD = 16  # threads for requests that wait for somebody outside; they only wait
BODY_SECONDS = 30.0  # for a whole body: 20 MB over a bad line; longer is slow on purpose
ONE_VALUE = {"CONTENT_TYPE", "CONTENT_LENGTH"}
Answer = tuple[int, list[tuple[str, str]], bytes]
Got = TypeVar("Got")


class TooLong(Exception):
    """More bytes than any of our addresses takes."""


class Bridge:
    """An RSGI application around a WSGI one. `threads` requests are answered at once; the rest wait without a thread.

    What begins with one of the `quick` paths does not wait for them.
    """

    def __init__(self, application: "WSGIApplication", *, threads: int, most: int, quick: tuple[str, ...] = ()) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._outward = ThreadPoolExecutor(OUTWARD, thread_name_prefix="outward")
        self._most = most
        self._quick = quick
        self._waiting = {self._threads: 0, self._outward: 0}  # for a thread, or answered by one; the loop alone counts

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
                    # Of known length it comes in one piece, without waking up for each part.
                    body = await (protocol() if declared else self._read(protocol))
            except TimeoutError:
                protocol.response_empty(408, [("connection", "close")])
                return
            except TooLong:
                protocol.response_empty(413, [("connection", "close")])
                return
        length = declared if refused else str(len(body))
        given = environ(scope, body, length)
        if scope.path.startswith(self._quick):
            answer = self._tried(given)
        elif self._is_full(self._threads):
            protocol.response_empty(503, [("retry-after", "5")])
            return
        else:
            answer = await self._by(self._threads, self._tried, given)
        if answer is None and self._is_full(self._outward):
            protocol.response_empty(503, [("retry-after", "5")])
            return
        if answer is None:
            answer = await self._by(self._outward, self._answered, environ(scope, body, length))
        protocol.response_bytes(*answer)

    def _tried(self, given: "WSGIEnvironment") -> Answer | None:
        """The answer, or None if the request has to wait for somebody outside."""
        with lanes.impatient():
            try:
                return answered(self._application, given)
            except lanes.Waits:
                return None

    def _answered(self, given: "WSGIEnvironment") -> Answer:
        return answered(self._application, given)

    def _is_full(self, threads: ThreadPoolExecutor) -> bool:
        return self._waiting[threads] >= WAITING

    async def _by(
        self, threads: ThreadPoolExecutor, how: Callable[["WSGIEnvironment"], Got], given: "WSGIEnvironment"
    ) -> Got:
        self._waiting[threads] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, how, given)
        finally:
            self._waiting[threads] -= 1

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
    for name, value in scope.headers.items():
        key = _key(name)
        if key in ONE_VALUE:
            given.setdefault(key, value)
        elif key in given:
            given[key] += ("; " if key == "HTTP_COOKIE" else ", ") + value
        elif key:
            given[key] = value
    if scope.authority:
        given.setdefault("HTTP_HOST", scope.authority)  # HTTP/2 has no Host header
    return given


@lru_cache(512)
def _key(name: str) -> str:
    """What WSGI calls a header; nothing for one that would pass for another: `a_b` must not pass for `a-b`."""
    if "_" in name:
        return ""
    key = name.upper().replace("-", "_")
    return key if key in ONE_VALUE else f"HTTP_{key}"


def answered(application: "WSGIApplication", given: "WSGIEnvironment") -> Answer:
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
