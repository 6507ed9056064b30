"""What an API keeps beside its rules: the provider's keys, the proofs that it has seen, and how it asks the provider."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any
from urllib.error import URLError
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

Key = ECKey | RSAKey | OKPKey
KINDS: dict[Any, type[Key]] = {"EC": ECKey, "RSA": RSAKey, "OKP": OKPKey}
Read = Callable[[str], bytes]
SECONDS = 5.0
LARGEST = 262_144  # bytes of a document of the provider
KEEP = 300.0  # seconds that keys are kept; the provider shows a new one longer than that before it signs
LOOK_AGAIN = 1.0  # seconds between two looks for a key that is not there
LAST = 86_400.0  # seconds that old keys serve while the provider cannot be reached


class NotReachable(Exception):
    """The provider does not answer, or not in the form it should. Your API cannot say who calls: answer 503."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def read(url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """Fetch a document, by TLS unless it stands on this machine, without redirects. Raises NotReachable."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise NotReachable("The address of the provider must begin with https")
    request = Request(url, data=data, headers={"Accept": "application/json", **(headers or {})})  # noqa: S310  checked above
    try:
        with build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            body: bytes = answer.read(LARGEST + 1)
    except (URLError, OSError, ValueError) as error:
        raise NotReachable(type(error).__name__) from error
    if len(body) > LARGEST:
        raise NotReachable("The answer is too large")
    return body


class Keys:
    """The keys of the provider, found by its discovery document and read again when a token names one that is not there."""

    def __init__(self, issuer: str, read: Read) -> None:
        self._issuer, self._read = issuer, read
        self._lock = Lock()
        self._keys: dict[str, Key] = {}
        self._got, self._tried = -LAST, -LAST
        self._address = ""

    def key(self, kid: str) -> Key | None:
        """The key of this name, or None. Raises NotReachable while there is nothing to go by."""
        now = monotonic()
        if kid in self._keys and now - self._got < KEEP:
            return self._keys[kid]
        with self._lock:  # one asks for all
            if now - self._tried >= LOOK_AGAIN and (kid not in self._keys or now - self._got >= KEEP):
                self._look(now)
        return self._keys.get(kid)

    def _look(self, now: float) -> None:
        self._tried = now
        try:
            self._address = self._address or self._found()
            found = _object(self._read(self._address)).get("keys")
        except NotReachable:
            if now - self._got >= LAST:
                raise
            return
        jwks = [jwk for jwk in (found if isinstance(found, list) else []) if isinstance(jwk, dict)]
        self._keys = {str(jwk["kid"]): key for jwk in jwks if "kid" in jwk and (key := _imported(jwk)) is not None}
        self._got = now

    def _found(self) -> str:
        about = _object(self._read(f"{self._issuer}/.well-known/openid-configuration"))
        if about.get("issuer") != self._issuer:
            raise NotReachable("The discovery document is of another issuer")
        return str(about.get("jwks_uri", ""))


class Once:
    """Names that were named within their seconds, in this process. Old ones are swept when there are many."""

    MOST = 100_000

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lock = Lock()

    def __call__(self, name: str, seconds: int) -> bool:
        """Whether nobody named this within its time; from now on somebody has. Full: refuses, which is safe."""
        now = monotonic()
        with self._lock:
            if len(self._until) >= self.MOST:
                self._until = {one: until for one, until in self._until.items() if until > now}
            if self._until.get(name, 0.0) > now or len(self._until) >= self.MOST:
                return False
            self._until[name] = now + seconds
            return True


@dataclass(frozen=True)
class Introspection:
    """How to ask the provider about a token (RFC 7662). Your service must be registered there, with the API's address."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    send: Callable[..., bytes] = read

    def __call__(self, token: str) -> Mapping[str, Any]:
        """What the provider says of it. Raises NotReachable."""
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}".encode()  # RFC 6749 2.3.1
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return _object(self.send(self.url, urlencode({"token": token}).encode(), headers))


def client_cert(field: str) -> bytes:
    """The certificate (DER) in a `Client-Cert` header, or nothing (RFC 9440 2.2). Ask only where your own proxy sets it."""
    text = field.strip()
    if len(text) < 3 or text[0] != ":" or text[-1] != ":":
        return b""
    try:
        return base64.b64decode(text[1:-1], validate=True)
    except ValueError:
        return b""


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotReachable("The answer is not JSON") from error
    if not isinstance(value, dict):
        raise NotReachable("The answer is not a JSON object")
    return value


def _imported(jwk: Mapping[str, Any]) -> Key | None:
    """A key, or None where it is of a kind that we do not know: a provider may show such too."""
    try:
        return KINDS[jwk.get("kty")].import_key(dict(jwk))
    except (JoseError, KeyError, ValueError, TypeError):
        return None
