"""Name and number, compared by a register: level 2, whichever the register is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from hub import limits
from hub.house import House
from hub.limits import Limit
from hub.steps import step
from idp import proofs
from idp.model.person import Level, Person
from idp.model.realname import Form, NotMatched, RegisterLater, Stage, Verification
from idp.realname import means as ways
from idp.realname import paper as papers
from idp.realname.claim import claim, tell
from idp.realname.means import REGISTER, Means
from idp.realname.paper import Paper
from idp.realname.standing import in_use, load, move
from idp.registers import Answer
from idp.store import proofs as store

PER_PERSON = Limit("realname", 6, 3600, guessing=True)
# Of one number, from one network: whoever knows a number can use up only what his own network has of it, never its owner's.
PER_NUMBER = Limit("realname-number", 10, 86_400, guessing=True)
PER_NETWORK = Limit("realname-network", 60, 3600, guessing=True)  # an office has many who are new on one day


def match(
    house: House,
    person_id: str,
    name: str,
    number: str,
    *,
    now: datetime,
    network: str = "here",
    means: Means = REGISTER,
    more: Mapping[str, str] | None = None,
) -> Person:
    """Name and number, compared by a register: level 2. Gives the person as he stands now.

    `more` is what else the paper or the means need: country, born, phone, card. `network` is where the attempt comes from.
    Raises NameWrong, NumberWrong, PaperIncomplete, FieldWrong, NeedsGuardian, NotMatched, NumberTaken, TooMany; RegisterLater,
    and then the form is kept.
    """
    paper = papers.grown_up(papers.read(ways.checked(means, Form(name, number, **(more or {}))), now), now)
    key = papers.key_of(house.vault, paper.form, paper.type_code)
    limits.check(house.shared, PER_PERSON, person_id)
    limits.check(house.shared, PER_NETWORK, network)
    limits.check(house.shared, PER_NUMBER, f"{key} {network}")
    before = _begun(house, person_id, paper.form, now)
    try:
        answer = means.ask(house, paper.form, now)
    except RegisterLater:
        with house.database.write() as db:
            store.keep_verification(db, house.vault, before.moved(Stage.later, now), over=before)
        step(house, "realname", "later")
        raise
    if not answer.match:
        step(house, "realname", "not-matched")
        raise NotMatched("The register does not confirm what you entered")
    proved = _matched(house, person_id, before, paper, answer, means, now)
    step(house, "realname", "matched")
    return proved


def forget_form(house: House, person_id: str, *, now: datetime) -> None:
    """Drop a form that was kept for later."""
    with house.database.write() as db:
        found = load(house, db, person_id)
        if found.verification.stage is Stage.later:
            move(house, db, found, Stage.begun, now, form=None)


def _begun(house: House, person_id: str, form: Form, now: datetime) -> Verification:
    """Keep the form (sealed) before the register is asked, so that nothing typed is lost."""
    with house.database.write() as db:
        in_use(db, person_id)
        found = load(house, db, person_id)
        if found.verification.stage is Stage.begun:
            new = replace(found.verification, at=now, form=form)
            store.keep_verification(db, house.vault, new, over=found.over)
            return new
        return move(house, db, found, Stage.begun, now, form=form, check="", binding="")


def _matched(
    house: House, person_id: str, before: Verification, paper: Paper, answer: Answer, means: Means, now: datetime
) -> Person:
    """The number is his; but of a person known better than this by a network identity only once his face is, too.

    Otherwise whoever knows a name and a number could put them under his own level.
    """
    proof = proofs.of(answer, person_id, means.name, Level.matched, now, kind=means.kind or paper.kind.value)
    with house.database.write() as db:
        in_use(db, person_id)
        found = replace(load(house, db, person_id), verification=before, over=before)
        waits = found.person.holder_key is None and found.person.level > Level.matched
        proved = found.person if waits else claim(house, db, found, paper.form, paper.type_code, Level.matched, now)
        form = replace(paper.form, phone="", card="") if waits else None
        move(house, db, found, Stage.matched, now, form=form)
        proofs.keep(db, proof)
        tell(house, db, found.person, proved, proof, now)
    return proved
