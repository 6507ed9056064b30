"""Officers and places for the tests of what offices do with ratings and alerts."""

from datetime import datetime, timedelta

from admin.model.case import Channel
from admin.model.operator import Operator, Right
from admin.model.rating import Service
from admin.store import operators
from hub import callers, clock, tree
from hub.callers import Caller
from hub.house import House
from hub.tree import Place
from idp.model.person import Level, Person, Profile
from idp.store import people

QIYUN, XICHENG = "hub/880000/880100", "hub/870000/870100"
MARKET = "11880100DEM000049A"
ITEM = f"{MARKET}-0001"


def places(house: House) -> None:
    """Two provinces with a city each."""
    with house.database.write() as db:
        for path in ("hub/880000", QIYUN, "hub/870000", XICHENG):
            tree.keep(db, Place(path, "place", path[-6:], path, path))


def proved(house: House, *persons: str) -> None:
    """Accounts of people whose real names are proved: what takes two takes two of these."""
    with house.database.write() as db:
        for id in persons:
            if people.person(db, id) is None:
                made = Person(id, clock.now(), level=Level.present, holder_key=f"holder-{id}", proved=clock.now())
                people.add(db, house.vault, made, Profile(f"account-{id}", "示例官", "880101198001050117", "111"))


def officer(house: House, person: str, place: str = QIYUN, *rights: Right, now: datetime) -> Caller:
    """An operator who has signed in with two factors, and has proved his name."""
    proved(house, person)
    held = frozenset(rights) | {Right.see}
    with house.database.write() as db:
        operators.add(db, Operator(f"i-{person}", person, place, held, "test", now))
        operators.arrived(db, f"i-{person}", person)
    names = frozenset(right.value for right in held)
    return Caller(
        person=person, level=1, amr=("pwd", "otp", "mfa"), auth_time=now, sid=person, place=place, rights=names
    )


def cookie(house: House, who: Caller, now: datetime) -> tuple[str, str]:
    """What this officer's browser holds."""
    with house.database.write() as db:
        return house.settings.cookie("console"), callers.open_session(db, "console", who, now=now, hours=100_000)


def served(
    number: str, now: datetime, *, place: str = QIYUN, officer: str = "decider", person: str = "citizen"
) -> Service:
    """Something that was decided an hour ago."""
    ended = now - timedelta(hours=1)
    return Service(number, ITEM, MARKET, place, Channel.online, person, officer, ended)
