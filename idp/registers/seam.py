"""The seam to the authoritative registers: a question over HTTP, an answer that is signed for us and for this question alone."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from hub import fetch
from hub.fetch import NotReachable
from hub.house import House
from hub.problems import Unavailable
from idp.model.realname import RegisterLater, Source
from idp.store import registers as store

log = structlog.get_logger("idp")
ANSWER_TYPE = "register-answer+jwt"
FRESH_SECONDS = 120  # an answer older than this, or from further in the future, is not for us
CALL_SECONDS = 5.0  # a person waits


@dataclass(frozen=True)
class Answer:
    """A verified answer: its facts, and what evidence needs of it."""

    source: Source
    register: str
    transaction: str
    digest: str
    facts: dict[str, Any]

    @property
    def match(self) -> bool:
        """Whether what was asked is so."""
        return self.facts.get("match") is True

    def text(self, name: str) -> str:
        """One of its facts, if it is a text."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """One of its facts, if it is a list of texts."""
        value = self.facts.get(name)
        return tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else ()


@dataclass(frozen=True)
class Question:
    """What is asked of a register: its kind and path, what the signed answer has to repeat as a digest, and what is sent."""

    kind: str
    path: str
    asked: Sequence[str]
    body: Mapping[str, str]


class NoRegister(Unavailable):
    """This installation does not know by which key its register signs."""

    title = "No register is connected"
    advice = "The operator has to set YINXIN_REGISTER_URL and YINXIN_REGISTER_KEY."


def offered(house: House, source: Source) -> bool:
    """Whether a register of this kind is connected. The sandbox register of the demo plays them all."""
    return source is Source.population or bool(_address(house, source)[0])


def address(house: House, source: Source) -> str:
    """Where a register stands; people are sent to no other place in its name."""
    return _address(house, source)[0]


def ask(house: House, source: Source, question: Question, now: datetime) -> Answer:
    """Put a question and check the answer. Whatever goes wrong on the way is `later`, never a no."""
    url, _ = _address(house, source)
    if not url:
        raise NoRegister("No register of this kind is connected")
    nonce = secrets.token_urlsafe(24)
    sent = {**question.body, "nonce": nonce, "audience": house.settings.issuer_url}
    try:
        answer = _post(house, f"{url}{question.path}", sent)
        claims = _verified(answer.text, _keys(house, source, now))
        _is_for_us(house, url, claims, question, nonce, now)
    except (NotReachable, Distrusted) as error:
        log.warning("register.later", question=question.kind, why=type(error).__name__, detail=str(error))
        raise RegisterLater("The register did not give an answer that can be trusted") from error
    digest = hashlib.sha256(answer.body).hexdigest()
    return Answer(source, str(claims["iss"]), str(claims["txn"]), digest, claims)


def _address(house: House, source: Source) -> tuple[str, str]:
    """The address of a register and its key, as JWK, where a setting names it."""
    settings = house.settings
    ours = (settings.register_url, settings.register_key)
    given = {
        Source.population: ours,
        Source.network_id: (settings.network_id_url, settings.network_id_key),
        Source.bank: (settings.bank_url, settings.bank_key),
        Source.telecom: (settings.telecom_url, settings.telecom_key),
    }[source]
    return ours if not given[0] and settings.test_edition else given


def _post(house: House, url: str, body: dict[str, str]) -> fetch.Answer:
    answer = house.fetch.post(url, json=body, seconds=CALL_SECONDS)
    if answer.status != 200:
        raise NotReachable("The register answers %(status)s", status=answer.status)
    return answer


class Distrusted(Exception):
    """An answer that we must not believe. People are told `later`; the log says why."""


def _verified(text: str, keys: dict[str, ECKey]) -> dict[str, Any]:
    """The claims under a good ES256 signature of a key of the register; everything else is distrusted."""
    try:
        header = jws.extract_compact(text.encode()).headers()
        key = keys.get(str(header.get("kid")))
        if key is None or header.get("typ") != ANSWER_TYPE or set(header) - {"alg", "typ", "kid"}:
            raise Distrusted("not signed by the register")
        claims = json.loads(jws.deserialize_compact(text, key, algorithms=["ES256"]).payload)
    except (JoseError, ValueError, UnicodeError) as error:
        raise Distrusted("signature or form") from error
    if not isinstance(claims, dict):
        raise Distrusted("no claims")
    return claims


def _is_for_us(house: House, url: str, claims: dict[str, Any], question: Question, nonce: str, now: datetime) -> None:
    """The answer names us, our nonce, the question and what was asked, and is fresh: it cannot have been moved here."""
    wanted = {
        "iss": url,
        "aud": house.settings.issuer_url,
        "nonce": nonce,
        "question": question.kind,
        "asked": _digest(question.asked),
    }
    for name, value in wanted.items():
        if claims.get(name) != value:
            raise Distrusted(name)
    issued = claims.get("iat")
    if not isinstance(issued, int) or abs(now.timestamp() - issued) > FRESH_SECONDS:
        raise Distrusted("iat")
    if not isinstance(claims.get("txn"), str) or not claims["txn"]:
        raise Distrusted("txn")


def _digest(parts: Sequence[str]) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256("\n".join(parts).encode()).digest()).rstrip(b"=").decode()


def _keys(house: House, source: Source, now: datetime) -> dict[str, ECKey]:
    """The register's public keys by `kid`: from the setting; in the demo pinned when it is first seen. Raises NoRegister."""
    url, key = _address(house, source)
    known: dict[str, ECKey] | None = house.cache.get(f"register-keys:{url}")
    if known is None:
        jwks = [json.loads(key)] if key else _pinned(house, url, now)
        known = {_kid(jwk): ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")}) for jwk in jwks}
        house.cache[f"register-keys:{url}"] = known
    return known


def _pinned(house: House, url: str, now: datetime) -> list[dict[str, Any]]:
    with house.database.read() as db:
        if keys := store.pinned(db, url):
            return keys
    if not house.settings.test_edition:
        raise NoRegister("The register's key is not configured")
    keys = house.fetch.get(f"{url}/v1/keys").json()["keys"]
    with house.database.write() as db:
        store.pin(db, url, keys, now)
        return store.pinned(db, url)


def _kid(jwk: dict[str, Any]) -> str:
    return ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")}).thumbprint()
