"""A number becomes a person's own, and everybody concerned is told what is known of him now."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, notices
from hub.house import House
from hub.i18n import N_
from idp import attended
from idp.account.announce import Event, announce
from idp.acting import companies_people, offers
from idp.model.flow import acr
from idp.model.person import Level, Person
from idp.model.realname import Evidence, Form
from idp.realname import paper as papers
from idp.realname.standing import Standing
from idp.store import people


def claim(
    house: House, db: Connection, found: Standing, form: Form, type_code: str, level: Level, now: datetime
) -> Person:
    """Give the proved name and number to the account, in the transaction of the evidence.

    Raises NumberTaken: one number belongs to one account, and one account has one number; the unique index decides.
    """
    key = papers.key_of(house.vault, form, type_code)
    person = replace(found.person, holder_key=key, level=max(found.person.level, level), proved=now)
    more = {"country": form.country, "born": form.born}
    profile = replace(found.profile, name=form.name, number=form.number, number_type=type_code, **more)
    attended.make_way(house, db, key, person.id, now)
    people.claim_number(db, house.vault, person, profile)
    return person


def tell(
    house: House, db: Connection, before: Person, after: Person, proof: Evidence, now: datetime, **more: str
) -> None:
    """The ledger, the person, and the services that know him, where the level is another now.

    Of what was offered to his name and number before, he is told with the level at which he may answer.
    """
    facts = {"method": proof.method, "level": proof.level, "register": proof.register, "transaction": proof.transaction}
    facts |= {"answer": proof.answer_digest, **more}
    ledger.wrote(db, "person.proved", after.label, by=proof.agent or after.label, at=now, facts=facts)
    title = N_("Your identity was verified, at level %(level)s")
    notices.tell(db, after.id, title, link="/realname", at=now, level=str(proof.level))
    if after.level != before.level:
        tell_services(db, before, after, now)
    if before.level < Level.present <= after.level:
        _tell_offers(house, db, after.id, now)


def _tell_offers(house: House, db: Connection, person: str, now: datetime) -> None:
    for company in {one.id: one for _, one in companies_people.waiting_for(house, db, person, now)}.values():
        title = N_("%(company)s invites you to act for it")
        notices.tell(db, person, title, link="/companies", at=now, company=company.name)
    if offers.to(house, db, person, now):
        notices.tell(db, person, N_("You are offered a mandate to act for somebody"), link=offers.PAGE, at=now)


def tell_services(db: Connection, before: Person, after: Person, now: datetime) -> None:
    """Services that know the person hear that his level is another one (CAEP assurance-level-change)."""
    way = "increase" if after.level > before.level else "decrease"
    levels = {"current_level": acr(int(after.level)), "previous_level": acr(int(before.level))}
    announce(db, after.id, Event.assurance_level_change, now=now, namespace="yinxin", change_direction=way, **levels)
