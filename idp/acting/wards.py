"""Wards: children under fourteen by their parents, and whoever was given a guardian by a court. A register says so, never we.

A ward without an account has an entry of his own with his proved number: the same for both parents, found by its unique index.
His licenses and cases stand under it. When he proves the number in an account of his own, that account takes its place.
"""

import secrets
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from hub import behalf, ledger, limits, notices
from hub.house import House
from hub.i18n import N_
from hub.limits import Limit
from hub.problems import NotAllowed
from idp import attended, names, registers
from idp.acting import mandates
from idp.model.mandate import EVERYTHING, PERSON, Mandate, Role
from idp.model.person import AccountEnded, AccountNameTaken, Level, Person, Profile
from idp.model.realname import OFFICIAL, Form, RegisterLater, grown_up
from idp.model.ward import NotAChild, NotHisWard, NotOneself, OrderWrong
from idp.numbers import detect
from idp.numbers.person import PersonNumber
from idp.registers import Answer
from idp.store import mandates as store
from idp.store import people

PER_PERSON = Limit("wards", 6, 3600, guessing=True)
PER_NUMBER = Limit("wards-number", 10, 86_400, guessing=True)  # by one person: nobody blocks a child for its parents
LONGEST_ORDER = 60  # characters of an order's number
PAGE = "/account/mandates"
PATIENCE = 3  # questions in one hour that the register may leave without an answer
OF_REGISTER = (Role.parent, Role.guardian)


def add_child(house: House, person: str, name: str, number: str, *, now: datetime) -> Mandate:
    """Act for one's own child until it is fourteen. Doing it again renews nothing and harms nothing.

    Raises NameWrong, NumberWrong, NotAChild, NotHisWard, RegisterLater, TooMany; NotAllowed below level 3.
    """
    read, form, own = _asked(house, person, name, number, now)
    until = grown_up(read.born)
    if until <= now:
        raise NotAChild("Whoever is fourteen acts for himself")
    answer = registers.guardian(house, form, own, now)
    if not answer.match:
        raise NotHisWard("The register does not name you as a parent or guardian of this child")
    role = Role.guardian if answer.text("relation") == "guardian" else Role.parent
    return _keep(house, person, form, read, answer, role=role, matters=EVERYTHING, until=until, basis="", now=now)


def add_by_order(house: House, person: str, name: str, number: str, order: str, *, now: datetime) -> Mandate:
    """Act for somebody by the order of a court, in what it says and as long as it says.

    Raises NameWrong, NumberWrong, OrderWrong, NotHisWard, RegisterLater, TooMany; NotAllowed below level 3.
    """
    order = "".join(order.split())
    if not 1 <= len(order) <= LONGEST_ORDER or not order.isprintable():
        raise OrderWrong("An order has a number of 1 to %(most)s characters", most=LONGEST_ORDER)
    read, form, own = _asked(house, person, name, number, now)
    answer = registers.court_order(house, order, form, own, now)
    if not answer.match:
        raise NotHisWard("The register knows no order of this number for you and this person")
    matters, until = _ordered(answer)
    if until is not None and until <= now:
        raise OrderWrong("The order has run out")
    return _keep(
        house, person, form, read, answer, role=Role.guardian, matters=matters, until=until, basis=order, now=now
    )


def ask_again(house: House, mandate: Mandate, *, now: datetime) -> bool:
    """Ask the register whether a mandate that rests on it still stands; one that does not ends at once. Raises RegisterLater."""
    with house.database.read() as db:
        ward, own = _form_of(house, db, mandate.principal.removeprefix(PERSON)), _form_of(house, db, mandate.person)
    if mandate.basis:
        stands = registers.court_order(house, mandate.basis, ward, own, now).match
    else:
        stands = registers.guardian(house, ward, own, now).match
    if not stands:
        with house.database.write() as db:
            mandates.end(db, mandate, "the register does not name it any more", now)
    return stands


def ask_all_again(house: House, now: datetime) -> int:
    """Ask about those mandates that rest on a register and whose turn it is. Gives how many ended."""
    with house.database.read() as db:
        todo = due(db, now)
    ended = failed = 0
    for mandate in todo:
        try:
            ended += not ask_again(house, mandate, now=now)
        except RegisterLater:
            failed += 1
            if failed > PATIENCE:
                break  # it is down for all of them; tomorrow is another day
    return ended


def due(db: Connection, now: datetime) -> list[Mandate]:
    """The mandates about which the register is asked in this hour: each once a day, spread by their ids."""
    return [one for one in store.of_roles(db, OF_REGISTER, now) if int(one.id[:8], 16) % 24 == now.hour]


def warn(house: House, now: datetime) -> int:
    """Tell of mandates for persons that will end by their day, once; gives how many. Of a fourteenth birthday a month before."""
    with house.database.write() as db:
        soon = [one for one in store.to_warn(db, now, now + MONTH) if one.principal.startswith(PERSON)]
        ending = [one for one in soon if one.role is Role.parent or (one.until and one.until <= now + WEEK)]
        told = [one for one in ending if store.warned(db, one.id, now)]
        for one in told:
            assert one.until
            day = f"{(one.until - datetime.resolution).astimezone(OFFICIAL):%Y-%m-%d}"
            title = FOURTEEN if one.role is Role.parent else ENDS
            notices.tell(db, one.person, title, link=PAGE, at=now, day=day)
            notices.tell(db, one.principal.removeprefix(PERSON), ENDS_FOR_YOU, link=PAGE, at=now, day=day)
    return len(told)


