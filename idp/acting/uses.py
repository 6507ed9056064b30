"""Each use of a mandate is written down, for the eyes of the one who is represented: those of the rooms above come as letters."""

from datetime import datetime

from sqlalchemy import Connection

from hub import behalf, inbox
from hub.house import House
from idp.acting import principals
from idp.model.mandate import Mandate
from idp.model.use import Act
from idp.store import mandates
from idp.store import uses as store


def take_letters(house: House, now: datetime) -> int:
    """Write down what was done for somebody in the rooms above; gives how many letters were taken."""
    with house.database.write() as db:
        letters = [letter for letter in inbox.read(db, behalf.USED) if inbox.settle(db, letter, now)]
        for letter in letters:
            body = letter.body
            mandate = _by(db, body["person"], body["principal"], letter.at, now)
            if mandate is not None:
                store.note(db, mandate, Act(body["what"]), body["site"], letter.at, about=body["about"])
    return len(letters)


def forget_old(house: House, now: datetime) -> None:
    """Delete what is older than the time for which it is kept."""
    with house.database.write() as db:
        store.forget_old(db, now)


def _by(db: Connection, person: str, principal: str, at: datetime, now: datetime) -> Mandate | None:
    """The mandate by which it was done; it may have ended since."""
    standing = principals.mandates(db, person, principal, at)
    ended = [one for one in mandates.over(db, principal, now) if one.person == person and one.since <= at]
    return next(iter(standing + ended), None)
