"""The rows of sessions, and how long one may run: never past an absolute end, and not for ever without a sign of life.

The limits follow how surely the person signed in (NIST SP 800-63B-4 2.1.3, 2.2.3, 2.3.3; ASVS 7.3.1, 7.3.2).
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub import revocations
from hub.caller import Caller
from hub.db import Db, Instant, Json, Ready, metadata
from hub.digest import digest_of

SEEN_EVERY = timedelta(
    minutes=1
)  # a sign of life is written at most this often: a page must not cost a write each time

session_table = sa.Table(
    "hub_session",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # of the cookie's value, which is not kept
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sid", sa.Text, nullable=False, index=True),  # of the login at the provider; children share it
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("amr", Json, nullable=False),
    sa.Column("auth_time", Instant, nullable=False),
    sa.Column("acting_for", sa.Text),
    sa.Column("holder_keys", Json, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("rights", Json, nullable=False),
    sa.Column("name", sa.LargeBinary),  # sealed by the vault for the person, purpose "session-name"
    sa.Column("opened", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False, index=True),  # absolute: nothing moves it
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("idle", sa.Integer),  # seconds without a sign of life after which it is over; none: it may rest
    sa.Column("seen", Instant),
    sa.Column("idle_ends", Instant),
    sa.Column("ended", Instant),  # by somebody, or by the sweep of what expired: services were told then
    # For the sweep alone, so of those that run alone: with `ended` in front, SQLite would look up a login by them, among all.
    *(sa.Index(name, column, sqlite_where=sa.text("ended IS NULL"), postgresql_where=sa.text("ended IS NULL"))
      for name, column in (("ix_hub_session_open_ends", "ends"), ("ix_hub_session_open_idle", "idle_ends"))),
)  # fmt: skip
_s = session_table.c
# Every request asks this.
_SESSION = Ready(
    sa.select(session_table).where(
        _s.digest == sa.bindparam("this"),
        _s.kind == sa.bindparam("site"),
        _s.ends > sa.bindparam("now"),
        sa.or_(_s.idle_ends.is_(None), _s.idle_ends > sa.bindparam("now")),
    )
)
# And every renewal of a token this.
_RUNS_NOW = (
    sa.select(session_table)
    .where(
        _s.sid == sa.bindparam("login"),
        _s.kind == "idp",
        _s.ended.is_(None),
        _s.ends > sa.bindparam("now"),
        sa.or_(_s.idle_ends.is_(None), _s.idle_ends > sa.bindparam("now")),
    )
    .limit(1)
)
_LOGIN = Ready(_RUNS_NOW)
_RUNS_BY_SID = _RUNS_NOW.with_only_columns(_s.sid)
_RUNNING, _RUNNING_HELD = Ready(_RUNS_BY_SID), Ready(_RUNS_BY_SID.with_for_update(read=True))


@dataclass(frozen=True)
class Rule:
    """How long a session may run at most, and how long it may rest."""

    hours: int
    idle: timedelta | None


RULES = {1: Rule(30 * 24, None), 2: Rule(24, timedelta(hours=1)), 3: Rule(12, timedelta(minutes=15))}


@dataclass(frozen=True)
class Limits:
    """When a session is over: at the latest, and unless its person does something before."""

    ends: datetime
    idle_ends: datetime | None


def assurance(caller: Caller) -> int:
    """The authenticator assurance level of a login: 1 one factor, 2 two, 3 a key that cannot leave its device.

    The third is for persons who were checked at a counter or by a chip: only there is more asked than two factors. It resists
    phishing, so a login over two channels ("mca", RFC 8176) is none: a code can be relayed (NIST SP 800-63B-4 3.2.5).
    """
    if "mfa" not in caller.amr:
        return 1
    return 3 if caller.level >= 4 and {"hwk", "user"} <= set(caller.amr) and "mca" not in caller.amr else 2


def begin(db: sa.Connection, kind: str, caller: Caller, *, now: datetime, most_hours: int, device: str = "") -> str:
    """Begin a session within the limits of its login, and give the cookie's value.

    The absolute end counts from the sign-in itself: a step-up, or a site opened later, does not move it.
    """
    assert caller.auth_time
    rule = RULES[assurance(caller)]
    hours = min(most_hours, rule.hours)
    left = caller.auth_time + timedelta(hours=hours) - now
    return open_session(db, kind, caller, now=now, hours=left / timedelta(hours=1), device=device, idle=rule.idle)


def open_session(
    db: sa.Connection,
    kind: str,
    caller: Caller,
    *,
    now: datetime,
    hours: float,
    device: str = "",
    idle: timedelta | None = None,
) -> str:
    """Begin a session for `caller.person` and give the cookie's value. A new value at each login and step-up."""
    assert caller.person
    assert caller.auth_time
    value = secrets.token_urlsafe(32)
    db.execute(
        session_table.insert().values(
            digest=digest_of(value),
            kind=kind,
            sid=caller.sid or secrets.token_urlsafe(16),
            person=caller.person,
            level=caller.level,
            amr=list(caller.amr),
            auth_time=caller.auth_time,
            acting_for=caller.acting_for,
            holder_keys=list(caller.holder_keys),
            place=caller.place,
            rights=sorted(caller.rights),
            name=caller.sealed_name,
            opened=now,
            ends=now + timedelta(hours=hours),
            device=device[:200],
            idle=int(idle.total_seconds()) if idle else None,
            seen=now,
            idle_ends=now + idle if idle else None,
        )
    )
    return value


