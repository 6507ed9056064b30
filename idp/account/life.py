"""What becomes of an account: suspend, reinstate, a death, another name or number, and the one way to end all that runs in it.

Each is one step in the caller's transaction: the state, its evidence, a line in the ledger, a notice to the person and to those
who act for him by law, and an event to every service that knows him. What an authority does takes two of its operators; they
decide in the console, which calls these verbs.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub import ledger, notices
from hub.house import House
from hub.i18n import N_
from hub.problems import NotFound
from hub.tree import ROOT
from idp import proofs
from idp.account.announce import Event, announce
from idp.acting import companies_left, mandates
from idp.model.life import Act, Basis, Former, NotNow, after
from idp.model.mandate import PERSON
from idp.model.person import Level, Person, State
from idp.model.realname import Evidence
from idp.provider import logout, revoke
from idp.realname import ageing
from idp.realname import paper as papers
from idp.realname.paper import Paper
from idp.store import life as store
from idp.store import mandates as mandate_store
from idp.store import people

ACCOUNT = "/account"  # where notices lead
OWNER = "owner"  # the reason of a lock that the owner set


@dataclass(frozen=True)
class Authority:
    """Who acts by office: `by` names him to the ledger, `office` names the body, never the officer, to the person."""

    by: str
    office: str
    basis: Basis
    place: str = ROOT


@dataclass(frozen=True)
class Proof:
    """What a register answered: which one, under which transaction, by the digest of the answer."""

    register: str
    transaction: str
    digest: str


@dataclass(frozen=True)
class NewRecord:
    """A paper whose name and number a register has confirmed together."""

    paper: Paper
    proof: Proof


# -- what an authority does


def suspend(db: Connection, person: str, authority: Authority, now: datetime) -> Person:
    """Let nobody use an account until it is reinstated. Raises NotNow."""
    then = _changed(db, person, Act.suspend, authority.basis.ground.value, now)
    _record(db, then, "person.suspended", Act.suspend, authority, now)
    announce(db, person, Event.account_disabled, now=now)
    stop(db, person, "account suspended", now)
    companies_left.wait(db, person, "the account of who appointed him was suspended", by=authority.by, now=now)
    _tell(db, person, N_("%(office)s has suspended your account. Document: %(document)s"), authority, now)
    return then


def reinstate(db: Connection, person: str, authority: Authority, now: datetime) -> Person:
    """Let an account be used again; a lock that its owner had set is still set. Raises NotNow."""
    then = _changed(db, person, Act.reinstate, authority.basis.ground.value, now)
    _record(db, then, "person.reinstated", Act.reinstate, authority, now)
    if then.usable:
        announce(db, person, Event.account_enabled, now=now)
    _tell(db, person, N_("%(office)s has reinstated your account. Document: %(document)s"), authority, now)
    return then


def die(db: Connection, person: str, authority: Authority, now: datetime) -> Person:
    """A register or a document says that the person has died: nobody acts as him or for him any more. Raises NotNow."""
    then = _changed(db, person, Act.death, authority.basis.ground.value, now)
    _record(db, then, "person.deceased", Act.death, authority, now)
    announce(db, person, Event.account_disabled, now=now)
    announce(db, person, Event.person_deceased, now=now)
    _tell(db, person, N_("%(office)s has recorded a death. Document: %(document)s"), authority, now)
    stop(db, person, "person deceased", now, mandates_too=True)
    return then


def revive(db: Connection, person: str, authority: Authority, now: datetime) -> Person:
    """The report of a death was wrong. The account is as it was before; mandates that ended are given anew. Raises NotNow."""
    then = _changed(db, person, Act.revive, authority.basis.ground.value, now)
    _record(db, then, "person.revived", Act.revive, authority, now)
    if then.usable:
        announce(db, person, Event.account_enabled, now=now)
    _tell(
        db, person, N_("%(office)s has taken back a wrong record of your death. Document: %(document)s"), authority, now
    )
    return then


def stop_all(db: Connection, person: str, authority: Authority, now: datetime) -> Person:
    """End every session and whatever was granted; the person signs in anew. Raises NotNow."""
    then = _changed(db, person, Act.stop, "", now)
    _record(db, then, "person.stopped", Act.stop, authority, now)
    stop(db, person, "ended by an authority", now)
    _tell(db, person, N_("%(office)s has ended all your sign-ins. Document: %(document)s"), authority, now)
    return then


# -- another name, another number, a correction


def rename(
    house: House, db: Connection, person: str, name: str, proof: Proof, authority: Authority, now: datetime
) -> None:
    """The register has another name for the same number: it takes the place of the old one, which is kept as a former name.

    Licenses keep the name under which they were issued: they are papers of their day.
    """
    then = _changed(db, person, Act.rename, "", now)
    profile = people.profile(db, house.vault, person)
    store.keep_former(db, house.vault, person, Former("name", profile.name, now, Act.rename.value))
    people.keep_profile(db, house.vault, person, replace(profile, name=name))
    _record(db, then, "person.renamed", Act.rename, authority, now, proof)
    announce(db, person, Event.name_changed, now=now)
    _tell(
        db,
        person,
        N_("%(office)s has recorded your new name. Your licenses keep the name of their day"),
        authority,
        now,
    )


def renumber(house: House, db: Connection, person: str, new: NewRecord, authority: Authority, now: datetime) -> None:
    """Another number of the same person takes the place of the old one, under which his licenses are still found.

    Raises NumberTaken when the new one is somebody else's account: then those two are merged first.
    """
    then = _changed(db, person, Act.renumber, "", now)
    old = people.profile(db, house.vault, person)
    key = _own(house, db, then, new, now)
    if old.number:
        store.keep_former(db, house.vault, person, Former("number", old.number, now, Act.renumber.value))
    former = tuple(one for one in (then.holder_key, *then.former_keys) if one and one != key)
    people.set_keys(db, person, key, former)
    _put(house, db, then, new, Act.renumber, authority, now)
    announce(db, person, Event.number_changed, now=now)
    _tell(db, person, N_("%(office)s has recorded your new number. Your licenses stay yours"), authority, now)


def correct(house: House, db: Connection, person: str, new: NewRecord, authority: Authority, now: datetime) -> None:
    """What stood there was never right: name and number as they are, and nothing of the wrong ones is kept.

    A number that was somebody else's is free for him; licenses under it are his. Raises NumberTaken.
    """
    then = _changed(db, person, Act.correct, "", now)
    key = _own(house, db, then, new, now)
    if then.holder_key and then.holder_key != key:
        store.drop_keys(db, person, then.holder_key)
    people.set_keys(db, person, key, tuple(one for one in then.former_keys if one != key))
    if then.holder_key != key and then.level > Level.matched:  # the face was compared with somebody else's record
        ageing.prove_anew(house, db, person, why="corrected", now=now, to=Level.matched)
    _put(house, db, then, new, Act.correct, authority, now)
    announce(db, person, Event.name_changed, now=now, corrected=True)
    announce(db, person, Event.number_changed, now=now, corrected=True)
    _tell(db, person, N_("%(office)s has corrected your name or number. Document: %(document)s"), authority, now)


# -- ending what runs


def stop(db: Connection, person: str, why: str, now: datetime, *, mandates_too: bool = False) -> None:
    """End every session of a person and revoke everything that he granted, offline access too.

    With `mandates_too` also what he may do for others, what he passed on of it, and what others may do for him: he has died, or
    the account was nobody's. All in the caller's transaction.
    """
    mandates.quiet(db, person, now)
    logout.end(db, now, person=person, why=why)
    revoke.of_person(db, person, why=why, now=now)
    if mandates_too:
        _end_mandates(db, person, why, now)


def _end_mandates(db: Connection, person: str, why: str, now: datetime) -> None:
    mine = mandate_store.held_by(db, person, now) + mandate_store.not_over(db, f"{PERSON}{person}", now)
    for one in sorted(mine, key=lambda one: one.principal):  # in one order, so that no two wait for each other
        found = mandate_store.mandate(db, one.id)
        if found is None or found.ended is not None:  # by the end of one above it
            continue
        if found.principal.startswith(PERSON):
            mandates.end(db, found, why, now)
        else:
            companies_left.end(db, found, why, by="accounts", now=now)


# -- inside


def _changed(db: Connection, person_id: str, act: Act, why: str, now: datetime) -> Person:
    """The person after an act, over the state that was seen. Raises NotNow, also when somebody else was quicker."""
    person = people.person(db, person_id)
    if person is None:
        raise NotFound("There is no such account")
    state, before = after(person.state, act, person.before)
    if state is person.state:
        return person
    why = OWNER if state is State.locked else why  # who had locked it can unlock it
    if not people.set_state(db, person_id, state, why=why, at=now, over=person.state, before=before):
        raise NotNow("Somebody was quicker")
    return replace(person, state=state, before=before, why=why, changed=now)


def _record(
    db: Connection, person: Person, kind: str, act: Act, authority: Authority, now: datetime, proof: Proof | None = None
) -> None:
    """The evidence and the line in the ledger. The decision of two, or the register's transaction, counts once."""
    basis = authority.basis
    named = proof or Proof("console", f"{basis.approval or now.isoformat()} {act.value} {person.id}", "")
    proofs.keep(
        db,
        Evidence(
            person=person.id,
            method=act.value,
            level=int(Level.matched if proof else Level.stated),  # what an authority does proves no level
            register=named.register,
            transaction=named.transaction,
            score_band="",
            answer_digest=named.digest,
            at=now,
            source="population" if proof else "office",
            kind=basis.ground.value,
            agent=authority.by,
        ),
    )
    facts: dict[str, Any] = basis.facts | {"state": person.state.value}
    if proof:
        facts |= {"register": proof.register, "transaction": proof.transaction}
    ledger.wrote(db, kind, person.label, by=authority.by, at=now, place=authority.place, facts=facts)


