"""Accounts in the console: find one by exact name and number with a reason, look at it masked, ask a second person for an act.

Nobody browses: a record is open to whoever has just found it, for a short time, and to whoever has to decide on it. What was
asked for a person and by whom stands in the ledger; the person is told which body did what.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from admin import approvals
from admin.model.approval import Approval
from admin.model.person import NotFoundHere, NotOpened, Operation
from admin.store import approvals as approval_store
from hub import callers, ledger, limits, tree
from hub.callers import Caller
from hub.house import House
from hub.ledger import Event
from hub.limits import Limit
from idp import names, registers
from idp.account import life, locks, merge
from idp.account.life import Authority, NewRecord, Proof
from idp.attended import ServingOneself
from idp.model.life import Act, Basis, Ground, NotNow, after
from idp.model.person import Person
from idp.model.realname import Evidence, Form, NotMatched
from idp.numbers.rules import masked
from idp.realname import paper as papers
from idp.store import clients as client_store
from idp.store import grants as grant_store
from idp.store import life as life_store
from idp.store import mandates as mandate_store
from idp.store import people, proofs

KIND = "person"  # of approvals
NEW = "person-change"  # purpose in the vault
OPEN_SECONDS = 1800  # how long a found record is open to who found it
PER_OFFICER = Limit("people-search", 30, 3600, guessing=True)
WORTH = ("person.", "operator.", "evidence.", "organization.")  # kinds of events that a record shows


@dataclass(frozen=True)
class Record:
    """What an officer sees of an account: nothing in clear, nothing of what was granted to whom."""

    person: Person
    name: str  # masked
    number: str  # masked
    former: int
    evidence: list[Evidence]
    sessions: int
    services: int
    mandates: int
    merged: list[str]
    events: list[Event]
    waiting: list[Approval]
    may: tuple[Operation, ...]


# -- find and look


def find(house: House, form: Form, why: Basis, *, by: Caller, now: datetime) -> str:
    """The account with exactly this name and number; who looked, on which ground and document, stands in the ledger.

    Raises NotFoundHere, in the same words whichever of the two is wrong; NameWrong, NumberWrong, FieldWrong, TooMany.
    """
    limits.check(house.shared, PER_OFFICER, by.person or "")
    paper = papers.read(form, now)
    key = papers.key_of(house.vault, paper.form, paper.type_code)
    with house.database.write() as db:
        found = people.by_holder(db, key)
        fits = found is not None and _named(house, db, found.id, paper.form.name)
        subject = f"person:{found.id}" if found and fits else "person:unknown"
        facts = {"ground": why.ground.value, "document": why.document, "found": fits}
        ledger.wrote(db, "person.searched", subject, by=by.label, at=now, place=by.place, facts=facts)
    if found is None or not fits:
        raise NotFoundHere("Name and number together belong to no account")
    house.shared.put(_opened(by, found.id), "1", OPEN_SECONDS)
    return found.id


def record(house: House, person_id: str, *, by: Caller, now: datetime) -> Record:
    """A record for who has just found it, or has to decide on it. Raises NotOpened."""
    with house.database.read() as db:
        found = people.person(db, person_id)
        waiting = [one for one in approval_store.of_subject(db, KIND, f"person:{person_id}") if one.open_at(now)]
        deciding = any(tree.within(one.place, by.place) and "approve" in by.rights for one in waiting)
        if found is None or not (deciding or _is_open(house, by, found)):
            raise NotOpened("The record of this account is not open to you")
        profile = people.profile(db, house.vault, person_id)
        knows = grant_store.clients_of(db, person_id)
        return Record(
            found,
            masked_name(profile.name),
            masked(profile.number) if profile.number else "",
            len(life_store.former_of(db, house.vault, person_id)),
            proofs.evidence_of(db, person_id),
            len(callers.sessions(db, person_id, now)),
            len([one for one in knows if (client := client_store.client(db, one)) and not client.first_party]),
            len(mandate_store.held_by(db, person_id, now)),
            life_store.merged_into(db, person_id),
            _events(db, person_id),
            waiting,
            tuple(one for one in Operation if _possible(found, one)),
        )


def masked_name(name: str) -> str:
    """A name with all but its first character hidden."""
    return name[:1] + "*" * (len(name) - 1)


# -- ask


def ask(
    house: House,
    person_id: str,
    operation: Operation,
    why: Basis,
    *,
    form: Form | None = None,
    by: Caller,
    now: datetime,
) -> Approval:
    """Ask a second person for an act. What it writes anew is confirmed by the register now, and kept sealed until it is decided.

    Raises NotOpened, NotNow, NotProved, RegisterLater, NotMatched, ServingOneself.
    """
    record(house, person_id, by=by, now=now)  # open to him
    _not_himself(by, person_id)
    body: dict[str, Any] = {"operation": operation.value, "ground": why.ground.value, "document": why.document}
    new = _confirmed(house, form, now) if operation.needs_paper and form else None
    with house.database.write() as db:
        found = people.person(db, person_id)
        if found is None or not _possible(found, operation):
            raise NotNow("Its present state does not allow it")
        body["state"] = found.state.value
        if operation is Operation.merge:
            body["other"] = _other(house, db, form, person_id, now)
            _not_himself(by, body["other"])
        elif new:
            body |= {"new": _sealed(house, db, person_id, new), "register": new.proof.register}
        subject = f"person:{person_id}"
        return approvals.ask(db, KIND, subject, body, place=by.place, reason=why.document, by=by, now=now)


def carry(house: House, db: Connection, approval: Approval, by: Caller, now: datetime) -> None:
    """The second half of `ask`, in the commit of the decision."""
    person = approval.subject.removeprefix("person:")
    said = approval.body
    _not_himself(by, person, said.get("other", ""))
    place = tree.get(db, approval.place)
    why = Basis(Ground(said["ground"]), said["document"], approval.id)
    authority = Authority(by.label, f"{place.name} ({place.name_en})", why, approval.place)
    operation = Operation(said["operation"])
    if operation in (Operation.correct, Operation.renumber):
        verb = life.correct if operation is Operation.correct else life.renumber
        verb(house, db, person, _new(house, db, person, said["new"], now), authority, now)
    elif operation is Operation.merge:
        merge.join_by_office(db, person, said["other"], authority, now)
    elif operation is Operation.separate:
        merge.separate(db, person, authority, now)
    else:
        PLAIN[operation](db, person, authority, now)


PLAIN = {
    Operation.suspend: life.suspend,
    Operation.reinstate: life.reinstate,
    Operation.death: life.die,
    Operation.revive: life.revive,
    Operation.stop: life.stop_all,
    Operation.unlock: locks.unlock_by_office,
}
approvals.carries(KIND, carry)


def wanted(house: House, approval: Approval, now: datetime) -> tuple[str, str]:
    """The new name and number that somebody asks for, masked, for who decides."""
    person = approval.subject.removeprefix("person:")
    if "new" not in approval.body:
        return "", ""
    with house.database.read() as db:
        form = _new(house, db, person, approval.body["new"], now).paper.form
    return masked_name(form.name), masked(form.number)


# -- inside


def _not_himself(by: Caller, *persons: str) -> None:
    """Nobody asks for an act on his own account, or decides on one. Raises ServingOneself."""
    if by.person in persons:
        raise ServingOneself


def _possible(person: Person, operation: Operation) -> bool:
    if operation is Operation.merge and not person.usable:
        return False
    try:
        after(person.state, Act(operation.act), person.before)
    except NotNow:
        return False
    return True


def _named(house: House, db: Connection, person: str, name: str) -> bool:
    known = [people.profile(db, house.vault, person).name]
    known += [one.text for one in life_store.former_of(db, house.vault, person) if one.what == "name"]
    known += [people.profile(db, house.vault, one).name for one in life_store.merged_into(db, person)]
    return any(names.same(name, one) for one in known if one)


def _confirmed(house: House, form: Form, now: datetime) -> NewRecord:
    paper = papers.read(form, now)
    answer = registers.match(house, paper.form, now)
    if not answer.match:
        raise NotMatched("The register does not confirm name and number")
    return NewRecord(paper, Proof(answer.register, answer.transaction, answer.digest))


def _other(house: House, db: Connection, form: Form | None, person: str, now: datetime) -> str:
    """The account that is to go into this one. Raises NotFoundHere."""
    paper = papers.read(form or Form("", ""), now)
    other = people.by_holder(db, papers.key_of(house.vault, paper.form, paper.type_code))
    if other is None or other.id == person or not _named(house, db, other.id, paper.form.name):
        raise NotFoundHere("Name and number together belong to no account")
    return other.id


def _sealed(house: House, db: Connection, person: str, new: NewRecord) -> str:
    said = {"form": new.paper.form.kept, "proof": vars(new.proof)}
    return base64.b64encode(house.vault.encrypt(db, person, json.dumps(said).encode(), NEW)).decode()


def _new(house: House, db: Connection, person: str, sealed: str, now: datetime) -> NewRecord:
    said = json.loads(house.vault.decrypt(db, person, base64.b64decode(sealed), NEW))
    return NewRecord(papers.read(Form(**said["form"]), now), Proof(**said["proof"]))


def _events(db: Connection, person: str) -> list[Event]:
    found = ledger.events(db, subject=f"person:{person}", limit=200)
    return [one for one in found if one.kind.startswith(WORTH)][:20]


def _is_open(house: House, by: Caller, person: Person) -> bool:
    """Whether an officer has just found this account, or the one into which it went."""
    ids = (person.id, person.merged_into) if person.merged_into else (person.id,)
    return any(house.shared.peek(_opened(by, one)) for one in ids)


def _opened(by: Caller, person: str) -> str:
    return f"admin:person:{by.person}:{person}"
