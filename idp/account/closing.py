"""Closing an account: asked for, waited for, taken back or done. At the end what was personal is noise for ever.

What stays names nobody: lines of the ledger, evidence by its transaction number, receipts by the number of one service. Licenses
and applications belong to the bodies that keep them by law; whoever proves the same number again finds his licenses.
"""

from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, notices
from hub.house import House
from hub.i18n import N_
from idp.account import announce, life
from idp.account.announce import Event
from idp.acting import mandates
from idp.consent import consents
from idp.model.closing import REMIND, WAIT, CannotClose, Hindrances
from idp.model.mandate import Role
from idp.model.person import Person, State
from idp.store import devices, factors, leaving, people, recovery_codes, upstreams
from idp.store import life as life_store
from idp.store import mandates as mandate_store
from idp.store.leaving import Closing

OWNER = "owner"
ASKED = N_("Your account will be closed")
KEPT = N_("Your account stays open")
SOON = N_("Your account closes in a few days")
HEADS = frozenset({Role.legal_representative, Role.parent, Role.guardian})


def hindrances(house: House, db: Connection, person: Person, now: datetime) -> Hindrances:
    """What stands in the way of closing, or has to be known first."""
    held = [(one, principal) for one, principal in mandates.of(house, db, person.id, now) if one.role in HEADS]
    alone = [principal for _, principal in held if not _others(db, principal.id, person.id, now)]
    return Hindrances(
        person.needs_second_factor,
        tuple(one.name for one in alone if not one.person),
        tuple(one.name for one in alone if one.person),
    )


def close(house: House, person_id: str, *, knows: bool, now: datetime) -> Closing:
    """Ask for an account to be closed; it stays in use until then. Raises CannotClose.

    `knows`: the person said that he knows for whom nobody will be able to act.
    """
    with house.database.write() as db:
        person = people.person(db, person_id)
        if person is None or not person.usable:
            raise CannotClose("The account is not in use")
        found = hindrances(house, db, person, now)
        if found.operator:
            raise CannotClose("You hold an office here. Ask whoever appointed you to dismiss you first")
        if found.alone and not knows:
            raise CannotClose("Nobody else could act for those whom you represent. Say that you know it")
        closing = Closing(person_id, now, now + WAIT)
        if not leaving.begin_closing(db, closing):
            raise CannotClose("It will be closed already")
        ledger.wrote(db, "person.closing", person.label, by=person.label, at=now)
        notices.tell(db, person_id, ASKED, link="/account/close", at=now)
    return closing


def cancel(house: House, person_id: str, *, now: datetime) -> bool:
    """Think better of it. False: there was nothing to take back."""
    with house.database.write() as db:
        if not leaving.end_closing(db, person_id):
            return False
        ledger.wrote(db, "person.kept", f"person:{person_id}", by=f"person:{person_id}", at=now)
        notices.tell(db, person_id, KEPT, link="/account/close", at=now)
    return True


def finish(house: House, person_id: str, *, now: datetime) -> bool:
    """Close an account whose time has come. False if its owner thought better of it, or an authority holds it."""
    with house.database.read() as db:
        closing = leaving.closing(db, person_id)
    if closing is None or closing.ends > now:
        return False
    records = consents.lasts(house, person_id, now)  # signed before anything is written
    with house.database.write() as db:
        closing = leaving.closing(db, person_id)
        if closing is None or closing.ends > now or not leaving.end_closing(db, person_id):
            return False
        if not _shut(db, person_id, now):
            leaving.begin_closing(db, closing)  # suspended: it waits, and is looked at again
            return False
        announce.announce(db, person_id, Event.account_purged, now=now)
        for record in records:
            consents.end(db, person_id, record, by="closing", now=now)
        for one in consents.all_of(db, person_id):  # agreed to in this very moment
            consents.withdraw(db, person_id, one.client, by="closing", now=now)
        life.stop(db, person_id, "account closed", now, mandates_too=True)
        _empty(house, db, person_id, now)
        for merged in life_store.merged_into(db, person_id):  # what went into it ends with it
            people.set_state(db, merged, State.closed, why=OWNER, at=now, over=State.merged)
            _empty(house, db, merged, now)
        ledger.wrote(db, "person.closed", f"person:{person_id}", by=f"person:{person_id}", at=now)
    return True


def finish_due(house: House, now: datetime) -> int:
    """Close whatever is due, each in a step of its own; say how many."""
    with house.database.read() as db:
        due = leaving.closings_due(db, now)
    return sum(finish(house, one.person, now=now) for one in due)


def remind(house: House, now: datetime) -> int:
    """Tell owners a week before, once; say how many."""
    with house.database.read() as db:
        soon = leaving.closings_to_remind(db, now + REMIND)
    done = 0
    for one in soon:
        with house.database.write() as db:
            if leaving.reminded(db, one.person, now):
                notices.tell(db, one.person, SOON, link="/account/close", at=now)
                done += 1
    return done


# -- inside


def _others(db: Connection, principal: str, person: str, now: datetime) -> bool:
    """Whether somebody else heads this principal."""
    return any(one.person != person and one.role in HEADS for one in mandate_store.for_principal(db, principal, now))


def _shut(db: Connection, person_id: str, now: datetime) -> bool:
    """From use, or from the owner's own lock, to closed."""
    return any(
        people.set_state(db, person_id, State.closed, why=OWNER, at=now, over=over)
        for over in (State.active, State.locked)
    )


def _empty(house: House, db: Connection, person_id: str, now: datetime) -> None:
    """Take out what is personal, and what finds the person; then forget the key, so that no copy of it opens."""
    for factor in factors.of_person(db, person_id):
        factors.remove(db, person_id, factor.id)
    devices.forget(db, person_id)
    upstreams.forget_links(db, person_id)
    recovery_codes.replace(db, person_id, (), now)
    leaving.forget_copy(db, person_id)
    leaving.forget_taste(db, person_id)
    notices.forget_of(db, person_id)
    people.empty(db, person_id)
    house.vault.erase(db, person_id)
