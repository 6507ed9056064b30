"""What was done for another at sites of ours in rooms below: they tell of it by letter, and it is noted among the uses."""

from datetime import datetime

from hub import behalf, inbox
from hub.house import House
from idp import principals
from idp.model.use import Act
from idp.store import mandates, uses


def take_letters(house: House, now: datetime) -> int:
    """Note what was done. Each letter counts once; gives how many were noted."""
    with house.database.read() as db:
        letters = inbox.read(db, behalf.USED)
    noted = 0
    for letter in letters:
        told = letter.body
        with house.database.write() as db:
            held = principals.mandates(db, told["person"], told["principal"], letter.at)
            held = held or mandates.over_of(db, told["person"], told["principal"])  # it ended in between
            if inbox.settle(db, letter, now) and held:
                uses.note(db, held[0], Act(told["what"]), told["site"], letter.at, about=told["about"])
                noted += 1
    return noted


def forget_old(house: House, now: datetime) -> None:
    """Delete what is older than the time for which uses are kept."""
    with house.database.write() as db:
        uses.forget_old(db, now)
