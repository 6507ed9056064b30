"""A browser and a relying party in one, as small as they can be: they drive any provider by its discovery and its forms."""

import base64
import hashlib
import http.client
import json
import secrets
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

CALLBACK = "https://service.example/callback"
SECRET = "a-secret-of-the-bench-0123456789-0123456789"
PASSWORD = "seven quiet lanterns upstream"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) bench"
IDLE = 1.0  # seconds after which a new connection is made
MOST_STEPS = 12  # pages between the first request and the service's address


class Wrong(Exception):
    """The provider did not answer as it should."""


@dataclass
class Provider:
    """Where a provider is and what it calls its endpoints."""

    name: str
    issuer: str
    services: tuple[str, ...]
    api_scope: str
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: KeySet | None = None

    def discover(self) -> None:
        """Read its metadata and its keys."""
        browser = Browser(self, 1)
        self.metadata = json.loads(browser.get(f"{self.issuer}/.well-known/openid-configuration")[2])
        self.keys = KeySet.import_key_set(json.loads(browser.get(self.metadata["jwks_uri"])[2]))


class Browser:
    """One person's browser with its cookies, and the services that he visits. Each has a network of its own."""

    def __init__(self, provider: Provider, number: int) -> None:
        self.provider, self._cookies = provider, dict[str, tuple[str, str]]()
        parts = urlsplit(provider.issuer)
        source = (f"127.1.{number % 250}.1", 0)
        self._line = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60, source_address=source)
        self._host = parts.netloc
        self.account = f"account.of.bench.{number}"
        self._used = 0.0
        self.access = self.refresh = ""

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def forget(self) -> None:
        """Forget all cookies, as a browser does that was just installed."""
        self._cookies.clear()

    def get(self, url: str) -> tuple[int, str, bytes]:
        """Status, address to go on to, and body."""
        return self._send("GET", url, None, {"Accept": "text/html", "User-Agent": AGENT, "Accept-Language": "zh-CN"})

    def signs_in(self, service: str, scope: str = "openid profile", **more: str) -> dict[str, Any]:
        """From the service's first redirect to a checked ID token, with as many pages in between as the provider wants."""
        verifier, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": service,
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": nonce,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        back = self._until_back(f"{self.provider.metadata['authorization_endpoint']}?{urlencode(asked | more)}")
        if back.get("state") != [nonce] or "code" not in back:
            raise Wrong(f"{self.provider.name} sent back {back}")
        form = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": CALLBACK}
        tokens = self.called("token_endpoint", service, form | {"code_verifier": verifier})
        self._check(tokens["id_token"], service, nonce)
        self.access, self.refresh = tokens["access_token"], tokens.get("refresh_token", "")
        return tokens

    def called(self, endpoint: str, service: str, form: dict[str, str]) -> dict[str, Any]:
        """What an endpoint for programs answers to a service."""
        proof = base64.b64encode(f"{quote(service)}:{quote(SECRET)}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}", "Content-Type": "application/x-www-form-urlencoded"}
        address = self.provider.metadata[endpoint]
        status, _, body = self._send("POST", address, urlencode(form).encode(), headers, cookies=False)
        if status != 200:
            raise Wrong(f"{self.provider.name} {endpoint}: {status} {body[:200]!r}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    def _until_back(self, url: str) -> dict[str, list[str]]:
        status, onward, body = self.get(url)
        for _ in range(MOST_STEPS):
            if onward.startswith(CALLBACK):
                return parse_qs(urlsplit(onward).query)
            if onward:
                url, (status, onward, body) = onward, self.get(onward)
                continue
            if status >= 400:
                break
            form = Forms.first(body.decode(), account=self.account, password=PASSWORD)
            headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": AGENT}
            headers |= {"Origin": self.provider.issuer, "Accept": "text/html", "Accept-Language": "zh-CN"}
            status, onward, body = self._send("POST", url, urlencode(form).encode(), headers)
        raise Wrong(f"{self.provider.name} stopped at {url}: {status} {body[:200]!r}")

    def _send(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], *, cookies: bool = True
    ) -> tuple[int, str, bytes]:
        parts = urlsplit(url)
        said = {"Host": self._host, **headers}
        known = "; ".join(
            f"{name}={value}" for name, (value, path) in self._cookies.items() if parts.path.startswith(path)
        )
        if cookies and known:
            said["Cookie"] = known
        response = self._answered(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, said)
        data = response.read()
        for line in response.headers.get_all("Set-Cookie", ()) if cookies else ():
            self._keep(line)
        return response.status, urljoin(url, where) if (where := response.headers.get("Location")) else "", data

    def _answered(self, method: str, path: str, body: bytes | None, said: dict[str, str]) -> http.client.HTTPResponse:
        if time.monotonic() - self._used > IDLE:  # a server may hang up on whoever says nothing for a while
            self._line.close()
        self._used = time.monotonic()
        self._line.request(method, path, body, said)
        return self._line.getresponse()

    def _keep(self, line: str) -> None:
        pair, *rest = line.split("; ")
        name, _, value = pair.partition("=")
        path = next((one[5:] for one in rest if one.lower().startswith("path=")), "/")
        self._cookies.pop(name, None)
        if value:
            self._cookies[name] = (value, path)

    def _check(self, token: str, service: str, nonce: str) -> None:
        assert self.provider.keys
        claims = jwt.decode(token, self.provider.keys, algorithms=["ES256", "RS256"]).claims
        if (claims["iss"], claims["aud"], claims["nonce"]) != (self.provider.issuer, service, nonce):
            raise Wrong(f"{self.provider.name} signed {claims}")


class Forms(HTMLParser):
    """The forms of a page: the names and values of their fields, and the first button of each."""

    def __init__(self) -> None:
        super().__init__()
        self._forms: list[tuple[dict[str, str], set[str]]] = []  # of each what it sends, and the names of its parts

    @classmethod
    def first(cls, page: str, **typed: str) -> dict[str, str]:
        """What goes out when somebody fills in the form that asks for his password, or says yes to what is asked."""
        read = cls()
        read.feed(page)
        wanted = (form for sign in ("password", "decision") for form in read._forms if sign in form[1])
        fields, asked = next(wanted, ({}, set()))
        return fields | {name: text for name, text in typed.items() if name in asked}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form, a field of it or a button."""
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._forms.append(({}, set()))
        if not self._forms or not said.get("name"):
            return
        if tag in ("input", "button"):
            fields, parts = self._forms[-1]
            parts.add(said["name"])
            fields.setdefault(said["name"], said.get("value", ""))  # of the buttons the first one is pressed
