"""The session at the provider: what a sign-in opens, a further step renews, and a choice changes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from hub import behalf, callers, ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import NotSignedIn
from idp.model.factor import SignInAgain, is_strongest
from idp.model.mandate import Mandate, Principal
from idp.model.person import Level, Person, State
from idp.model.upstream import is_federated
from idp.provider import logout
from idp.store import people as store

KIND = "idp"
NAME = "session-name"  # purpose in the vault under which `hub.web` opens it


@dataclass(frozen=True)
class Opened:
    """A session that was just opened: the cookie's value, given out once, and whom it stands for."""

    cookie: str
    caller: Caller
    device: str = ""  # the cookie by which this browser is known from now on, where somebody signed in on it


def begin(
    house: House,
    db: Connection,
    person: Person,
    methods: tuple[str, ...],
    *,
    now: datetime,
    device: str = "",
    before: Caller | None = None,
    auth_time: datetime | None = None,
    most: int = Level.attended,
) -> Opened:
    """Open a new session after a sign-in. The ledger line rides along.

    `before` is the session that this browser had: the same person's goes on under a new id, another person's login ends.
    `auth_time` is when the factors were shown, if that was earlier and elsewhere; `most` is the level up to which who saw
    them vouches.
    """
    caller = Caller(
        person=person.id,
        level=min(reachable(person, methods), most),
        amr=methods,
        auth_time=auth_time or now,
        holder_keys=keys_of(person),
        sid=secrets.token_urlsafe(16),
        sealed_name=_name(house, db, person),
    )
    if before is not None and before.person == person.id:
        caller = replace(caller, sid=before.sid)
        callers.end_sessions(db, at=now, digest=before.session)
    elif before is not None:
        logout.end(db, now, sid=before.sid, why="another person signed in on this browser")
    ledger.wrote(db, "person.signed-in", person.label, by=person.label, at=now, facts={"amr": list(methods)})
    return _open(house, db, caller, now, device)


def stepped_up(
    house: House, db: Connection, caller: Caller, person: Person, *, now: datetime, methods: tuple[str, ...] = ()
) -> Opened:
    """The session of a person of whom more is known now, under a new id; the old one ends at once.

    `methods` are those of the whole sign-in, where a factor was added to it.
    """
    changed = replace(
        caller,
        level=within(person, caller, methods),
        amr=methods or caller.amr,
        holder_keys=caller.holder_keys if caller.acting_for else keys_of(person),
        sealed_name=caller.sealed_name if caller.acting_for else _name(house, db, person),
    )
    return _replace(house, db, caller, changed, now)


def acting_for(
    house: House,
    db: Connection,
    caller: Caller,
    person: Person,
    principal: Principal | None,
    *,
    mandates: Sequence[Mandate] = (),
    now: datetime,
) -> Opened:
    """The session of a person who acts for a principal from now on, or for himself again (None).

    Our own sites follow: their sessions in this login end, and their next page signs him in as what he is now. No session
    outlives the mandates by which he acts.
    """
    named = frozenset(code for one in mandates for code in one.matters) if all(one.named for one in mandates) else None
    ends = [one.until for one in mandates if one.until]
    until = max(ends) if ends and len(ends) == len(mandates) else None
    changed = replace(
        caller,
        acting_for=principal.id if principal else None,
        holder_keys=keys_of(principal or person),
        rights=behalf.rights(named if principal else None),
        sealed_name=_name(house, db, person, principal),
    )
    opened = _replace(house, db, caller, changed, now, until=until)
    behalf.end_followers(db, caller.sid or "", now)
    return opened


def keys_of(holder: Person | Principal) -> tuple[str, ...]:
    """By which blind indexes the licenses of a person or of an organisation are found."""
    return ((holder.holder_key,) if holder.holder_key else ()) + holder.former_keys


def _replace(
    house: House, db: Connection, old: Caller, new: Caller, now: datetime, *, until: datetime | None = None
) -> Opened:
    """A new session id for one login. Whoever comes second, in another window, is asked to sign in."""
    behalf.hold(db, new.acting_for)  # before the look: whoever ends the mandate sees the old session or the new one
    device = next(
        (device for one, _, device in callers.sessions(db, old.person or "", now) if one.session == old.session), None
    )
    if new.acting_for and new.acting_for == old.acting_for:  # one step more for the same principal
        until = behalf.ends(db, old.sid or "", now)
        device = device if until else None
    if device is None:
        raise NotSignedIn("There is no session, or it has ended", extras={"session": KIND})
    callers.end_sessions(db, at=now, digest=old.session)
    return _open(house, db, new, now, device, until)


def _open(
    house: House, db: Connection, caller: Caller, now: datetime, device: str, until: datetime | None = None
) -> Opened:
    if store.held_state(db, caller.person or "") is not State.active:  # locked while he was signing in
        raise SignInAgain("The first step was too long ago")
    hours = house.settings.session_hours
    cookie = callers.begin(db, KIND, caller, now=now, most_hours=hours, device=device)
    behalf.cap(db, cookie, until)
    return Opened(cookie, caller)


def reachable(person: Person, amr: tuple[str, ...]) -> int:
    """How surely we know who this is, signed in like this: by text message never at the highest level (SP 800-63B-4 3.1.3.1)."""
    return min(int(person.level), 3) if "sms" in amr and not is_strongest(amr) else int(person.level)


def within(person: Person, caller: Caller, amr: tuple[str, ...] = ()) -> int:
    """What a login may reach by a further step: never more than whoever vouched for it has said."""
    level = reachable(person, amr or caller.amr)
    return min(level, caller.level) if is_federated(caller.amr) else level


def _name(house: House, db: Connection, person: Person, principal: Principal | None = None) -> bytes:
    name = store.profile(db, house.vault, person.id).shown
    shown = f"{name}\n{principal.name}" if principal else name  # `hub.web` shows both lines apart
    return house.vault.encrypt(db, person.id, shown.encode(), NAME)
