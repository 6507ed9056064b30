"""The lead: the right of one process to do periodic work.

On SQLite it is a row with an end, renewed while it is held; a task that writes may `fence` its transaction, so that a process
that slept through its lead changes nothing. On PostgreSQL it is a session's advisory lock: it ends with the session.
"""

import contextlib
import secrets
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
import structlog

from hub.db import Instant, metadata
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("lead")
LEASE = timedelta(seconds=6)  # after a kill, so long nobody leads
ADVISORY_LOCK = 0x59494E58494E  # "YINXIN": one number per installation's database

lead_table = sa.Table(
    "hub_lead",
    metadata,
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", Instant, nullable=False),
)


class LeadLost(Unavailable):
    """Another process has the lead now; what this one wanted to write is void."""

    title = "Another process does this now"


class Lead(Protocol):
    """The right to do periodic work: a row on SQLite, a lock on PostgreSQL."""

    def held(self, now: datetime) -> bool:
        """Take or renew the lead; say whether we have it."""

    def release(self) -> None:
        """Let another process have it at once."""


class RowLead:
    """The lead as a row that lapses."""

    def __init__(self, house: "House") -> None:
        self._house, self.holder = house, secrets.token_hex(8)

    def held(self, now: datetime) -> bool:
        """Take or renew the lead, for LEASE from now; say whether we have it."""
        with self._house.database.write() as db:
            row = db.execute(sa.select(lead_table).where(lead_table.c.role == "ticks")).one_or_none()
            values = {"holder": self.holder, "until": now + LEASE}
            if row is None:
                db.execute(lead_table.insert().values(role="ticks", **values))
            elif row.holder == self.holder or row.until <= now:
                db.execute(lead_table.update().where(lead_table.c.role == "ticks").values(values))
            else:
                return False
        return True

    def release(self) -> None:
        """Let another process have it at once."""
        with self._house.database.write() as db:
            db.execute(lead_table.delete().where(lead_table.c.holder == self.holder))


class LockLead:
    """The lead as an advisory lock of one session, kept open; when that session ends, so does the lead."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._session: sa.Connection | None = None

    def held(self, now: datetime) -> bool:
        """Take the lock, or see that its session still lives; say whether we have it."""
        try:
            if self._session is None:
                session = self._house.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                if session.scalar(sa.select(sa.func.pg_try_advisory_lock(ADVISORY_LOCK))):
                    self._session = session
                else:
                    session.close()
            else:
                self._session.execute(sa.text("SELECT 1"))
        except sa.exc.DBAPIError as error:
            log.warning("lead.lost", error=type(error.orig).__name__)
            self.release()
        return self._session is not None

    def release(self) -> None:
        """Unlock, and end the session, not merely return it to the pool: a lock that is left would go with it."""
        session, self._session = self._session, None
        if session is not None:
            if not session.invalidated:  # else the database ended it, and the lock with it
                with contextlib.suppress(sa.exc.SQLAlchemyError):
                    session.execute(sa.select(sa.func.pg_advisory_unlock(ADVISORY_LOCK)))
            session.invalidate()
            session.close()


_leading: ContextVar[Lead | None] = ContextVar("leading", default=None)


def lead_of(house: "House") -> Lead:
    """The lead of this installation, not yet taken."""
    return RowLead(house) if house.database.is_sqlite else LockLead(house)


def leading_with(lead: Lead | None) -> None:
    """Let what is started from here be fenced by this lead."""
    _leading.set(lead)


def fence(db: sa.Connection) -> None:
    """In a task's write transaction: raise LeadLost if the lead went to another process meanwhile."""
    lead = _leading.get()
    if not isinstance(lead, RowLead):  # not a periodic task, or PostgreSQL, where the lock does not lapse
        return
    if db.scalar(sa.select(lead_table.c.holder).where(lead_table.c.role == "ticks")) != lead.holder:
        raise LeadLost
