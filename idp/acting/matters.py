"""What a mandate can name: the service items, told by the room that keeps them."""

from collections.abc import Iterable

from sqlalchemy import Connection

from idp.model.matter import Matter
from idp.store import matters as store


def publish(db: Connection, items: Iterable[Matter]) -> None:
    """Take the present list of service items; a mandate that names one that is gone keeps it, and it covers nothing."""
    wanted = sorted(items, key=lambda one: one.code)
    if wanted != store.matters(db):
        store.replace(db, wanted)


def for_companies(db: Connection) -> list[Matter]:
    """In what somebody can act for a company."""
    return [one for one in store.matters(db) if one.for_companies]
