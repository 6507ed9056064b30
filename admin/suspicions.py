"""Suspicions that verification has sent, and reports that somebody uses another's name: each becomes a ticket of the desk."""

from base64 import b64decode
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from admin import ticket_record as record
from admin.model.ticket import Severity, TicketKind, TicketState, TicketStep
from admin.store import tickets as store
from hub import inbox
from hub.house import House
from hub.inbox import Letter
from idp.account import misuse
from licenses import store as licenses
from licenses.model import LicenseUnknown
from verification.model import Verdict
from verification.model.suspicion import LETTER, Wrong

FORGED = {"forged", "altered", "mismatch", "look-alike"}  # what verification itself found


def open_letters(house: House, now: datetime) -> int:
    """Open a ticket for each suspicion, at the place of the body that issued the license, and for each report of misuse."""
    with house.database.read() as db:
        if not inbox.read(db, LETTER, limit=1) and not inbox.read(db, misuse.LETTER, limit=1):
            return 0
    opened = 0
    with house.database.write() as db:
        for letter in inbox.read(db, LETTER):
            opened += inbox.settle(db, letter, now) and _open(house, db, letter, now)
        for letter in inbox.read(db, misuse.LETTER):
            opened += inbox.settle(db, letter, now) and _open_misuse(house, db, letter)
    return opened


def _open_misuse(house: House, db: Connection, letter: Letter) -> bool:
    """It stays at the hub: whose account it is about, only the hub may look at."""
    said = letter.body
    begun = record.new(said["ticket"], TicketKind.suspicion, letter.at)
    ticket = replace(begun, channel="account", person=said["person"], language=said["language"], severity=Severity.high)
    if not store.add(db, ticket, words=b64decode(said["words"])):
        return False
    record.happened(house, db, ticket, TicketStep.ask, by="", now=letter.at, facts=record.origin(ticket))
    return True


def severity(verdict: str, reason: str, wrong: str) -> Severity:
    """How urgent a suspicion is: a genuine code on another paper and a forgery come first."""
    if reason in FORGED or (verdict == Verdict.valid and wrong != Wrong.other):
        return Severity.high
    return Severity.low if verdict == Verdict.cannot_say and wrong == Wrong.other else Severity.normal


def _open(house: House, db: Connection, letter: Letter, now: datetime) -> bool:
    said = letter.body
    ticket = replace(
        record.new(said["ticket"], TicketKind.suspicion, letter.at),
        channel="verification",
        **{name: said[name] for name in ("license", "verdict", "reason", "wrong", "language")},
        severity=severity(said["verdict"], said["reason"], said["wrong"]),
    )
    if not store.add(db, ticket, words=b64decode(said["words"])):
        return False
    record.happened(house, db, ticket, TicketStep.ask, by="", now=letter.at, facts=record.origin(ticket))
    try:
        license = licenses.license(db, ticket.license)
    except LicenseUnknown:
        return True  # nobody issued it: the hub looks into it
    there = replace(ticket, state=TicketState.dispatched, received=now, place=license.place, agency=license.agency)
    store.change(db, ticket, there)
    record.happened(house, db, there, TicketStep.dispatch, by="desk", now=now)
    return True
