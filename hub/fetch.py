"""The only outgoing HTTP: to allowed hosts, at checked addresses, within a size and a time.

A call to one of our own addresses that this process serves goes straight to the application, without a socket: one worker
with one thread can play the whole story.
"""

import json as jsons
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2

from hub.addresses import AddressRefused, Allowed, Resolve, resolve
from hub.pinned import FAILURES, Pinned
from hub.problems import Unavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from hub.settings import Settings

SECONDS = 5.0  # for the whole call; a person waits behind most of them
BYTES = 1_000_000
PORTS = {"http": 80, "https": 443}


class NotReachable(Unavailable):
    """The other side did not answer in time, or not in the form it should."""

    title = "Another service does not answer"


@dataclass(frozen=True)
class Answer:
    """What the other side said. Whether its status is good is for the caller to judge."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises NotReachable: an answer that cannot be read is none."""
        try:
            return jsons.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise NotReachable("The answer is not JSON") from error


class Fetch:
    """Outgoing calls of one installation. Keeps no cookies, no proxies from the environment, no connections."""

    def __init__(self, settings: "Settings", *, resolve: Resolve = resolve) -> None:
        own = [settings.issuer_url, settings.verify_url, settings.pki_url, settings.home_url, settings.register_url]
        own += filter(None, (settings.network_id_url, settings.bank_url, settings.telecom_url, settings.sms))
        names = [_host_and_port(url) for url in own] + settings.allowed_hosts.split(",")
        self.allowed = Allowed.of(names, development=settings.development_calls)
        self._resolve = resolve
        self._here: dict[str, WSGIApplication] = {}

    def serve_here(self, url: str, application: "WSGIApplication") -> None:
        """Send calls to this origin of ours to the application in this process."""
        self._here[_host_and_port(url)] = application

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
        most: int = BYTES,
        redirects: int = 0,
    ) -> Answer:
        """Fetch a resource, following so many redirects, each under the same rules. Raises NotReachable, AddressRefused."""
        end = monotonic() + seconds
        for _ in range(redirects + 1):
            answer = self._call("GET", url, headers, None, end, most)
            if answer.status not in {301, 302, 303, 307, 308} or not redirects:
                return answer
            onward = httpx2.URL(url).join(answer.headers.get("location", ""))
            if url.startswith("https:") and onward.scheme != "https":
                raise NotReachable("The redirect leaves TLS")
            url = str(onward)
        raise NotReachable("Too many redirects")

    def post(
        self,
        url: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = SECONDS,
        most: int = BYTES,
    ) -> Answer:
        """Send JSON, a form or bytes. Redirects are answers here, never followed. Raises NotReachable, AddressRefused."""
        given = {"json": json} if json is not None else {"data": form} if form is not None else {"content": content}
        return self._call("POST", url, headers, given, monotonic() + seconds, most)

    def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        given: dict[str, Any] | None,
        end: float,
        most: int,
    ) -> Answer:
        if urlsplit(url).scheme not in PORTS or urlsplit(url).username:
            raise AddressRefused("Only http and https addresses without a user can be called")
        sent = {"accept-encoding": "identity", "user-agent": "yinxin"} | dict(headers or {})
        with _named_failures(), httpx2.Client(transport=self._transport(url, end), trust_env=False) as client:
            request = client.build_request(method, url, headers=sent, **(given or {}))
            response = client.send(request, stream=True, follow_redirects=False)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise NotReachable("The answer is compressed, which was not asked for")
            body = b""
            for some in response.iter_raw():
                body += some
                if len(body) > most or monotonic() > end:
                    raise NotReachable("The answer is too large or too slow")
            response.close()
            return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)

    def _transport(self, url: str, end: float) -> httpx2.BaseTransport:
        here = self._here.get(_host_and_port(url))
        if here is not None:
            return httpx2.WSGITransport(here, remote_addr="127.0.0.1")
        return Pinned(self.allowed, self._resolve, end)


def _host_and_port(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or PORTS.get(parts.scheme, 0)}"


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, *FAILURES, OSError, UnicodeError) as error:
        raise NotReachable(type(error).__name__) from error
