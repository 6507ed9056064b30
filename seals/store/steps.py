"""The register of what was done to each seal, what is being made, and who keeps the sensitive ones."""

from datetime import datetime

import sqlalchemy as sa

from seals.model import Order, Step
from seals.store.tables import artwork_table, custodian_table, order_table, seal_table, step_table


def add_step(
    db: sa.Connection, seal: str, operation: str, *, by: str, at: datetime, reason: str, document: str
) -> None:
    """Enter the next step of a seal's life; two that come at once do not get the same number."""
    last = sa.select(sa.func.count()).where(step_table.c.seal == seal).scalar_subquery()
    values = {"operation": operation, "by": by, "at": at, "reason": reason, "document": document}
    db.execute(step_table.insert().values(seal=seal, number=last + 1, **values))


def steps(db: sa.Connection, seal: str) -> list[Step]:
    """What was done to a seal, from its application on."""
    rows = db.execute(sa.select(step_table).where(step_table.c.seal == seal).order_by(step_table.c.number))
    return [Step(**row._asdict()) for row in rows]


# -- orders to the maker


def add_order(db: sa.Connection, order: Order) -> None:
    """Note that a seal is to be made; a second order for it changes nothing."""
    if order_of(db, order.seal) is None:
        values = {name: getattr(order, name) for name in order_table.c.keys()}  # noqa: SIM118  a column set
        db.execute(order_table.insert().values(**values))


def order_of(db: sa.Connection, seal: str) -> Order | None:
    """The order for a seal, if it waits for its maker."""
    row = db.execute(sa.select(order_table).where(order_table.c.seal == seal)).one_or_none()
    return None if row is None else Order(**row._asdict())


def orders(db: sa.Connection) -> list[Order]:
    """All that waits for the maker, oldest first."""
    return [Order(**row._asdict()) for row in db.execute(sa.select(order_table).order_by(order_table.c.at))]


def end_order(db: sa.Connection, seal: str) -> bool:
    """Take an order off the list, in the commit of its seal; False if someone else did."""
    return db.execute(order_table.delete().where(order_table.c.seal == seal)).rowcount == 1


def unsigned(db: sa.Connection) -> list[str]:
    """Seals with a certificate that no maker has signed, and of whose making no step tells: those of earlier releases."""
    told = sa.select(step_table.c.seal).where(step_table.c.operation == "make")
    query = sa.select(seal_table.c.id).join(artwork_table, artwork_table.c.seal == seal_table.c.id)
    where = (artwork_table.c.object.is_(None), seal_table.c.certificate != "", seal_table.c.id.not_in(told))
    return list(db.execute(query.where(*where).order_by(seal_table.c.id)).scalars())


# -- custodians


def custodians(db: sa.Connection, seal: str) -> dict[str, datetime]:
    """Who confirms the uses of a sensitive seal, by internal number, and since when."""
    rows = db.execute(sa.select(custodian_table).where(custodian_table.c.seal == seal))
    return {row.person: row.since for row in rows}


def keep_custodians(db: sa.Connection, seal: str, people: list[str], *, by: str, now: datetime) -> None:
    """Let these people, and nobody else, confirm the uses of a seal. Who is one already stays one since then."""
    known = custodians(db, seal)
    gone = custodian_table.c.person.not_in(people)
    db.execute(custodian_table.delete().where(custodian_table.c.seal == seal, gone))
    for person in dict.fromkeys(people):
        if person not in known:
            db.execute(custodian_table.insert().values(seal=seal, person=person, since=now, by=by))
