"""The listener of the sealing process (`yinxin serve --role sealing`): two questions, over mutual TLS, from those who are named.

It is no part of the web: no pages, no cookies, no public address. So it is the standard library's server: ours of the web does
not tell the application whose certificate it has seen. A handshake is made in the caller's own thread and has a time limit.
"""

import base64
import binascii
import json
import socket
import ssl
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import Any

import structlog

from hub import clock
from hub.house import House
from hub.problems import BadRequest, NotAllowed, NotFound, Problem
from hub.settings import PREFIX, BadSetting
from seals import apart

PATIENCE = 30.0  # seconds for a handshake, and between two questions on one connection
LONGEST = 65_536  # bytes of a question
CONNECTIONS = 64  # at once; an issuing process keeps one

log = structlog.get_logger("sealing")


class Stranger(NotAllowed):
    """The certificate is good, but its holder is not among those who may ask."""

    title = "You are not among those who may have this signed"
    advice = "Name the issuing process in YINXIN_SEALER_CLIENTS of the sealing process, if it is one."


def keys(house: House, asked: dict[str, str]) -> dict[str, str]:
    """Make or show a seal's key."""
    public = apart.make_key(house, asked["key"], asked["algorithm"], clock.now())
    return {"public": base64.b64encode(public).decode()}


def sign(house: House, asked: dict[str, str]) -> dict[str, str]:
    """Sign for a reserved use."""
    try:
        data = base64.b64decode(asked["data"], validate=True)
    except binascii.Error as error:
        raise BadRequest("data is not base64") from error
    signature = apart.sign(house, asked["key"], data, asked["hash"], clock.now())
    log.info("sealing.signed", key=asked["key"])
    return {"signature": base64.b64encode(signature).decode()}


QUESTIONS: dict[str, Callable[[House, dict[str, str]], dict[str, str]]] = {"/keys": keys, "/sign": sign}


class Listener(ThreadingHTTPServer):
    """One process, a thread for each connection."""

    daemon_threads = True

    def __init__(self, house: House) -> None:
        read = house.settings
        if not (read.sealer_certificate and read.sealer_key and read.sealer_ca and read.sealer_clients):
            raise BadSetting(f"The sealing role needs {PREFIX}SEALER_CERTIFICATE, _KEY, _CA and _CLIENTS")
        self.house = house
        self.clients = frozenset(name.strip().lower() for name in read.sealer_clients.split(","))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._tls.verify_mode = ssl.CERT_REQUIRED
        self._tls.load_verify_locations(read.sealer_ca)
        self._tls.load_cert_chain(read.sealer_certificate, read.sealer_key)
        self._places = BoundedSemaphore(CONNECTIONS)
        super().__init__((read.host, read.sealer_port), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Speak with one caller, in his own thread."""
        if not self._places.acquire(blocking=False):
            return
        try:
            request.settimeout(PATIENCE)
            with self._tls.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except (ssl.SSLError, OSError) as error:
            log.warning("sealing.refused", why=type(error).__name__, by=client_address[0])
        finally:
            self._places.release()

    def shutdown_request(self, request: Any) -> None:
        """Close what a failed handshake left open."""
        request.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: Listener
    connection: ssl.SSLSocket

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def do_POST(self) -> None:
        try:
            self._answer(200, self._answered())
        except Problem as problem:
            log.warning("sealing.problem", kind=problem.code, why=problem.detail)
            self._answer(problem.status, {"title": problem.title, "detail": problem.detail})
        except Exception:  # whatever it was, nothing was signed
            log.exception("sealing.failed")
            self._answer(500, {"title": "The sealing process failed", "detail": ""})

    def _answered(self) -> dict[str, str]:
        size = int(self.headers.get("Content-Length") or 0)
        if not 0 < size <= LONGEST:
            self.close_connection = True
            raise BadRequest("Send a JSON object with its length")
        body = self.rfile.read(size)
        shown: Any = self.connection.getpeercert() or {}
        names = {str(name).lower() for kind, name in shown.get("subjectAltName", ()) if kind == "DNS"}
        if not names & self.server.clients:
            raise Stranger("%(names)s", names=", ".join(sorted(names)))
        question = QUESTIONS.get(self.path)
        if question is None:
            raise NotFound(self.path)
        try:
            asked = json.loads(body)
            return question(self.server.house, {name: str(value) for name, value in asked.items()})
        except (ValueError, AttributeError, KeyError) as error:
            raise BadRequest("The question has the wrong form") from error

    def _answer(self, status: int, body: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """The log of events is enough."""


def serve(house: House) -> None:
    """Listen until told to stop."""
    with Listener(house) as listener:
        log.info("sealing.ready", port=listener.server_port, keys=len(house.keys.named("seal")))
        print(f"Sealing on port {listener.server_port}", file=sys.stderr, flush=True)  # noqa: T201  whoever started it waits for this
        listener.serve_forever()
