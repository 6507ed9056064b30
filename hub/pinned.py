"""Connections that go to the address that was checked, and end with their call: the transport under `hub.fetch`."""

import ssl
from collections.abc import Iterable, Iterator
from functools import cache
from time import monotonic
from typing import Any

import httpcore2
import httpx2

from hub.addresses import Allowed, Resolve

FAILURES = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException)


class Pinned(httpx2.BaseTransport):
    """One call through one connection of our own making. `end` is a moment of the monotonic clock."""

    def __init__(self, allowed: Allowed, resolve: Resolve, end: float) -> None:
        backend = _Backend(allowed, resolve, end)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_tls_of_any_signer() if allowed.development else _tls(),
            network_backend=backend,
            max_connections=1,
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request and give the answer with its body still to be read."""
        url = request.url
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        assert isinstance(request.stream, httpx2.SyncByteStream)
        sent = httpcore2.Request(request.method, target, headers=request.headers.raw, content=request.stream)
        answer = self._pool.handle_request(sent)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore2.SyncBackend):
    """Resolves once, checks, and connects to what it checked; a second lookup (DNS rebinding) never happens."""

    def __init__(self, allowed: Allowed, resolve: Resolve, end: float) -> None:
        self._allowed, self._resolve, self._end = allowed, resolve, end

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        error: Exception = httpcore2.ConnectError("the name leads nowhere")
        for address in self._allowed.addresses(host, port, self._resolve):
            try:
                return _Stream(super().connect_tcp(address, port, _left(self._end)), self._end)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failed:
                error = failed
        raise error


class _Stream(httpcore2.NetworkStream):
    """A connection on which every wait ends with the call: a peer that drips bytes cannot hold us."""

    def __init__(self, inner: httpcore2.NetworkStream, end: float) -> None:
        self._inner, self._end = inner, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._end))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(self._end)), self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@cache
def _tls() -> ssl.SSLContext:
    """The authorities that the system trusts, SSL_CERT_FILE included; read once per process (20 ms)."""
    return ssl.create_default_context()


@cache
def _tls_of_any_signer() -> ssl.SSLContext:
    """For development alone (`YINXIN_DEVELOPMENT_CALLS`), where services sign their certificates themselves."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _left(end: float) -> float:
    left = end - monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the call took too long")
    return left
