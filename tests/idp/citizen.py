"""A person at a browser, as the tests play him: forms with their guard against forged requests, and a passkey in software."""

import base64
import hashlib
import html
import json
import os
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub import callers, clock, notices
from hub.callers import Caller
from hub.house import House
from idp import realname
from idp.model.person import Person, Profile
from idp.store import people

JIA = ("示例甲", "880101198503120015")
OUYANG = ("欧阳示例", "880101199107260029")
COMPANY = ("望舒示范餐饮有限公司", "91880101DEM000081U")
PASSWORD = "seven quiet lanterns upstream"


@dataclass
class Citizen:
    """One browser at the provider, with or without an account."""

    house: House
    app: Flask
    register: FlaskClient
    account: str = "jia.shili"
    language: str = "en"
    person_id: str = ""  # where a test made the account itself
    browser: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.app.test_client()

    # -- pages and forms

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.browser.get(path, headers={"Accept-Language": self.language}, **more)

    def post(self, path: str, *, form_at: str = "", **fields: str) -> TestResponse:
        """Load the page that holds the form, then send it, as a browser does."""
        page = self.get(form_at or path)
        return self.send(page, path, **fields)

    def send(self, page: TestResponse, path: str, **fields: str) -> TestResponse:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token, page.text
        data = {"csrf": token[1]} | fields
        return self.browser.post(path, data=data, headers={"Accept-Language": self.language})

    # -- what a person does

    def registers(self, password: str = PASSWORD, at: str = "/register") -> TestResponse:
        answer = self.post(at, account=self.account, password=password)
        assert answer.status_code == 303, answer.text
        return answer

    def signs_in(self, password: str = PASSWORD, at: str = "/login") -> TestResponse:
        return self.post(at, account=self.account, password=password)

    def proves(self, who: tuple[str, str] = JIA, at: str = "/realname") -> TestResponse:
        return self.post(at, name=who[0], number=who[1])

    def shows_face(self, outcome: str = "match", at: str = "/realname") -> TestResponse:
        """Go to the register's page, choose how the check ends, come back."""
        return self.comes_back(self.post(at.replace("/realname", "/realname/live"), form_at=at), outcome)

    def comes_back(self, sent: TestResponse, outcome: str = "match") -> TestResponse:
        assert sent.status_code == 303, sent.text
        assert sent.location.startswith("http://localhost:8002/live/"), sent.location
        back = self.register.post(urlsplit(sent.location).path, data={"outcome": outcome}).location
        return self.get(local(back))

    def is_proved(self, who: tuple[str, str] = JIA) -> "Citizen":
        """Registered, and known at level 3."""
        self.registers()
        assert self.proves(who).status_code == 303
        assert self.shows_face().status_code == 303
        return self

    @property
    def found(self) -> Caller | None:
        """The session of this browser, if it runs."""
        value = self.cookie(self.house.settings.cookie("idp"))
        with self.house.database.read() as db:
            return callers.session(db, hashlib.sha256(value.encode()).hexdigest(), "idp", clock.now())

    @property
    def signed_in(self) -> bool:
        return self.found is not None

    @property
    def session(self) -> Caller:
        assert self.found is not None
        return self.found

    @property
    def person(self) -> str:
        assert self.session.person
        return self.session.person

    def cookie(self, name: str) -> str:
        found = self.browser.get_cookie(name)
        return found.value if found else ""


def account(house: House, name: str = "jia.shili") -> str:
    """An account without a password: hashing many takes too long."""
    id = secrets.token_hex(8)
    with house.database.write() as db:
        people.add(db, house.vault, Person(id, clock.now()), Profile(name))
    return id


def told(house: House, person: str) -> list[str]:
    """The titles of a person's notices."""
    with house.database.read() as db:
        return [one.title for one in notices.of_person(db, person)]


def shown_face(house: House, register: FlaskClient, person: str, outcome: str = "match") -> Person:
    """The live check without pages: begun, ended at the register, and its result fetched by the session that began it."""
    return realname.end_live_check(
        house, person, **came_back(house, register, person, outcome), binding="a session", now=clock.now()
    )


def came_back(house: House, register: FlaskClient, person: str, outcome: str = "match") -> dict[str, str]:
    """A live check that was begun by `a session` and has ended at the register: what its browser brings back."""
    back = "http://localhost:8000/realname/live"
    page = realname.begin_live_check(house, person, back, binding="a session", now=clock.now())
    return dict(parse_qsl(urlsplit(register.post(urlsplit(page).path, data={"outcome": outcome}).location).query))


def local(url: str) -> str:
    """The path and query of an address."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def options(page: TestResponse) -> dict[str, Any]:
    """What the page hands to the browser's passkey interface."""
    found = re.search(r'data-options="([^"]+)"', page.text)
    assert found, page.text
    read: dict[str, Any] = json.loads(html.unescape(found[1]))
    return read


class Authenticator:
    """A passkey in software, as WebAuthn Level 3 6.1-6.5 wants it. Its faults can be set."""

    def __init__(
        self, origin: str = "http://localhost:8000", rp_id: str = "localhost", *, synced: bool = False
    ) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.counter = os.urandom(32), 0
        self.origin, self.rp_id, self.verified, self.synced = origin, rp_id, True, synced
        self.user_handle = b""

    def create(self, asked: dict[str, Any]) -> str:
        self.user_handle = unb64(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        made = {"fmt": "none", "attStmt": {}, "authData": self._data(0x40) + credential}
        return self._answer(self._client("webauthn.create", asked), attestationObject=b64(cbor2.dumps(made)))

    def get(self, asked: dict[str, Any]) -> str:
        self.counter += 1
        client, data = self._client("webauthn.get", asked), self._data()
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            client, authenticatorData=b64(data), signature=b64(signature), userHandle=b64(self.user_handle)
        )

    def _client(self, kind: str, asked: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": asked["challenge"], "origin": self.origin}).encode()

    def _data(self, more: int = 0) -> bytes:
        flags = 0x01 | (0x04 if self.verified else 0) | (0x18 if self.synced else 0) | more
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _answer(self, client: bytes, **response: str) -> str:
        about = {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "clientExtensionResults": {}}
        return json.dumps(about | {"response": {"clientDataJSON": b64(client), **response}})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
