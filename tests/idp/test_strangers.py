"""A service that registered itself, and that nobody here has looked at, does not send us to internal hosts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub import clock
from hub.addresses import AddressRefused, Allowed
from hub.fetch import NotReachable
from hub.house import House
from hub.outbox import Delivery
from idp.model.client import Client, Registration
from idp.model.flow import Refused
from idp.provider import client_keys, logos, logout, registration, request_object
from idp.store import clients as store
from tests.idp.rp import CALLBACK, department

INSIDE = "https://keys.inside.example/"  # at a private address; the operator lets the house call it
OBJECT = INSIDE + "object"


@pytest.fixture
def inside(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(house.fetch, "allowed", Allowed.of(["keys.inside.example"]))
    monkeypatch.setattr(house.fetch, "_resolve", lambda *_: ["127.0.0.1"])  # nobody listens there
    return house


def keys(house: House, client: Client) -> type[Exception]:
    client_keys.keys_of(house, client, clock.now())
    held = client_keys.status(house, client)
    assert held is not None
    return AddressRefused if "not public" in held.problem else NotReachable


def logo(house: House, client: Client) -> type[Exception]:
    with capture_logs() as told:
        assert logos.read(house, client) is None
    return {"AddressRefused": AddressRefused, "NotReachable": NotReachable}[told[0]["why"]]


def request_uri(house: House, client: Client) -> type[Exception]:
    with pytest.raises(Refused) as refused:
        request_object.opened(house, client, {"request_uri": OBJECT}, clock.now())
    assert isinstance(refused.value.__cause__, (AddressRefused, NotReachable))
    return type(refused.value.__cause__)


def sign_out(house: House, client: Client) -> type[Exception]:
    with house.database.write() as db:
        store.keep(db, client)
    now = clock.now()
    body = {"client": client.id, "person": "p", "sid": "s"}
    with pytest.raises((AddressRefused, NotReachable)) as refused:
        logout.send(house, Delivery("d", logout.KIND, INSIDE, body, now), now)
    return refused.type


@pytest.mark.parametrize("way", [keys, logo, request_uri, sign_out])
def test_a_stranger_reaches_public_hosts_alone_and_who_was_let_in_by_persons_the_listed_ones(
    inside: House, way: Callable[[House, Client], type[Exception]]
) -> None:
    said = Registration(jwks_uri=INSIDE, logo_uri=INSIDE, request_uris=(OBJECT,))
    known = department(keys=(), registered=said, backchannel_logout_uri=INSIDE)
    assert way(inside, known) is NotReachable  # it was called; nobody was there
    stranger = replace(known, id="stranger", registered=replace(said, registration_access_digest="d" * 64))
    assert way(inside, stranger) is AddressRefused


def test_a_stranger_does_not_name_an_internal_list_of_a_sector(inside: House) -> None:
    said: dict[str, Any] = {"redirect_uris": [CALLBACK], "sector_identifier_uri": INSIDE}
    with pytest.raises(Refused) as refused:
        registration.register(inside, said, None, "net", clock.now())
    assert isinstance(refused.value.__cause__, AddressRefused)
