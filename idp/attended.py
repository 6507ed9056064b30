"""Identified at a counter: an officer saw the person and the document, and the register confirms name and number.

That is the highest level (4), for the visit at the counter. An account that somebody has already keeps its own level: whoever
stands at the counter has shown who he is, not that this account is his. That he shows by a code (`idp.realname.attend`).
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, limits
from hub.callers import Caller
from hub.house import House
from hub.limits import Limit
from hub.problems import NotAllowed
from idp import proofs, registers
from idp.acting import companies, handover, mandates
from idp.login import session
from idp.model.mandate import PERSON, NoMandate, Principal
from idp.model.person import AccountEnded, AccountNameTaken, Level, Person, Profile, State
from idp.model.realname import Evidence, Form, NotMatched
from idp.numbers import detect
from idp.numbers.rules import NumberWrong
from idp.realname import paper as papers
from idp.realname.paper import Paper
from idp.registers import Answer
from idp.store import people as store

METHOD = "counter"
VISIT = "visit"  # evidence of who stood at the counter; it gives no level to the account that has the same number
NO_ACCOUNT = "counter:"  # begins what stands for an account name that nobody can type: a colon is not allowed in one
PER_OFFICER = Limit("counter", 60, 3600)
PER_NUMBER = Limit("counter-number", 10, 86_400)  # by one officer: no officer blocks a number for the others


class ServingOneself(NotAllowed):
    """An officer does not serve himself."""

    title = "You cannot serve yourself"
    advice = "Ask a colleague, or use your own pages like everybody else."


def identify(
    house: House,
    name: str,
    number: str,
    *,
    country: str = "",
    born: str = "",
    visit: str,
    document: str,
    by: Caller,
    now: datetime,
) -> Person:
    """The person with this name and number, made if there is none; the evidence names visit, document and officer.

    Raises NameWrong, NumberWrong, PaperIncomplete, FieldWrong, NeedsGuardian, NotMatched, RegisterLater, ServingOneself.
    """
    seen = saw(house, Form(name, number, country, born), by=by, now=now)
    with house.database.write() as db:
        person = store.by_holder(db, seen.key) or _made(house, db, seen.paper, seen.key, now)
        if person.state is State.deceased:
            raise AccountEnded("The account cannot be used")
        has_account = not store.profile(db, house.vault, person.id).account.startswith(NO_ACCOUNT)
        method = VISIT if has_account else METHOD  # of an account it proves nothing: see above
        proofs.keep(db, replace(seen.evidence(person.id, document, by, now), method=method))
        facts = {"method": method, "level": int(Level.attended), "register": seen.answer.register, "document": document}
        facts |= {"transaction": seen.answer.transaction, "answer": seen.answer.digest, "visit": visit}
        ledger.wrote(db, "person.proved", person.label, by=by.label, at=now, facts=facts)
    return person


@dataclass(frozen=True)
class Seen:
    """What an officer saw on a document, as the register confirms it."""

    paper: Paper
    key: str
    answer: Answer

    def evidence(self, person: str, document: str, by: Caller, now: datetime) -> Evidence:
        """The evidence that it is, of a person."""
        level = Level.attended
        return proofs.of(
            self.answer, person, METHOD, level, now, kind=document or self.paper.kind.value, agent=by.label
        )


def saw(house: House, form: Form, *, by: Caller, now: datetime) -> Seen:
    """Name and number as they stand on the document, checked by the rules, the limits and the register.

    Raises NameWrong, NumberWrong, PaperIncomplete, FieldWrong, NeedsGuardian, NotMatched, RegisterLater, ServingOneself, TooMany.
    """
    paper = papers.grown_up(papers.read(form, now), now)
    key = papers.key_of(house.vault, paper.form, paper.type_code)
    _not_himself(house, by, key)
    limits.check(house.shared, PER_OFFICER, by.person or "")
    limits.check(house.shared, PER_NUMBER, f"{key} {by.person}")
    answer = registers.match(house, paper.form, now)
    if not answer.match:
        raise NotMatched("The register does not confirm name and number")
    return Seen(paper, key, answer)


def visitor(house: House, person: Person, company: str, *, now: datetime) -> Caller:
    """The person as caller for the length of a visit, for himself or for whom he may act.

    `company` is a unified code, or the number of a person: of a child, of a ward, of a relative.
    Raises NoMandate, NotRepresentative, NumberWrong, RegisterLater.
    """
    keys = session.keys_of(person)
    himself = Caller(person=person.id, level=int(Level.attended), amr=(METHOD,), auth_time=now, holder_keys=keys)
    if not company:
        return himself
    if ward := _ward(house, company, now):
        with house.database.read() as db:
            _, principal = mandates.standing(house, db, person.id, ward, now)
        return replace(himself, acting_for=principal.id, holder_keys=session.keys_of(principal))
    try:
        with house.database.read() as db:
            _, principal = mandates.standing(house, db, person.id, company, now)
    except NoMandate:
        if person.level < Level.present or not person.usable:  # nobody knows whose account it is, or nobody may use it
            raise
        claimed = companies.claim(house, person.id, company, now=now)
        principal = Principal(claimed.code, claimed.name, claimed.holder_key)
    return replace(himself, acting_for=principal.id, holder_keys=session.keys_of(principal))


def _ward(house: House, number: str, now: datetime) -> str:
    """The id of a person as principal, if this is the number of one. Raises NoMandate for somebody whom nobody knows."""
    try:
        read = detect.read(number, now)
    except NumberWrong:
        return ""  # a unified code has as many characters, and rules of its own
    with house.database.read() as db:
        found = store.by_holder(db, store.holder_key(house.vault, read.type_code, read.value))
    if found is None:
        raise NoMandate("There is no mandate for it, or it has ended")
    return f"{PERSON}{found.id}"


def make_way(house: House, db: Connection, holder_key: str, person: str, now: datetime) -> None:
    """Free a number that a counter had noted for somebody without an account: now he has one, and proves the number there."""
    standing = store.by_holder(db, holder_key)
    if standing is None or standing.id == person:
        return
    if store.profile(db, house.vault, standing.id).account.startswith(NO_ACCOUNT):
        handover.take(db, standing, person, now)


def _made(house: House, db: Connection, paper: Paper, key: str, now: datetime) -> Person:
    id, form = secrets.token_hex(16), paper.form
    more = {"country": form.country, "born": form.born}
    made = Person(id, now, level=Level.attended, holder_key=key, proved=now)
    try:
        profile = Profile(f"{NO_ACCOUNT}{id}", form.name, form.number, paper.type_code, **more)
        store.add(db, house.vault, made, profile)
    except AccountNameTaken:  # of the number: another counter was quicker
        found = store.by_holder(db, key)
        if found is None:
            raise
        return found
    ledger.wrote(db, "person.registered", made.label, by="counter", at=now)
    return made


def _not_himself(house: House, by: Caller, key: str) -> None:
    with house.database.read() as db:
        officer = store.person(db, by.person or "")
        served = store.by_holder(db, key)
    if (officer and officer.holder_key == key) or (served and served.id == by.person):
        raise ServingOneself
