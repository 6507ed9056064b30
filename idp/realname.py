"""The one-time real-name verification.

Name and number give level 2, a live check gives level 3; each step asks only what is missing.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, limits
from hub.house import House
from hub.limits import Limit
from hub.problems import NotFound
from hub.steps import step
from idp import attended, names, registers
from idp.model.person import Level, Person, Profile
from idp.model.realname import (
    GUARDIAN_AGE,
    Evidence,
    Form,
    LiveCheckFailed,
    NeedsGuardian,
    NotMatched,
    RegisterLater,
    Stage,
    Verification,
    WrongStep,
    age,
)
from idp.numbers import detect
from idp.numbers.person import PersonNumber
from idp.registers import Answer
from idp.store import people as store

PER_PERSON = Limit("realname", 6, 3600, guessing=True)
PER_NUMBER = Limit("realname-number", 10, 86_400, guessing=True)  # from whatever account


@dataclass(frozen=True)
class Status:
    """Where a person stands, for pages: the level, the kept form, and whether the register has to be asked again."""

    person: Person
    profile: Profile
    stage: Stage
    form: Form | None


def status(house: House, person_id: str) -> Status:
    """What the page about the real name shows."""
    with house.database.read() as db:
        person, profile, verification = _load(house, db, person_id)
    return Status(
        person,
        profile,
        verification.stage if verification else Stage.begun,
        verification.form if verification else None,
    )


def match(house: House, person_id: str, name: str, number: str, *, now: datetime) -> Person:
    """Name and number, compared by the register: level 2. Gives the person as he stands now.

    Raises NameWrong, NumberWrong, NeedsGuardian, NotMatched, NumberTaken; RegisterLater, and then the form is kept.
    """
    read = _grown_up(detect.read(number, now), now)
    form = Form(names.given(name), read.value)
    key = store.holder_key(house.vault, read.type_code, read.value)
    limits.check(house.shared, PER_PERSON, person_id)
    limits.check(house.shared, PER_NUMBER, key)
    before = _note(house, person_id, form, Stage.begun, now)
    try:
        answer = registers.match(house, form, now)
    except RegisterLater:
        _note(house, person_id, form, Stage.later, now, over=before)
        step(house, "realname", "later")
        raise
    if not answer.match:
        step(house, "realname", "not-matched")
        raise NotMatched("The register does not confirm name and number")
    proved = _matched(house, person_id, before, form, read, key, answer, now)
    step(house, "realname", "matched")
    return proved


def begin_live_check(house: House, person_id: str, return_url: str, *, now: datetime) -> str:
    """The address of the live check, for a person at level 2. Raises WrongStep, RegisterLater."""
    with house.database.read() as db:
        person, profile, verification = _load(house, db, person_id)
    if person.level < Level.matched or verification is None:
        raise WrongStep("Name and number come first")
    answer = registers.begin_live_check(house, _form(profile), return_url, now)
    page, check = answer.text("page"), answer.text("check")
    if not answer.match or not check or not page.startswith(f"{house.settings.register_url}/"):
        raise RegisterLater("The register cannot check this person just now")
    with house.database.write() as db:
        store.keep_verification(db, house.vault, verification.moved(Stage.live, now, check=check), over=verification)
    step(house, "realname", "live-begun")
    return page


def end_live_check(house: House, person_id: str, *, now: datetime) -> Person:
    """Fetch how the live check ended: level 3, or LiveCheckFailed. What the browser says about it does not count."""
    with house.database.read() as db:
        person, profile, verification = _load(house, db, person_id)
    if verification is None or verification.stage is not Stage.live:
        raise WrongStep("No live check is under way")
    answer = registers.live_check(house, _form(profile), verification.check, now)
    if answer.text("outcome") == "open":
        raise WrongStep("The live check has not ended yet")
    if not answer.match:
        with house.database.write() as db:
            store.keep_verification(
                db, house.vault, verification.moved(Stage.matched, now, check=""), over=verification
            )
        step(house, "realname", "live-failed")
        raise LiveCheckFailed("The face was not recognised, or the check was cancelled")
    proof = _evidence(person_id, "live", Level.present, answer, now)
    with house.database.write() as db:
        store.keep_verification(db, house.vault, verification.moved(Stage.done, now, check=""), over=verification)
        store.keep_evidence(db, proof)
        store.raise_level(db, person_id, Level.present, now)
        _tell(db, person, proof, now)
    step(house, "realname", "live-passed")
    return replace(person, level=max(person.level, Level.present), proved=now)


def forget_form(house: House, person_id: str, *, now: datetime) -> None:
    """Drop a form that was kept for later."""
    with house.database.write() as db:
        verification = store.verification(db, house.vault, person_id)
        if verification and verification.stage is Stage.later:
            store.keep_verification(db, house.vault, verification.moved(Stage.begun, now, form=None), over=verification)


# -- inside


def _matched(house: House, person_id: str, before: Verification, form: Form, read: PersonNumber, key: str, answer: Answer,
             now: datetime) -> Person:  # fmt: skip
    proof = _evidence(person_id, "match", Level.matched, answer, now)
    with house.database.write() as db:
        person, profile, _ = _load(house, db, person_id)
        proved = replace(person, holder_key=key, level=max(person.level, Level.matched), proved=now)
        full = replace(profile, name=form.name, number=read.value, number_type=read.type_code)
        attended.make_way(house, db, key, person.id, now)
        store.claim_number(db, house.vault, proved, full)  # of two accounts at once, the unique index lets one through
        store.keep_verification(db, house.vault, before.moved(Stage.matched, now, form=None), over=before)
        store.keep_evidence(db, proof)
        _tell(db, person, proof, now)
    return proved


def _note(
    house: House, person_id: str, form: Form, stage: Stage, now: datetime, over: Verification | None = None
) -> Verification:
    """Keep the form (sealed) before the register is asked, so that nothing typed is lost."""
    with house.database.write() as db:
        old = over or store.verification(db, house.vault, person_id)
        if old is None or (old.stage in (Stage.begun, Stage.later) and stage is Stage.begun):
            new = Verification(person_id, stage, now, form)
        else:
            new = old.moved(stage, now, form=form)
        store.keep_verification(db, house.vault, new, over=old)
        return new


def _load(house: House, db: Connection, person_id: str) -> tuple[Person, Profile, Verification | None]:
    person = store.person(db, person_id)
    if person is None:
        raise NotFound("There is no such account")
    return person, store.profile(db, house.vault, person_id), store.verification(db, house.vault, person_id)


def _form(profile: Profile) -> Form:
    return Form(profile.name, profile.number)


def _grown_up(number: PersonNumber, now: datetime) -> PersonNumber:
    if age(number.born, now.date()) < GUARDIAN_AGE:
        raise NeedsGuardian("Children under fourteen are registered by their guardian")
    return number


def _evidence(person_id: str, method: str, level: Level, answer: Answer, now: datetime) -> Evidence:
    band = answer.text("score_band")
    return Evidence(person_id, method, int(level), answer.register, answer.transaction, band, answer.digest, now)


def _tell(db: Connection, person: Person, proof: Evidence, now: datetime) -> None:
    facts = {"method": proof.method, "level": proof.level, "register": proof.register, "transaction": proof.transaction}
    ledger.wrote(
        db, "person.proved", person.label, by=person.label, at=now, facts=facts | {"answer": proof.answer_digest}
    )
