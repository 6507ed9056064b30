"""Applications that were handed in for somebody without an account follow him into the account that he has now."""

from datetime import datetime

from admin.store import cases as store
from hub import inbox
from hub.house import House
from idp.acting.handover import PASSED_ON


def follow(house: House, now: datetime) -> int:
    """Let the cases and drafts of an entry stand under the account that took it over. Gives how many entries there were."""
    with house.database.read() as db:
        letters = inbox.read(db, PASSED_ON)
    followed = 0
    for letter in letters:
        with house.database.write() as db:
            if inbox.settle(db, letter, now):
                store.pass_on(db, letter.body["entry"], letter.body["person"])
                followed += 1
    return followed
