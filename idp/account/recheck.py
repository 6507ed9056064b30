"""What the population register says by now: whether a person lives, and under which name. Asked of all from time to time."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from hub import limits
from hub.house import House
from hub.limits import Limit
from hub.problems import NotFound
from idp import names, registers
from idp.account import life
from idp.account.life import Authority, Proof
from idp.model.life import Act, Basis, Ground, NotNow, after
from idp.model.person import Profile
from idp.model.realname import Form, RegisterLater
from idp.realname import ageing
from idp.registers import Answer
from idp.store import people
from idp.store import recheck as store

log = structlog.get_logger("idp")
EVERY = timedelta(days=30)  # nobody is asked about more often by the ticker
BY_HIMSELF = Limit("register-asked", 5, 86_400)
BATCH = 20  # of one run: the register is not ours to load
OFFICE = "人口登记 / Population register"


class Found(StrEnum):
    """What a question to the register led to."""

    same = "same"
    renamed = "renamed"
    deceased = "deceased"
    unknown = "unknown"  # the register does not know name and number (any more)


def recheck(house: House, person_id: str, *, now: datetime, by: str = "register") -> Found:
    """Ask about one person and do what follows. The question is put with no transaction open.

    Raises NotFound, NotNow for an account that nothing can happen to, RegisterLater.
    """
    with house.database.read() as db:
        person = people.person(db, person_id)
        if person is None or not person.holder_key:
            raise NotFound("There is no such account")
        after(person.state, Act.rename, person.before)
        profile = people.profile(db, house.vault, person_id)
    answer = registers.civil_status(house, Form.of(profile), now)
    found = _meant(answer, profile.name)
    confirmed = found is not Found.renamed or _confirmed(house, profile, answer, now)
    authority = Authority(by, OFFICE, Basis(Ground.record, answer.transaction))
    with house.database.write() as db:
        store.checked(db, person_id, now)
        if found is Found.deceased:
            life.die(db, person_id, authority, now)
        elif found is Found.renamed:
            proof = Proof(answer.register, answer.transaction, answer.digest)
            life.rename(house, db, person_id, names.given(answer.text("name")), proof, authority, now)
            if not confirmed:  # the face and the paper were those of the old name
                ageing.prove_anew(house, db, person_id, why="name-changed", now=now)
    return found


def by_himself(house: House, person_id: str, *, now: datetime) -> Found:
    """Ask because the person says that something has changed. Raises TooMany, and what `recheck` raises."""
    limits.check(house.shared, BY_HIMSELF, person_id)
    return recheck(house, person_id, now=now, by=f"person:{person_id}")


def some(house: House, now: datetime) -> int:
    """Ask about those whose turn it is, a bounded number of them; says about how many. A register that is silent ends the run."""
    with house.database.read() as db:
        due = store.due(db, now - EVERY, BATCH)
    for done, person in enumerate(due):
        try:
            found = recheck(house, person, now=now)
        except RegisterLater:
            log.info("recheck.later", done=done)
            return done
        except (NotNow, NotFound):
            continue
        if found is not Found.same:
            log.info("recheck.found", found=found.value)
    return len(due)


def _confirmed(house: House, profile: Profile, answer: Answer, now: datetime) -> bool:
    """Whether the register confirms the new name with the number anew: then the level stays."""
    form = replace(Form.of(profile), name=names.given(answer.text("name")))
    return registers.match(house, form, now).match


def _meant(answer: Answer, name: str) -> Found:
    if not answer.match:
        return Found.unknown
    if answer.text("status") == "deceased":
        return Found.deceased
    said = answer.text("name")
    return Found.renamed if said and not names.same(said, name) else Found.same
