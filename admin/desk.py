"""The desk: questions, complaints and suspicions, each from its arrival to its answer and its rating."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from admin import suspicions
from admin import ticket_record as record
from admin.model.ticket import (
    CLOSE_DAYS,
    CONTACT,
    LEVELS,
    WORDS,
    NotYourTicket,
    TextMissing,
    Ticket,
    TicketElsewhere,
    TicketEvent,
    TicketKind,
    TicketMover,
    TicketState,
    TicketStep,
)
from admin.store import tickets as store
from admin.workdays import add_workdays, day_of
from hub import ledger, notices, numbers, tree
from hub.callers import Caller
from hub.db import alone
from hub.house import House
from hub.i18n import N_
from hub.problems import BadRequest, NotAllowed
from hub.tree import ROOT
from seals import store as seals

ASKER = frozenset({TicketMover.asker})


@dataclass(frozen=True)
class Question:
    """What somebody asks at the desk, in his own words. Who asks and how to reach him stay empty unless he wants otherwise."""

    kind: TicketKind
    words: str
    contact: str = ""
    license: str = ""
    agency: str = ""
    person: str = ""
    channel: str = "home"
    language: str = "zh-Hans"

    def __post_init__(self) -> None:
        if not 1 <= len(self.words.strip()) <= WORDS or len(self.contact) > CONTACT:
            raise TextMissing


@dataclass(frozen=True)
class Followed:
    """A ticket as who asked sees it: its steps without names and notes, and the answers with their digest and leaf."""

    ticket: Ticket
    steps: tuple[TicketEvent, ...]
    answers: tuple[tuple[TicketEvent, int | None], ...]
    answered: Ticket  # itself, or the one that it was merged into


def ask(house: House, asked: Question, now: datetime) -> str:
    """The number of a new ticket. Whoever knows it follows the ticket; nobody else can find it."""
    number = numbers.fresh(asked.kind.letter, day_of(now))
    with house.database.write() as db:
        ticket = replace(record.new(numbers.key(house.vault, number), asked.kind, now), person=asked.person)
        ticket = replace(ticket, license=asked.license, agency=asked.agency, channel=asked.channel)
        ticket = replace(ticket, language=asked.language)
        words = store.sealed(db, house.vault, ticket.id, "words", asked.words.strip())
        contact = store.sealed(db, house.vault, ticket.id, "contact", asked.contact.strip())
        store.add(db, ticket, words=words, contact=contact)
        record.happened(house, db, ticket, TicketStep.ask, by="", now=now, facts=record.origin(ticket))
    return number


def receive(house: House, id: str, *, by: Caller, now: datetime) -> Ticket:
    """Say that somebody has read it. Raises NoTicket, TicketElsewhere."""
    return _move(house, id, TicketStep.receive, by, now, received=now)


def dispatch(house: House, id: str, agency: str, *, by: Caller, now: datetime) -> Ticket:
    """Hand it to a body below the place where it lies. Raises NoTicket, TicketElsewhere, NotAllowed."""
    with house.database.read() as db:
        to = seals.agency(db, agency)
        if not tree.within(to.place, store.ticket(db, id, by.place).place):
            raise NotAllowed("It can be handed downwards only; send it back first")
    return _move(house, id, TicketStep.dispatch, by, now, place=to.place, agency=to.code)


def send_back(house: House, id: str, reason: str, *, by: Caller, now: datetime) -> Ticket:
    """It came to the wrong body: back to the hub, with the reason. Raises NoTicket, TicketElsewhere, TextMissing."""
    return _move(house, id, TicketStep.send_back, by, now, text=_text(reason), place=ROOT, agency="", officer="")


def take(house: House, id: str, *, by: Caller, now: datetime) -> Ticket:
    """Handle it oneself; from another officer it is taken over. Raises NoTicket, TicketElsewhere."""
    return _move(house, id, TicketStep.take, by, now, officer=by.person or "")


def note(house: House, id: str, words: str, *, by: Caller, now: datetime) -> Ticket:
    """Write down what only the desk reads. Raises NoTicket, TicketElsewhere, NotYourTicket, TextMissing."""
    return _move(house, id, TicketStep.note, by, now, text=_text(words))


def reply(house: House, id: str, words: str, *, by: Caller, now: datetime) -> Ticket:
    """Answer. The ledger keeps the digest of the text: its signed head says since when it stands, and that nobody changed it.

    Raises NoTicket, TicketElsewhere, NotYourTicket, TextMissing.
    """
    return _move(house, id, TicketStep.reply, by, now, text=_text(words), replied=now)


def merge(house: House, id: str, into: str, *, by: Caller, now: datetime) -> Ticket:
    """It asks what another one asks: one answer serves both. Raises NoTicket, TicketElsewhere, BadRequest."""
    with house.database.read() as db:
        other = store.ticket(db, into.strip(), by.place)
    if other.id == id:
        raise BadRequest("Give another one that was not merged itself")
    return _move(house, id, TicketStep.merge, by, now, into=other.id)


def _may_lead(db: Connection, id: str, into: str) -> None:
    """Two that are merged into each other at one moment would both wait for ever. Raises BadRequest."""
    alone(db, f"merge {id}", f"merge {into}")
    if store.ticket(db, into).state is TicketState.merged:
        raise BadRequest("Give another one that was not merged itself")


def close(house: House, id: str, now: datetime) -> Ticket:
    """Who asked says that he is content. Raises NoTicket, TicketElsewhere."""
    return _step(house, id, TicketStep.close, ASKER, by="", now=now)


def rate(house: House, id: str, level: int, now: datetime) -> Ticket:
    """Who asked rates the answer, from 1 to 5, once. Raises NoTicket, TicketElsewhere, RatedAlready, BadRequest."""
    if level not in LEVELS:
        raise BadRequest("Choose one of the five levels")
    return _step(house, id, TicketStep.rate, ASKER, by="", now=now, rating=level)


def close_old(house: House, now: datetime) -> int:
    """Close what was answered long ago; say how many."""
    with house.database.read() as db:
        old = store.answered_before(db, now - timedelta(days=CLOSE_DAYS))
    due = [one for one in old if one.replied and add_workdays(one.replied, CLOSE_DAYS) <= now]
    for one in due:
        _step(house, one.id, TicketStep.close, frozenset({TicketMover.clock}), by="ticker", now=now)
    return len(due)


def followed(house: House, id: str, now: datetime) -> Followed:
    """What who asked sees. Raises NoTicket."""
    suspicions.open_letters(house, now)
    with house.database.read() as db:
        ticket = store.ticket(db, id)
        answered = store.ticket(db, ticket.into) if ticket.into else ticket
        steps = [_public(one) for one in store.history(db, house.vault, id) if one.step is not TicketStep.note]
        texts = [one for one in store.history(db, house.vault, answered.id) if one.step is TicketStep.reply]
        leaves = [one.leaf for one in reversed(ledger.events(db, subject=answered.id, kind="ticket.replied"))]
    return Followed(ticket, tuple(steps), tuple(zip(texts, leaves, strict=True)), answered)


def figures(db: Connection, scope: str, now: datetime) -> dict[str, int]:
    """The desk in numbers; docs/figures/desk.py counts the same from the ledger."""
    held = store.every(db, scope)
    replied = [one for one in held if one.replied]
    return {
        **{kind.value: sum(one.kind is kind for one in held) for kind in TicketKind},
        "waiting": sum(one.waiting for one in held),
        "late": sum(one.late(now) for one in held),
        "received_in_time": sum(one.received is not None and one.received < one.receive_by for one in held),
        "replied": len(replied),
        "replied_in_time": sum(one.replied is not None and one.replied < one.reply_by for one in replied),
        "merged": sum(one.state is TicketState.merged for one in held),
        "sent_back": store.sent_back(db, scope),
        "closed": sum(one.state is TicketState.closed for one in held),
        "rated": sum(one.rating > 0 for one in held),
        "rated_bad": sum(one.rating in (1, 2) for one in held),
    }


def _move(house: House, id: str, step: TicketStep, by: Caller, now: datetime, *, text: str = "", **new: Any) -> Ticket:
    with house.database.read() as db:
        movers = store.ticket(db, id, by.place).movers(by.person)
    return _step(house, id, step, movers, by=by.label, now=now, text=text, scope=by.place, **new)


def _step(
    house: House,
    id: str,
    step: TicketStep,
    movers: frozenset[TicketMover],
    *,
    by: str,
    now: datetime,
    text: str = "",
    scope: str = ROOT,
    **new: Any,
) -> Ticket:
    """One step in one transaction: the row, the line of its history, the event."""
    with house.database.write() as db:
        before = store.ticket(db, id, scope)
        if not movers:
            raise NotYourTicket("%(id)s", id=id)
        if step is TicketStep.merge:
            _may_lead(db, id, new["into"])
            before = store.ticket(db, id, scope)
        after = before.moved(step, movers, **new)
        if not store.change(db, before, after):
            raise TicketElsewhere("%(id)s", id=id)
        back = step is TicketStep.send_back  # told where it was, so that a place can count what it sent back
        record.happened(house, db, after, step, by=by, now=now, text=text, place=before.place if back else after.place)
        _tell(db, after, step, now)
    return after


def _tell(db: Connection, ticket: Ticket, step: TicketStep, now: datetime) -> None:
    """Who asked is told of the answer, and so is everybody whose ticket was merged into this one."""
    merged = store.merged_into(db, ticket.id)
    told = [ticket, *merged] if step is TicketStep.reply else []
    if step is TicketStep.merge:
        for one in merged:
            store.change(db, one, replace(one, into=ticket.into))
        told = [ticket, *merged] if store.ticket(db, ticket.into).replied else []
    for one in told:
        if one.person:
            day = day_of(one.asked).isoformat()
            title = N_("The desk has answered what you asked on %(day)s")
            notices.tell(db, one.person, title, link=f"/my/tickets/{one.id}", at=now, day=day)


def _public(event: TicketEvent) -> TicketEvent:
    """A line without who did it and without the desk's own words."""
    return replace(event, by="", text="")


def _text(words: str) -> str:
    if not 1 <= len(words.strip()) <= WORDS:
        raise TextMissing
    return words.strip()
