"""Brakes that no stranger can use to lock somebody out; after a hundred failures in a row a way in is closed to strangers.

NIST SP 800-63B-4 3.2.2; OWASP, device cookies against lock-out by others.
"""

import pytest

from hub import clock, limits, notices
from hub.house import House
from hub.problems import TooMany
from idp.account import accounts
from idp.login import sign_in, throttle
from idp.model.factor import Kind, WrongCredentials
from idp.model.person import Person
from idp.store import people
from tests.idp.citizen import PASSWORD, Citizen


@pytest.fixture
def jia(house: House) -> Person:
    return accounts.register(house, "jia.shili", PASSWORD, now=clock.now())


def tries(house: House, typed: str, net: str, device: str = "") -> sign_in.Passed:
    return sign_in.with_password(house, "jia.shili", typed, net=net, device=device, now=clock.now())


def fails(house: House, net: str, device: str = "") -> None:
    with pytest.raises(WrongCredentials):
        tries(house, "a guess", net, device)


def device_of(house: House, person: Person) -> str:
    passed = tries(house, PASSWORD, "home")
    return sign_in.finish(house, passed, device="Firefox", now=clock.now()).device


def strangers(house: House) -> None:
    """A hundred failures in a row, each from another network."""
    key = people.account_key(house.vault, "jia.shili")
    for turn in range(throttle.ANYWHERE.times):
        throttle.attempt(house, key, f"stranger-{turn}")
    with pytest.raises(TooMany):
        tries(house, "one more", "stranger-101")


def titles(house: House, person: Person) -> list[str]:
    with house.database.read() as db:
        return [notice.title for notice in notices.of_person(db, person.id)]


def test_a_stranger_in_the_same_network_does_not_lock_out_a_known_device(house: House, jia: Person) -> None:
    device = device_of(house, jia)
    for _ in range(throttle.HERE.times):
        fails(house, "home")
    with pytest.raises(TooMany):
        tries(house, PASSWORD, "home")
    assert tries(house, PASSWORD, "home", device).person.id == jia.id


def test_a_network_that_is_flooded_keeps_no_known_device_out(house: House, jia: Person) -> None:
    device = device_of(house, jia)
    for _ in range(throttle.NETWORK.times - 1):
        limits.check(house.shared, throttle.NETWORK, "home")
    with pytest.raises(TooMany):
        tries(house, PASSWORD, "home")
    tries(house, PASSWORD, "home", device)


def test_after_a_hundred_failures_only_a_known_device_goes_on_and_the_owner_is_told_once(
    house_on: House,
) -> None:
    person = accounts.register(house_on, "jia.shili", PASSWORD, now=clock.now())
    device = device_of(house_on, person)
    strangers(house_on)
    with pytest.raises(TooMany):
        tries(house_on, PASSWORD, "somewhere-new")
    assert titles(house_on, person).count(sign_in.DISABLED) == 1
    factor = accounts.factors_of(house_on, person.id)[0]
    assert factor.disabled is not None
    tries(house_on, PASSWORD, "anywhere", device)
    assert accounts.factors_of(house_on, person.id)[0].disabled is None
    tries(house_on, PASSWORD, "somewhere-new")


def test_a_way_that_is_closed_stays_closed_when_the_counters_are_lost(house: House, jia: Person) -> None:
    device = device_of(house, jia)
    strangers(house)
    house.shared._redis.flushall()
    with pytest.raises(WrongCredentials) as closed:
        tries(house, PASSWORD, "somewhere-new")
    with pytest.raises(WrongCredentials) as wrong:
        tries(house, "a guess", "somewhere-newer")
    assert (closed.value.detail, closed.value.extras) == (wrong.value.detail, wrong.value.extras)
    tries(house, PASSWORD, "anywhere", device)


def test_an_unknown_account_is_closed_alike(house: House) -> None:
    strangers(house)
    with pytest.raises(TooMany) as unknown:
        tries(house, "x", "new")
    assert unknown.value.extras["retry_after"] == throttle.HERE.seconds


