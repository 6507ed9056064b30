"""The live check at the register: level 3, for whoever began it, in the browser and the session in which he began it.

Two things bind the result: the session that went to the register, whose digest is kept with the check, and a ticket, which the
register hands to the browser in which the check ended. So a link sent to somebody else proves nothing for whoever sent it.
"""

import hmac
from dataclasses import replace
from datetime import datetime

from hub.house import House
from hub.steps import step
from idp import proofs, registers
from idp.model.person import Level, Person
from idp.model.realname import (
    Form,
    LiveCheckFailed,
    NeedsNumber,
    NotYours,
    RegisterLater,
    Stage,
    Verification,
    WrongStep,
)
from idp.numbers import detect
from idp.numbers.person import TYPES
from idp.realname.claim import claim, tell
from idp.realname.standing import Standing, in_use, load, move
from idp.registers import Answer
from idp.store import people
from idp.store import proofs as store


def begin_live_check(house: House, person_id: str, return_url: str, *, binding: str, now: datetime) -> str:
    """The address of the live check, for somebody whose name and number are matched. `binding` names the session.

    Raises NeedsNumber, WrongStep, RegisterLater.
    """
    with house.database.read() as db:
        found = load(house, db, person_id)
    form = _form(found)
    answer = registers.begin_live_check(house, form, return_url, now)
    page, check = answer.text("page"), answer.text("check")
    if not answer.match or not check or not page.startswith(f"{registers.address(house, answer.source)}/"):
        raise RegisterLater("The register cannot check this person just now")
    with house.database.write() as db:
        move(house, db, found, Stage.live, now, check=check, binding=binding)
    step(house, "realname", "live-begun")
    return page


def end_live_check(house: House, person_id: str, *, check: str, ticket: str, binding: str, now: datetime) -> Person:
    """Fetch how the live check ended: level 3, or LiveCheckFailed. What the browser says about it does not count.

    Raises NotYours for another session than the one that began it, and then the check is void for everybody; WrongStep,
    RegisterLater, NumberTaken.
    """
    with house.database.read() as db:
        found = load(house, db, person_id)
    verification = found.verification
    if not _is_same(verification, check, binding):
        void(house, check, now=now)
        raise NotYours("The check was begun in another session")
    if verification.stage is not Stage.live or not ticket:
        raise WrongStep("No live check is under way")
    answer = registers.live_check(house, _form(found), check, ticket, now)
    if answer.text("outcome") == "open":
        raise WrongStep("The live check has not ended yet")
    if not answer.match:
        with house.database.write() as db:
            move(house, db, found, Stage.matched, now, check="", binding="")
        step(house, "realname", "live-failed")
        raise LiveCheckFailed("The face was not recognised, or the check was cancelled")
    proved = _passed(house, found, answer, now)
    step(house, "realname", "live-passed")
    return proved


def void(house: House, check: str, *, now: datetime) -> None:
    """Whoever comes back from a check that he did not begin ends it: it can give a level to nobody any more."""
    with house.database.write() as db:
        found = store.by_check(db, house.vault, check)
        if found is not None and found.stage is Stage.live:
            store.keep_verification(db, house.vault, found.moved(Stage.matched, now, check="", binding=""), over=found)


def _passed(house: House, found: Standing, answer: Answer, now: datetime) -> Person:
    proof = proofs.of(answer, found.person.id, "live", Level.present, now, kind="face")
    form = found.verification.form
    with house.database.write() as db:
        in_use(db, found.person.id)
        move(house, db, found, Stage.done, now, form=None, check="", binding="", reminded=None)
        if form is not None:  # known by a network identity until now: the number comes with the face, or not at all
            kind = detect.kind_of(form.number)
            proved = claim(house, db, found, form, TYPES[kind], Level.present, now)
        else:
            people.raise_level(db, found.person.id, Level.present, now)
            proved = replace(found.person, level=max(found.person.level, Level.present), proved=now)
        proofs.keep(db, proof)
        tell(house, db, found.person, proved, proof, now)
    return proved


def _form(found: Standing) -> Form:
    if found.verification.form is not None and found.verification.stage in (Stage.matched, Stage.live):
        return found.verification.form
    if found.person.holder_key is None:
        raise NeedsNumber if found.person.pseudonym_key else WrongStep("Name and number come first")
    if found.person.level < Level.matched:
        raise WrongStep("Name and number come first")
    return Form.of(found.profile)


def _is_same(verification: Verification, check: str, binding: str) -> bool:
    kept, given = (verification.binding, verification.check), (binding, check)
    same = all(hmac.compare_digest(one.encode(), other.encode()) for one, other in zip(kept, given, strict=True))
    return same or (verification.stage is not Stage.live and not check)
