"""Report a suspicion about a license: it gets a number at once, and a letter goes to those who look into it."""

from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING

from hub import inbox, numbers
from hub.limits import Limit
from licenses.days import day_of
from verification.model.suspicion import LETTER, NUMBER, PURPOSE, Suspicion, owner

if TYPE_CHECKING:
    from hub.house import House

REPORT = Limit("report", 10, 3600)  # of one address in an hour: a market inspector's round, not a flood


def report(house: "House", said: Suspicion, now: datetime) -> str:
    """The number of the new report, by which anybody who knows it follows what becomes of it."""
    number = numbers.fresh(NUMBER, day_of(now))
    key = numbers.key(house.vault, number)
    letter = {
        "ticket": key,
        "license": said.license,
        "wrong": said.wrong.value,
        "verdict": said.reason.verdict.value,
        "reason": said.reason.value,
        "language": said.language,
    }
    with house.database.write() as db:
        # A letter holds no personal data, and nobody knows what the words hold: they travel sealed.
        sealed = house.vault.encrypt(db, owner(key), said.words.encode(), PURPOSE) if said.words else b""
        inbox.put(db, LETTER, letter | {"words": b64encode(sealed).decode()}, now)
    return number
