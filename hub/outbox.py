"""What must reach somebody outside: a durable queue of calls, tried for 24 hours, with a visible result.

Delivery is at least once: each attempt carries the same delivery id, by which the receiver knows a repetition. A delivery
holds no personal data; what needs some (a notice to a person) names him by internal id, and its sender looks him up.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from hub import clock
from hub.db import Instant, Json, metadata
from hub.problems import Problem

if TYPE_CHECKING:
    from hub.house import House

LEASE = timedelta(seconds=60)  # whoever claimed a delivery has this long; a killed process's claim then lapses
GIVE_UP = timedelta(hours=24)
DELAYS = (5, 15, 60, 300, 900, 1800, 3600)  # seconds after the 1st, 2nd … failure; the last one repeats
BATCH = 128
PER_RECEIVER = 5  # of one claim: 5 calls of 5 s each end within the lease
THREADS = 32  # a slow receiver holds one of them, the others go on

delivery_table = sa.Table(
    "hub_outbox",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("to", sa.Text, nullable=False, index=True),
    sa.Column("body", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", Instant, nullable=False),
    sa.Column("claim", sa.Text),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("ended", Instant, index=True),
    sa.Index("ix_hub_outbox_due", "state", "due"),
)


@dataclass(frozen=True)
class Delivery:
    """One call to make: of a kind, to an address. `state` is waiting, sent or failed; `result` what the last attempt met."""

    id: str
    kind: str
    to: str
    body: dict[str, Any]
    at: datetime
    state: str = "waiting"
    attempts: int = 0
    result: str = ""
    ended: datetime | None = None


Sender = Callable[["House", Delivery, datetime], None]  # returns when delivered, raises a Problem when not
SENDERS: dict[str, Sender] = {}  # by kind; the rooms name theirs through `sends`, once per process


def sends(kind: str, sender: Sender) -> None:
    """Name the sender of a kind. Kinds without one are posted as JSON."""
    SENDERS[kind] = sender


class NotTaken(Problem):
    """The receiver answered, but not that he took the delivery."""

    status = 502
    title = "The receiver did not take the delivery"


class Declined(Problem):
    """The receiver will not take this delivery, now or later: it is not tried again."""

    status = 502
    title = "The receiver declined the delivery"


def queue(db: sa.Connection, kind: str, to: str, body: dict[str, Any], at: datetime) -> str:
    """Note a delivery in the transaction of what it tells; give its id."""
    id = secrets.token_hex(16)
    values = {
        "kind": kind,
        "to": to,
        "body": body,
        "at": at,
        "state": "waiting",
        "attempts": 0,
        "due": at,
        "result": "",
    }
    db.execute(delivery_table.insert().values(id=id, **values))
    return id


def deliveries(db: sa.Connection, *, to: str = "", state: str = "", limit: int = 50) -> list[Delivery]:
    """The newest deliveries, for operators: what was sent, what waits, what failed and why."""
    query = sa.select(delivery_table)
    if to:
        query = query.where(delivery_table.c.to == to)
    if state:
        query = query.where(delivery_table.c.state == state)
    return [_delivery(row) for row in db.execute(query.order_by(delivery_table.c.at.desc()).limit(limit))]


def of_ids(db: sa.Connection, ids: Sequence[str]) -> dict[str, Delivery]:
    """These deliveries, as far as they are kept."""
    rows = db.execute(sa.select(delivery_table).where(delivery_table.c.id.in_(ids))) if ids else ()
    return {row.id: _delivery(row) for row in rows}


def deliver(house: "House", now: datetime, senders: Mapping[str, Sender] | None = None) -> int:
    """Make every call that is due; say how many were taken. Safe to run in several processes at once."""
    return sum(one.result() for one in begin(house, now, senders))


def begin(house: "House", now: datetime, senders: Mapping[str, Sender] | None = None) -> list[Future[int]]:
    """Start every call that is due and wait for none: who answers slowly delays nobody, not even what comes a moment later.

    A receiver that is being called is left out until that is over.
    """
    with house.database.read() as db:
        if db.execute(_due(now).limit(1)).first() is None:
            return []  # most of the time: without taking the write lock
    threads, busy = _couriers(house)
    claim = secrets.token_hex(8)
    with house.database.write() as db:
        claimed = _claim(db, claim, now, tuple(busy))
    begun = []
    for receiver, some in groupby(sorted(claimed, key=_receiver), key=_receiver):
        busy.add(receiver)
        one = threads.submit(_serve, house, claim, list(some), SENDERS if senders is None else senders)
        one.add_done_callback(partial(_free, busy, receiver))
        begun.append(one)
    return begun


def close(house: "House") -> None:
    """Wait for the calls that were started."""
    if "outbox" in house.cache:
        _couriers(house)[0].shutdown()


def _couriers(house: "House") -> tuple[ThreadPoolExecutor, set[str]]:
    """This process's threads, and the receivers that they are calling."""
    if "outbox" not in house.cache:
        house.cache.setdefault("outbox", (ThreadPoolExecutor(THREADS, thread_name_prefix="outbox"), set()))
    kept: tuple[ThreadPoolExecutor, set[str]] = house.cache["outbox"]
    return kept


