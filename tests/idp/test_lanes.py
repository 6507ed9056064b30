"""What waits for a service's own server is answered by threads of its own (docs/decisions/0033-two-lanes.md)."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hub import clock, lanes
from hub.house import House
from idp.model.registration import Registration
from tests.idp.rp import KEY, Visit, department, with_key

OWN = "https://market.qiyun.example"
JWKS = {"keys": [dict(KEY.as_dict(private=False))]}


class Calls:
    """The service's own server: says what was read there, and waits for nobody."""

    def __init__(self, house: House) -> None:
        self.urls: list[str] = []
        house.fetch.serve_here(OWN, self.application)

    def application(self, given: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        self.urls.append(given["PATH_INFO"])
        start("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "max-age=3600")])
        return [json.dumps(JWKS).encode()]


@pytest.fixture
def calls(house: House) -> Calls:
    return Calls(house)


def impatient(call: Callable[[], TestResponse]) -> TestResponse | None:
    """As the event loop asks; None where it gives the request up."""
    with lanes.impatient():
        try:
            return call()
        except lanes.Waits:
            return None


def test_whoever_names_an_unknown_key_does_not_stop_the_loop(house: House, app: Flask, calls: Calls) -> None:
    """Nobody proves anything to make us read a service's keys: a forged assertion is enough."""
    visit = Visit(house, app, with_key(keys=(), registered=Registration(jwks_uri=f"{OWN}/jwks")))

    def ask(**header: Any) -> TestResponse:
        form = {"grant_type": "client_credentials", "scope": "licenses:read"}
        form |= {"client_assertion": visit.assertion(header=header or None)}
        form |= {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
        return visit.program.post("/oidc/token", data=form)

    assert impatient(ask) is None
    assert not calls.urls
    assert ask().status_code == 200
    assert calls.urls == ["/jwks"]
    answer = impatient(ask)  # now they are known
    assert answer is not None
    assert answer.status_code == 200
    assert impatient(lambda: ask(kid="forged")) is None


def test_a_request_that_stands_elsewhere_does_not_stop_the_loop(house: House, app: Flask, calls: Calls) -> None:
    said = Registration(request_uris=(f"{OWN}/request",))
    visit = Visit(house, app, with_key(registered=said))
    assert impatient(lambda: visit.authorize(request_uri=f"{OWN}/request")) is None
    assert not calls.urls
    assert visit.authorize(request_uri=f"{OWN}/request").status_code == 303
    assert calls.urls == ["/request"]


def test_keys_for_answers_are_at_hand_before_anything_counts(house: House, app: Flask, calls: Calls) -> None:
    """A code, a proof, an assertion work once: whoever used one is not sent to another thread."""
    said = Registration(jwks_uri=f"{OWN}/jwks", id_token_encrypted_response_alg="ECDH-ES")
    visit = Visit(house, app, department(registered=replace(said, userinfo_encrypted_response_alg="ECDH-ES")))
    visit.signs_in()
    code = visit.code()
    assert impatient(lambda: visit.redeem(code)) is None
    assert visit.redeem(code).status_code == 200
    later = visit.code()
    with clock.shifted(3700):
        assert impatient(lambda: visit.redeem(later)) is None
