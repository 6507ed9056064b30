"""Alerts as rows, and what the rules remember between two looks at the ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa

from admin.model.alert import Alert, AlertState, Happened, Hours, NoAlert, Outcome, Rule, Severity, What
from hub.db import Id, Instant, Json, metadata
from hub.tree import ROOT, below

alerts_table = sa.Table(
    "admin_alert",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("concerns", sa.Text, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("raised", Instant, nullable=False, index=True),
    sa.Column("answer_due", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("answered_by", sa.Text, nullable=False),
    sa.Column("closed_by", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("ended", Instant),
    sa.UniqueConstraint("rule", "key"),  # one alert for one occasion
)
history_table = sa.Table(
    "admin_alert_step",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("alert", sa.Text, nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)
evidence_table = sa.Table(
    "admin_alert_event",
    metadata,
    sa.Column("alert", sa.Text, primary_key=True),
    sa.Column("event", sa.BigInteger, primary_key=True),  # of the ledger
)
seen_table = sa.Table(
    "admin_alert_seen",
    metadata,
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("leaf", sa.Integer, nullable=False),
)
lookups_table = sa.Table(  # of the last hours, so that counting them does not read the whole ledger
    "admin_alert_lookup",
    metadata,
    sa.Column("event", sa.BigInteger, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False, index=True),
)
hours_table = sa.Table(
    "admin_seal_hours",
    metadata,
    sa.Column("agency", sa.Text, primary_key=True),
    sa.Column("opens", sa.Text, nullable=False),
    sa.Column("closes", sa.Text, nullable=False),
    sa.Column("daily", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)
_a = alerts_table.c
_NAMED = {"rule": Rule, "severity": Severity, "state": AlertState}


# -- alerts


def alert(db: sa.Connection, id: str, scope: str = ROOT) -> Alert:
    """One alert of a scope. Raises NoAlert."""
    row = db.execute(sa.select(alerts_table).where(_a.id == id, below(_a.place, scope))).mappings().one_or_none()
    if row is None:
        raise NoAlert("There is no alert %(id)s", id=id[:40])
    return _alert(row)


def of_occasion(db: sa.Connection, rule: Rule, key: str) -> Alert | None:
    """The alert that a rule raised on one occasion."""
    query = sa.select(alerts_table).where(_a.rule == rule.value, _a.key == key)
    row = db.execute(query).mappings().one_or_none()
    return None if row is None else _alert(row)


def alerts(
    db: sa.Connection,
    scope: str = ROOT,
    *,
    state: AlertState | None = None,
    severity: Severity | None = None,
    limit: int = 100,
) -> list[Alert]:
    """The alerts of a scope: those first that wait, the red before the yellow, then the newest."""
    query = sa.select(alerts_table).where(below(_a.place, scope))
    if state is not None:
        query = query.where(_a.state == state.value)
    if severity is not None:
        query = query.where(_a.severity == severity.value)
    waits = sa.case({AlertState.open.value: 0, AlertState.answered.value: 1}, value=_a.state, else_=2)
    worst = sa.case((_a.severity == Severity.red.value, 0), else_=1)
    return [_alert(row) for row in db.execute(query.order_by(waits, worst, _a.raised.desc()).limit(limit)).mappings()]


def in_scope(db: sa.Connection, scope: str = ROOT) -> list[Alert]:
    """Every alert of a scope, for who counts them."""
    return [_alert(row) for row in db.execute(sa.select(alerts_table).where(below(_a.place, scope))).mappings()]


def add(db: sa.Connection, alert: Alert) -> None:
    """Keep a new alert. A second one of the same occasion breaks a constraint (`hub.db.Collision`)."""
    db.execute(alerts_table.insert().values(**_values(alert)))


def keep(db: sa.Connection, before: Alert, after: Alert) -> bool:
    """Write a step of an alert. False when it has moved meanwhile."""
    mine = sa.and_(
        _a.id == before.id,
        _a.state == before.state.value,
        _a.severity == before.severity.value,
        _a.owner == before.owner,
    )
    return db.execute(alerts_table.update().where(mine).values(**_values(after))).rowcount == 1


def note(db: sa.Connection, id: str, happened: Happened) -> None:
    """Add a line to an alert's history."""
    values = {"what": happened.what.value, "by": happened.by, "at": happened.at, "words": happened.words}
    db.execute(history_table.insert().values(alert=id, severity=happened.severity.value, **values))


