"""The only outgoing HTTP: to allowed hosts, at checked addresses, within a size and a time.

A call to one of our own addresses that this process serves goes straight to the application, without a socket: one worker
with one thread can play the whole story.
"""

import json as jsons
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
        names = [_host_and_port(url) for url in own]
        self.allowed = Allowed.of(names + settings.allowed_hosts.split(","), development=settings.development_calls)
        self._own = frozenset(names) if not settings.development_calls else frozenset()
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
        outside: bool = False,
    ) -> Answer:
        """Fetch a resource, following so many redirects, each under the same rules. Raises NotReachable, AddressRefused.

        `outside`: a stranger chose the address, so it must be a public one, whatever the operator lets us call.
        """
        end = monotonic() + seconds
        for _ in range(redirects + 1):
            answer = self._call("GET", url, headers, None, end, most, outside=outside)
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
        outside: bool = False,
    ) -> Answer:
        """Send JSON, a form or bytes. Redirects are answers here, never followed. Raises NotReachable, AddressRefused.

        `outside`: as in `get`.
        """
        given = {"json": json} if json is not None else {"data": form} if form is not None else {"content": content}
        return self._call("POST", url, headers, given, monotonic() + seconds, most, outside=outside)

    def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        given: dict[str, Any] | None,
        end: float,
        most: int,
        *,
        outside: bool,
    ) -> Answer:
        if urlsplit(url).scheme not in PORTS or urlsplit(url).username:
            raise AddressRefused("Only http and https addresses without a user can be called")
        sent = {"accept-encoding": "identity", "user-agent": "yinxin"} | dict(headers or {})
        with (
            _named_failures(),
            httpx2.Client(transport=self._transport(url, end, outside=outside), trust_env=False) as client,
        ):
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

    def _transport(self, url: str, end: float, *, outside: bool) -> httpx2.BaseTransport:
        name = _host_and_port(url)
        if name in self._here and not (outside and name in self._own):  # to our own house a stranger comes from outside
            return httpx2.WSGITransport(self._here[name], remote_addr="127.0.0.1")
        return Pinned(replace(self.allowed, inside=not outside), self._resolve, end)


def _host_and_port(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or PORTS.get(parts.scheme, 0)}"


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, *FAILURES, OSError, UnicodeError) as error:
        raise NotReachable(type(error).__name__) from error
