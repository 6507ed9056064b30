"""The catalogue of shared data, requests for them, and each call, as rows."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from admin.model.datacall import Call, Hop
from admin.model.sharing import (
    DataRequest,
    Entry,
    Field,
    NoEntry,
    NoRequest,
    RequestState,
    Sensitivity,
    Sharing,
)
from hub.db import Instant, Json, metadata
from hub.tree import ROOT, below

entry_table = sa.Table(
    "admin_data_entry",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("fields", Json, nullable=False),
    sa.Column("sharing", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("basis_en", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("tells_number", sa.Boolean, nullable=False),
    sa.Column("changed", Instant, nullable=False),
    sa.Column("ended", Instant),
)
request_table = sa.Table(
    "admin_data_request",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("entry", sa.Text, nullable=False, index=True),
    sa.Column("fields", Json, nullable=False),
    sa.Column("client", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("provider_place", sa.Text, nullable=False, index=True),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("purpose_en", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("per_day", sa.Integer, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided", Instant),
    sa.Column("reason", sa.Text, nullable=False),
)
call_table = sa.Table(
    "admin_data_call",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("trace", sa.Text, nullable=False, unique=True),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False, index=True),
    sa.Column("entry", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("acting_for", sa.Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("case", sa.Text, nullable=False),
    sa.Column("hops", Json, nullable=False),
)
_e, _r, _k = entry_table.c, request_table.c, call_table.c
COUNTED = ("open", "answered", "source-down", "source-wrong", "nothing-held")  # whatever reached a source


# -- the catalogue


def keep_entry(db: sa.Connection, entry: Entry) -> None:
    """Keep an entry in place of what was known of it."""
    values = asdict(entry) | {"sharing": entry.sharing.value}
    values["fields"] = [one | {"sensitivity": one["sensitivity"].value} for one in values["fields"]]
    if not db.execute(entry_table.update().where(_e.id == entry.id).values(**values)).rowcount:
        db.execute(entry_table.insert().values(**values))


def entry(db: sa.Connection, id: str, scope: str = ROOT) -> Entry:
    """One entry, ended or not. Raises NoEntry."""
    row = db.execute(sa.select(entry_table).where(_e.id == id, below(_e.place, scope))).mappings().one_or_none()
    if row is None:
        raise NoEntry("There is no entry %(id)s", id=id[:40])
    return _entry(row)


def entries(db: sa.Connection, scope: str = ROOT) -> list[Entry]:
    """What the bodies of a scope offer now, by body and name."""
    query = sa.select(entry_table).where(below(_e.place, scope), _e.ended.is_(None))
    return [_entry(row) for row in db.execute(query.order_by(_e.place, _e.agency, _e.name)).mappings()]


# -- requests


def add_request(db: sa.Connection, request: DataRequest) -> None:
    """Keep a new request."""
    values = vars(request) | {"state": request.state.value, "fields": list(request.fields)}
    db.execute(request_table.insert().values(**values))


def request(db: sa.Connection, id: str, scope: str = ROOT, *, lock: bool = False) -> DataRequest:
    """A request that a body of this scope made or got. `lock`: until the transaction ends, nobody else counts its calls.

    Raises NoRequest.
    """
    query = sa.select(request_table).where(_r.id == id, _seen_from(scope))
    row = db.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NoRequest("There is no request %(id)s", id=id[:40])
    return _request(row)


def requests(
    db: sa.Connection,
    scope: str = ROOT,
    *,
    state: RequestState | None = None,
    client: str = "",
    entry: str = "",
    limit: int = 100,
) -> list[DataRequest]:
    """The requests that bodies of a scope made or got, newest first."""
    query = sa.select(request_table).where(_seen_from(scope))
    for column, value in ((_r.state, state.value if state else ""), (_r.client, client), (_r.entry, entry)):
        if value:
            query = query.where(column == value)
    return [_request(row) for row in db.execute(query.order_by(_r.asked.desc()).limit(limit)).mappings()]


def running_requests(db: sa.Connection, entry: str, now: datetime) -> list[DataRequest]:
    """The requests for an entry that wait for a decision, or are granted and in force."""
    running = sa.or_(
        _r.state == RequestState.waiting.value, sa.and_(_r.state == RequestState.granted.value, _r.until > now)
    )
    query = sa.select(request_table).where(_r.entry == entry, running)
    return [_request(row) for row in db.execute(query).mappings()]


def end_request(
    db: sa.Connection, id: str, before: RequestState, after: RequestState, *, by: str, reason: str, at: datetime
) -> bool:
    """Move a request on. False: somebody else was quicker."""
    values = {"state": after.value, "decided_by": by, "decided": at, "reason": reason}
    where = sa.and_(_r.id == id, _r.state == before.value)
    return db.execute(request_table.update().where(where).values(**values)).rowcount == 1


# -- calls


def add_call(db: sa.Connection, call: Call) -> None:
    """Keep a call that begins, or that was refused at once."""
    db.execute(call_table.insert().values(**asdict(call)))


def end_call(db: sa.Connection, call: Call) -> None:
    """Keep how a call ended."""
    db.execute(call_table.update().where(_k.id == call.id).values(**asdict(call)))


def calls_since(db: sa.Connection, request: str, since: datetime) -> int:
    """How many calls of a request reached a source since a moment."""
    where = sa.and_(_k.request == request, _k.at >= since, _k.outcome.in_(COUNTED))
    return db.execute(sa.select(sa.func.count()).where(where)).scalar_one()


def calls(db: sa.Connection, scope: str = ROOT, *, request: str = "", limit: int = 50) -> list[Call]:
    """The newest calls on the data of a scope, newest first; of one request, whoever looks at it."""
    where = _k.request == request if request else below(_k.place, scope)
    return [_call(row) for row in db.execute(_newest(where, limit)).mappings()]


def call_of_trace(db: sa.Connection, trace: str) -> Call | None:
    """The call with this trace id."""
    row = db.execute(sa.select(call_table).where(_k.trace == trace)).mappings().one_or_none()
    return None if row is None else _call(row)


def uses_of(db: sa.Connection, person: str, acting_for: str, *, limit: int = 100) -> list[Call]:
    """When the data of a person, or of the company that he acts for, were handed over; newest first."""
    return [_call(row) for row in db.execute(_newest(_used(person, acting_for), limit)).mappings()]


def use_of(db: sa.Connection, id: str, person: str, acting_for: str) -> Call | None:
    """One use of the data of this person, or of this company."""
    query = sa.select(call_table).where(_k.id == id, _used(person, acting_for))
    row = db.execute(query).mappings().one_or_none()
    return None if row is None else _call(row)


def stale_calls(db: sa.Connection, before: datetime) -> list[Call]:
    """Calls whose process died before it answered: nothing was handed over."""
    query = sa.select(call_table).where(_k.outcome == "open", _k.at < before).limit(100)
    return [_call(row) for row in db.execute(query).mappings()]


def every_call(db: sa.Connection, scope: str = ROOT) -> list[Call]:
    """All calls on the data of a scope, for whoever counts."""
    return [_call(row) for row in db.execute(sa.select(call_table).where(below(_k.place, scope))).mappings()]


def count_requests(db: sa.Connection, scope: str = ROOT) -> dict[str, int]:
    """How many requests to the bodies of a scope stand where."""
    query = sa.select(_r.state, sa.func.count()).where(below(_r.provider_place, scope)).group_by(_r.state)
    return {row[0]: row[1] for row in db.execute(query)}


def day_of(now: datetime) -> datetime:
    """When the day began in which calls are counted: midnight in China."""
    shifted = now + timedelta(hours=8)
    return shifted.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=8)


# -- inside


def _seen_from(scope: str) -> sa.ColumnElement[bool]:
    return sa.or_(below(_r.place, scope), below(_r.provider_place, scope))


def _used(person: str, acting_for: str) -> sa.ColumnElement[bool]:
    own = sa.or_(sa.and_(_k.person == person, _k.acting_for == ""), _k.acting_for == f"person:{person}")
    whose = _k.acting_for == acting_for if acting_for else own
    return sa.and_(whose, _k.outcome == "answered")


def _newest(where: sa.ColumnElement[bool], limit: int) -> sa.Select[Any]:
    return sa.select(call_table).where(where).order_by(_k.at.desc(), _k.id).limit(limit)


def _entry(row: Any) -> Entry:
    fields = tuple(Field(**{**one, "sensitivity": Sensitivity(one["sensitivity"])}) for one in row["fields"])
    return Entry(**{**row, "fields": fields, "sharing": Sharing(row["sharing"])})


def _request(row: Any) -> DataRequest:
    return DataRequest(**{**row, "fields": tuple(row["fields"]), "state": RequestState(row["state"])})


def _call(row: Any) -> Call:
    return Call(**{**row, "fields": tuple(row["fields"]), "hops": tuple(Hop(**hop) for hop in row["hops"])})
