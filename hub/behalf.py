"""Acting for somebody else, as far as every room sees it: a session says for whom, and in which matters.

Whoever does something by a mandate calls `hold` in the transaction of the act; whoever ends a mandate calls `alone`. So an act is
either there when the mandate ends, and ends with it, or it finds the mandate over.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa

from hub import callers, inbox
from hub import db as database
from hub.callers import Caller, session_table
from hub.digest import digest_of
from hub.problems import NotSignedIn, Problem

MATTER = (
    "matter:"  # begins the rights of a session that acts in named matters alone; by itself it says that they are named
)
_s = session_table.c


class NotYourMatter(Problem):
    """The mandate is for other matters than this one."""

    status: ClassVar[int] = 403
    title: ClassVar[str] = "Your mandate is not for this matter"
    advice: ClassVar[str] = (
        "Whoever gave you the mandate, or the legal representative, can widen it. You see who that is on the page of the company."
    )


def hold(db: sa.Connection, principal: str | None) -> None:
    """Keep the mandates for a principal as they are until this transaction ends. Look at the mandate after this, not before."""
    if principal:
        database.together(db, _name(principal))


def alone(db: sa.Connection, *principals: str) -> None:
    """Wait for everybody who holds the mandates for these principals, and keep others waiting until this transaction ends.

    Whoever ends sessions or grants as well does this first: an act takes them in this order.
    """
    database.alone(db, *map(_name, principals))


def rights(matters: Iterable[str] | None) -> frozenset[str]:
    """What a session holds that acts in these matters alone; None: in all."""
    return frozenset() if matters is None else frozenset({MATTER, *(f"{MATTER}{code}" for code in matters)})


def matters(caller: Caller) -> frozenset[str] | None:
    """The codes of the service items in which somebody acts for another; None: in all, or for himself."""
    if not caller.acting_for or MATTER not in caller.rights:
        return None
    return frozenset(one.removeprefix(MATTER) for one in caller.rights if one.startswith(MATTER)) - {""}


def covers(caller: Caller, matter: str) -> bool:
    """Whether somebody may act in a matter, a service item by its code."""
    limit = matters(caller)
    return limit is None or matter in limit


def needs(caller: Caller, matter: str) -> None:
    """Refuse whoever acts by a mandate that is for other matters. Raises NotYourMatter."""
    if not covers(caller, matter):
        raise NotYourMatter("The matter %(code)s", code=matter)


USED = "mandate.used"  # a letter: somebody did something for another, who is to see it


def used(db: sa.Connection, caller: Caller, what: str, site: str, now: datetime, *, about: str = "") -> None:
    """Tell the one for whom the caller acts, in the transaction of the act. `what` is one of the acts that `idp` has words for.

    `about` is the number of a case or of a license, never anything personal.
    """
    if caller.acting_for:
        who = {"person": caller.person, "principal": caller.acting_for}
        inbox.put(db, USED, who | {"what": what, "site": site, "about": about}, now)


# -- sessions of one login: that at the provider, and those of our own sites that follow it


def joins(db: sa.Connection, caller: Caller, now: datetime) -> tuple[Caller, datetime | None]:
    """What a session of our own site takes from its login at the provider: the matters, and when its mandate ends.

    Raises NotSignedIn if the login has ended, or acts for another since the site was told.
    """
    hold(db, caller.acting_for)
    row = _login(db, caller.sid or "", now)
    if row is None or row.acting_for != caller.acting_for:
        raise NotSignedIn("There is no session, or it has ended")
    caller = replace(caller, sealed_name=row.name)
    if not caller.acting_for:
        return caller, None
    limit = frozenset(right for right in row.rights if right.startswith(MATTER))
    return replace(caller, rights=caller.rights | limit), row.ends


def ends(db: sa.Connection, sid: str, now: datetime) -> datetime | None:
    """When the session at the provider ends; None if it has."""
    row = _login(db, sid, now)
    return row.ends if row else None


def cap(db: sa.Connection, cookie: str, until: datetime | None) -> None:
    """Let a session that was just opened end no later than this."""
    if until is not None:
        this = _s.digest == digest_of(cookie)
        db.execute(session_table.update().where(this, _s.ends > until).values(ends=until))


def end_followers(db: sa.Connection, sid: str, now: datetime) -> None:
    """End the sessions of our own sites in a login that acts for another from now on; their next page opens new ones."""
    follow = sa.and_(_s.sid == sid, _s.kind.in_(FOLLOWERS), _s.ended.is_(None))
    for row in db.execute(sa.select(_s.digest).where(follow)).all():
        callers.end_sessions(db, at=now, digest=row.digest)


FOLLOWERS = ("my", "wallet")  # the console stays: an operator there acts for nobody but his office


def _login(db: sa.Connection, sid: str, now: datetime) -> "sa.Row[tuple[object, ...]] | None":
    # Ended is ended, whatever the clocks of two processes say.
    query = sa.select(session_table).where(_s.sid == sid, _s.kind == "idp", _s.ended.is_(None), _s.ends > now)
    return db.execute(query.order_by(_s.opened.desc()).limit(1)).one_or_none()


def _name(principal: str) -> str:
    return f"acting for {principal}"
