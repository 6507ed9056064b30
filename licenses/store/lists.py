"""Status lists: the place of each number in one of them, and what stands there."""

import secrets

import sqlalchemy as sa

from licenses.model import Status
from licenses.store.tables import intents, licenses, status_lists

LIST_SIZE = 131_072  # entries of one status list: 32 KiB unpacked, enough to hide one license among many
PROBES = 12  # so many taken places in a row mean that the list is about half full: a new one begins


def free_place(db: sa.Connection) -> tuple[int, int]:
    """A free random place in the newest status list: neighbours tell nothing about each other."""
    newest = db.scalar(sa.select(sa.func.max(status_lists.c.list))) or 0
    for _ in range(PROBES if newest else 0):
        index = secrets.randbelow(LIST_SIZE)
        where = sa.and_(intents.c.status_list == newest, intents.c.status_index == index)
        if db.execute(sa.select(intents.c.identifier).where(where)).first() is None:
            return newest, index
    db.execute(status_lists.insert().values(list=newest + 1, counter=1))
    return newest + 1, secrets.randbelow(LIST_SIZE)


def grown(db: sa.Connection, list_number: int) -> None:
    """A status list has changed: verifiers notice an older one by its counter."""
    mine = status_lists.c.list == list_number
    db.execute(status_lists.update().where(mine).values(counter=status_lists.c.counter + 1))


def counter(db: sa.Connection, list_number: int) -> int | None:
    """How often a status list has changed; None if there is no such list."""
    if list_number >= 2**31:  # no database column holds it
        return None
    found = db.scalar(sa.select(status_lists.c.counter).where(status_lists.c.list == list_number))
    return None if found is None else int(found)


def list_numbers(db: sa.Connection) -> list[int]:
    """All status lists."""
    return list(db.scalars(sa.select(status_lists.c.list).order_by(status_lists.c.list)))


def not_valid(db: sa.Connection, list_number: int) -> list[tuple[int, Status]]:
    """The places of a status list whose licenses are not simply valid. A void number counts as revoked."""
    changed = sa.select(licenses.c.status_index, licenses.c.status).where(
        licenses.c.status_list == list_number, licenses.c.status != Status.valid.value
    )
    void = sa.select(intents.c.status_index, sa.literal(Status.revoked.value)).where(
        intents.c.status_list == list_number, intents.c.state == "void"
    )
    return [(index, Status(status)) for index, status in db.execute(changed.union_all(void))]
