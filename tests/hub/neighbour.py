"""A real neighbour on localhost for tests of outgoing calls: each path is one manner of behaving."""

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub import clock


class Neighbour(ThreadingHTTPServer):
    """Notes what it was sent; `answers` gives the next statuses, then 200."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Manners)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "/", host: str = "localhost") -> str:
        return f"http://{host}:{self.port}{path}"


class Manners(BaseHTTPRequestHandler):
    """Good ones and bad ones."""

    server: Neighbour

    def do_GET(self) -> None:
        """Behave as the path says."""
        length = int(self.headers.get("content-length") or 0)
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length)))
        manner = self.path.strip("/").split("/")[0]
        with contextlib.suppress(OSError):  # the caller may have hung up: that is what most tests are about
            getattr(self, f"say_{manner or 'hello'}", self.say_hello)()

    do_POST = do_GET  # noqa: N815  the library asks for this name

    def say_hello(self) -> None:
        self._head(self.server.answers.pop(0) if self.server.answers else 200)
        self.wfile.write(b'{"hello": "world"}')

    def say_large(self) -> None:
        self._head(200)
        for _ in range(200):
            self.wfile.write(b"x" * 100_000)

    def say_bomb(self) -> None:
        self._head(200, ("content-encoding", "gzip"))

    def say_drip(self) -> None:
        self._head(200)
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.1)

    def say_driphead(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100):
            self.wfile.write(f"x-{number}: y\r\n".encode())
            time.sleep(0.1)

    def say_mute(self) -> None:
        time.sleep(10)

    def say_nonsense(self) -> None:
        self.wfile.write(b"\x00\xff nonsense\r\n\r\n")

    def say_cut(self) -> None:
        self._head(200, ("content-length", "1000"))
        self.wfile.write(b"x")

    def say_onward(self) -> None:
        self._head(302, ("location", self.headers.get("x-onward") or "/hello"))

    def _head(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def neighbour(tls: ssl.SSLContext | None = None) -> Iterator[Neighbour]:
    """Run a neighbour for the length of a block."""
    server = Neighbour(tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def self_signed(folder: Path, host: str) -> tuple[Path, Path]:
    """Write a certificate of this host that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "tls.crt").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.key").write_bytes(private)
    return folder / "tls.crt", folder / "tls.key"
