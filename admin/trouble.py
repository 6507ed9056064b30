"""What the trust service says is wrong with it becomes an alert of the hub."""

from datetime import datetime

from sqlalchemy import Connection

from admin import supervision
from admin.model.alert import Rule, Severity, Signal
from admin.workdays import day_of
from certs.alarms import LETTER
from hub import inbox
from hub.house import House
from hub.inbox import Letter
from hub.tree import ROOT


def open_letters(house: House, now: datetime) -> int:
    """Raise an alert for each letter; the same trouble on one day is one alert, which may turn from yellow to red."""
    with house.database.read() as db:
        if not inbox.read(db, LETTER, limit=1):
            return 0
    with house.database.write() as db:
        letters = [letter for letter in inbox.read(db, LETTER) if inbox.settle(db, letter, now)]
        return sum(_raised(db, letter, now) for letter in letters)


def _raised(db: Connection, letter: Letter, now: datetime) -> bool:
    what, about = letter.body["what"], letter.body["about"]
    severity = Severity.red if letter.body["bad"] else Severity.yellow
    key = f"{what}:{about}@{day_of(letter.at)}"
    facts = {"what": what, "about": about}
    return (
        supervision.raised(db, Signal(Rule.trust_service, key, about or what, ROOT, severity, "", facts), now)
        is not None
    )
