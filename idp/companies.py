"""Companies: the legal representative, at level 3, claims one by its unified code; the register says whether he is it."""

import secrets
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, limits
from hub.house import House
from hub.limits import Limit
from hub.problems import NotAllowed
from idp import mandates, registers
from idp.model.mandate import Mandate, Role
from idp.model.organization import NotRepresentative, Organization
from idp.model.person import Level, Person
from idp.model.realname import Evidence, Form, RegisterLater
from idp.numbers import unified_code
from idp.registers import Answer
from idp.store import mandates as mandate_store
from idp.store import organizations as store
from idp.store import people

PER_PERSON = Limit("claim-company", 10, 3600, guessing=True)


def claim(house: House, person_id: str, code: str, *, now: datetime) -> Organization:
    """Claim an organisation as its legal representative. Claiming again renews what the register says.

    Raises NumberWrong, NotRepresentative, RegisterLater; NotAllowed below level 3.
    """
    read = unified_code.read(code)
    limits.check(house.shared, PER_PERSON, person_id)
    with house.database.read() as db:
        person = people.person(db, person_id)
        profile = people.profile(db, house.vault, person_id)
    if person is None or person.level < Level.present:
        raise NotAllowed(
            "This needs a verified real name at level %(level)s", level=int(Level.present), extras={"level": 3}
        )
    answer = registers.representative(house, read.value, Form(profile.name, profile.number), now)
    if answer.facts.get("representative") is not True:
        raise NotRepresentative("The register does not name you as its legal representative")
    organization = Organization(read.value, _name(answer), holder_key(house, read.value), now)
    with house.database.write() as db:
        store.keep(db, organization)
        people.keep_evidence(db, _evidence(person, organization, answer, now))
        _give_mandate(db, person, organization, now)
    return organization


def holder_key(house: House, code: str) -> str:
    """The blind index by which licenses of an organisation are found."""
    return people.holder_key(house.vault, unified_code.TYPE_CODE, code)


def _give_mandate(db: Connection, person: Person, organization: Organization, now: datetime) -> None:
    """One legal representative at a time; when he changes, every mandate from before is over."""
    standing = mandate_store.for_principal(db, organization.code, now)
    if any(mandate.person == person.id and mandate.role is Role.legal_representative for mandate in standing):
        return
    for mandate in standing:
        mandates.end(db, mandate, "the legal representative changed", now)
    mandate = Mandate(secrets.token_hex(16), organization.code, person.id, Role.legal_representative, now)
    mandate_store.add(db, mandate)
    facts = {"mandate": mandate.id, "role": mandate.role.value, "ended": len(standing)}
    ledger.wrote(db, "organization.claimed", organization.label, by=person.label, at=now, facts=facts)


def _name(answer: Answer) -> str:
    company = answer.facts.get("company")
    name = company.get("name") if isinstance(company, dict) else None
    if not isinstance(name, str) or not name:
        raise RegisterLater("The register does not name the organisation")
    return name


def _evidence(person: Person, organization: Organization, answer: Answer, now: datetime) -> Evidence:
    return Evidence(
        person=person.id,
        method="representative",
        level=int(person.level),
        register=answer.register,
        transaction=answer.transaction,
        score_band="",
        answer_digest=answer.digest,
        at=now,
        about=organization.code,
    )
