"""The seam to the authoritative registers: a question over HTTP, an answer that is signed for us and for this question alone."""

import base64
import hashlib
import json
import secrets
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
from idp.model.realname import Form, RegisterLater
from idp.store import registers as store

log = structlog.get_logger("idp")
ANSWER_TYPE = "register-answer+jwt"
FRESH_SECONDS = 120  # an answer older than this, or from further in the future, is not for us
CALL_SECONDS = 5.0  # a person waits


@dataclass(frozen=True)
class Answer:
    """A verified answer: its facts, and what evidence needs of it."""

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


def match(house: House, form: Form, now: datetime) -> Answer:
    """Do this name and this number belong to one person? Raises RegisterLater."""
    return _ask(house, "match", "/v1/match", [form.number, form.name], {"number": form.number, "name": form.name}, now)


def begin_live_check(house: House, form: Form, return_url: str, now: datetime) -> Answer:
    """Begin a live check; the answer's `page` is where the person goes, `check` its id. Raises RegisterLater."""
    body = {"number": form.number, "name": form.name, "return_url": return_url}
    return _ask(house, "live", "/v1/live", [form.number, form.name], body, now)


def live_check(house: House, form: Form, check: str, now: datetime) -> Answer:
    """How a live check of this person ended. Raises RegisterLater."""
    return _ask(house, "live-result", "/v1/live/result", [check, form.number, form.name], {"check": check}, now)


def representative(house: House, code: str, form: Form, now: datetime) -> Answer:
    """Is this person the legal representative of this organisation? Raises RegisterLater."""
    body = {"code": code, "number": form.number, "name": form.name}
    return _ask(house, "representative", "/v1/representative", [code, form.number, form.name], body, now)


class NoRegister(Unavailable):
    """This installation does not know by which key its register signs."""

    title = "No register is connected"
    advice = "The operator has to set YINXIN_REGISTER_URL and YINXIN_REGISTER_KEY."


def _ask(house: House, question: str, path: str, asked: list[str], body: dict[str, str], now: datetime) -> Answer:
    """Put a question and check the answer. Whatever goes wrong on the way is `later`, never a no."""
    nonce = secrets.token_urlsafe(24)
    sent = body | {"nonce": nonce, "audience": house.settings.issuer_url}
    try:
        answer = _post(house, path, sent)
        claims = _verified(answer.text, _keys(house, now))
        _is_for_us(house, claims, question, nonce, asked, now)
    except (NotReachable, Distrusted) as error:
        log.warning("register.later", question=question, why=type(error).__name__, detail=str(error))
        raise RegisterLater("The register did not give an answer that can be trusted") from error
    digest = hashlib.sha256(answer.body).hexdigest()
    return Answer(str(claims["iss"]), str(claims["txn"]), digest, claims)


def _post(house: House, path: str, body: dict[str, str]) -> fetch.Answer:
    answer = house.fetch.post(f"{house.settings.register_url}{path}", json=body, seconds=CALL_SECONDS)
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


def _is_for_us(
    house: House, claims: dict[str, Any], question: str, nonce: str, asked: list[str], now: datetime
) -> None:
    """The answer names us, our nonce, the question and what was asked, and is fresh: it cannot have been moved here."""
    wanted = {
        "iss": house.settings.register_url,
        "aud": house.settings.issuer_url,
        "nonce": nonce,
        "question": question,
        "asked": _digest(asked),
    }
    for name, value in wanted.items():
        if claims.get(name) != value:
            raise Distrusted(name)
    issued = claims.get("iat")
    if not isinstance(issued, int) or abs(now.timestamp() - issued) > FRESH_SECONDS:
        raise Distrusted("iat")
    if not isinstance(claims.get("txn"), str) or not claims["txn"]:
        raise Distrusted("txn")


def _digest(parts: list[str]) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256("\n".join(parts).encode()).digest()).rstrip(b"=").decode()


def _keys(house: House, now: datetime) -> dict[str, ECKey]:
    """The register's public keys by `kid`: from the setting; in the demo pinned when it is first seen. Raises NoRegister."""
    known: dict[str, ECKey] | None = house.cache.get("register-keys")
    if known is None:
        jwks = _configured(house) or _pinned(house, now)
        known = {_kid(jwk): ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")}) for jwk in jwks}
        house.cache["register-keys"] = known
    return known


def _configured(house: House) -> list[dict[str, Any]]:
    return [json.loads(house.settings.register_key)] if house.settings.register_key else []


def _pinned(house: House, now: datetime) -> list[dict[str, Any]]:
    url = house.settings.register_url
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