def _free(busy: set[str], receiver: str, _: Future[int]) -> None:
    busy.discard(receiver)


def clean(db: sa.Connection, before: datetime) -> int:
    """Throw away what ended before a moment; say how many."""
    return db.execute(delivery_table.delete().where(delivery_table.c.ended < before)).rowcount


def post_json(house: "House", delivery: Delivery, now: datetime) -> None:
    """The sender of kinds that name no other: the body as JSON, taken when the answer is 2xx."""
    answer = house.fetch.post(delivery.to, json=delivery.body, headers={"idempotency-key": delivery.id})
    if not 200 <= answer.status < 300:
        raise NotTaken(f"HTTP {answer.status}")


def _due(now: datetime) -> sa.Select[Any]:
    return sa.select(delivery_table).where(*_waits(now)).order_by(delivery_table.c.due)


def _waits(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return delivery_table.c.state == "waiting", delivery_table.c.due <= now


def _claim(db: sa.Connection, claim: str, now: datetime, busy: Collection[str] = ()) -> list[Delivery]:
    table = delivery_table
    turn = sa.func.row_number().over(partition_by=table.c.to, order_by=table.c.due)
    turns = sa.select(table.c.id, table.c.due, turn.label("turn")).where(*_waits(now)).subquery()
    fair = sa.select(turns.c.id).where(turns.c.turn <= PER_RECEIVER).order_by(turns.c.turn, turns.c.due).limit(BATCH)
    due = _due(now).where(table.c.id.in_(fair))  # the backlog of a receiver that is down keeps nobody else out
    chosen: list[Delivery] = []
    counts: dict[str, int] = {}
    for delivery in map(_delivery, db.execute(due.with_for_update(skip_locked=True))):
        if _receiver(delivery) in busy:
            continue
        counts[_receiver(delivery)] = counts.get(_receiver(delivery), 0) + 1
        if counts[_receiver(delivery)] <= PER_RECEIVER:
            chosen.append(delivery)
    # A claim is a due time in the future: when its holder dies, the delivery becomes due again by itself.
    mine = table.c.id.in_([delivery.id for delivery in chosen])
    db.execute(table.update().where(mine).values(claim=claim, due=now + LEASE))
    return chosen


def _serve(house: "House", claim: str, some: list[Delivery], senders: Mapping[str, Sender]) -> int:
    """Serve one receiver in order; after his first failure the rest waits like that one."""
    taken, problem = 0, None
    for delivery in some:
        now = clock.now()
        if problem is None:
            try:
                senders.get(delivery.kind, post_json)(house, delivery, now)
            except Exception as error:  # noqa: BLE001  a sender's bug must not stop the others; it stands in the result
                problem = error
        with house.database.write() as db:
            _note(db, claim, delivery, problem, now)
        taken += problem is None
    return taken


def _note(db: sa.Connection, claim: str, delivery: Delivery, problem: Exception | None, now: datetime) -> None:
    attempts = delivery.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "claim": None, "result": "taken", "state": "sent", "ended": now}
    if problem is not None:
        text = f"{problem.title}: {problem.detail}" if isinstance(problem, Problem) else type(problem).__name__
        over = isinstance(problem, Declined) or now - delivery.at >= GIVE_UP
        due = now + timedelta(seconds=DELAYS[min(attempts, len(DELAYS)) - 1])
        values |= {"result": text, "state": "failed" if over else "waiting", "ended": now if over else None, "due": due}
    # Fencing: whoever overslept his lease finds another claim here and changes nothing.
    mine = (delivery_table.c.id == delivery.id) & (delivery_table.c.claim == claim)
    db.execute(delivery_table.update().where(mine).values(**values))


def _receiver(delivery: Delivery) -> str:
    return urlsplit(delivery.to).netloc or delivery.to


def _delivery(row: Any) -> Delivery:
    return Delivery(row.id, row.kind, row.to, row.body, row.at, row.state, row.attempts, row.result, row.ended)
