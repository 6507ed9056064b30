"""Keys that another process holds: the sealing role, which signs for us over mutual TLS. This process never sees them.

One connection is kept; it stands behind the same line as a token (`hub.token_line`), so a sealing process that is slow or gone
holds up nobody.
"""

import base64
import http.client
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub.jwk import PublicKey
from hub.keys.forms import Algorithm
from hub.problems import Unavailable
from hub.token_line import Line, TokenBusy, TokenGone

Got = TypeVar("Got")
FAULTS = (OSError, http.client.HTTPException, ValueError)  # ssl.SSLError is an OSError
SECONDS = 0.9  # for one try; the second one still ends within the two seconds of the line
MAKING = 60.0  # seconds: the other process may make an RSA key in a small token
LONGEST = 65_536  # bytes of an answer


class SealerGone(TokenGone):
    """The process that holds the keys of seals does not answer, or does not know us."""

    title = "The sealing service cannot be reached"
    advice = "Nothing was lost. The operator should look at the sealing process; then try again."


class SealerBusy(TokenBusy):
    """More is asked of the sealing process than it can do in time."""

    title = "The sealing service has too much to do"
    advice = "Nothing was lost. Try again in a few seconds."


class SealerRefused(Unavailable):
    """The process that holds the keys of seals does not sign this, or cannot."""

    title = "The sealing service did not sign"
    advice = "Nothing was lost. The operator finds the reason here and in the log of the sealing process."


class Elsewhere:
    """The sealing process, by its address, our certificate and the CA of both."""

    def __init__(self, url: str, certificate: Path, key: Path, ca: Path) -> None:
        self._line = Line(lambda: _Desk(url, certificate, key, ca).serve, gone=SealerGone, busy=SealerBusy)

    def create(self, name: str, algorithm: Algorithm) -> None:
        """Have a key made there, once. Raises SealerGone, SealerBusy, SealerRefused."""
        self._make(name, algorithm)

    def public(self, name: str) -> PublicKey:
        """The public half of a key there."""
        return self._make(name, "")

    def _make(self, name: str, algorithm: str) -> PublicKey:
        said = self._line.ask(
            lambda desk: desk.ask("/keys", {"key": name, "algorithm": algorithm}, MAKING), seconds=MAKING
        )
        key = serialization.load_der_public_key(base64.b64decode(said["public"]))
        if not isinstance(key, PublicKey):
            raise SealerRefused("It gave a key of another kind")
        return key

    def key(self, name: str, public: PublicKey) -> "KeyElsewhere":
        """A key there, to be signed with."""
        return KeyElsewhere(self, name)

    def sign(self, name: str, data: bytes, hash_name: str) -> bytes:
        """A signature over data. Raises SealerGone, SealerBusy, SealerRefused."""
        asked = {"key": name, "data": base64.b64encode(data).decode(), "hash": hash_name}
        said = self._line.ask(lambda desk: desk.ask("/sign", asked))
        return base64.b64decode(said["signature"])


class KeyElsewhere:
    """A key of the sealing process in the form in which `hub.keys.checked` takes a key."""

    def __init__(self, sealer: Elsewhere, name: str) -> None:
        self._sealer, self._name = sealer, name

    def sign(self, data: Any, *how: Any) -> bytes:
        """A signature of the usual form for the key: ECDSA in DER, or PKCS #1 v1.5."""
        hashing: Any = how[0].algorithm if isinstance(how[0], ec.ECDSA) else how[-1]
        return self._sealer.sign(self._name, bytes(data), hashing.name)


class _Desk:
    """What the one thread that asks keeps open."""

    def __init__(self, url: str, certificate: Path, key: Path, ca: Path) -> None:
        self._url = urlsplit(url)
        self._certificate, self._key, self._ca = certificate, key, ca
        self._kept: http.client.HTTPSConnection | None = None

    def serve(self, act: Callable[["_Desk"], Got]) -> Got:
        """Do what is asked; once more on a new connection if it failed: what is asked twice is done once."""
        try:
            try:
                return act(self)
            except FAULTS:
                self._drop()
                return act(self)
        except FAULTS as error:
            self._drop()
            raise SealerGone(f"{type(error).__name__}") from error

    def ask(self, path: str, body: dict[str, str], seconds: float = SECONDS) -> dict[str, str]:
        """Send a question and give the answer."""
        connection = self._kept = self._kept or self._connected()
        connection.sock.settimeout(seconds)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said: dict[str, str] = json.loads(answer.read(LONGEST))
        if answer.status != 200:
            words = ": ".join(part for part in (said.get("title", ""), said.get("detail", "")) if part)
            raise SealerRefused("%(words)s", words=words)
        return said

    def _connected(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self._ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self._certificate, self._key)
        host, port = self._url.hostname or "", self._url.port or 443
        made = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
        made.connect()
        made.auto_open = 0  # when it ends we begin anew, with the whole handshake
        return made

    def _drop(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
