"""Long work outside a request. The row in the database is the truth; the queue only wakes a worker.

A job runs at least once: a worker that is killed loses its claim, and the job runs again. So its handler must find what it
did before. Losing the queue costs time: `resume` wakes what waits, again and again.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import dramatiq
import sqlalchemy as sa
import structlog
from dramatiq.brokers.redis import RedisBroker
from redis import RedisError

from hub import clock, shared
from hub.db import Instant, Json, metadata
from hub.problems import Problem

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("jobs")
QUEUE = "jobs"
LEASE = timedelta(seconds=15)  # renewed every third of it while the job runs
WAKE_AGAIN = timedelta(seconds=10)  # a wake-up may be lost: with its worker, or with the whole queue
DELAYS = (5, 30, 120, 600)  # seconds after the 1st, 2nd … unexpected failure; after the last one the job has failed
POLL_MS = 200  # an idle worker looks into its queue this often
BATCH = 100

job_table = sa.Table(
    "hub_job",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", Instant, nullable=False),
    sa.Column("woken", Instant, nullable=False),
    sa.Column("claim", sa.Text),
    sa.Column("result", Json),
    sa.Column("ended", Instant, index=True),
    sa.Index("ix_hub_job_due", "state", "due"),
)


@dataclass(frozen=True)
class Job:
    """One piece of work. `state` is waiting, running, done or failed; `result` is what it gave, or its problem."""

    id: str
    kind: str
    body: dict[str, Any]
    at: datetime
    state: str
    attempts: int
    result: dict[str, Any] | None
    ended: datetime | None


Handler = Callable[["House", Job, datetime], dict[str, Any] | None]
HANDLERS: dict[str, Handler] = {}


def handles(kind: str, handler: Handler) -> None:
    """Say who does this kind of job. Called once per process, by the front door."""
    HANDLERS[kind] = handler


def add(db: sa.Connection, kind: str, body: dict[str, Any], at: datetime) -> str:
    """Note a job in the transaction that asks for it; give its id. Afterwards `wake` it. No personal data in the body."""
    id = secrets.token_hex(16)
    values = {"id": id, "kind": kind, "body": body, "at": at, "state": "waiting", "attempts": 0, "due": at, "woken": at}
    db.execute(job_table.insert().values(values))
    return id


def job(db: sa.Connection, id: str) -> Job | None:
    """How a job stands."""
    row = db.execute(sa.select(job_table).where(job_table.c.id == id)).one_or_none()
    return None if row is None else _job(row)


def wake(house: "House", *ids: str) -> None:
    """Tell a worker, after the commit. Quiet when the queue is down: `resume` will wake them later."""
    try:
        for id in ids:
            _broker(house).enqueue(
                dramatiq.Message(queue_name=QUEUE, actor_name="job", args=(id,), kwargs={}, options={})
            )
    except (RedisError, OSError) as error:
        log.warning("queue.down", error=type(error).__name__)


def resume(house: "House", now: datetime) -> int:
    """Wake what is due and was not woken for a while: after a failure, a kill, or the loss of the queue."""
    open_and_due = job_table.c.state.in_(("waiting", "running")) & (job_table.c.due <= now)
    asleep = (job_table.c.woken < job_table.c.due) | (job_table.c.woken <= now - WAKE_AGAIN)
    query = sa.select(job_table.c.id).where(open_and_due & asleep).order_by(job_table.c.due).limit(BATCH)
    with house.database.read() as db:
        ids = list(db.execute(query).scalars())
    if ids:
        with house.database.write() as db:
            db.execute(job_table.update().where(job_table.c.id.in_(ids)).values(woken=now))
        wake(house, *ids)
    return len(ids)


def run(house: "House", id: str) -> bool:
    """Do a job, if it is due and nobody else does it; say whether it was done here. Never raises for the job's own failure."""
    claim = secrets.token_hex(8)
    with house.database.write() as db:
        mine = _claim(db, id, claim, clock.now())
    if mine is None:
        return False
    try:
        with _held(house, id, claim):
            result = HANDLERS[mine.kind](house, mine, clock.now())
    except Exception as error:  # noqa: BLE001  the row tells; a worker outlives every job
        values = _failed(mine, error, clock.now())
    else:
        values = {"state": "done", "result": result, "ended": clock.now()}
    with house.database.write() as db:
        # Fencing: whoever overslept his claim finds another one here and changes nothing.
        held = (job_table.c.id == id) & (job_table.c.claim == claim)
        db.execute(job_table.update().where(held).values(claim=None, **values))
    return bool(values["state"] == "done")


def clean(db: sa.Connection, before: datetime) -> int:
    """Throw away what ended before a moment; say how many."""
    return db.execute(job_table.delete().where(job_table.c.ended < before)).rowcount


@contextmanager
def working(house: "House", threads: int) -> Iterator[None]:
    """Do jobs in this process for the length of a block; at its end, finish the running ones."""
    broker = _broker(house)

    def woken(id: str) -> None:
        run(house, id)

    dramatiq.actor(broker=broker, actor_name="job", queue_name=QUEUE)(woken)
    worker = dramatiq.Worker(broker, worker_timeout=POLL_MS, worker_threads=threads)
    worker.start()
    try:
        yield
    finally:
        worker.stop(timeout=20_000)
        _broker_at.cache_clear()


@lru_cache(maxsize=8)
def _broker_at(url: str) -> RedisBroker:
    # No middleware: retries, age and time limits are decided by the row alone.
    return RedisBroker(client=shared.client(url, seconds=2.0), middleware=[], namespace="yx:jobs")  # type: ignore[no-untyped-call]


def _broker(house: "House") -> RedisBroker:
    broker = _broker_at(house.settings.queue_url or house.shared.url)
    broker.declare_queue(QUEUE)
    return broker


def _claim(db: sa.Connection, id: str, claim: str, now: datetime) -> Job | None:
    free = (job_table.c.id == id) & job_table.c.state.in_(("waiting", "running")) & (job_table.c.due <= now)
    values = {"state": "running", "claim": claim, "due": now + LEASE, "attempts": job_table.c.attempts + 1}
    if db.execute(job_table.update().where(free).values(values)).rowcount != 1:
        return None
    return job(db, id)


@contextmanager
def _held(house: "House", id: str, claim: str) -> Iterator[None]:
    """Renew the claim while the job runs."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(LEASE.total_seconds() / 3):
            held = (job_table.c.id == id) & (job_table.c.claim == claim)
            with house.database.write() as db:
                db.execute(job_table.update().where(held).values(due=clock.now() + LEASE))

    keeper = threading.Thread(target=renew, name=f"job-{id[:8]}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _failed(mine: Job, error: Exception, now: datetime) -> dict[str, Any]:
    """A refusal ends the job with its words; anything else is tried again, a few times."""
    refused = isinstance(error, Problem) and error.status < 500
    result = (
        {"problem": error.title, "detail": error.message}
        if isinstance(error, Problem)
        else {"problem": type(error).__name__}
    )
    log.warning("job.failed", job=mine.id, kind=mine.kind, attempt=mine.attempts, exc_info=error)
    if refused or mine.attempts > len(DELAYS):
        return {"state": "failed", "result": result, "ended": now}
    return {"state": "waiting", "result": result, "due": now + timedelta(seconds=DELAYS[mine.attempts - 1])}


def _job(row: Any) -> Job:
    return Job(row.id, row.kind, row.body, row.at, row.state, row.attempts, row.result, row.ended)
