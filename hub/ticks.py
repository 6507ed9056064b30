"""Periodic work, done by one process at a time: the one that has the lead (`hub.lead`)."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from hub import clock
from hub.db import Instant, TwoAtOnce, metadata
from hub.lead import Lead, LeadLost, lead_of, leading_with
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("ticks")
RENEW = 2.0  # seconds between looks at the lead, held or not
TURN = 0.1  # seconds between looks at what is due
BEAT = timedelta(seconds=10)  # how often the row of a healthy task is written: it costs a commit
LATE = timedelta(seconds=60)  # without a beat for so long, periodic work has stopped
BACK_OFF = (1, 2, 5, 10, 30)  # least seconds to the next try after the 1st, 2nd … failure in a row

beat_table = sa.Table(
    "hub_beat",
    metadata,
    sa.Column("task", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
)


class NoBeat(Unavailable):
    """Periodic work has stopped."""

    title = "Periodic work has stopped"


@dataclass(frozen=True)
class Task:
    """Something done every so many seconds. Its `run` may take longer: it is never run twice at once."""

    name: str
    seconds: float
    run: Callable[["House", datetime], object]


TASKS: dict[str, Task] = {}


def every(seconds: float, name: str, run: Callable[["House", datetime], object]) -> None:
    """Add a task. Called once per process, by the front door."""
    TASKS[name] = Task(name, seconds, run)


class Ticker:
    """Runs the tasks of one process while it has the lead."""

    def __init__(self, house: "House", tasks: list[Task]) -> None:
        self._house = house
        self._lead: Lead = lead_of(house)
        self._tasks = {task.name: _Turn(task) for task in tasks}

    def run(self, stop: threading.Event) -> None:
        """Do periodic work until told to stop; then finish what runs and give the lead away."""
        look, leading = 0.0, False
        with ThreadPoolExecutor(max(1, len(self._tasks)), thread_name_prefix="tick") as threads:
            while not stop.wait(TURN):
                if monotonic() >= look:
                    look, leading = monotonic() + RENEW, self._look(leading=leading)
                for turn in self._tasks.values() if leading else ():
                    if turn.is_due():
                        turn.running = threads.submit(copy_context().run, turn.go, self._house)
        if leading:
            self._lead.release()

    def _look(self, *, leading: bool) -> bool:
        try:
            held = self._lead.held(clock.now())
        except Exception:  # a database that is away for a while must not end the ticker
            log.exception("lead.unknown")
            held = False
        if held != leading:
            log.info("lead.taken" if held else "lead.waiting")
        leading_with(self._lead if held else None)
        return held


class _Turn:
    """One task in its rhythm."""

    def __init__(self, task: Task) -> None:
        self.task, self.next, self.failures = task, 0.0, 0
        self.running: Future[None] | None = None
        self.told: tuple[datetime, str] | None = None

    def is_due(self) -> bool:
        return monotonic() >= self.next and (self.running is None or self.running.done())

    def go(self, house: "House") -> None:
        began, now, result = monotonic(), clock.now(), "ok"
        try:
            self.task.run(house, now)
            self.failures = 0
        except LeadLost:
            log.warning("tick.void", task=self.task.name)
        except Exception as error:  # one task's fault must not stop the others, nor its own next turn
            self.failures += 1
            result = type(error).__name__
            log.exception("tick.failed", task=self.task.name, failures=self.failures)
        wait = BACK_OFF[min(self.failures, len(BACK_OFF)) - 1] if self.failures else 0
        self.next = max(began + self.task.seconds, monotonic() + wait)
        if self.told is None or self.told[1] != result or now - self.told[0] >= BEAT:
            self._beat(house, now, result)

    def _beat(self, house: "House", now: datetime, result: str) -> None:
        """Write down that the task ran; the row is what other processes see."""
        try:
            with house.database.write() as db:
                mine = beat_table.c.task == self.task.name
                if db.execute(beat_table.update().where(mine).values(at=now, result=result)).rowcount == 0:
                    db.execute(beat_table.insert().values(task=self.task.name, at=now, result=result))
            self.told = (now, result)
        except (sa.exc.SQLAlchemyError, TwoAtOnce):
            log.exception("beat.failed", task=self.task.name)


def beats(db: sa.Connection) -> dict[str, tuple[datetime, str]]:
    """When each task last ran, and with what result."""
    return {row.task: (row.at, row.result) for row in db.execute(sa.select(beat_table))}


def alive(house: "House", now: datetime) -> None:
    """Need of `hub.health`: some process does periodic work."""
    with house.database.read() as db:
        last = db.scalar(sa.select(sa.func.max(beat_table.c.at)))
    if last is None or now - last > LATE:
        raise NoBeat
