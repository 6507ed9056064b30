"""Two accounts of one person became one, or apart again: his applications follow him."""

from datetime import datetime

from sqlalchemy import Connection

from admin.store import moves as store
from hub import inbox, ledger
from hub.house import House
from hub.inbox import Letter
from idp.account.merge import MERGED, SEPARATED
from idp.store import people


def follow(house: House, now: datetime) -> int:
    """Read what was merged and separated since; says how many applications went along."""
    with house.database.read() as db:
        if not any(inbox.read(db, kind, limit=1) for kind in (MERGED, SEPARATED)):
            return 0
    with house.database.write() as db:
        letters = sorted((*inbox.read(db, MERGED), *inbox.read(db, SEPARATED)), key=lambda one: one.id)
        return sum(_moved(db, letter, now) for letter in letters if inbox.settle(db, letter, now))


def _moved(db: Connection, letter: Letter, now: datetime) -> int:
    loser, winner = letter.body["loser"], letter.body["winner"]
    if letter.kind == MERGED:
        numbers, to = store.cases(db, loser, winner), winner
    else:
        found = people.person(db, loser)
        keys = tuple(one for one in (found.holder_key, *found.former_keys) if one) if found else ()
        numbers, to = store.cases_under(db, winner, keys, loser), loser
    for number in numbers:
        ledger.wrote(db, "case.moved", number, by="accounts", at=now, facts={"to": f"person:{to}"})
    return len(numbers)
