"""Our own wallet and console sign in as ordinary relying parties, by Authlib's client, against this provider."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask

from hub import clock, signin
from hub.house import House
from hub.problems import NotAllowed
from hub.signin import Site
from idp.provider import clients
from tests.idp.rp import Visit

WALLET = Site("wallet", "/wallet", level=2)


@pytest.fixture
def wallet(house: House, app: Flask) -> Visit:
    client = clients.known(house, "wallet", clock.now())
    assert client is not None
    return Visit(house, app, client)


def test_a_person_comes_back_with_name_level_and_keys(wallet: Visit) -> None:
    wallet.signs_in(level=2, agrees=False, holder_keys=("key-1",))
    begun, browser = signin.begin(wallet.house, WALLET, "/wallet/1")
    answer = dict(parse_qsl(urlsplit(wallet.browser.get(begun).location).query))
    caller, onward, _ = signin.complete(wallet.house, WALLET, answer, browser, clock.now())
    assert onward == "/wallet/1"
    assert (caller.person, caller.sid, caller.level) == (wallet.person, wallet.sid, 2)
    assert caller.holder_keys == ("key-1",)
    assert caller.acting_for is None


def test_a_person_of_a_lower_level_is_sent_to_prove_a_name_first(wallet: Visit) -> None:
    wallet.signs_in(level=1, agrees=False)
    begun, _ = signin.begin(wallet.house, WALLET, "/")
    assert urlsplit(wallet.browser.get(begun).location).path == "/login"


def test_a_lower_level_is_not_taken_for_a_higher_one(wallet: Visit) -> None:
    wallet.signs_in(level=1, agrees=False)
    begun, browser = signin.begin(wallet.house, Site("wallet", "/wallet"), "/")
    answer = dict(parse_qsl(urlsplit(wallet.browser.get(begun).location).query))
    with pytest.raises(NotAllowed):
        signin.complete(wallet.house, WALLET, answer, browser, clock.now())
