"""Companies: the legal representative, at level 3, claims one by its unified code; the register says whether he is it.

When he changes, nobody whom the one before appointed acts for the company until the new one has confirmed it.
"""

import secrets
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from hub import behalf, ledger, limits, notices
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import NotAllowed
from idp import proofs, registers
from idp.acting import mandates
from idp.model.company import NotInForce
from idp.model.mandate import Mandate, Role
from idp.model.organization import NotRepresentative, Organization, OrganizationState
from idp.model.person import AccountEnded, Level, Person
from idp.model.realname import Evidence, Form, RegisterLater
from idp.numbers import unified_code
from idp.registers import Answer
from idp.store import mandates as mandate_store
from idp.store import organizations as store
from idp.store import people

log = structlog.get_logger("idp")
PER_PERSON = Limit("claim-company", 10, 3600, guessing=True)
STATES = {  # what the register calls the state of a registration
    "in-force": OrganizationState.active,
    "revoked": OrganizationState.revoked,
    "deregistered": OrganizationState.deregistered,
}


def claim(house: House, person_id: str, code: str, *, now: datetime) -> Organization:
    """Claim an organisation as its legal representative. Claiming again renews what the register says.

    Raises NumberWrong, NotRepresentative, NotInForce, RegisterLater; NotAllowed below level 3.
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
    if not person.usable:
        raise AccountEnded("The account cannot be used")
    answer = registers.representative(house, read.value, Form.of(profile), now)
    if answer.facts.get("representative") is not True:
        raise NotRepresentative("The register does not name you as its legal representative")
    made = Organization(read.value, _name(answer), holder_key(house, read.value), now)
    organization = replace(made, state=_state(answer), registration=_registration(answer), checked=now)
    with house.database.write() as db:
        behalf.alone(db, organization.code)
        before = store.organization(db, organization.code)
        if organization.state is not OrganizationState.active:
            if before is not None:
                _changed(db, before, organization.state, now)
        else:
            store.keep(db, organization)
            proofs.keep(db, _evidence(person, organization, answer, now))
            _represent(db, person, organization, before, now)
    if organization.state is not OrganizationState.active:
        raise NotInForce("The organisation %(name)s", name=organization.name)
    return organization


def holder_key(house: House, code: str) -> str:
    """The blind index by which licenses of an organisation are found."""
    return people.holder_key(house.vault, unified_code.TYPE_CODE, code)


def look_again(house: House, organization: Organization, now: datetime) -> OrganizationState:
    """Ask the register whether it still says what it said when the organisation was claimed. Raises RegisterLater."""
    with house.database.read() as db:
        mandate = representative(db, organization.code, now)
        profile = people.profile(db, house.vault, mandate.person) if mandate else None
    state = OrganizationState.suspended  # nobody represents it
    if profile is not None:
        answer = registers.representative(house, organization.code, Form.of(profile), now)
        if answer.facts.get("representative") is True:
            same = _registration(answer) == organization.registration
            state = _state(answer) if same or _state(answer) is not OrganizationState.active else state
    with house.database.write() as db:
        behalf.alone(db, organization.code)
        found = store.organization(db, organization.code)
        if found == organization:  # else it was claimed again while the register was asked
            _changed(db, replace(organization, checked=now), state, now)
    return state


def representative(db: Connection, code: str, now: datetime) -> Mandate | None:
    """The mandate of the legal representative, if somebody has claimed the organisation."""
    standing = mandate_store.for_principal(db, code, now)
    return next((one for one in standing if one.role is Role.legal_representative), None)


# -- inside


def _represent(
    db: Connection, person: Person, organization: Organization, before: Organization | None, now: datetime
) -> None:
    """One legal representative at a time; when he changes, every mandate from before waits for the new one."""
    standing = mandate_store.not_over(db, organization.code, now)
    if any(one.person == person.id and one.role is Role.legal_representative for one in standing):
        if before is not None and before.state is not OrganizationState.active:
            ledger.wrote(db, "organization.active", organization.label, by=person.label, at=now)
        return
    made = Mandate(secrets.token_hex(16), organization.code, person.id, Role.legal_representative, now)
    suspended = [_outlived(db, one, organization, now) for one in standing]
    mandate_store.add(db, made)
    facts = {"mandate": made.id, "role": made.role.value, "suspended": sum(suspended)}
    ledger.wrote(db, "organization.claimed", organization.label, by=person.label, at=now, facts=facts)


def _outlived(db: Connection, one: Mandate, organization: Organization, now: datetime) -> bool:
    """What becomes of a mandate when somebody else represents the organisation; True if it waits for him."""
    why = "the legal representative changed"
    mandates.stop(db, one, why, now)
    was_it = one.role is Role.legal_representative
    if was_it:
        mandate_store.end(db, one.ended_at(now, why))
        title = N_("You no longer represent %(company)s")
    else:
        mandate_store.suspend(db, one.id, now)
        title = N_("Your mandate for %(company)s waits until its new legal representative confirms it")
    facts = {"mandate": one.id, "role": one.role.value, "why": why}
    kind = "mandate.ended" if was_it else "mandate.suspended"
    ledger.wrote(db, kind, organization.label, by="register", at=now, facts=facts)
    notices.tell(db, one.person, title, link="/companies", at=now, company=organization.name)
    return not was_it


def _changed(db: Connection, organization: Organization, state: OrganizationState, now: datetime) -> None:
    """Keep what the register says now. If nobody may act for it any more, whoever does is stopped in the same step."""
    store.keep(db, replace(organization, state=state, checked=now))
    if state is organization.state:
        return
    ledger.wrote(db, f"organization.{state.value}", organization.label, by="register", at=now)
    standing = mandate_store.not_over(db, organization.code, now)
    for one in standing:
        if state is not OrganizationState.active:
            mandates.stop(db, one, f"the organisation is {state.value}", now)
    for person in sorted({one.person for one in standing}):
        link = f"/companies/{organization.code}"
        notices.tell(db, person, TOLD[state], link=link, at=now, company=organization.name)
    log.info("organization.changed", state=state.value)


TOLD = {
    OrganizationState.active: N_("The register confirms %(company)s: one can act for it again"),
    OrganizationState.suspended: N_(
        "The register of %(company)s has changed: nobody can act for it until its legal representative claims it again"
    ),
    OrganizationState.revoked: N_("%(company)s is revoked, says the register: nobody can act for it"),
    OrganizationState.deregistered: N_("%(company)s is deregistered, says the register: nobody can act for it"),
}


def _company(answer: Answer) -> dict[str, object]:
    company = answer.facts.get("company")
    if not isinstance(company, dict):
        raise RegisterLater("The register does not name the organisation")
    return company


def _name(answer: Answer) -> str:
    name = _company(answer).get("name")
    if not isinstance(name, str) or not name:
        raise RegisterLater("The register does not name the organisation")
    return name


def _state(answer: Answer) -> OrganizationState:
    """In force, or not; a word that we do not know is not taken for a yes."""
    return STATES.get(str(_company(answer).get("status", "in-force")), OrganizationState.suspended)


def _registration(answer: Answer) -> str:
    """By what the register knows this state of the registration, if it says so: the day of its last change."""
    said = _company(answer).get("registered", "")
    return said[:40] if isinstance(said, str) else ""


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
