"""Mandates in a family: offered by an adult to a name and a number, in force once the one who has proved both accepts.

Companies keep their invitations in the same table, and have rules of their own (`companies_people`).
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from hub import behalf, ledger, limits, notices
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import NotAllowed
from idp import names
from idp.acting import mandates
from idp.model.mandate import EVERYTHING, PERSON, Mandate, NoMandate, Principal, Role
from idp.model.offer import Offer, OfferGone, OfferState
from idp.model.person import Level, Person
from idp.model.realname import grown_up
from idp.model.ward import MandateWrong, NotOfAge, NotOneself
from idp.numbers import detect
from idp.store import mandates as mandate_store
from idp.store import matters, people
from idp.store import offers as store

PER_PERSON = Limit("mandate-offers", 20, 86_400)
OF_AGE = 18  # Civil Code art. 17
MOST_OPEN = 10
PAGE = "/account/mandates"


@dataclass(frozen=True, repr=False)
class Wanted:
    """To whom one's own mandate goes, and what it is for."""

    name: str
    number: str
    matters: tuple[str, ...] = EVERYTHING
    until: datetime | None = None


def make(house: House, giver: str, wanted: Wanted, *, now: datetime, visit: str = "", by: str = "") -> Offer:
    """Offer a mandate to a relative. Nobody is told whether there is an account for this name and number.

    The giver is of age and known at level 3. At a counter he need not have an account: `visit` is where an officer (`by`) sees
    him. Raises NameWrong, NumberWrong, NotOneself, NotOfAge, MandateWrong, TooMany; NotAllowed below level 3.
    """
    read, name = detect.read(wanted.number, now), names.given(wanted.name)
    limits.check(house.shared, PER_PERSON, giver)
    key = store.key_to(house.vault, read.type_code, read.value, names.match_key(name))
    with house.database.write() as db:
        principal = f"{PERSON}{giver}"
        behalf.alone(db, principal)
        person = _may_give(house, db, giver, now, attended=bool(visit))
        if _key_of(house, db, person) == key:
            raise NotOneself("One needs no mandate for oneself")
        _is_in_order(db, wanted, now)
        if len(store.open_for(db, principal, now)) >= MOST_OPEN:
            raise MandateWrong("At most %(most)s offers can be open", most=MOST_OPEN)
        id, named = secrets.token_hex(16), tuple(sorted(wanted.matters))
        offer = Offer(id, principal, Role.family, key, giver, now, now, named, wanted.until)
        store.add(db, house.vault, offer, name)
        facts = {"offer": id, "role": Role.family.value, "matters": list(named)} | ({"visit": visit} if visit else {})
        ledger.wrote(db, "mandate.offered", principal, by=by or f"person:{giver}", at=now, facts=facts)
        meant = people.by_holder(db, people.holder_key(house.vault, read.type_code, read.value))
        if meant is not None and meant.usable and _key_of(house, db, meant) == key:
            notices.tell(db, meant.id, N_("You are offered a mandate to act for somebody"), link=PAGE, at=now)
    return offer


def _may_give(house: House, db: Connection, giver: str, now: datetime, *, attended: bool) -> Person:
    person = people.person(db, giver)
    if person is None or not person.usable:
        raise MandateWrong("The account cannot be used")
    if person.level < Level.present and not attended:
        raise NotAllowed(
            "This needs a verified real name at level %(level)s", level=int(Level.present), extras={"level": 3}
        )
    profile = people.profile(db, house.vault, giver)
    born = date.fromisoformat(profile.born) if profile.born else detect.read(profile.number, now).born
    if now < grown_up(born, OF_AGE):
        raise NotOfAge("Whoever is under eighteen gives no mandates")
    return person


def _is_in_order(db: Connection, wanted: Wanted, now: datetime) -> None:
    if wanted.until is not None and wanted.until <= now:
        raise MandateWrong("The last day lies in the past")
    if wanted.matters != EVERYTHING:
        known = {one.code for one in matters.matters(db) if one.for_persons}
        if not wanted.matters or not known.issuperset(wanted.matters):
            raise MandateWrong("Choose the matters")


def to(house: House, db: Connection, person: str, now: datetime) -> list[tuple[Offer, Principal]]:
    """What is offered to a person now, with the names of those for whom he would act."""
    found = people.person(db, person)
    if found is None or not found.usable or found.level < Level.present:
        return []  # whoever knows name and number alone learns no names by them
    offered = [one for one in store.open_to(db, _key_of(house, db, found), now) if one.role is Role.family]
    return [(offer, one) for offer in offered if (one := mandates.principal(house, db, offer.principal))]


