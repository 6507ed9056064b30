"""Keys change every two seconds while people sign in: no relying party meets a key that it does not know.

Each keeps our key set for as long as Cache-Control says, to the second, and never asks again for an unknown `kid`: stricter
than any library. Real processes: a listener with two workers signs, this process changes the keys.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet

from hub import clock, token_keys
from hub.house import House
from idp.provider.tokens import sign
from tests.faults.crew import ROOT, environment_of
from tests.idp.rp import CALLBACK, SECRET, Visit, department

pytestmark = pytest.mark.slow
SECONDS = 7.0
EVERY = 2.0
PARTIES = 4


@pytest.fixture
def address(house: House) -> Iterator[str]:
    """A listener of the provider with two workers, whose key set may be kept for one second."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    more = {"YINXIN_ROOMS": "hub,idp", "YINXIN_PORT": str(port), "YINXIN_WORKERS": "2", "YINXIN_JWKS_SECONDS": "1"}
    command = [sys.executable, "-m", "hub.listener", "hub", "app"]
    with subprocess.Popen(command, cwd=ROOT, env=environment_of(house) | more) as process:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                requests.get(f"{url}/healthz", timeout=2)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield url
        process.terminate()


@dataclass
class Party:
    """A relying party with a cache of its own."""

    address: str
    client: str
    cookie: dict[str, str]
    keys: KeySet | None = None
    until: float = 0.0
    kids: set[str] = field(default_factory=set)
    logins: int = 0

    def run(self, end: float) -> None:
        while time.monotonic() < end:
            self.sign_in()

    def sign_in(self) -> None:
        with OAuth2Session(
            self.client, SECRET, redirect_uri=CALLBACK, scope="openid profile", code_challenge_method="S256"
        ) as session:
            verifier = "v" * 43
            url, _ = session.create_authorization_url(
                f"{self.address}/oidc/authorize", code_verifier=verifier, nonce="n"
            )
            answer = session.request(
                "GET", url, withhold_token=True, cookies=self.cookie, allow_redirects=False, timeout=20
            )
            token = session.fetch_token(
                f"{self.address}/oidc/token", authorization_response=answer.headers["Location"], code_verifier=verifier
            )
            self.believe(token["id_token"])
            info = session.get(f"{self.address}/oidc/userinfo", timeout=20)
            assert info.status_code == 200, info.text
        self.logins += 1

    def believe(self, token: str) -> None:
        if self.keys is None or time.monotonic() >= self.until:
            began = time.monotonic()
            answer = requests.get(f"{self.address}/oidc/jwks", timeout=20)
            seconds = int(answer.headers["Cache-Control"].partition("max-age=")[2])
            self.keys, self.until = KeySet.import_key_set(answer.json()), began + seconds
        read = jwt.decode(token, self.keys, algorithms=["ES256"])
        assert read.claims["aud"] == self.client
        self.kids.add(str(read.header["kid"]))


def test_no_relying_party_fails_while_keys_change_every_two_seconds(house: House, app: Flask, address: str) -> None:
    visit = Visit(house, app, department())
    visit.signs_in()
    name = house.settings.cookie("idp")
    value = visit.browser.get_cookie(name)
    assert value
    quick: Any = house.settings.model_copy(update={"jwks_seconds": 1})
    object.__setattr__(house, "settings", quick)  # as the listener has it
    parties = [Party(address, visit.client.id, {name: value.value}) for _ in range(PARTIES)]
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(PARTIES) as threads:
        running = [threads.submit(party.run, end) for party in parties]
        while time.monotonic() < end:
            token_keys.rotate(house, "test", clock.now(), life=sign.longest(house), algorithms=["ES256"])
            time.sleep(EVERY)
        for one in running:
            one.result()  # raises what it met
    assert all(party.logins for party in parties)
    assert len(set.union(*(party.kids for party in parties))) >= 2  # the signer did change meanwhile
    sys.stdout.write(f"{sum(party.logins for party in parties)} logins, no failure\n")
