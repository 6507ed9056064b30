"""Putting right what a bad rating is about: assign, call back, verify, fix, reply, close. Or appeal: a second person decides."""

from datetime import datetime

from sqlalchemy import Connection

from admin import approvals
from admin.model.approval import Approval, State
from admin.model.operator import Operator, Right
from admin.model.rating import (
    WORDLESS,
    WORDS,
    Appealed,
    Done,
    NotAssigned,
    OwnService,
    Rating,
    Step,
    StepOutOfOrder,
    Task,
    TaskState,
    token_of,
)
from admin.store import approvals as requests
from admin.store import operators
from admin.store import ratings as store
from hub import ledger, notices, tree
from hub.callers import Caller
from hub.db import alone
from hub.house import House
from hub.i18n import N_
from hub.problems import BadRequest

APPEAL = "rating-appeal"
KINDS = {  # what each step is called in the ledger
    Step.assign: "rating.assigned",
    Step.call: "rating.called",
    Step.verify: "rating.verified",
    Step.fix: "rating.fixed",
    Step.reply: "rating.replied",
    Step.close: "rating.closed",
}


def officers_for(db: Connection, rating: Rating) -> list[Operator]:
    """Who may look after a bad rating: operators for its place with the right, but not who decided the case."""
    return [
        one
        for one in operators.all_operators(db)
        if one.person
        and Right.desk in one.rights
        and tree.within(rating.service.place, one.place)
        and one.person != rating.service.officer
    ]


def assign(house: House, id: str, officer: str, *, by: Caller, now: datetime) -> Task:
    """Give a bad rating to an officer of its place. Raises NoRating, OwnService, NotAssigned, StepOutOfOrder, Appealed."""
    with house.database.write() as db:
        rating = store.rating(db, id, by.place)
        if officer == rating.service.officer:
            raise OwnService("The rating %(id)s", id=id)
        if officer not in {one.person for one in officers_for(db, rating)}:
            raise NotAssigned("This officer cannot look after ratings of this place")
        return _step(house, db, id, Step.assign, officer=officer, words="", by=by, now=now)


def advance(house: House, id: str, step: Step, words: str, *, by: Caller, now: datetime) -> Task:
    """Do the next step of the work. Only the assigned officer does.

    Raises NoRating, NotAssigned, OwnService, StepOutOfOrder, Appealed; BadRequest without words where they are needed.
    """
    words = words.strip()
    if step not in WORDLESS and not 1 <= len(words) <= WORDS:
        raise BadRequest("Say in 1 to 1000 characters what was done")
    with house.database.write() as db:
        rating, task = store.rating(db, id, by.place), store.task(db, id, by.place)
        if by.person == rating.service.officer:
            raise OwnService("The rating %(id)s", id=id)
        if step is Step.assign or by.person != task.officer:
            raise NotAssigned("The rating %(id)s", id=id)
        after = _step(house, db, id, step, officer="", words=words, by=by, now=now)
        if step is Step.reply:
            _tell(house, db, rating, N_("The office has replied to your rating"), now)
    return after


def reply_to(db: Connection, house: House, rating: Rating) -> Done | None:
    """The reply to the rater, if there is one."""
    steps = store.done(db, house.vault, rating.id)
    return next((done for done in reversed(steps) if done.step is Step.reply), None)


def appeal(house: House, id: str, reason: str, *, by: Caller, now: datetime) -> Approval:
    """Ask a second person to keep a malicious or mistaken rating out of the figures. Raises NoRating, Appealed."""
    with house.database.write() as db:
        rating = store.rating(db, id, by.place)
        store.task(db, id, by.place)
        alone(db, f"appeal {id}")
        if rating.excluded or open_appeal(db, id, now):
            raise Appealed("The rating %(id)s", id=id)
        body = {"rating": id, "item": rating.service.item, "level": int(rating.level)}
        return approvals.ask(db, APPEAL, id, body, place=rating.service.place, reason=reason, by=by, now=now)


def open_appeal(db: Connection, id: str, now: datetime) -> Approval | None:
    """The appeal about a rating that waits for a decision."""
    return next((one for one in requests.of_subject(db, APPEAL, id) if one.open_at(now)), None)


def granted(db: Connection, id: str) -> Approval | None:
    """The appeal by which a rating was excluded."""
    return next((one for one in requests.of_subject(db, APPEAL, id) if one.state is State.approved), None)


def _exclude(house: House, db: Connection, found: Approval, by: Caller, now: datetime) -> None:
    """Carry out a granted appeal: the rating is kept, counts nowhere, and its task ends."""
    rating, task = store.rating(db, found.subject), store.task(db, found.subject)
    if by.person == rating.service.officer:
        raise OwnService("The rating %(id)s", id=rating.id)
    if not store.exclude(db, rating.id, now):
        raise Appealed("The rating %(id)s", id=rating.id)
    if task.ended is None:
        store.move(db, task, Task(**{**vars(task), "state": TaskState.excluded, "ended": now}))
    facts = {"level": int(rating.level), "approval": found.id}
    ledger.wrote(db, "rating.excluded", rating.id, by=by.label, at=now, place=rating.service.place, facts=facts)
    _tell(house, db, rating, N_("After an appeal, your rating does not count"), now)


approvals.carries(APPEAL, _exclude)


def _step(
    house: House, db: Connection, id: str, step: Step, *, officer: str, words: str, by: Caller, now: datetime
) -> Task:
    if open_appeal(db, id, now):
        raise Appealed("The rating %(id)s", id=id)
    before = store.task(db, id, by.place)
    after = before.moved(step, now, officer=officer)
    if not store.move(db, before, after):
        raise StepOutOfOrder("The rating %(id)s", id=id)
    store.note(db, house.vault, id, Done(step, by.person or "", now, words))
    ledger.wrote(db, KINDS[step], id, by=by.label, at=now, place=before.place)
    return after


def _tell(house: House, db: Connection, rating: Rating, title: str, now: datetime) -> None:
    if rating.service.person:
        link = f"/rate/{token_of(house.keys.secret('rating-link'), rating.service.instance)}"
        notices.tell(db, rating.service.person, title, link=link, at=now)
