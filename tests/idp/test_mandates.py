"""The page of mandates, and what the end of a mandate ends: here, at services, within the next request."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import behalf, clock, notices
from hub.callers import Caller
from hub.house import House
from idp.acting import mandates, offers, wards
from idp.acting import uses as use_verbs
from idp.acting.offers import Wanted
from idp.model.mandate import PERSON
from idp.model.matter import Matter
from idp.model.use import KEPT_DAYS, Act
from idp.store import mandates as store
from idp.store import matters, people, uses
from tests.idp.citizen import JIA, OUYANG, Citizen
from tests.idp.households import CHILD, ORDER, WARD, YAN, book, grown, signed_in


@pytest.fixture
def parent(citizen: Citizen) -> Citizen:
    """A parent with a session at level 3."""
    return signed_in(citizen, JIA)


def held(house: House, person: str) -> list[str]:
    with house.database.read() as db:
        return [principal.id for _, principal in mandates.of(house, db, person, clock.now())]


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_parent_adds_a_child_and_acts_for_it_and_for_himself_again(parent: Citizen, language: str) -> None:
    parent.language = language
    done = parent.post("/account/mandates/child", name=CHILD[0], number=CHILD[1])
    assert done.status_code == 303, done.text
    page = parent.get(done.location).text
    assert CHILD[0] in page
    assert CHILD[1] not in page
    whom = re.findall(r'name="whom" value="(person:[0-9a-f]+)"', page)[0]
    parent.send(parent.get("/account/mandates"), "/as?next=/account/mandates", whom=whom)
    assert parent.session.acting_for == whom
    assert parent.session.holder_keys == (parent.house.vault.blind("holder", f"111:{CHILD[1]}"),)
    parent.send(parent.get("/account/mandates"), "/as?next=/account/mandates", whom="myself")
    assert parent.session.acting_for is None


@pytest.mark.parametrize(
    ("path", "typed", "field"),
    [
        ("child", {"name": "", "number": CHILD[1]}, "name"),
        ("child", {"name": CHILD[0], "number": "880101201909300070"}, "number"),
        ("child", {"name": WARD[0], "number": WARD[1]}, "number"),
        ("child", {"name": JIA[0], "number": JIA[1]}, "number"),
        ("order", {"name": WARD[0], "number": WARD[1], "order": ""}, "order"),
        ("give", {"name": "", "number": OUYANG[1], "scope": "all"}, "name"),
        ("give", {"name": OUYANG[0], "number": "1", "scope": "all"}, "number"),
    ],
)
def test_what_is_wrong_stands_at_its_field_with_what_was_typed(
    parent: Citizen, path: str, typed: dict[str, str], field: str
) -> None:
    answer = parent.post(f"/account/mandates/{path}", **typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert all(f'value="{value}"' in answer.text for name, value in typed.items() if value and name != "scope")
    assert held(parent.house, parent.person) == []


def test_a_child_of_others_is_refused_in_words_that_tell_nothing(citizen: Citizen) -> None:
    stranger = signed_in(citizen, YAN)
    answer = stranger.post("/account/mandates/child", name=CHILD[0], number=CHILD[1])
    assert answer.status_code == 422
    assert "The register does not name you as a parent or guardian of this child" in answer.text


def test_when_the_register_is_down_what_was_typed_stays(parent: Citizen) -> None:
    parent.register.post("/faults", data={"fault": "down"})
    answer = parent.post("/account/mandates/child", name=CHILD[0], number=CHILD[1])
    assert answer.status_code == 503
    assert CHILD[0] in answer.text


@pytest.mark.parametrize("path", ["child", "order", "give"])
def test_below_level_three_the_way_leads_to_the_real_name(citizen: Citizen, path: str) -> None:
    citizen.registers()
    assert citizen.get(f"/account/mandates/{path}").status_code in (303, 403)
    page = citizen.get("/account/mandates").text
    assert f"/account/mandates/{path}" not in page
    assert "/realname?next=/account/mandates" in page


@pytest.mark.parametrize("path", ["child", "order", "give"])
def test_it_needs_a_factor_shown_a_short_while_ago(parent: Citizen, path: str) -> None:
    page = parent.get(f"/account/mandates/{path}")
    with clock.shifted(16 * 60):
        assert "again=1" in parent.get(f"/account/mandates/{path}").location
        answer = parent.send(page, f"/account/mandates/{path}", name=CHILD[0], number=CHILD[1], scope="all")
        assert "again=1" in answer.location
    assert held(parent.house, parent.person) == []


def test_a_court_s_guardian_adds_the_ward_by_the_order(parent: Citizen) -> None:
    done = parent.post("/account/mandates/order", name=WARD[0], number=WARD[1], order=ORDER)
    assert done.status_code == 303, done.text
    assert len(held(parent.house, parent.person)) == 1
    with parent.house.database.read() as db:
        (mandate,) = store.of_person(db, parent.person, clock.now())
    assert ORDER in parent.get(f"/account/mandates/{mandate.id}").text


# -- in a family


def test_a_relative_accepts_what_is_offered(app: Flask, house: House, register: FlaskClient) -> None:
    giver = signed_in(Citizen(house, app, register), OUYANG)
    relative = signed_in(Citizen(house, app, register), JIA)
    with house.database.write() as db:
        matters.replace(db, [Matter("a-1", "甲事项", "Matter A", for_persons=True)])
    day = f"{clock.now() + timedelta(days=30):%Y-%m-%d}"
    page = giver.get("/account/mandates/give")
    assert "Matter A" in page.text
    form = {"name": JIA[0], "number": JIA[1], "scope": "named", "matters": "a-1", "until": day}
    assert giver.send(page, "/account/mandates/give", **form).status_code == 303
    offered = relative.get("/account/mandates")
    assert OUYANG[0] in offered.text
    accept = re.findall(r'action="(/account/mandates/offers/[0-9a-f]+/accept)"', offered.text)[0]
    assert relative.send(offered, accept).location == "/account/mandates?done=accepted"
    assert "Matter A" in relative.get("/account/mandates").text
    mine = giver.get("/account/mandates").text
    assert JIA[0] in mine
    end = re.findall(r'href="(/account/mandates/[0-9a-f]+/end)"', mine)[0]
    relative.post("/as", whom=f"{PERSON}{giver.person}")
    assert giver.post(end).location == "/account/mandates?done=ended"
    assert not relative.signed_in  # the login in which he acted is over
    assert held(house, relative.person_id) == []


def test_without_matters_a_mandate_for_named_ones_is_not_offered(parent: Citizen) -> None:
    answer = parent.post("/account/mandates/give", name=OUYANG[0], number=OUYANG[1], scope="named")
    assert answer.status_code == 422


@pytest.mark.parametrize("until", ["2020-01-01", "soon", "9999-12-31"])
def test_a_last_day_that_cannot_be_is_refused(parent: Citizen, until: str) -> None:
    form = {"name": OUYANG[0], "number": OUYANG[1], "scope": "all", "until": until}
    assert parent.post("/account/mandates/give", **form).status_code == 422


def test_a_stranger_sees_no_mandate_of_others_and_ends_none(app: Flask, house: House, register: FlaskClient) -> None:
    mandate = wards.add_child(house, grown(house, JIA), *CHILD, now=clock.now())
    stranger = signed_in(Citizen(house, app, register), YAN)
    for path in (
        f"/account/mandates/{mandate.id}",
        f"/account/mandates/{mandate.id}/end",
        "/account/mandates/nonsense",
    ):
        assert stranger.get(path).status_code == 403
    page = stranger.get("/account/mandates/give")
    stranger.send(page, f"/account/mandates/{mandate.id}/end")
    stranger.send(page, f"/account/mandates/{mandate.id}/withdraw", client="x")
    with house.database.read() as db:
        assert store.for_principal(db, mandate.principal, clock.now()) == [mandate]


def test_a_ward_does_not_end_what_a_court_has_ordered(app: Flask, house: House, register: FlaskClient) -> None:
    guardian, ward = grown(house, JIA), signed_in(Citizen(house, app, register), WARD)
    mandate = wards.add_by_order(house, guardian, *WARD, ORDER, now=clock.now())
    page = ward.get("/account/mandates")
    assert f"/account/mandates/{mandate.id}/end" not in page.text
    assert ward.send(ward.get("/account/mandates/give"), f"/account/mandates/{mandate.id}/end").status_code == 422
    assert held(house, guardian)


def test_the_one_who_is_represented_sees_each_use(app: Flask, house: House, register: FlaskClient) -> None:
    giver = signed_in(Citizen(house, app, register), OUYANG)
    relative = grown(house, JIA)
    offer = offers.make(house, giver.person, Wanted(*JIA), now=clock.now())
    mandate = offers.accept(house, relative, offer.id, now=clock.now())
    with house.database.write() as db:
        uses.note(db, mandate, Act.applied, "my", clock.now(), about="C20261122-1")
    page = giver.get(f"/account/mandates/{mandate.id}").text
    assert "Applied for a service" in page
    assert "C20261122-1" in page
    assert JIA[0] in page


# -- the end


def test_ending_tells_both_and_only_once(house: House, register: FlaskClient) -> None:
    giver, relative = grown(house, OUYANG), grown(house, JIA)
    offer = offers.make(house, giver, Wanted(*JIA), now=clock.now())
    mandate = offers.accept(house, relative, offer.id, now=clock.now())
    offers.end(house, giver, mandate.id, now=clock.now())
    with house.database.write() as db:
        assert mandates.end(db, mandate, "again", clock.now()) == []
        titles = [[one.title for one in notices.of_person(db, id)] for id in (giver, relative)]
    assert [sum("has ended" in title for title in some) for some in titles] == [1, 1]


def test_a_removed_parent_is_out_at_the_next_request(parent: Citizen) -> None:
    mandate = wards.add_child(parent.house, parent.person, *CHILD, now=clock.now())
    parent.post("/as", whom=mandate.principal)
    path = "/wallet/sign-in"
    for _ in range(3):
        path = re.sub(r"^https?://[^/]+", "", parent.get(path).location)
    assert parent.get("/wallet/").status_code == 200
    book(parent.house)._write("DELETE FROM kin")
    assert not wards.ask_again(parent.house, mandate, now=clock.now())
    assert parent.get("/wallet/").status_code == 303
    assert not parent.signed_in


def test_at_fourteen_the_session_for_the_child_is_over(parent: Citizen) -> None:
    mandate = wards.add_child(parent.house, parent.person, *CHILD, now=clock.now())
    with parent.house.database.write() as db:  # as if the child became fourteen in an hour
        soon = clock.now() + timedelta(hours=1)
        db.execute(store.mandate_table.update().values(until=soon))
    parent.post("/as", whom=mandate.principal)
    with clock.shifted(3599):
        assert parent.signed_in
    with clock.shifted(3600):
        assert not parent.signed_in


def test_a_caller_for_a_child_is_named_with_the_child() -> None:
    assert Caller(person="p", acting_for="person:c").label == "person:p for person:c"


def test_an_entry_of_a_child_is_never_a_way_to_sign_in(house: House, register: FlaskClient) -> None:
    mandate = wards.add_child(house, grown(house, JIA), *CHILD, now=clock.now())
    with house.database.read() as db:
        account = people.profile(db, house.vault, mandate.principal.removeprefix(PERSON)).account
    assert ":" in account  # which no account name may hold


def test_what_is_done_at_our_own_sites_is_noted_once_each(house: House, register: FlaskClient) -> None:
    parent = grown(house, JIA)
    mandate = wards.add_child(house, parent, *CHILD, now=clock.now())
    caller = Caller(person=parent, acting_for=mandate.principal)
    with house.database.write() as db:
        behalf.used(db, caller, "downloaded", "wallet", clock.now(), about="11880100")
        behalf.used(db, Caller(person=parent), "downloaded", "wallet", clock.now(), about="his own")
    assert [use_verbs.take_letters(house, clock.now()) for _ in range(2)] == [1, 0]
    with house.database.read() as db:
        (seen,) = uses.of_principal(db, mandate.principal)
    assert (seen.what, seen.site, seen.about, seen.person) == (Act.downloaded, "wallet", "11880100", parent)


def test_uses_are_kept_for_two_years(house: House, register: FlaskClient) -> None:
    mandate = wards.add_child(house, grown(house, JIA), *CHILD, now=clock.now())
    with house.database.write() as db:
        uses.note(db, mandate, Act.applied, "online", clock.now())
    for days, left in ((KEPT_DAYS - 1, 1), (KEPT_DAYS + 1, 0)):
        use_verbs.forget_old(house, clock.now() + timedelta(days=days))
        with house.database.read() as db:
            assert len(uses.of_principal(db, mandate.principal)) == left


def test_uses_are_shown_also_when_the_account_of_the_one_who_acted_is_gone(
    app: Flask, house: House, register: FlaskClient
) -> None:
    mother = signed_in(Citizen(house, app, register), OUYANG)
    father = grown(house, JIA)
    his = wards.add_child(house, father, *CHILD, now=clock.now())
    hers = wards.add_child(house, mother.person, *CHILD, now=clock.now())
    with house.database.write() as db:
        uses.note(db, his, Act.applied, "online", clock.now(), about="C-1")
        house.vault.erase(db, father)
    page = mother.get(f"/account/mandates/{hers.id}")
    assert page.status_code == 200
    assert "An account that is closed" in page.text
