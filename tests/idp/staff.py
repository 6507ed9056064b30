"""A company with people, by the verbs: for the tests of who may do what in it."""

from datetime import datetime, timedelta

from hub import callers, clock
from hub.callers import Caller
from hub.house import House
from idp.acting import companies, companies_people, mandates, matters
from idp.acting.companies_people import Invited
from idp.login import session
from idp.login.session import Opened
from idp.model.company import Wanted
from idp.model.mandate import EVERYTHING, Mandate, Role
from idp.model.matter import Matter
from idp.model.organization import Organization
from idp.model.person import Level, Person, Profile
from idp.store import mandates as store
from idp.store import organizations, people
from tests.idp.citizen import COMPANY, OUYANG

FOOD, TRADE = "11880100DEM000049A-0001", "11880100DEM000049A-0002"
ABDU = ("买买提示例·阿卜杜示例", "870101197801010045")
YAN = ("示䶮", "880301200311150050")
CODE = COMPANY[1]


def proved(house: House, who: tuple[str, str], now: datetime) -> str:
    """An account with a proved name, without its way there."""
    name, number = who
    id = f"p{number[-8:]}"
    key = people.holder_key(house.vault, "111", number)
    person = Person(id, now, level=Level.present, holder_key=key, proved=now)
    with house.database.write() as db:
        people.add(db, house.vault, person, Profile(f"a{number}".lower(), name, number, "111"))
    return id


def company(house: House, now: datetime, representative: tuple[str, str] = OUYANG) -> str:
    """A claimed company; gives its representative."""
    id = proved(house, representative, now)
    with house.database.write() as db:
        organizations.keep(db, Organization(CODE, COMPANY[0], companies.holder_key(house, CODE), now, checked=now))
        store.add(db, Mandate(f"rep-{id}", CODE, id, Role.legal_representative, now))
        matters.publish(db, [Matter(FOOD, "食品经营许可证核发", "Food business license"),
                             Matter(TRADE, "企业登记", "Business registration")])  # fmt: skip
    return id


def appointed(
    house: House,
    by: str,
    who: tuple[str, str],
    role: Role,
    now: datetime,
    *,
    only: tuple[str, ...] = EVERYTHING,
    days: int = 7,
    person: str = "",
) -> Mandate:
    """Somebody who was invited and has accepted."""
    person = person or proved(house, who, now)
    until = None if role is Role.manager else now + timedelta(days=days)
    wanted = Wanted(role, now, until, only)
    offer = companies_people.invite(house, by, CODE, Invited(*who), wanted, now=now)
    return companies_people.accept(house, person, offer.id, now=now)


def signed_in(house: House, person: str, now: datetime) -> Caller:
    """A fresh session of somebody, for himself."""
    with house.database.write() as db:
        found = people.person(db, person)
        assert found is not None
        opened = session.begin(house, db, found, ("pwd",), now=now)
        newest, *_ = [one for one, _, _ in callers.sessions(db, person, now) if one.sid == opened.caller.sid]
    return newest


def enters(house: House, person: str, now: datetime) -> Opened:
    """The session of somebody who acts for the company, with its cookie."""
    return mandates.act(house, signed_in(house, person, now), CODE, now=now)


def acting(house: House, person: str, now: datetime) -> Caller:
    """The session of somebody who acts for the company."""
    return enters(house, person, now).caller


def runs(house: House, person: str) -> bool:
    """Whether the person has a session in which he acts for the company."""
    with house.database.read() as db:
        found = [
            one for kind in ("idp", "my", "wallet") for one, _, _ in callers.sessions(db, person, clock.now(), kind)
        ]
    return any(one.acting_for == CODE for one in found)