MONTH, WEEK = timedelta(days=30), timedelta(days=7)
FOURTEEN = N_("A child for whom you act will be fourteen: you act for it up to and including %(day)s")
ENDS = N_("A mandate by which you act for somebody ends after %(day)s")
ENDS_FOR_YOU = N_("A mandate by which somebody acts for you ends after %(day)s")


# -- inside


def _asked(house: House, person: str, name: str, number: str, now: datetime) -> tuple[PersonNumber, Form, Form]:
    """The ward's number and form and one's own, once everything is in order that can be known without the register."""
    read = detect.read(number, now)
    form = Form(names.given(name), read.value)
    with house.database.read() as db:
        found = people.person(db, person)
        if found is None or found.level < Level.present:
            raise NotAllowed(
                "This needs a verified real name at level %(level)s", level=int(Level.present), extras={"level": 3}
            )
        if not found.usable:
            raise AccountEnded("The account cannot be used")
        own = _form_of(house, db, person)
    key = people.holder_key(house.vault, read.type_code, read.value)
    if key == found.holder_key:
        raise NotOneself("One needs no mandate for oneself")
    limits.check(house.shared, PER_PERSON, person)
    limits.check(house.shared, PER_NUMBER, f"{key} {person}")
    return read, form, own


def _keep(
    house: House,
    person: str,
    form: Form,
    read: PersonNumber,
    answer: Answer,
    *,
    role: Role,
    matters: tuple[str, ...],
    until: datetime | None,
    basis: str,
    now: datetime,
) -> Mandate:
    key = people.holder_key(house.vault, read.type_code, read.value)
    with house.database.write() as db:
        ward = people.by_holder(db, key) or _made(house, db, form, read, key, now)
        if not ward.usable:
            raise AccountEnded("There is an entry for this number that cannot be used")
        whom = f"{PERSON}{ward.id}"
        behalf.alone(db, whom)
        for one in store.not_over(db, whom, now):
            if (one.person, one.role, one.basis, one.matters, one.until) == (person, role, basis, matters, until):
                return one
        mandate = Mandate(secrets.token_hex(16), whom, person, role, now, matters, until, basis=basis)
        store.add(db, mandate)
        facts = {"mandate": mandate.id, "role": role.value, "register": answer.register}
        facts |= {"transaction": answer.transaction, "answer": answer.digest}
        ledger.wrote(db, "ward.added", ward.label, by=f"person:{person}", at=now, facts=facts)
        _tell(house, db, mandate, now)
    return mandate


def _tell(house: House, db: Connection, mandate: Mandate, now: datetime) -> None:
    """The ward, if he has an account, and whoever acts for him already, learn that one more may act for him."""
    ward = mandate.principal.removeprefix(PERSON)
    for other in {one.person for one in store.for_principal(db, mandate.principal, now)} - {mandate.person}:
        notices.tell(db, other, N_("One more person may act for somebody for whom you act"), link=PAGE, at=now)
    if not people.profile(db, house.vault, ward).account.startswith(attended.NO_ACCOUNT):
        notices.tell(db, ward, N_("Somebody may act for you from now on"), link=PAGE, at=now)


def _made(house: House, db: Connection, form: Form, read: PersonNumber, key: str, now: datetime) -> Person:
    """An entry for a ward who has no account: of two who come at once, the unique index lets one make it."""
    id = secrets.token_hex(16)
    made = Person(id, now, level=Level.matched, holder_key=key, proved=now)
    born = read.born.isoformat()
    profile = Profile(f"{attended.NO_ACCOUNT}{id}", form.name, read.value, read.type_code, born=born)
    try:
        people.add(db, house.vault, made, profile)
    except AccountNameTaken:  # of the number: the other parent was quicker
        found = people.by_holder(db, key)
        if found is None:
            raise
        return found
    ledger.wrote(db, "person.registered", made.label, by="guardian", at=now)
    return made


def _form_of(house: House, db: Connection, person: str) -> Form:
    return Form.of(people.profile(db, house.vault, person))


def _ordered(answer: Answer) -> tuple[tuple[str, ...], datetime | None]:
    """What an order lets somebody do, and until when: its last day counts. Raises RegisterLater for what we cannot read."""
    scope, last = answer.texts("scope"), answer.text("until")
    if not scope:
        raise RegisterLater("The register does not say what the order is for")
    try:
        until = datetime.combine(date.fromisoformat(last) + timedelta(days=1), time(), OFFICIAL) if last else None
    except (ValueError, OverflowError) as error:
        raise RegisterLater("The register does not say until when the order runs") from error
    return (EVERYTHING if "*" in scope else tuple(sorted(scope))), until