def _own(house: House, db: Connection, person: Person, new: NewRecord, now: datetime) -> str:
    """The key of the new number, which is this person's from now on. Raises NumberTaken."""
    key = papers.key_of(house.vault, new.paper.form, new.paper.type_code)
    store.take_key(db, key, person.id, now)
    return key


def _put(
    house: House, db: Connection, person: Person, new: NewRecord, act: Act, authority: Authority, now: datetime
) -> None:
    """Write name and number anew; sessions and tokens that know him by the old ones end."""
    form, profile = new.paper.form, people.profile(db, house.vault, person.id)
    fresh = replace(profile, name=form.name, number=form.number, number_type=new.paper.type_code, country=form.country)
    people.keep_profile(db, house.vault, person.id, replace(fresh, born=new.paper.born.isoformat()))
    people.raise_level(db, person.id, Level.matched, now)
    kind = "person.renumbered" if act is Act.renumber else "person.corrected"
    _record(db, person, kind, act, authority, now, new.proof)
    stop(db, person.id, "name or number changed", now)


def _tell(db: Connection, person: str, title: str, authority: Authority, now: datetime) -> None:
    """Tell the person which body did what, and those who act for him that they should look."""
    said = {"office": authority.office, "document": authority.basis.document}
    notices.tell(db, person, title, link=ACCOUNT, at=now, **said)
    for one in mandate_store.not_over(db, f"{PERSON}{person}", now):
        changed = N_("Something has changed in the account of a person for whom you act. Ask %(office)s")
        notices.tell(db, one.person, changed, link=ACCOUNT, at=now, office=authority.office)
