"""Reports that somebody uses another's name: each becomes a ticket for the desk of the hub, in the list of its reporter."""

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
from idp.account.merge import MISUSE

WORDS = N_("Somebody says that his number stands in the account of another. Look at both papers at a counter.")


def open_letters(house: House, now: datetime) -> int:
    """Open a ticket for each report since; say how many."""
    with house.database.read() as db:
        if not inbox.read(db, MISUSE, limit=1):
            return 0
    opened = 0
    with house.database.write() as db:
        for letter in inbox.read(db, MISUSE):
            opened += inbox.settle(db, letter, now) and _open(house, db, letter)
    return opened


def _open(house: House, db: Connection, letter: Letter) -> bool:
    number = numbers.fresh(TicketKind.complaint.letter, day_of(letter.at))
    made = record.new(numbers.key(house.vault, number), TicketKind.complaint, letter.at)
    ticket = replace(made, channel="account", person=letter.body["person"])
    words = store.sealed(db, house.vault, ticket.id, "words", translated(WORDS, "zh-Hans"))
    if not store.add(db, ticket, words=words):
        return False
    record.happened(house, db, ticket, TicketStep.ask, by="", now=letter.at, facts=record.origin(ticket))
    return True
