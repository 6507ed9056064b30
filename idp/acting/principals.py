"""Whether somebody may act for somebody else now: what tokens, sessions and checks ask. Knows ids alone, opens no names."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from idp.model.mandate import PERSON, Mandate
from idp.model.organization import OrganizationState
from idp.store import mandates as store
from idp.store import organizations, people

NEVER = datetime.max.replace(tzinfo=UTC)


def mandates(db: Connection, person: str, principal: str | None, now: datetime) -> list[Mandate]:
    """The mandates by which a person acts for a principal now, the broadest first.

    None for one who cannot be acted for, and none whose holder's own account cannot be used.
    """
    if not principal or not usable(db, principal):
        return []
    holder = people.person(db, person)
    if holder is not None and not holder.usable:
        return []
    held = [one for one in store.of_person(db, person, now) if one.principal == principal]
    return sorted(held, key=lambda one: (one.named, -(one.until or NEVER).timestamp(), one.id))


def runs(db: Connection, person: str, principal: str | None, now: datetime) -> bool:
    """Whether one who acts for a principal still may. Whoever acts for nobody always may."""
    return not principal or bool(mandates(db, person, principal, now))


def usable(db: Connection, principal: str) -> bool:
    """Whether this principal can be acted for: neither suspended nor closed, nor locked by himself."""
    if principal.startswith(PERSON):
        found = people.person(db, principal.removeprefix(PERSON))
        return found is not None and found.usable
    organization = organizations.organization(db, principal)
    return organization is not None and organization.state is OrganizationState.active


def subject(person: str, principal: str | None) -> str:
    """Whom tokens are about: the one who is represented, else the person himself."""
    if not principal:
        return person
    return principal.removeprefix(PERSON) if principal.startswith(PERSON) else f"organization:{principal}"
