"""Rating a service: a link for each decided case or visit, one rating behind it, and what is counted and published."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from admin.model.case import DECISIONS, Case
from admin.model.rating import (
    CONTACT,
    FEWEST,
    LIMIT_WORKDAYS,
    TEXT,
    VERSION,
    AlreadyRated,
    Level,
    NoRating,
    NotDecided,
    Opinion,
    Rating,
    RatingOver,
    RatingWrong,
    Service,
    Task,
    TaskState,
    digest_of,
    percent,
    token_of,
)
from admin.store import cases
from admin.store import ratings as store
from admin.workdays import add_workdays
from hub import ledger
from hub.db import Collision
from hub.house import House
from hub.tree import ROOT

ID_BYTES = 5
FIGURES = ("ratings", "satisfied", "bad", "excluded", "tasks", "open", "overdue", "closed")


def rating_link(house: House, case_number: str, now: datetime) -> str:
    """The path at which a decided case is rated, always the same: for the applicant's page, a notice, a code at the counter.

    Raises NoCase, NotDecided. After the days for a rating the path shows what became of it.
    """
    with house.database.read() as db:
        case = cases.case(db, case_number)
    return link_for(house, service_of(case), now)


def service_of(case: Case) -> Service:
    """What a rating of a case is about. Raises NotDecided."""
    if case.state not in DECISIONS or case.decided is None:
        raise NotDecided("The application %(number)s is %(state)s", number=case.number, state=case.state.value)
    names = (case.number, case.item, case.agency, case.place, case.channel, case.person, case.decided_by, case.decided)
    return Service(*names)


def link_for(house: House, service: Service, now: datetime) -> str:
    """The path at which any service is rated: a case, or a visit to a counter. Raises NotDecided."""
    if now < service.ended:
        raise NotDecided("It ends %(at)s", at=service.ended.isoformat())
    token = token_of(house.keys.secret("rating-link"), service.instance)
    digest = digest_of(token)
    with house.database.read() as db:
        known = store.offered(db, digest)
    if known is None:
        try:
            with house.database.write() as db:
                store.offer(db, digest, service)
        except Collision:  # somebody asked for the same link at the same moment
            pass
    return f"/rate/{token}"


def look(house: House, token: str) -> tuple[Service, Rating | None]:
    """What a link is for, and the rating that was given there. Raises NoRating."""
    with house.database.read() as db:
        service = store.offered(db, digest_of(token))
        if service is None:
            raise NoRating("Nothing can be rated at this link")
        return service, store.of_instance(db, service.instance)


def opinion_of(service: Service, said: Mapping[str, str]) -> Opinion:
    """What a form says. Raises RatingWrong with the names of all wrong fields."""
    text, contact = said.get("text", "").strip(), said.get("contact", "").strip()
    level = _level(said.get("level", ""))
    answers = {question.value: said.get(question.value, "") for question in service.questions}
    wrong = [name for name, value in answers.items() if value and _level(value) is None]
    wrong += ["level"] * (level is None) + ["text"] * (len(text) > TEXT) + ["contact"] * (len(contact) > CONTACT)
    if wrong or level is None:
        raise RatingWrong(tuple(wrong))
    return Opinion(level, {name: int(value) for name, value in answers.items() if value}, text, contact)


def rate(house: House, token: str, opinion: Opinion, now: datetime) -> Rating:
    """Keep one rating; a bad one opens a task with its limit in the same commit. Raises NoRating, AlreadyRated, RatingOver.

    The ledger is told the item and the level, not which service of whom it was.
    """
    service, before = look(house, token)
    if before is not None:
        raise AlreadyRated
    if not service.open_at(now):
        raise RatingOver
    id = f"E-{secrets.token_hex(ID_BYTES).upper()}"
    rating = Rating(id, service, opinion.level, VERSION, opinion.answers, opinion.reachable, now)
    facts = {"item": service.item, "agency": service.agency, "channel": service.channel.value}
    try:
        with house.database.write() as db:
            store.add(db, house.vault, rating, opinion)
            facts |= {"level": int(rating.level), "version": VERSION}  # type: ignore[dict-item]
            ledger.wrote(db, "rating.given", id, by="rater", at=now, place=service.place, facts=facts)
            if rating.level.bad:
                _open_task(db, rating, now)
    except Collision as error:  # two forms of one link at the same moment: the first counts
        raise AlreadyRated from error
    return rating


def _open_task(db: Connection, rating: Rating, now: datetime) -> None:
    due = add_workdays(now, LIMIT_WORKDAYS)
    place = rating.service.place
    store.open_task(db, Task(rating.id, place, now, due, rating.reachable))
    facts = {"due": due.isoformat()}
    ledger.wrote(db, "rating.task-opened", rating.id, by="rater", at=now, place=place, facts=facts)


def _level(text: str) -> Level | None:
    return Level(int(text)) if text in {str(level.value) for level in Level} else None


# -- what is counted


@dataclass(frozen=True)
class Score:
    """One line of the public board. What is None is not said: it would tell too much about too few."""

    agency: str
    item: str | None  # None for all services of the agency together; "" for visits to its counter
    ratings: int
    satisfied: int | None  # percent
    fixed: int | None  # percent of the bad ratings; None also if there are none
    bad: bool = False  # whether there are bad ratings, if that may be said


def figures(db: Connection, scope: str, now: datetime) -> dict[str, int]:
    """The figures of the officers' board; `docs/figures/assessment.py` counts the same from the ledger."""
    levels = store.counts(db, scope)
    tasks = list(store.every_task(db, scope))
    counted = {
        "ratings": sum(levels.values()),
        "satisfied": sum(number for (_, _, level), number in levels.items() if not level.bad),
        "bad": sum(number for (_, _, level), number in levels.items() if level.bad),
        "excluded": store.excluded(db, scope),
        "tasks": len(tasks),
        "open": sum(task.ended is None for task in tasks),
        "overdue": sum(task.overdue(now) for task in tasks),
        "closed": sum(task.state is TaskState.closed for task in tasks),
    }
    return {name: counted[name] for name in FIGURES}


def scoreboard(db: Connection, scope: str = ROOT) -> list[Score]:
    """The public board: each department, and under it each of its items."""
    items: dict[tuple[str, str], dict[Level, int]] = {}
    for (agency, item, level), number in store.counts(db, scope).items():
        items.setdefault((agency, item), {})[level] = number
    fixed = store.fixed(db, scope)
    scores = []
    for agency in sorted({agency for agency, _ in items}):
        mine = {item: levels for (of, item), levels in sorted(items.items()) if of == agency}
        few = sum(sum(levels.values()) for levels in mine.values() if sum(levels.values()) < FEWEST)
        whole = {level: sum(levels.get(level, 0) for levels in mine.values()) for level in Level}
        right = [fixed.get((agency, item), (0, 0)) for item in mine]
        total = (sum(bad for bad, _ in right), sum(closed for _, closed in right))
        # Whoever subtracts the items that are shown from the whole must not find those that are not.
        scores.append(_score(agency, None, whole, total, hidden=0 < few < FEWEST))
        scores += [_score(agency, item, mine[item], fixed.get((agency, item), (0, 0))) for item in mine]
    return scores


def _score(
    agency: str, item: str | None, levels: Mapping[Level, int], fixed: tuple[int, int], *, hidden: bool = False
) -> Score:
    number = sum(levels.values())
    if number < FEWEST or hidden:
        return Score(agency, item, number, None, None)
    satisfied = sum(count for level, count in levels.items() if not level.bad)
    bad, closed = fixed
    return Score(agency, item, number, percent(satisfied, number), percent(closed, bad) if bad else None, bool(bad))