def history(db: sa.Connection, id: str) -> list[Happened]:
    """What happened to an alert, oldest first."""
    rows = db.execute(sa.select(history_table).where(history_table.c.alert == id).order_by(history_table.c.id))
    return [Happened(What(row.what), row.by, row.at, Severity(row.severity), row.words) for row in rows]


def add_evidence(db: sa.Connection, id: str, events: Sequence[int]) -> None:
    """Tie events of the ledger to an alert; those that are tied already stay so."""
    known = set(evidence(db, id))
    fresh = [{"alert": id, "event": event} for event in dict.fromkeys(events) if event not in known]
    if fresh:
        db.execute(evidence_table.insert(), fresh)


def evidence(db: sa.Connection, id: str) -> list[int]:
    """The ids of the ledger's events that an alert stands on, oldest first."""
    mine = evidence_table.c.alert == id
    return list(db.scalars(sa.select(evidence_table.c.event).where(mine).order_by(evidence_table.c.event)))


# -- what the rules remember


def seen(db: sa.Connection, reader: str) -> int | None:
    """The last leaf of the ledger that a reader has looked at."""
    return db.scalar(sa.select(seen_table.c.leaf).where(seen_table.c.reader == reader))


def mark_seen(db: sa.Connection, reader: str, before: int | None, leaf: int) -> bool:
    """Move the mark. False: another process has moved it meanwhile."""
    if before is None:
        db.execute(seen_table.insert().values(reader=reader, leaf=leaf))
        return True
    mine = sa.and_(seen_table.c.reader == reader, seen_table.c.leaf == before)
    return db.execute(seen_table.update().where(mine).values(leaf=leaf)).rowcount == 1


def looked(db: sa.Connection, event: int, person: str, at: datetime) -> None:
    """Remember one look-up."""
    db.execute(lookups_table.insert().values(event=event, person=person, at=at))


def look_ups(db: sa.Connection, person: str, since: datetime, until: datetime) -> list[int]:
    """The events of an officer's look-ups after one moment, up to another."""
    c = lookups_table.c
    query = sa.select(c.event).where(c.person == person, c.at > since, c.at <= until)
    return list(db.scalars(query.order_by(c.event)))


def forget_look_ups(db: sa.Connection, before: datetime) -> None:
    """Throw away what no rule counts any more. The ledger keeps it all."""
    db.execute(lookups_table.delete().where(lookups_table.c.at < before))


# -- hours


def hours(db: sa.Connection) -> dict[str, Hours]:
    """The agencies whose seals may be used at other times."""
    return {row["agency"]: _hours(row) for row in db.execute(sa.select(hours_table)).mappings()}


def keep_hours(db: sa.Connection, hours: Hours) -> None:
    """Set an agency's own hours, in place of earlier ones."""
    clocks = {"opens": f"{hours.opens:%H:%M}", "closes": f"{hours.closes:%H:%M}"}
    values = {column.name: getattr(hours, column.name) for column in hours_table.columns} | clocks
    drop_hours(db, hours.agency)
    db.execute(hours_table.insert().values(**values))


def drop_hours(db: sa.Connection, agency: str) -> bool:
    """Take an agency's own hours away. False: it had none."""
    return db.execute(hours_table.delete().where(hours_table.c.agency == agency)).rowcount == 1


# -- inside


def _values(alert: Alert) -> dict[str, Any]:
    values = {column.name: getattr(alert, column.name) for column in alerts_table.columns}
    plain = {name: getattr(alert, name).value for name in _NAMED}
    return values | plain | {"facts": dict(alert.facts), "outcome": alert.outcome.value if alert.outcome else None}


def _alert(row: Any) -> Alert:
    named = {name: kind(row[name]) for name, kind in _NAMED.items()}
    outcome = Outcome(row["outcome"]) if row["outcome"] else None
    return Alert(**{**row, **named, "outcome": outcome})


def _hours(row: Any) -> Hours:
    kept = Hours(**{**row, "opens": time(), "closes": time()})
    return replace(kept, opens=time.fromisoformat(row["opens"]), closes=time.fromisoformat(row["closes"]))
