"""The kernel's own periodic work, needs and numbers. The front door calls `register`, then adds those of the rooms."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub import asked, callers, custody, health, inbox, jobs, ledger, metrics, notices, outbox, rotation, ticks

if TYPE_CHECKING:
    from hub.house import House

KEPT = timedelta(days=30)  # how long what has ended can still be looked up
NOTICES = timedelta(days=365)  # seen or not: whoever has not looked for a year has been told by letter


def register() -> None:
    """Name everything to the modules that run it. Once per process."""
    ticks.every(0.5, "ledger", ledger.sequence)
    ticks.every(0.5, "outbox", outbox.begin)
    ticks.every(1, "jobs", jobs.resume)
    ticks.every(600, "clean", clean)
    ticks.every(60, "vault", rotation.resume)
    ticks.every(10, "keys in quarantine", custody.tell)
    health.needs("periodic work", ticks.alive)
    metrics.gauge("yinxin_outbox_waiting", "Deliveries that wait", _waiting_deliveries)
    metrics.gauge("yinxin_outbox_failed", "Deliveries given up in the last 30 days", _failed_deliveries)
    metrics.gauge("yinxin_jobs_open", "Jobs that wait or run", _open_jobs)
    metrics.gauge(
        "yinxin_keys_quarantined", "Keys of this machine that signed wrongly and wait for an operator", _quarantined
    )
    metrics.gauge("yinxin_ledger_unsequenced", "Ledger events without a leaf", _unsequenced)


def clean(house: "House", now: datetime) -> None:
    """Throw away what has ended long ago, each kind in a step of its own."""
    for table in (inbox, outbox, jobs):
        with house.database.write() as db:
            table.clean(db, now - KEPT)
    with house.database.write() as db:
        callers.forget_ended(db, now)
    with house.database.write() as db:
        db.execute(notices.notice_table.delete().where(notices.notice_table.c.at < now - NOTICES))
    with house.database.write() as db:
        asked.forget(db, now - KEPT)


def _waiting_deliveries(house: "House", db: sa.Connection, now: datetime) -> float:
    return _count(db, outbox.delivery_table.c.state == "waiting")


def _failed_deliveries(house: "House", db: sa.Connection, now: datetime) -> float:
    return _count(db, outbox.delivery_table.c.state == "failed")


def _open_jobs(house: "House", db: sa.Connection, now: datetime) -> float:
    return _count(db, jobs.job_table.c.state.in_(("waiting", "running")))


def _quarantined(house: "House", db: sa.Connection, now: datetime) -> float:
    return float(len(house.keys.quarantine.names()))


def _unsequenced(house: "House", db: sa.Connection, now: datetime) -> float:
    return _count(db, ledger.event_table.c.leaf.is_(None))


def _count(db: sa.Connection, condition: sa.ColumnElement[bool]) -> float:
    return float(db.scalar(sa.select(sa.func.count()).where(condition)) or 0)
