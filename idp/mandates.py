"""For whom a person may act, and the choice of it."""

from datetime import datetime

from sqlalchemy import Connection

from hub import ledger
from hub.callers import Caller
from hub.house import House
from hub.problems import NotSignedIn
from idp.login import session
from idp.login.session import Opened
from idp.model.mandate import Mandate, NoMandate
from idp.model.organization import Organization
from idp.store import organizations as store
from idp.store import people


def of(db: Connection, person: str, now: datetime) -> list[tuple[Mandate, Organization]]:
    """For whom a person may act now."""
    return store.mandates_of(db, person, now)


def standing(db: Connection, person: str, code: str, now: datetime) -> tuple[Mandate, Organization]:
    """The mandate by which a person acts for an organisation now. Raises NoMandate."""
    for mandate, organization in store.mandates_of(db, person, now):
        if organization.code == code:
            return mandate, organization
    raise NoMandate("There is no mandate for it, or it has ended")


def act(house: House, caller: Caller, code: str | None, *, now: datetime) -> Opened:
    """Act for an organisation from now on, or for oneself (None): a new session. Raises NoMandate."""
    with house.database.write() as db:
        person = people.person(db, caller.person or "")
        if person is None:
            raise NotSignedIn("There is no session, or it has ended", extras={"session": session.KIND})
        role, organization = None, None
        if code:
            mandate, organization = standing(db, person.id, code, now)
            role = mandate.role.value
        subject = organization.label if organization else person.label
        ledger.wrote(db, "person.acts-for", subject, by=person.label, at=now, facts={"role": role})
        return session.acting_for(house, db, caller, person, organization, now=now)
