"""What several do at one moment, on both databases: one asks for a second person, one question leads, each has a number."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from threading import Barrier
from typing import Any

import app as front
from admin import assessment, decide, desk, rectify, services, sharing
from admin.model.approval import State
from admin.model.item import ItemState
from admin.model.operator import Right
from admin.model.rating import Appealed, Level, Opinion
from admin.model.sharing import RequestNotOpen
from admin.model.ticket import TicketState
from admin.store import approvals as requests
from admin.store import tickets
from hub import numbers
from hub.callers import Caller
from hub.house import House
from hub.problems import BadRequest, Problem
from licenses import wallet
from tests.admin import offices
from tests.admin.applicants import World
from tests.admin.bodies import CITY, Bodies
from tests.admin.test_desk import HUB, QUESTION
from tests.admin.test_services import AT_SITE, RIGHTS, describe, office

__all__ = ["office"]
TIMES = 3


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gave, or the kind of its refusal; all begin together."""
    gate = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return one()
        except Problem as problem:
            return type(problem)

    with ThreadPoolExecutor(len(acts)) as many:
        return list(many.map(act, acts))


def waiting(house: House, kind: str, subject: str) -> int:
    with house.database.read() as db:
        return sum(one.state is State.open for one in requests.of_subject(db, kind, subject))


def test_the_first_approvals_of_an_office_each_have_a_number(house_on: House, now: datetime) -> None:
    world = World(house_on, now)
    cases = [world.submitted(key).number for key in ("a", "b", "c")]
    for number in cases:
        decide.accept(house_on, number, caller=world.officer(), now=now)
    done = at_once(
        *[lambda number=number: decide.approve(house_on, number, caller=world.officer(), now=now) for number in cases]
    )
    held = [wallet.one(house_on, case.license, world.citizen, now).fields["license_number"] for case in done]
    assert len(set(held)) == 3


def test_two_questions_are_not_merged_into_each_other(house_on: House, now: datetime) -> None:
    for _ in range(TIMES):
        one, other = (numbers.key(house_on.vault, desk.ask(house_on, QUESTION, now)) for _ in range(2))
        bo = replace(HUB, person="bo")
        acts = [(one, other, HUB), (other, one, bo)]
        ended = at_once(*[lambda act=act: desk.merge(house_on, *act[:2], by=act[2], now=now) for act in acts])
        assert BadRequest in ended
        with house_on.database.read() as db:
            states = {tickets.ticket(db, id).state for id in (one, other)}
        assert states == {TicketState.new, TicketState.merged}  # one of them still waits for an answer


def test_a_second_person_is_asked_once_for_sensitive_data(house_on: House, now: datetime) -> None:
    bodies = Bodies(house_on, front.create_app(house_on.settings, house=house_on), now)
    offices.proved(house_on, "a", "b", "c")
    for _ in range(TIMES):
        made = bodies.asked(fields=("name", "phone")).id

        def agree(person: str, made: str = made) -> Any:
            by = Caller(person=person, place=CITY)
            return sharing.decide(house_on, made, approve=True, reason="", by=by, now=now)

        ended = at_once(*[lambda person=person: agree(person) for person in ("a", "b", "c")])
        assert ended.count(RequestNotOpen) == 2
        assert waiting(house_on, sharing.TWO_PERSONS, made) == 1


def test_a_rating_is_appealed_against_once(house_on: House, now: datetime) -> None:
    offices.places(house_on)
    anna, bo = (offices.officer(house_on, name, offices.QIYUN, Right.desk, now=now) for name in ("anna", "bo"))
    for number in range(TIMES):
        link = assessment.link_for(house_on, offices.served(f"C-{number}", now), now)
        made = assessment.rate(house_on, link.rpartition("/")[2], Opinion(Level.very_dissatisfied), now).id
        ended = at_once(
            *[lambda by=by, made=made: rectify.appeal(house_on, made, "no", by=by, now=now) for by in (anna, bo)]
        )
        assert ended.count(Appealed) == 1
        assert waiting(house_on, rectify.APPEAL, made) == 1


def test_a_draft_is_proposed_once(office: House, now: datetime) -> None:
    describe(office, now=now)
    anna, bo = (Caller(person=name, place=AT_SITE.place, rights=RIGHTS) for name in ("anna", "bo"))
    ended = at_once(
        *[lambda by=by: services.propose(office, AT_SITE.code, reason="ready", by=by, now=now) for by in (anna, bo)]
    )
    assert ended.count(ItemState) == 1
    assert waiting(office, services.ITEM, AT_SITE.code) == 1
