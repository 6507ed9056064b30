"""What people report of their own accounts: each letter becomes a ticket for the desk of the hub, in its sender's list.

The words of a ticket hold no name; who sent it follows it in his own list.
"""

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
from idp.login.qr import DISOWNED

OWN = N_("the account pages")
REPORTS = {  # by the kind of the letter: the ticket's channel and its words
    DISOWNED: (
        "sign-in",
        N_("Somebody refused on his phone a sign-in that he had not asked for. Service: %(service)s"),
    ),
    MISUSE: (
        "account",
        N_("Somebody says that his number stands in the account of another. Look at both papers at a counter."),
    ),
}


def open_letters(house: House, now: datetime) -> int:
    """Open a ticket for each report since; say how many."""
    with house.database.read() as db:
        if not any(inbox.read(db, kind, limit=1) for kind in REPORTS):
            return 0
    opened = 0
    with house.database.write() as db:
        for kind in REPORTS:
            for letter in inbox.read(db, kind):
                opened += inbox.settle(db, letter, now) and _open(house, db, letter)
    return opened


def _open(house: House, db: Connection, letter: Letter) -> bool:
    channel, words = REPORTS[letter.kind]
    number = numbers.fresh(TicketKind.complaint.letter, day_of(letter.at))
    made = record.new(numbers.key(house.vault, number), TicketKind.complaint, letter.at)
    ticket = replace(made, channel=channel, person=letter.body["person"])
    service = letter.body.get("client") or translated(OWN, "zh-Hans")
    sealed = store.sealed(db, house.vault, ticket.id, "words", translated(words, "zh-Hans", service=service))
    if not store.add(db, ticket, words=sealed):
        return False
    record.happened(house, db, ticket, TicketStep.ask, by="", now=letter.at, facts=record.origin(ticket))
    return True
