"""What the population register says by now: whether a person lives, and under which name. Asked of all from time to time."""

from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from hub.house import House
from hub.problems import NotFound
from idp import names, registers
from idp.account import life
from idp.account.life import Authority, Proof
from idp.model.life import Act, Basis, Ground, NotNow, after
from idp.model.realname import Form, RegisterLater
from idp.registers import Answer
from idp.store import people
from idp.store import recheck as store

log = structlog.get_logger("idp")
EVERY = timedelta(days=30)  # nobody is asked about more often by the ticker
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
    authority = Authority(by, OFFICE, Basis(Ground.record, answer.transaction))
    with house.database.write() as db:
        store.checked(db, person_id, now)
        if found is Found.deceased:
            life.die(db, person_id, authority, now)
        elif found is Found.renamed:
            proof = Proof(answer.register, answer.transaction, answer.digest)
            life.rename(house, db, person_id, names.given(answer.text("name")), proof, authority, now)
    return found


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


def _meant(answer: Answer, name: str) -> Found:
    if not answer.match:
        return Found.unknown
    if answer.text("status") == "deceased":
        return Found.deceased
    said = answer.text("name")
    return Found.renamed if said and not names.same(said, name) else Found.same
