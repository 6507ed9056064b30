"""How a ticket begins, and what its history and the ledger keep of each step."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin.model.ticket import RECEIVE_DAYS, Ticket, TicketEvent, TicketKind, TicketStep
from admin.store import tickets as store
from admin.workdays import add_workdays
from hub import ledger
from hub.house import House
from hub.tree import ROOT

PAST = {  # how the ledger calls a step that was taken
    TicketStep.ask: "asked",
    TicketStep.receive: "received",
    TicketStep.dispatch: "dispatched",
    TicketStep.send_back: "sent-back",
    TicketStep.take: "taken",
    TicketStep.note: "noted",
    TicketStep.reply: "replied",
    TicketStep.close: "closed",
    TicketStep.rate: "rated",
    TicketStep.merge: "merged",
}


def new(id: str, kind: TicketKind, now: datetime) -> Ticket:
    """A ticket as it arrives, with its time limits; it lies at the hub."""
    receive_by, reply_by = add_workdays(now, RECEIVE_DAYS), add_workdays(now, kind.reply_days)
    return Ticket(id, kind, ROOT, "", "home", "zh-Hans", now, receive_by, reply_by)


def happened(
    house: House,
    db: Connection,
    ticket: Ticket,
    step: TicketStep,
    *,
    by: str,
    now: datetime,
    text: str = "",
    place: str = "",
    facts: dict[str, Any] | None = None,
) -> None:
    """Write a step down: the line of its history, and the event."""
    digest = hashlib.sha256(text.encode()).hexdigest() if step is TicketStep.reply else ""
    event = TicketEvent(step, by, place or ticket.place, now, text, digest)
    store.note(db, house.vault, ticket.id, event)
    told: dict[str, Any] = {
        "kind": ticket.kind.value,
        "receive_by": ticket.receive_by.isoformat(),
        "reply_by": ticket.reply_by.isoformat(),
        "received": ticket.received.isoformat() if ticket.received else None,
        "lies": ticket.place,
    }
    told |= {"digest": digest} if digest else {}
    told |= {"level": ticket.rating} if step is TicketStep.rate else {}
    told |= {"into": ticket.into} if step is TicketStep.merge else {}
    told |= facts or {}
    ledger.wrote(db, f"ticket.{PAST[step]}", ticket.id, by=by or "asker", at=now, place=event.place, facts=told)


def origin(ticket: Ticket) -> dict[str, str]:
    """What the event of its arrival says of where it came from."""
    names = ("channel", "license", "verdict", "reason", "wrong", "agency")
    return {name: getattr(ticket, name) for name in names} | {"severity": ticket.severity.value}
