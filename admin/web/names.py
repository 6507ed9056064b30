"""What things are called on a page, in the reader's language: found by their codes, which stand in the rows."""

from sqlalchemy import Connection

from admin.store import items, operators
from hub import tree
from hub.i18n import language
from hub.problems import NotFound
from seals import store as seals


def item_name(db: Connection, code: str) -> str:
    """A service item; its code if nobody knows it any more."""
    found = items.versions(db, code)
    return in_language(found[0].name, found[0].name_en) if found else code


def agency_name(db: Connection, code: str) -> str:
    """An agency; its code if nobody knows it any more."""
    try:
        agency = seals.agency(db, code)
    except NotFound:
        return code
    return in_language(agency.name, agency.name_en)


def place_name(db: Connection, path: str) -> str:
    """A place of the tree."""
    place = tree.get(db, path)
    return in_language(place.name, place.name_en)


def officer_name(db: Connection, person: str) -> str:
    """An operator, as his invitation names his office; the internal id once he has left."""
    found = operators.operator_of(db, person) if person else None
    return found.label if found else person


def changer_name(db: Connection, label: str) -> str:
    """Who did something, by the label of the ledger: an operator as his office is named, a program by its label."""
    return officer_name(db, label.removeprefix("person:")) if label.startswith("person:") else label


def in_language(name: str, name_en: str) -> str:
    """Whichever of two names the reader can read."""
    return name_en if language() == "en" and name_en else name
