"""Families, as the tests play them: persons who have proved their names, and the register that knows who belongs to whom."""

import secrets

from deploy.demo.register.book import Book
from hub import clock
from hub.house import House
from idp import attended
from idp.login import session
from idp.model.person import Level, Person, Profile
from idp.numbers import detect
from idp.store import people
from tests.idp.citizen import Citizen

CHILD = ("示例小甲", "88010120190930007X")
WARD = ("示例老丙", "88030119481109013X")
YAN = ("示䶮", "880301200311150050")
ORDER = "（2026）云8801民特1号"


def book(house: House) -> Book:
    """What the register knows."""
    return Book(house.settings.data.parent / "register")


def grown(house: House, who: tuple[str, str], level: Level = Level.present) -> str:
    """Somebody with an account, known at this level."""
    now, id = clock.now(), secrets.token_hex(8)
    with house.database.write() as db:
        people.add(db, house.vault, Person(id, now), Profile(f"account-{id}"))
    if level > Level.stated:
        proves(house, id, who, level)
    return id


def proves(house: House, id: str, who: tuple[str, str], level: Level = Level.present) -> None:
    """The person behind an account proves name and number: what was noted for him somewhere passes to him."""
    now = clock.now()
    read = detect.read(who[1], now)
    key = people.holder_key(house.vault, read.type_code, read.value)
    with house.database.write() as db:
        known, profile = people.person(db, id), people.profile(db, house.vault, id)
        assert known is not None
        attended.make_way(house, db, key, id, now)
        proved = Person(id, known.created, level=level, holder_key=key, proved=now)
        full = Profile(profile.account, who[0], read.value, read.type_code, born=read.born.isoformat())
        people.claim_number(db, house.vault, proved, full)


def signed_in(citizen: Citizen, who: tuple[str, str], level: Level = Level.present) -> Citizen:
    """Somebody at a browser, with a session at this level."""
    house, now, id = citizen.house, clock.now(), grown(citizen.house, who, level)
    with house.database.write() as db:
        person = people.person(db, id)
        assert person is not None
        opened = session.begin(house, db, person, ("pwd", "otp", "mfa"), now=now)
    citizen.browser.set_cookie(house.settings.cookie("idp"), opened.cookie)
    citizen.person_id = id
    return citizen