def session(db: Db, digest: str, kind: str, now: datetime) -> Caller | None:
    """The caller of a running session."""
    row = _SESSION.first(db, this=digest, site=kind, now=now)
    return None if row is None else _caller(row)


def login(db: Db, sid: str, now: datetime) -> Caller | None:
    """The running session at the provider of one login."""
    row = _LOGIN.first(db, login=sid, now=now)
    return None if row is None else _caller(row)


def runs(db: Db, sid: str, now: datetime, *, held: bool = False) -> bool:
    """Whether that session runs. `held`: whoever ends it waits until this transaction ends."""
    return (_RUNNING_HELD if held else _RUNNING).first(db, login=sid, now=now) is not None


def sessions(db: sa.Connection, person: str, now: datetime, kind: str = "idp") -> list[tuple[Caller, datetime, str]]:
    """The running sessions of a person, newest first: who, since when, on which device."""
    rows = db.execute(
        sa.select(session_table).where(_s.person == person, _s.kind == kind, *_runs(now)).order_by(_s.opened.desc())
    )
    return [(_caller(row), row.opened, row.device) for row in rows]


def limits_of(caller: Caller) -> Limits | None:
    """When the session of this caller is over, for his page of sessions. None for who came by a token."""
    return Limits(caller.ends, caller.idle_ends) if caller.ends else None


def is_due(caller: Caller, now: datetime) -> bool:
    """Whether a sign of life of this session should be noted."""
    return caller.idle_ends is not None and (caller.seen is None or now - caller.seen >= SEEN_EVERY)


def saw(db: sa.Connection, sid: str, now: datetime) -> None:
    """Note that the person of a login is there: at whichever of our sites, the whole login lives on.

    Only for a login that runs: what rested too long stays over.
    """
    stale = sa.or_(_s.seen.is_(None), _s.seen <= now - SEEN_EVERY)
    rows = db.execute(
        sa.select(_s.idle).where(_s.sid == sid, _s.idle.is_not(None), stale, *_runs(now)).distinct()
    ).scalars()
    for idle in list(rows):
        values = {"seen": now, "idle_ends": now + timedelta(seconds=idle)}
        db.execute(session_table.update().where(_s.sid == sid, _s.idle == idle, *_runs(now)).values(**values))


def end_sessions(
    db: sa.Connection, *, at: datetime, sid: str | None = None, person: str | None = None, digest: str | None = None
) -> list[str]:
    """End sessions by login, by person or one alone; gives the sids that ended. Tokens of a whole login fall with it."""
    column, value = next(
        (column, value)
        for column, value in ((_s.sid, sid), (_s.person, person), (_s.digest, digest))
        if value is not None
    )
    open_ = sa.and_(column == value, _s.ended.is_(None))
    sids = sorted({row.sid for row in db.execute(sa.select(_s.sid).where(open_))})
    earlier = sa.case(
        (_s.ends > sa.bindparam("at", at, type_=Instant), sa.bindparam("at", at, type_=Instant)), else_=_s.ends
    )
    db.execute(session_table.update().where(open_).values(ended=at, ends=earlier))
    if digest is None:
        for one in sids:
            revocations.revoke(db, one, at, at + timedelta(hours=24))
    return sids


def expired(db: sa.Connection, now: datetime, *, most: int = 200) -> list[str]:
    """Logins that are over by themselves and that nobody has ended yet: each by its sid."""
    over = [
        sa.select(_s.sid).where(_s.kind == "idp", _s.ended.is_(None), column <= now).limit(most)
        for column in (_s.ends, _s.idle_ends)
    ]
    return sorted(set(db.execute(sa.union(*map(_as_table, over))).scalars()))


def forget_ended(db: sa.Connection, now: datetime) -> int:
    """Delete rows that can matter to nobody any more. Called by the ticker."""
    done = sa.or_(_s.ended.is_not(None), _s.kind != "idp")
    gone = db.execute(session_table.delete().where(_s.ends < now - timedelta(days=1), done)).rowcount
    return gone + revocations.forget(db, now)


def stepped_up(caller: Caller, **changes: Any) -> Caller:
    """The same person after one more step; the next `open_session` gives it a new cookie."""
    return replace(caller, session=None, **changes)


def _as_table(query: "sa.Select[Any]") -> "sa.Select[Any]":
    """SQLite takes no LIMIT directly inside a UNION."""
    return sa.select(query.subquery().c.sid)


def _runs(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (_s.ended.is_(None), _s.ends > now, sa.or_(_s.idle_ends.is_(None), _s.idle_ends > now))


def _caller(row: Any) -> Caller:
    return Caller(
        place=row.place,
        person=row.person,
        level=row.level,
        amr=tuple(row.amr),
        auth_time=row.auth_time,
        acting_for=row.acting_for,
        holder_keys=tuple(row.holder_keys),
        rights=frozenset(row.rights),
        sid=row.sid,
        session=row.digest,
        sealed_name=row.name,
        ends=row.ends,
        idle_ends=row.idle_ends,
        seen=row.seen,
    )
