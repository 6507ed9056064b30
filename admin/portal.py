"""What the portal shows: service items in force, found by words, moment of life, agency or audience; who holds what is needed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from admin import search
from admin.model.item import Audience, LifeEvent, NoItem, ServiceItem
from admin.store import items as store
from hub.callers import Caller
from hub.house import House
from licenses import kinds
from licenses.days import day_of
from licenses.store import register
from seals import store as seals
from seals.model import Agency

NAME, ALSO, TOLD = 5, 4, 1  # what a match is worth: in the name, in other words for it, in what is told about it


@dataclass(frozen=True)
class Wanted:
    """What a visitor looks for; "" means any."""

    words: str = ""
    life_event: LifeEvent | None = None
    audience: Audience | None = None
    agency: str = ""
    online: bool = False


def found(db: Connection, wanted: Wanted) -> list[ServiceItem]:
    """The items that fit, best first."""
    agencies = {agency.code: agency for agency in seals.agencies(db)}
    shown = [item for item in store.public(db, agency=wanted.agency) if _fits(item, wanted)]
    if not wanted.words.strip():
        return shown
    by_code = {item.code: item for item in shown}
    entries = [_entry(item, agencies.get(item.agency)) for item in shown]
    return [by_code[code] for code in search.find(wanted.words, entries)]


def one(db: Connection, code: str) -> ServiceItem:
    """A public item. Raises NoItem."""
    item = store.item(db, code)
    if not item.public:
        raise NoItem("There is no service item %(code)s", code=code[:40])
    return item


def held(house: House, caller: Caller | None, item: ServiceItem, now: datetime) -> frozenset[str]:
    """Which of the kinds of license that an item needs the visitor, or the company that he acts for, holds in force."""
    if caller is None or not item.licenses:
        return frozenset()
    with house.database.read() as db:
        mine = register.held_by(db, caller.holder_keys)
    in_force = {kinds.named(one.kind).code for one in mine if one.in_force(day_of(now))}
    return frozenset(in_force & set(item.licenses))


def _fits(item: ServiceItem, wanted: Wanted) -> bool:
    return (
        (wanted.life_event is None or item.life_event is wanted.life_event)
        and (wanted.audience is None or item.for_(wanted.audience))
        and (item.online or not wanted.online)
    )


def _entry(item: ServiceItem, agency: Agency | None) -> search.Entry:
    names = [(NAME, item.name), (NAME, item.name_en), *((ALSO, word) for word in item.also)]
    told = [item.summary, item.summary_en, item.code, *item.materials, *item.materials_en]
    told += [agency.name, agency.name_en] if agency else []
    return search.Entry(item.code, (*names, *((TOLD, text) for text in told)))
