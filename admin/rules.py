"""The rules of supervision. Each looks at what really happened, and says the same however often it looks."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from admin import supervision
from admin.model.alert import LOOK_UPS, MANY_LOOK_UPS, USUAL, YELLOW_SHARE, AlertState, Hours, Rule, Severity, Signal
from admin.model.case import Case
from admin.model.rating import Task
from admin.store import alerts as store
from admin.store import cases, operators, ratings
from admin.workdays import BEIJING, day_of, is_workday, share
from hub import ledger
from hub.house import House
from hub.ledger import Event
from seals import store as seals

READER = "supervision"
BATCH = 500  # events in one transaction
HOUR = timedelta(hours=1)
KEPT = timedelta(hours=2)  # look-ups: the ledger may lie a little behind
LOOKED = frozenset({"person.looked-up", "case.looked", "counter.refused"})  # who tries names in vain looks, too
STEPS = ("case.submitted", "case.accepted", "case.returned", "case.resubmitted", "rating.")
PERSON = re.compile(r"person:(\S+)")


def watch(house: House, now: datetime) -> int:
    """Look at what the ledger has got since the last look; say how many events those were.

    The mark moves in the commit of what the events led to: nothing is looked at twice, nothing is missed.
    """
    with house.database.read() as db:
        mark = store.seen(db, READER)
        if not ledger.since(db, -1 if mark is None else mark, limit=1):
            return 0
    with house.database.write() as db:
        mark = store.seen(db, READER)
        events = ledger.since(db, -1 if mark is None else mark, limit=BATCH)
        if not events or not store.mark_seen(db, READER, mark, events[-1].leaf or 0):
            return 0
        hours = store.hours(db)
        for event in events:
            signal = look_ups(db, event) if event.kind in LOOKED else None
            if event.kind == "seal.used":
                signal = seal_hours(db, event, hours)
            if signal:
                supervision.raised(db, signal, now)
        store.forget_look_ups(db, events[-1].at - KEPT)
    return len(events)


def deadlines(house: House, now: datetime) -> int:
    """Look at what has a time limit: running applications and the work on bad ratings; say how many alerts that raised."""
    with house.database.read() as db:
        signals = [case_time(case, now) for case in cases.open_cases(db) if case.running]
        signals += [rating_time(task, now) for task in ratings.tasks(db, limit=1000)]
        fresh = [_with_evidence(db, one) for one in signals if one and not _said(db, one)]
    for one in fresh:
        with house.database.write() as db:
            supervision.raised(db, one, now)
    return len(fresh)


def limit(start: datetime, due: datetime, now: datetime) -> Severity | None:
    """Yellow when nine tenths of a time are gone, red when all of it is."""
    if now >= due:
        return Severity.red
    return Severity.yellow if share(start, due, now) >= YELLOW_SHARE else None


def case_time(case: Case, now: datetime) -> Signal | None:
    """An application near the end of its promised time, or past it."""
    severity = limit(case.counts_from, case.due, now)
    if severity is None:
        return None
    key = f"{case.number}@{case.counts_from.isoformat()}"  # an answer by the applicant starts a new time
    concerns, facts = case.officer or case.taken_by, {"due": case.due.isoformat()}
    return Signal(Rule.case_time, key, case.number, case.place, severity, concerns, facts)


def rating_time(task: Task, now: datetime) -> Signal | None:
    """A bad rating that is not put right in time."""
    severity = limit(task.opened, task.due, now)
    if severity is None:
        return None
    facts = {"due": task.due.isoformat()}
    return Signal(Rule.rating_time, task.rating, task.rating, task.place, severity, task.officer, facts)


def look_ups(db: Connection, event: Event) -> Signal | None:
    """One officer looks at more people's data within an hour than anybody serves."""
    found = PERSON.match(event.by)
    if found is None:
        return None
    person = found[1]
    store.looked(db, event.id, person, event.at)
    key = f"{person}@{day_of(event.at)}"
    known = store.of_occasion(db, Rule.look_ups, key)
    ended = known.ended if known and known.state is AlertState.closed else None
    # What was judged already is not counted again.
    since = max(event.at - HOUR, ended) if ended else event.at - HOUR
    events = store.look_ups(db, person, since, event.at)
    if len(events) <= LOOK_UPS:
        return None
    severity = Severity.red if len(events) > MANY_LOOK_UPS else Severity.yellow
    office = operators.operator_of(db, person)
    place, facts = office.place if office else event.place, {"count": len(events)}
    return Signal(Rule.look_ups, key, f"person:{person}", place, severity, person, facts, tuple(events))


def seal_hours(db: Connection, event: Event, hours: dict[str, Hours]) -> Signal | None:
    """A seal was used when its office is closed: red if a person did it, yellow if a department's program."""
    local, day = event.at.astimezone(BEIJING).time(), day_of(event.at)
    if not hours and USUAL.hold(at=local, workday=is_workday(day)):
        return None
    seal = seals.seal(db, event.subject)
    if hours.get(seal.agency, USUAL).hold(at=local, workday=is_workday(day)):
        return None
    found = PERSON.match(event.by)
    severity, concerns = (Severity.red, found[1]) if found else (Severity.yellow, "")
    key, facts = f"{seal.id}@{day}@{event.by}", {"agency": seal.agency, "day": day.isoformat()}
    return Signal(Rule.seal_hours, key, seal.id, seal.place, severity, concerns, facts, (event.id,))


def _with_evidence(db: Connection, signal: Signal) -> Signal:
    """What the ledger says of the thing whose time runs out, without who looked at it."""
    found = [event.id for kind in STEPS for event in ledger.events(db, subject=signal.subject, kind=kind)]
    return replace(signal, events=tuple(sorted(found)))


def _said(db: Connection, signal: Signal) -> bool:
    """Whether this was said before: a time limit passes only once."""
    known = store.of_occasion(db, signal.rule, signal.key)
    return known is not None and known.severity.rank >= signal.severity.rank
