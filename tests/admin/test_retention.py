"""What persons wrote in their matters goes when its time is over; what happened stays countable; nothing goes too early."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from admin import case_figures, decide, desk, retention
from admin.model.case import NoCase
from admin.model.datacall import Call
from admin.model.rating import digest_of
from admin.model.visit import Document, Visit
from admin.store import cases, ratings, sharing, tickets, visits
from hub.house import House
from hub.vault import wrapped_keys
from idp.model.person import Person, Profile
from idp.store import people
from tests.admin import test_assessment as rated
from tests.admin import test_desk as asked
from tests.admin.applicants import World

LATER = timedelta(days=1)


def owners(house: House) -> set[str]:
    with house.database.read() as db:
        return set(db.scalars(wrapped_keys.select().with_only_columns(wrapped_keys.c.owner)))


def test_an_application_goes_five_years_after_its_decision(house_on: House, now: datetime) -> None:
    world = World(house_on, now)
    number, waiting = (world.submitted(key=key).number for key in ("k1", "k2"))
    decide.accept(house_on, number, caller=world.officer(), now=now)
    decide.approve(house_on, number, caller=world.officer(), now=now)
    assert retention.forget(house_on, now + retention.CASES - LATER) == 0
    with house_on.database.read() as db:
        before = case_figures.figures(db, "hub", now)
    assert retention.forget(house_on, now + retention.CASES + LATER) == 1
    assert retention.forget(house_on, now + retention.CASES + LATER) == 0
    gone = world.case(number)
    assert (gone.person, gone.acting_for, gone.holder_keys) == ("", None, ())
    assert gone.license  # the license is a document of its own
    with house_on.database.read() as db:
        with pytest.raises(NoCase):
            cases.content(db, house_on.vault, gone.key)
        with pytest.raises(NoCase):
            cases.file(db, house_on.vault, gone.key, world.paper)
        assert cases.content(db, house_on.vault, world.case(waiting).key).fields  # it waits still, however late
        assert case_figures.figures(db, "hub", now) == before
    assert not any(owner.endswith("k1") for owner in owners(house_on))


def test_a_ticket_goes_three_years_after_its_answer(house_on: House, now: datetime) -> None:
    at = asked.at.__wrapped__(house_on)  # type: ignore[attr-defined]
    id, waiting = asked.handled(at, now), asked.asked(at, now)[1]
    desk.reply(at, id, "At the portal.", by=asked.QIYUN, now=now)
    desk.rate(at, id, 5, now)
    assert retention.forget(at, now + retention.TICKETS - LATER) == 0
    assert retention.forget(at, now + retention.TICKETS + LATER) == 1
    with at.database.read() as db:
        assert tickets.said(db, at.vault, id, "words") == ""
        assert tickets.said(db, at.vault, id, "contact") == ""
        assert not any(step.text for step in tickets.history(db, at.vault, id))
        gone = tickets.ticket(db, id)
        assert (gone.person, gone.rating) == ("", 5)
        assert tickets.said(db, at.vault, waiting, "words") == "How do I apply?"
    assert not any(id in owner for owner in owners(at))


def test_an_opinion_goes_three_years_later_and_its_level_stays(house_on: House, now: datetime) -> None:
    rating = rated.rate(house_on, now, opinion=rated.BAD)
    with house_on.database.read() as db:
        before = ratings.counts(db)
    assert retention.forget(house_on, now + retention.OPINIONS - LATER) == 0
    assert retention.forget(house_on, now + retention.OPINIONS + LATER) == 1
    with house_on.database.read() as db:
        left = ratings.rating(db, rating.id)
        assert ratings.opinion(db, house_on.vault, left).text == ""
        assert left.service.person == ""
        assert ratings.counts(db) == before
    assert not any("rating" in owner for owner in owners(house_on))


def test_who_came_to_a_counter_and_whose_data_were_called_for_goes_too(house_on: House, now: datetime) -> None:
    visit = Visit("v1", "p1", "", ("k",), "officer", "s", "hub", next(iter(Document)), now, "示例*", "no telephone")
    with house_on.database.write() as db:
        visits.add(db, house_on.vault, visit)
        visits.add(db, house_on.vault, replace(visit, id="v2"))
        visits.end(db, "v1", "done", now)
        sharing.add_call(db, Call("c1", "t", "market", "hub", now, "answered", person="p1"))
        before = visits.counts(db)
    assert retention.forget(house_on, now + retention.VISITS - LATER) == 0
    assert retention.forget(house_on, now + retention.VISITS + LATER) == 2
    with house_on.database.read() as db:
        assert [one.id for one in visits.of_person(db, house_on.vault, "p1")] == ["v2"]
        assert visits.visit(db, house_on.vault, "v1").shown == ""
        assert visits.counts(db) == before
        (call,) = sharing.every_call(db, "hub")
        assert (call.person, call.outcome) == ("", "answered")


def test_an_officer_goes_on_with_the_file_of_who_closed_his_account(house_on: House, now: datetime) -> None:
    """What belongs to the person alone goes with the person; the file of the authority stays until its own time."""
    world = World(house_on, now)
    with house_on.database.write() as db:
        people.add(db, house_on.vault, Person("citizen", now), Profile("a name"))
    number = world.submitted().number
    with house_on.database.write() as db:
        people.empty(db, "citizen")
        house_on.vault.erase(db, "citizen")
        assert people.profile(db, house_on.vault, "citizen").shown == ""
    decide.accept(house_on, number, caller=world.officer(), now=now)
    seen = decide.look(house_on, number, caller=world.officer(), now=now)
    assert seen.applicant == ""
    assert seen.content.fields
    assert decide.approve(house_on, number, caller=world.officer(), now=now).license


def test_a_visit_of_who_closed_his_account_meanwhile_is_read_without_him(house_on: House, now: datetime) -> None:
    visit = Visit("v1", "p1", "", ("k",), "officer", "s", "hub", next(iter(Document)), now, "示例*", "no telephone")
    with house_on.database.write() as db:
        visits.add(db, house_on.vault, visit)
        house_on.vault.erase(db, "p1")
        assert visits.visit(db, house_on.vault, "v1").shown == ""
        assert [one.id for one in visits.opened_before(db, house_on.vault, now)] == ["v1"]


def test_links_to_rate_outlive_nobody(house_on: House, now: datetime) -> None:
    token = rated.link(house_on, now)
    retention.forget(house_on, now + retention.OPINIONS + LATER)
    with house_on.database.read() as db:
        offered = ratings.offered(db, digest_of(token))
    assert offered is not None
    assert offered.person == ""
