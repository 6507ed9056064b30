"""The people of a company: invited by name and number, appointed when they accept, removed with all that they passed on.

Nobody learns by an invitation whether somebody has an account here: it waits for whoever proves the name and the number.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub import behalf, ledger, limits, notices
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import NotAllowed
from idp import names
from idp.acting import companies_left, mandates, matters
from idp.model.company import (
    MANAGERS,
    OPEN_OFFERS,
    AppointedAlready,
    InvitationWrong,
    MayNotGrant,
    TooManyManagers,
    Wanted,
    may_end,
    may_invite,
)
from idp.model.mandate import PERSON, Mandate, NoMandate, Principal, Role
from idp.model.offer import Offer, OfferGone, OfferState
from idp.model.person import Level, Person, Profile
from idp.numbers import detect
from idp.numbers.person import PersonNumber
from idp.store import mandates as store
from idp.store import offers, people

PER_PERSON = Limit("company-invitations", 40, 86_400)
ROLES = (Role.manager, Role.agent)


@dataclass(frozen=True, repr=False)
class Invited:
    """Who is meant, as it was typed."""

    name: str
    number: str


def invite(house: House, person: str, code: str, invited: Invited, wanted: Wanted, *, now: datetime) -> Offer:
    """Invite somebody to act for a company. What is offered is never more than the inviter has.

    Raises NameWrong, NumberWrong, MayNotGrant, InvitationWrong, TooManyManagers, AppointedAlready, TooMany.
    """
    name, number = names.given(invited.name), detect.read(invited.number, now)
    limits.check(house.shared, PER_PERSON, person)
    key = offers.key_to(house.vault, number.type_code, number.value, names.match_key(name))
    with house.database.write() as db:
        behalf.alone(db, code)
        by, company = _grantor(house, db, person, code, wanted.role, now)
        known = frozenset(one.code for one in matters.for_companies(db))
        if wrong := wanted.wrong(by, known, now):
            raise InvitationWrong(fields=wrong)
        found = _account_of(house, db, number, name)
        if found is not None:
            _not_above(db, code, found.id, wanted.role, now)
        waiting = offers.open_for(db, code, now)
        if len(waiting) >= OPEN_OFFERS:
            raise MayNotGrant("Too many invitations are open")
        if wanted.role is Role.manager:
            _has_a_seat(db, code, now, waiting=sum(one.role is Role.manager for one in waiting))
        offer = Offer(
            id=secrets.token_hex(16),
            principal=code,
            role=wanted.role,
            to_key=key,
            by=person,
            made=now,
            since=wanted.since,
            matters=wanted.matters,
            until=wanted.until,
            granted_by=by.id,
        )
        offers.add(db, house.vault, offer, name)
        facts = {"offer": offer.id, "role": offer.role.value, "matters": list(offer.matters)}
        ledger.wrote(db, "mandate.offered", company.label, by=f"person:{person}", at=now, facts=facts)
        if found is not None:
            title = N_("%(company)s invites you to act for it")
            notices.tell(db, found.id, title, link="/companies", at=now, company=company.name)
    return offer


def waiting_for(house: House, db: Connection, person: str, now: datetime) -> list[tuple[Offer, Principal]]:
    """The invitations of companies that wait for a person, who has proved name and number at level 3."""
    key = _key_of(house, db, person)
    found = [(one, mandates.principal(house, db, one.principal)) for one in offers.open_to(db, key, now)] if key else []
    return [(one, company) for one, company in found if company and one.role in ROLES and _above(db, one, now)]


def accept(house: House, person: str, offer_id: str, *, now: datetime) -> Mandate:
    """Become what one is invited to be. Raises OfferGone, TooManyManagers, AppointedAlready."""
    with house.database.write() as db:
        offer, company = _mine(house, db, person, offer_id, now)
        _not_above(db, offer.principal, person, offer.role, now)
        if offer.role is Role.manager:
            _has_a_seat(db, offer.principal, now)
        mandate = offer.accepted(secrets.token_hex(16), person, now)
        if not offers.answer(db, offer, offer.answered_at(now, OfferState.accepted, person)):
            raise OfferGone("It was answered in another window")
        store.add(db, mandate)
        facts = {"mandate": mandate.id, "role": mandate.role.value, "matters": list(mandate.matters)} | {
            "above": mandate.granted_by
        }
        ledger.wrote(db, "mandate.granted", company.label, by=f"person:{person}", at=now, facts=facts)
        link = f"/companies/{company.id}"
        for one in _above_all(db, company.id, offer.by, now):
            notices.tell(db, one, ACCEPTED[offer.role], link=link, at=now, company=company.name)
        notices.tell(db, person, N_("You may act for %(company)s now"), link=link, at=now, company=company.name)
    return mandate


ACCEPTED = {
    Role.manager: N_("Somebody has become a manager of %(company)s"),
    Role.agent: N_("Somebody has become an agent of %(company)s"),
}


def decline(house: House, person: str, offer_id: str, *, now: datetime) -> None:
    """Say no to an invitation. Raises OfferGone."""
    with house.database.write() as db:
        offer, company = _mine(house, db, person, offer_id, now)
        if not offers.answer(db, offer, offer.answered_at(now, OfferState.declined, person)):
            raise OfferGone("It was answered in another window")
        facts = {"offer": offer.id}
        ledger.wrote(db, "mandate.declined", company.label, by=f"person:{person}", at=now, facts=facts)
        title, link = N_("An invitation to act for %(company)s was declined"), f"/companies/{company.id}"
        notices.tell(db, offer.by, title, link=link, at=now, company=company.name)


def withdraw(house: House, person: str, code: str, offer_id: str, *, now: datetime) -> None:
    """Take an invitation back: whoever made it, or the representative. Raises OfferGone, MayNotGrant, NoMandate."""
    with house.database.write() as db:
        behalf.alone(db, code)
        by, company = mandates.standing(house, db, person, code, now)
        offer = offers.offer(db, offer_id)
        if offer is None or offer.principal != code or not offer.open_at(now):
            raise OfferGone("There is no such invitation, or it was answered")
        if offer.by != person and by.role is not Role.legal_representative:
            raise MayNotGrant("Somebody else has made this invitation")
        _withdrawn(db, offer, company, person, now)


def remove(house: House, person: str, code: str, mandate_id: str, *, now: datetime) -> list[Mandate]:
    """End somebody's mandate, and everything below it, or lay down one's own: their next request is refused.

    Raises NoMandate, MayNotGrant.
    """
    with house.database.write() as db:
        behalf.alone(db, code)
        by, _ = mandates.standing(house, db, person, code, now)
        what = _not_over(db, code, mandate_id, now)
        if not may_end(by, what):
            raise MayNotGrant("Your role in the company does not allow it")
        why = "laid down" if what.person == person else f"removed by {by.role.value}"
        return companies_left.end(db, what, why, by=f"person:{person}", now=now)


def confirm(house: House, person: str, code: str, mandate_id: str, *, now: datetime) -> None:
    """Let somebody whom the representative before appointed act again. Raises NoMandate, MayNotGrant, TooManyManagers."""
    with house.database.write() as db:
        behalf.alone(db, code)
        by, company = mandates.standing(house, db, person, code, now)
        what = _not_over(db, code, mandate_id, now)
        if by.role is not Role.legal_representative:
            raise MayNotGrant("Only the legal representative confirms mandates")
        if not store.confirm(db, what.id, by=by.id):
            raise NoMandate("It does not wait for anybody")
        facts = {"mandate": what.id, "role": what.role.value}
        ledger.wrote(db, "mandate.confirmed", company.label, by=f"person:{person}", at=now, facts=facts)
        link = f"/companies/{code}"
        title = N_("Your mandate for %(company)s was confirmed")
        notices.tell(db, what.person, title, link=link, at=now, company=company.name)


# -- inside


def _grantor(
    house: House, db: Connection, person: str, code: str, role: Role, now: datetime
) -> tuple[Mandate, Principal]:
    """The mandate by which somebody gives this role for a company."""
    if code.startswith(PERSON):
        raise MayNotGrant("Only companies have managers and agents")
    by, company = mandates.standing(house, db, person, code, now)
    if not may_invite(by, role):
        raise MayNotGrant("Your role in the company does not allow it")
    return by, company


def _has_a_seat(db: Connection, code: str, now: datetime, *, waiting: int = 0) -> None:
    """Those who wait for a new representative keep their seats: he decides. Whoever asks has the mandates alone."""
    managers = [one for one in store.not_over(db, code, now) if one.role is Role.manager]
    if len(managers) + waiting >= MANAGERS:
        raise TooManyManagers


def _not_above(db: Connection, code: str, person: str, role: Role, now: datetime) -> None:
    """Nobody is offered less than he is already."""
    held = {one.role for one in store.not_over(db, code, now) if one.person == person}
    if Role.legal_representative in held or Role.manager in held:
        raise AppointedAlready


def _mine(house: House, db: Connection, person: str, offer_id: str, now: datetime) -> tuple[Offer, Principal]:
    """An open invitation to this person, with everything that it rests on still standing."""
    found = offers.offer(db, offer_id)
    if found is not None:
        behalf.alone(db, found.principal)
    offer = offers.offer(db, offer_id)
    key = _key_of(house, db, person)
    company = mandates.principal(house, db, offer.principal) if offer else None
    if offer is None or company is None or key != offer.to_key or offer.role not in ROLES:
        raise OfferGone("There is no such invitation")
    if not offer.open_at(now) or not _above(db, offer, now):
        raise OfferGone("It was answered, withdrawn, or is too old")
    return offer, company


def _above(db: Connection, offer: Offer, now: datetime) -> bool:
    """Whether the mandate by which something is offered still counts."""
    above = store.mandate(db, offer.granted_by or "")
    return above is not None and above.valid_at(now)


def _key_of(house: House, db: Connection, person: str) -> str:
    """By which a person finds what is offered to him; nothing below level 3."""
    found = people.person(db, person)
    if found is None or not found.usable:
        raise NotAllowed("This account cannot be used")
    profile: Profile = people.profile(db, house.vault, person)
    if found.level < Level.present or not profile.number:
        return ""
    return offers.key_to(house.vault, profile.number_type, profile.number, names.match_key(profile.name))


def _account_of(house: House, db: Connection, number: PersonNumber, name: str) -> Person | None:
    """The account that an invitation is for, if there is one. Nobody is told."""
    found = people.by_holder(db, people.holder_key(house.vault, number.type_code, number.value))
    if found is None or not found.usable or found.level < Level.present:
        return None
    return found if names.same(people.profile(db, house.vault, found.id).name, name) else None


def _not_over(db: Connection, code: str, mandate_id: str, now: datetime) -> Mandate:
    for one in store.not_over(db, code, now):
        if one.id == mandate_id:
            return one
    raise NoMandate("There is no such mandate, or it has ended")


def _withdrawn(db: Connection, offer: Offer, company: Principal, person: str, now: datetime) -> None:
    if offers.answer(db, offer, offer.answered_at(now, OfferState.withdrawn)):
        facts = {"offer": offer.id}
        ledger.wrote(db, "mandate.withdrawn", company.label, by=f"person:{person}", at=now, facts=facts)


def _above_all(db: Connection, code: str, by: str, now: datetime) -> list[str]:
    """Who is told of an appointment: whoever made it, and the representative."""
    representatives = [
        one.person for one in store.for_principal(db, code, now) if one.role is Role.legal_representative
    ]
    return sorted({by, *representatives})