def test_a_stolen_device_guesses_no_longer_than_anybody(house: House, jia: Person) -> None:
    device = device_of(house, jia)
    for _ in range(throttle.DEVICE.times):
        fails(house, "home", device)
    with pytest.raises(TooMany):
        tries(house, PASSWORD, "home", device)
    tries(house, PASSWORD, "another-network")  # and takes nothing from the owner elsewhere


@pytest.mark.parametrize("made_up", ["", "x", "." * 300, "a.b.c.d.e.f", "\x00", "\udc80", "示例"])
def test_a_cookie_of_ones_own_making_is_no_known_device(house: House, jia: Person, made_up: str) -> None:
    device_of(house, jia)
    for _ in range(throttle.HERE.times):
        fails(house, "home", made_up)
    with pytest.raises(TooMany):
        tries(house, PASSWORD, "home", made_up)


def test_the_device_of_one_person_is_not_that_of_another(house: House, jia: Person) -> None:
    other = accounts.register(house, "other.person", PASSWORD, now=clock.now())
    passed = sign_in.with_password(house, "other.person", PASSWORD, net="there", now=clock.now())
    device = sign_in.finish(house, passed, device="", now=clock.now()).device
    assert passed.person.id == other.id
    for _ in range(throttle.HERE.times):
        fails(house, "home", device)
    with pytest.raises(TooMany):
        tries(house, PASSWORD, "home", device)


def test_two_persons_of_one_browser_are_both_known_on_it(house: House, jia: Person) -> None:
    device = device_of(house, jia)
    accounts.register(house, "other.person", PASSWORD, now=clock.now())
    passed = sign_in.with_password(house, "other.person", PASSWORD, net="there", device=device, now=clock.now())
    both = sign_in.finish(house, passed, device="", cookie=device, now=clock.now()).device
    for _ in range(throttle.HERE.times):
        fails(house, "home")
    tries(house, PASSWORD, "home", both)
    sign_in.with_password(house, "other.person", PASSWORD, net="home", device=both, now=clock.now())


def test_a_new_device_is_told_to_the_owner_and_the_first_one_is_not(citizen: Citizen) -> None:
    """ASVS 6.3.5."""
    citizen.registers()
    person = Person(citizen.person, clock.now())
    assert not any("device" in title for title in titles(citizen.house, person))
    citizen.signs_in(at="/login?again=1")
    assert not any("device" in title for title in titles(citizen.house, person))
    other = Citizen(citizen.house, citizen.app, citizen.register)
    assert other.signs_in().status_code == 303
    assert sum("device" in title for title in titles(citizen.house, person)) == 1


def test_the_cookie_of_a_device_cannot_be_read_by_scripts_and_is_bound_to_this_site(citizen: Citizen) -> None:
    headers = citizen.registers().headers.getlist("Set-Cookie")
    found = next(one for one in headers if one.startswith("yinxin-8000-device="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in found.split(";")}


def test_who_knows_the_password_does_not_lock_the_owner_out_of_the_second_factor(house: House, jia: Person) -> None:
    for _ in range(throttle.SECOND.times):
        throttle.second(house, jia.id, Kind.totp, "stranger")
    with pytest.raises(TooMany):
        throttle.second(house, jia.id, Kind.totp, "stranger")
    throttle.second(house, jia.id, Kind.totp, "home")
    for turn in range(throttle.SECOND_EVER.times):
        try:
            throttle.second(house, jia.id, Kind.totp, f"stranger-{turn}")
        except TooMany:
            break
    with pytest.raises(TooMany):
        throttle.second(house, jia.id, Kind.totp, "yet-another")
    throttle.second(house, jia.id, Kind.totp, "home", "a-known-device")
    throttle.second(house, jia.id, Kind.sms, "yet-another")  # another authenticator has its own count
