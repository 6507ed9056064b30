"""For whom a person may act, and the choice of it."""

from datetime import datetime

from sqlalchemy import Connection

from hub import behalf, callers, ledger, notices
from hub.callers import Caller
from hub.house import House
from hub.i18n import N_
from hub.problems import NotSignedIn
from idp.account.announce import Event, announce
from idp.acting import principals
from idp.login import session
from idp.login.session import Opened
from idp.model.mandate import PERSON, Mandate, NoMandate, Principal
from idp.model.organization import OrganizationState
from idp.provider import clients, grants, logout, revoke
from idp.store import mandates as store
from idp.store import organizations, people


def of(house: House, db: Connection, person: str, now: datetime) -> list[tuple[Mandate, Principal]]:
    """For whom a person may act now, in order of their names. Nobody acts for an organisation that is suspended."""
    held = [(mandate, principal(house, db, mandate.principal)) for mandate in store.of_person(db, person, now)]
    return sorted(((mandate, one) for mandate, one in held if one), key=lambda pair: (pair[1].name, pair[0].since))


def standing(house: House, db: Connection, person: str, whom: str, now: datetime) -> tuple[Mandate, Principal]:
    """The mandate by which a person acts for a principal now. Raises NoMandate."""
    held = principals.mandates(db, person, whom, now)  # the broadest first
    if held and (found := principal(house, db, whom)):
        return held[0], found
    raise NoMandate("There is no mandate for it, or it has ended")


def principal(house: House, db: Connection, id: str) -> Principal | None:
    """The one for whom somebody acts, as long as he or it can be acted for."""
    if id.startswith(PERSON):
        found = people.person(db, id.removeprefix(PERSON))
        if found is None or not found.usable:
            return None
        return Principal(id, people.profile(db, house.vault, found.id).name, found.holder_key, found.former_keys)
    organization = organizations.organization(db, id)
    if organization is None or organization.state is not OrganizationState.active:
        return None
    return Principal(id, organization.name, organization.holder_key)


def act(house: House, caller: Caller, whom: str | None, *, now: datetime) -> Opened:
    """Act for a principal from now on, or for oneself (None): a new session. Raises NoMandate."""
    with house.database.write() as db:
        behalf.hold(db, whom)
        person = people.person(db, caller.person or "")
        if person is None:
            raise NotSignedIn("There is no session, or it has ended", extras={"session": session.KIND})
        mandate, chosen = standing(house, db, person.id, whom, now) if whom else (None, None)
        held = principals.mandates(db, person.id, whom, now)
        role = mandate.role.value if mandate else None
        subject = chosen.label if chosen else person.label
        ledger.wrote(db, "person.acts-for", subject, by=person.label, at=now, facts={"role": role})
        return session.acting_for(house, db, caller, person, chosen, mandates=held, now=now)


def end(db: Connection, mandate: Mandate, why: str, now: datetime) -> list[Mandate]:
    """End a mandate with all that rests on it: what its person passed on, and every login in which one of them acts by it.

    All in the caller's transaction; whoever is doing something by one of them is let finish first, or finds it over. Gives
    what has ended, this one first.
    """
    behalf.alone(db, mandate.principal)
    if not store.end(db, mandate.ended_at(now, why)):
        return []
    stop(db, mandate, why, now)
    if mandate.principal.startswith(PERSON):
        _tell(db, mandate, why, now)
    ended = [mandate]
    for one in store.below(db, mandate.id, now):
        ended += end(db, one, "the mandate above has ended", now)
    return ended


def quiet(db: Connection, person: str, now: datetime) -> None:
    """Wait until nobody is doing anything by the mandates that a person holds or that others hold for him, and keep them waiting.

    Whoever ends a person's sessions does this first: an act holds its mandate, then writes its session.
    """
    held = store.held_by(db, person, now) + store.not_over(db, f"{PERSON}{person}", now)
    behalf.alone(db, *{one.principal for one in held})


def expire(house: House, now: datetime) -> int:
    """End what is over by its day: nobody could use it any more, and now everybody is told. Gives how many ended."""
    with house.database.read() as db:
        gone = store.run_out(db, now)
    ended = 0
    for mandate in gone:
        with house.database.write() as db:
            ended += len(end(db, mandate, "its time is over", now))
    return ended


def stop(db: Connection, mandate: Mandate, why: str, now: datetime) -> None:
    """End the logins in which a mandate's person acts for its principal, at every site, and what he granted in them."""
    behalf.alone(db, mandate.principal)
    running = [
        caller
        for kind in (session.KIND, *clients.FIRST_PARTY)
        for caller, _, _ in callers.sessions(db, mandate.person, now, kind)
    ]
    for sid in {caller.sid for caller in running if caller.acting_for == mandate.principal}:
        logout.end(db, now, sid=sid, why=why)
    logout.end_acting(db, mandate.person, mandate.principal, now)
    services = {party.client for party in grants.acting_parties(db, mandate.person, mandate.principal)}
    announce(db, mandate.person, Event.mandate_ended, now=now, only=services, role=mandate.role.value)
    revoke.acting(db, mandate.person, mandate.principal, why=why, now=now)


def _tell(db: Connection, mandate: Mandate, why: str, now: datetime) -> None:
    """Who acted for a person, and that person, learn that a mandate is over. Of a company its people tell each other."""
    facts = {"mandate": mandate.id, "role": mandate.role.value, "why": why}
    ledger.wrote(db, "mandate.ended", mandate.principal, by=f"person:{mandate.person}", at=now, facts=facts)
    notices.tell(db, mandate.person, N_("A mandate by which you acted for somebody has ended"), link=PAGE, at=now)
    whom = mandate.principal.removeprefix(PERSON)
    notices.tell(db, whom, N_("A mandate by which somebody acted for you has ended"), link=PAGE, at=now)


PAGE = "/account/mandates"
