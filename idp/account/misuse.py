"""Somebody uses my name: a report to the desk, with a number by which its sender follows what becomes of it."""

from base64 import b64encode
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from hub import inbox, ledger, limits, numbers
from hub.house import House
from hub.limits import Limit
from hub.problems import Problem

LETTER = "misuse"  # the kind of the letter in the inbox
PURPOSE = "ticket-words"  # under which the desk opens the words
WORDS = 2000  # characters, as everywhere at the desk
REPORTS = Limit("misuse-report", 5, 86_400)
DAY = ZoneInfo("Asia/Shanghai")


class NothingSaid(Problem):
    """A report needs words to look into."""

    status: ClassVar[int] = 422
    title: ClassVar[str] = "Say what happened"
    advice: ClassVar[str] = "A few words are enough, at most 2000 characters."


def report(house: House, person: str, words: str, language: str, *, now: datetime) -> str:
    """The number of a new report. The words travel sealed: nobody knows what they hold. Raises NothingSaid, TooMany."""
    said = words.strip()
    if not 1 <= len(said) <= WORDS:
        raise NothingSaid("A report has 1 to %(most)s characters", most=WORDS)
    limits.check(house.shared, REPORTS, person)
    number = numbers.fresh("R", now.astimezone(DAY).date())
    key = numbers.key(house.vault, number)
    with house.database.write() as db:
        sealed = house.vault.encrypt(db, f"ticket:{key}", said.encode(), PURPOSE)
        letter = {"ticket": key, "person": person, "language": language, "words": b64encode(sealed).decode()}
        inbox.put(db, LETTER, letter, now)
        ledger.wrote(db, "person.misuse-reported", f"person:{person}", by=f"person:{person}", at=now)
    return number
