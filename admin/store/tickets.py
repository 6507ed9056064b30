"""Tickets as rows. Words are sealed for the ticket itself (owner `ticket:<id>`), so that they can be erased one by one."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.ticket import (
    WAITING,
    NoTicket,
    Severity,
    Ticket,
    TicketEvent,
    TicketKind,
    TicketState,
    TicketStep,
)
from hub.db import Id, Instant, metadata
from hub.tree import ROOT, below
from hub.vault import Vault
from verification.model.suspicion import owner

tickets = sa.Table(
    "admin_ticket",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("receive_by", Instant, nullable=False),
    sa.Column("reply_by", Instant, nullable=False),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("license", sa.Text, nullable=False, index=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("wrong", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("officer", sa.Text, nullable=False),
    sa.Column("received", Instant),
    sa.Column("replied", Instant),
    sa.Column("rating", sa.Integer, nullable=False),
    sa.Column("into", sa.Text, nullable=False, index=True),
    sa.Column("words", sa.LargeBinary, nullable=False),
    sa.Column("contact", sa.LargeBinary, nullable=False),
)
steps = sa.Table(
    "admin_ticket_step",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("ticket", sa.Text, nullable=False, index=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)
NOUN = [tickets.c[field.name] for field in fields(Ticket)]


def sealed(db: sa.Connection, vault: Vault, id: str, what: str, text: str) -> bytes:
    """Seal what who asks wrote: his `words`, or the `contact` he gives."""
    return vault.encrypt(db, owner(id), text.encode(), f"ticket-{what}") if text else b""


def add(db: sa.Connection, ticket: Ticket, *, words: bytes, contact: bytes = b"") -> bool:
    """Keep a new ticket with its sealed words. False: there is one of that id already."""
    if db.execute(sa.select(tickets.c.id).where(tickets.c.id == ticket.id)).first() is not None:
        return False
    db.execute(tickets.insert().values(**_values(ticket), words=words, contact=contact))
    return True


def ticket(db: sa.Connection, id: str, scope: str = ROOT) -> Ticket:
    """One ticket of a scope. Raises NoTicket."""
    where = sa.and_(tickets.c.id == id, below(tickets.c.place, scope))
    row = db.execute(sa.select(*NOUN).where(where)).mappings().one_or_none()
    if row is None:
        raise NoTicket("There is no ticket %(id)s", id=id)
    return _ticket(row)


def said(db: sa.Connection, vault: Vault, id: str, what: str) -> str:
    """What who asked wrote: his `words`, or the `contact` he gave."""
    kept = db.execute(sa.select(tickets.c[what]).where(tickets.c.id == id)).scalar_one()
    return vault.decrypt(db, owner(id), kept, f"ticket-{what}").decode() if kept else ""


def found(
    db: sa.Connection, scope: str = ROOT, *, waiting: bool | None = None, kind: str = "", limit: int = 50
) -> list[Ticket]:
    """The tickets of a scope: those that wait by their time limit, others newest first."""
    query = sa.select(*NOUN).where(below(tickets.c.place, scope))
    if waiting is not None:
        condition = tickets.c.state.in_([one.value for one in WAITING])
        query = query.where(condition if waiting else sa.not_(condition))
    if kind:
        query = query.where(tickets.c.kind == kind)
    order = tickets.c.reply_by if waiting else tickets.c.asked.desc()
    return [_ticket(row) for row in db.execute(query.order_by(order, tickets.c.id).limit(limit)).mappings()]


def about(db: sa.Connection, license: str, scope: str = ROOT) -> list[Ticket]:
    """Tickets about one license, newest first."""
    where = sa.and_(tickets.c.license == license, below(tickets.c.place, scope))
    query = sa.select(*NOUN).where(where).order_by(tickets.c.asked.desc()).limit(50)
    return [_ticket(row) for row in db.execute(query).mappings()]


def of_person(db: sa.Connection, person: str) -> list[Ticket]:
    """What a person asked under his name, newest first."""
    query = sa.select(*NOUN).where(tickets.c.person == person).order_by(tickets.c.asked.desc()).limit(100)
    return [_ticket(row) for row in db.execute(query).mappings()]


def merged_into(db: sa.Connection, id: str) -> list[Ticket]:
    """The tickets that wait for this one's answer."""
    return [_ticket(row) for row in db.execute(sa.select(*NOUN).where(tickets.c.into == id)).mappings()]


def answered_before(db: sa.Connection, before: datetime) -> list[Ticket]:
    """Tickets that were answered before a moment and are not closed."""
    where = sa.and_(tickets.c.state == TicketState.replied.value, tickets.c.replied < before)
    return [_ticket(row) for row in db.execute(sa.select(*NOUN).where(where).limit(1000)).mappings()]


def every(db: sa.Connection, scope: str = ROOT) -> list[Ticket]:
    """All tickets of a scope, for counting."""
    return [_ticket(row) for row in db.execute(sa.select(*NOUN).where(below(tickets.c.place, scope))).mappings()]


def change(db: sa.Connection, before: Ticket, after: Ticket) -> bool:
    """Keep a ticket after a step. False: it has moved meanwhile."""
    same = sa.and_(
        tickets.c.id == before.id,
        tickets.c.state == before.state.value,
        tickets.c.place == before.place,
        tickets.c.officer == before.officer,
        tickets.c.rating == before.rating,
    )
    return db.execute(tickets.update().where(same).values(**_values(after))).rowcount == 1


def note(db: sa.Connection, vault: Vault, id: str, event: TicketEvent) -> None:
    """Keep one line of a ticket's history."""
    text = vault.encrypt(db, owner(id), event.text.encode(), "ticket-step") if event.text else b""
    values = {"step": event.step.value, "by": event.by, "place": event.place, "at": event.at, "digest": event.digest}
    db.execute(steps.insert().values(ticket=id, text=text, **values))


def history(db: sa.Connection, vault: Vault, id: str) -> list[TicketEvent]:
    """What happened to a ticket, oldest first."""
    rows = db.execute(sa.select(steps).where(steps.c.ticket == id).order_by(steps.c.id))
    return [
        TicketEvent(
            TicketStep(row.step),
            row.by,
            row.place,
            row.at,
            vault.decrypt(db, owner(id), row.text, "ticket-step").decode() if row.text else "",
            row.digest,
        )
        for row in rows
    ]


def sent_back(db: sa.Connection, scope: str = ROOT) -> int:
    """How often a ticket was sent back from a scope."""
    where = sa.and_(steps.c.step == TicketStep.send_back.value, below(steps.c.place, scope))
    return db.execute(sa.select(sa.func.count()).where(where)).scalar_one()


def _values(ticket: Ticket) -> dict[str, Any]:
    held = {field.name: getattr(ticket, field.name) for field in fields(Ticket)}
    return held | {name: held[name].value for name in ("kind", "severity", "state")}


def _ticket(row: Any) -> Ticket:
    kept = {"kind": TicketKind(row["kind"]), "severity": Severity(row["severity"]), "state": TicketState(row["state"])}
    return Ticket(**{**row, **kept})