def accept(house: House, person: str, id: str, *, now: datetime) -> Mandate:
    """Take a mandate that is offered to oneself. Raises OfferGone; NotAllowed below level 3."""
    with house.database.write() as db:
        offer, who = _mine(house, db, person, id, now)
        _is_known(who)
        behalf.alone(db, offer.principal)
        if not _still_given(db, offer, now) or mandates.principal(house, db, offer.principal) is None:
            raise OfferGone("The one who offered it may not give it any more")
        mandate = offer.accepted(secrets.token_hex(16), person, now)
        _answer(db, offer, offer.answered_at(now, OfferState.accepted, person))
        mandate_store.add(db, mandate)
        facts = {"offer": id, "mandate": mandate.id, "role": mandate.role.value}
        ledger.wrote(db, "mandate.granted", mandate.principal, by=f"person:{person}", at=now, facts=facts)
        notices.tell(db, offer.by, N_("The mandate that you offered was accepted"), link=PAGE, at=now)
    return mandate


def decline(house: House, person: str, id: str, *, now: datetime) -> None:
    """Refuse what is offered to oneself. Raises OfferGone; NotAllowed below level 3."""
    with house.database.write() as db:
        offer, who = _mine(house, db, person, id, now)
        _is_known(who)
        _answer(db, offer, offer.answered_at(now, OfferState.declined, person))
        facts = {"offer": id}
        ledger.wrote(db, "mandate.declined", offer.principal, by=f"person:{person}", at=now, facts=facts)
        notices.tell(db, offer.by, N_("The mandate that you offered was declined"), link=PAGE, at=now)


def withdraw(house: House, offer_id: str, *, by: str, now: datetime) -> None:
    """Take an offer back that one made oneself. Raises OfferGone."""
    with house.database.write() as db:
        offer = store.offer(db, offer_id)
        if offer is None or offer.by != by or not offer.open_at(now):
            raise OfferGone("There is no such offer")
        _answer(db, offer, offer.answered_at(now, OfferState.withdrawn))
        facts = {"offer": offer_id}
        ledger.wrote(db, "mandate.withdrawn", offer.principal, by=f"person:{by}", at=now, facts=facts)


def end(house: House, person: str, id: str, *, now: datetime) -> Mandate:
    """End a mandate for a person: its holder lays it down, or who gave it takes it back. Raises NoMandate, MandateWrong.

    Nobody takes from a parent, or from one whom a court named, what he himself did not give.
    """
    with house.database.write() as db:
        mandate = of_party(db, person, id, now)
        if mandate.person != person and mandate.role is not Role.family:
            raise MandateWrong("Only a court or the register ends it")
        mandates.end(db, mandate, "laid down" if mandate.person == person else "taken back", now)
    return mandate


def of_party(db: Connection, person: str, id: str, now: datetime) -> Mandate:
    """A mandate for a person that is not over, for its holder or for the one whom it represents. Raises NoMandate."""
    mandate = mandate_store.mandate(db, id)
    over = mandate is None or mandate.ended is not None or (mandate.until is not None and mandate.until <= now)
    if mandate is None or over or not mandate.principal.startswith(PERSON):
        raise NoMandate("There is no mandate for it, or it has ended")
    if person not in (mandate.person, mandate.principal.removeprefix(PERSON)):
        raise NoMandate("There is no mandate for it, or it has ended")
    return mandate


def _mine(house: House, db: Connection, person: str, id: str, now: datetime) -> tuple[Offer, Person]:
    """An open offer to this very person. What is not his looks like what never was."""
    offer, who = store.offer(db, id), people.person(db, person)
    if (
        offer is None
        or who is None
        or offer.role is not Role.family
        or not offer.open_at(now)
        or _key_of(house, db, who) != offer.to_key
    ):
        raise OfferGone("There is no such offer")
    return offer, who


def _is_known(person: Person) -> None:
    """Nobody answers an offer who merely knows the name and the number to which it is made."""
    if person.level < Level.present:
        raise NotAllowed(
            "This needs a verified real name at level %(level)s", level=int(Level.present), extras={"level": 3}
        )


def _still_given(db: Connection, offer: Offer, now: datetime) -> bool:
    """Whether the one who offered it could still give it: by the mandate above, or as the principal himself."""
    if offer.granted_by is not None:
        above = mandate_store.mandate(db, offer.granted_by)
        return above is not None and above.valid_at(now)
    giver = people.person(db, offer.by)
    return giver is not None and giver.usable


def _answer(db: Connection, before: Offer, after: Offer) -> None:
    if not store.answer(db, before, after):
        raise OfferGone("It was answered a moment ago")


def _key_of(house: House, db: Connection, person: Person) -> str:
    profile = people.profile(db, house.vault, person.id)
    return store.key_to(house.vault, profile.number_type, profile.number, names.match_key(profile.name))
