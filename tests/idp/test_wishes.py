"""A service that looks after itself (RFC 7592) does not change alone what people see of it, nor to which hosts it leads them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import clock
from hub.house import House
from idp import chores
from idp.model import wish
from idp.model.client import Client
from idp.model.flow import Refused
from idp.provider import clients, registration
from idp.provider.registration import Registered
from idp.store import clients as store
from idp.store import logos
from tests.idp.rp import CALLBACK, department
from tests.idp.site import site
from tests.idp.test_registration import LOGO, PNG, initial

HOME = "https://market.qiyun.example"
OTHER = "https://elsewhere.example"
FIRST: dict[str, Any] = {
    "redirect_uris": [CALLBACK],
    "client_name#zh-Hans": "市场服务",
    "client_name#en": "Market services",
    "logo_uri": LOGO,
    "policy_uri": f"{HOME}/policy",
    "tos_uri": f"{HOME}/terms",
    "post_logout_redirect_uris": [f"{HOME}/bye"],
}


@pytest.fixture
def done(house: House) -> Registered:
    site(house, "https://pictures.example", pages={"/logo": PNG})
    return registration.register(house, FIRST, initial(house), "net", clock.now())


Changes = Callable[..., dict[str, Any]]


@pytest.fixture
def change(house: House, done: Registered) -> Changes:
    def changes(**said: Any) -> dict[str, Any]:
        id = done.client.id
        full = {name: value for name, value in (FIRST | {"client_id": id} | said).items() if value is not None}
        return registration.answer(house, registration.change(house, id, done.token, full, clock.now()))

    return changes


def kept(house: House, done: Registered) -> Client:
    found = clients.known(house, done.client.id, clock.now())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ({"client_name#en": "Ministry of Everything"}, "client_name#en"),
        ({"client_name#zh-Hans": "国家税务总局"}, "client_name#zh-Hans"),
        ({"client_name#zh-Hans": None, "client_name#en": None, "client_name": "Tax"}, "client_name#en"),
        ({"logo_uri": "https://pictures.example/other"}, "logo_uri"),
        ({"logo_uri": None}, "logo_uri"),
        ({"policy_uri": f"{HOME}/other"}, "policy_uri"),
        ({"policy_uri": None}, "policy_uri"),
        ({"tos_uri": f"{OTHER}/terms"}, "tos_uri"),
        ({"redirect_uris": [f"{OTHER}/callback"]}, "redirect_uris"),
        ({"redirect_uris": ["http://127.0.0.1/callback"], "application_type": "native"}, "redirect_uris"),
        ({"post_logout_redirect_uris": [f"{OTHER}/bye"]}, "post_logout_redirect_uris"),
        ({"initiate_login_uri": f"{OTHER}/begin"}, "initiate_login_uri"),
        ({"frontchannel_logout_uri": f"{OTHER}/end"}, "frontchannel_logout_uri"),
    ],
    ids=str,
)
def test_what_people_see_and_new_hosts_wait(
    house: House, done: Registered, change: Changes, said: dict[str, Any], waits: str
) -> None:
    before = kept(house, done)
    told = change(**said)
    assert waits in told["waiting_for_approval"]
    after = kept(house, done)
    seen = {name: value for name, value in wish.values(after).items() if name != "wished"}
    assert seen == {name: value for name, value in wish.values(before).items() if name != "wished"}
    assert "wished" not in told
    with house.database.read() as db:
        shown = logos.logo(db, done.client.id)
    assert shown is not None
    assert shown.data == PNG


@pytest.mark.parametrize(
    "said",
    [
        {"redirect_uris": [f"{HOME}/other", f"{HOME}:8443/third"]},
        {"post_logout_redirect_uris": [f"{HOME}/other"]},
        {"initiate_login_uri": f"{HOME}/begin"},
        {"frontchannel_logout_uri": f"{HOME}/end"},
        {"backchannel_logout_uri": f"{HOME}/told"},
        {"software_version": "2"},
    ],
    ids=str,
)
def test_what_stays_on_its_host_is_in_force_at_once(change: Changes, said: dict[str, Any]) -> None:
    told = change(**said)
    assert "waiting_for_approval" not in told
    assert {name: told[name] for name in said} == said


def test_of_several_addresses_those_on_known_hosts_are_in_force(
    house: House, done: Registered, change: Changes
) -> None:
    listed = [f"{HOME}/new", f"{OTHER}/callback"]
    site(house, "https://sector.example", pages={"/uris": listed})
    told = change(redirect_uris=listed, sector_identifier_uri="https://sector.example/uris")
    assert told["redirect_uris"] == [f"{HOME}/new"]
    assert kept(house, done).sector == ""  # people's pseudonyms change with the addresses, not before
    assert "sector_identifier_uri" in told["waiting_for_approval"]


def test_a_picture_that_changed_at_its_address_waits_too(house: House, done: Registered, change: Changes) -> None:
    site(house, "https://pictures.example", pages={"/logo": PNG + b"of a ministry"})
    assert change()["waiting_for_approval"] == ["logo_uri"]
    chores.forget_ended(house, clock.now())  # the sweep of pictures leaves what waits
    with house.database.read() as db:
        shown, waits = (logos.logo(db, name) for name in (done.client.id, logos.wished(done.client.id)))
    assert shown is not None
    assert waits is not None
    assert (shown.data, waits.data) == (PNG, PNG + b"of a ministry")


def test_a_wish_is_taken_back_by_saying_what_is_in_force(house: House, done: Registered, change: Changes) -> None:
    change(**{"client_name#en": "Ministry"})
    assert "waiting_for_approval" not in change()
    assert kept(house, done).registered.wished == ""


def test_nobody_wishes_himself_a_wish(house: House, done: Registered, change: Changes) -> None:
    change(wished='{"first_party": true}', logo_digest="0" * 64)
    assert kept(house, done).registered.wished == ""


def test_who_waits_to_be_let_in_changes_what_it_likes(house: House) -> None:
    site(house, "https://pictures.example", pages={"/logo": PNG})
    waiting = registration.register(house, FIRST, None, "net", clock.now())
    said = FIRST | {"client_id": waiting.client.id, "client_name#en": "Another", "redirect_uris": [f"{OTHER}/callback"]}
    told = registration.answer(house, registration.change(house, waiting.client.id, waiting.token, said, clock.now()))
    assert (told["client_name#en"], told["redirect_uris"]) == ("Another", [f"{OTHER}/callback"])
    with house.database.read() as db:
        assert len(store.waiting(db)) == 1


def test_a_service_without_people_does_not_turn_into_one_with(house: House) -> None:
    said = {"grant_types": ["client_credentials"], "client_name": "Program"}
    program = registration.register(house, said, initial(house), "net", clock.now())
    more = FIRST | {"client_id": program.client.id}
    with pytest.raises(Refused):
        registration.change(house, program.client.id, program.token, more, clock.now())


URIS = st.lists(st.sampled_from([f"{host}/{path}" for host in (HOME, OTHER, "https://x.example") for path in "ab"]))


@given(st.text(max_size=9), URIS.filter(bool), URIS, st.sampled_from(["", "a" * 64]))
def test_what_is_split_is_whole_again_when_it_is_agreed_to(
    name: str, redirects: list[str], onward: list[str], digest: str
) -> None:
    old = department()
    new = replace(old, name=name, redirect_uris=tuple(redirects), post_logout_uris=tuple(onward))
    new = replace(new, registered=replace(new.registered, logo_digest=digest))
    now, wished = wish.apart(old, new)
    assert wish.of(now) == wished
    assert wish.fulfilled(now, wish.of(now) | {"wished": ""}) == new
    assert (now.name, now.registered.logo_digest) == (old.name, old.registered.logo_digest)
    assert {uri.split("/")[2] for uri in (*now.redirect_uris, *now.post_logout_uris)} <= {HOME.split("/")[2]}
