"""Sign-ins that somebody refused on his phone because they were not his: each becomes a ticket for the desk of the hub."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from admin import ticket_record as record
from admin.model.ticket import TicketKind, TicketStep
from admin.store import tickets as store
from admin.workdays import day_of
from hub import inbox, numbers
from hub.house import House
from hub.i18n import N_, translated
from hub.inbox import Letter
from idp.login.qr import DISOWNED

WORDS = N_("Somebody refused on his phone a sign-in that he had not asked for. Service: %(service)s")
OWN = N_("the account pages")


def open_letters(house: House, now: datetime) -> int:
    """Open a ticket for each sign-in that was disowned since; say how many."""
    with house.database.read() as db:
        if not inbox.read(db, DISOWNED, limit=1):
            return 0
    opened = 0
    with house.database.write() as db:
        for letter in inbox.read(db, DISOWNED):
            opened += inbox.settle(db, letter, now) and _open(house, db, letter)
    return opened


def _open(house: House, db: Connection, letter: Letter) -> bool:
    """The ticket. Its words hold no name; who refused follows it in his own list."""
    number = numbers.fresh(TicketKind.complaint.letter, day_of(letter.at))
    made = record.new(numbers.key(house.vault, number), TicketKind.complaint, letter.at)
    ticket = replace(made, channel="sign-in", person=letter.body["person"])
    service = letter.body["client"] or translated(OWN, "zh-Hans")
    words = store.sealed(db, house.vault, ticket.id, "words", translated(WORDS, "zh-Hans", service=service))
    if not store.add(db, ticket, words=words):
        return False
    record.happened(house, db, ticket, TicketStep.ask, by="", now=letter.at, facts=record.origin(ticket))
    return True
