"""What is applied for a child is the child's: seen by whoever acts for it, decided by nobody who does."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from admin import apply, decide, papers, passed_on, prefill, sources
from admin.model.case import ActingForAnother, Case, Material, NoCase, OwnCase
from admin.model.item import Audience, ServiceItem
from admin.store import cases as store
from admin.store import items
from hub import inbox, notices
from hub.behalf import USED
from hub.caller import Caller
from hub.house import House
from idp.acting import mandates, wards
from idp.acting.handover import PASSED_ON
from idp.model.grant import Grant
from idp.model.mandate import PERSON, Mandate, NoMandate, Role
from idp.model.realname import Form
from idp.numbers import detect
from idp.store import mandates as mandate_store
from idp.store import people
from licenses import kinds
from tests.admin.applicants import World
from tests.idp.citizen import JIA, OUYANG
from tests.idp.households import CHILD, YAN, grown

KEY = "a" * 32


class Family:
    """Two parents and their child, at an office that issues residence permits."""

    def __init__(self, house: House, now: datetime) -> None:
        self.world = World(house, now, licensed=False)
        self.house, self.now = house, now
        self.father, self.mother, self.stranger = grown(house, JIA), grown(house, OUYANG), grown(house, YAN)
        self.mandates = [self.may(one) for one in (self.father, self.mother)]
        self.child = self.mandates[0].principal
        self.item = replace(
            self.world.item, code=f"{self.world.item.agency}-0009", audience=Audience.person, kind="", licenses=()
        )
        with house.database.write() as db:
            items.keep(db, self.item)

    def may(self, person: str) -> Mandate:
        read = detect.read(CHILD[1], self.now)
        with self.house.database.write() as db:
            key = people.holder_key(self.house.vault, read.type_code, read.value)
            child = people.by_holder(db, key) or wards._made(self.house, db, Form(*CHILD), read, key, self.now)
            made = Mandate(f"m-{person}", f"{PERSON}{child.id}", person, Role.parent, self.now)
            mandate_store.add(db, made)
        return made

    def caller(self, person: str, whom: str | None = None) -> Caller:
        key = self.house.vault.blind("holder", f"111:{CHILD[1]}")
        return Caller(
            person=person, level=3, amr=("pwd",), auth_time=self.now, sid="s", acting_for=whom, holder_keys=(key,)
        )

    def applied(self, person: str) -> Case:
        files = {one.key: "a.pdf" for one in self.materials(person)}
        return apply.submit(
            self.house,
            self.item,
            {"matter": "出生登记"},
            caller=self.caller(person, self.child),
            key=KEY,
            files=files,
            now=self.now,
        )

    def materials(self, person: str) -> tuple[Material, ...]:
        ready = prefill.prefill(self.house, self.item, self.caller(person, self.child), self.now)
        return papers.materials(ready, {})


@pytest.fixture
def family(house: House, now: datetime) -> Family:
    return Family(house, now)


def test_both_parents_see_it_and_nobody_else(family: Family) -> None:
    case = family.applied(family.father)
    for parent in (family.father, family.mother):
        assert apply.mine(family.house, case.number, family.caller(parent, family.child), family.now) == case
        with family.house.database.read() as db:
            assert store.of_applicant(db, parent, family.child) == [case]
            assert store.of_applicant(db, parent, None) == []
            assert any(case.number == one.values.get("number") for one in notices.of_person(db, parent))
    with pytest.raises(ActingForAnother):  # the father, for himself
        apply.mine(family.house, case.number, family.caller(family.father), family.now)
    for caller in (family.caller(family.mother), family.caller(family.stranger), family.caller(family.stranger, "x")):
        with pytest.raises(NoCase):
            apply.mine(family.house, case.number, caller, family.now)
    with family.house.database.read() as db:
        assert store.of_applicant(db, family.stranger, None) == []
        assert len(inbox.read(db, USED)) == 1


def test_the_other_parent_goes_on_with_it(family: Family) -> None:
    case = family.applied(family.father)
    apply.withdraw(family.house, case.number, caller=family.caller(family.mother, family.child), now=family.now)


def test_no_parent_decides_it_nor_the_child(family: Family) -> None:
    case = family.applied(family.father)
    child = family.child.removeprefix(PERSON)
    for person in (family.father, family.mother, child):
        with pytest.raises(OwnCase):
            decide.accept(family.house, case.number, caller=family.world.officer(person=person), now=family.now)


def test_the_office_reads_for_whom_it_is(family: Family) -> None:
    case = family.applied(family.father)
    seen = decide.look(family.house, case.number, caller=family.world.officer(), now=family.now)
    assert (seen.applicant, seen.organization) == (JIA[0], CHILD[0])


def test_a_form_is_filled_with_what_is_known_of_the_child(family: Family) -> None:
    item: ServiceItem = replace(family.item, kind=kinds.named("residence-permit").code)
    ready = prefill.prefill(family.house, item, family.caller(family.mother, family.child), family.now)
    assert (ready.fields["name"], ready.fields["citizen_number"]) == CHILD
    assert not ready.asked - len(item.materials)


def test_nobody_applies_once_the_mandate_has_ended(family: Family) -> None:
    with family.house.database.write() as db:
        mandates.end(db, family.mandates[0], "test", family.now)
    with pytest.raises(NoMandate):
        family.applied(family.father)
    with family.house.database.read() as db:
        assert store.of_applicant(db, family.mother, family.child) == []


def test_what_stood_under_an_entry_follows_into_the_account(family: Family) -> None:
    case, child = family.applied(family.father), family.child.removeprefix(PERSON)
    with family.house.database.write() as db:
        inbox.put(db, PASSED_ON, {"entry": child, "person": "account"}, family.now)
    later = family.now + timedelta(days=1)
    assert [passed_on.follow(family.house, later) for _ in range(2)] == [1, 0]
    with family.house.database.read() as db:
        assert [one.number for one in store.of_applicant(db, "account", None)] == [case.number]
    assert (
        apply.mine(family.house, case.number, replace(family.caller("account"), acting_for=None), later).number
        == case.number
    )


def test_shared_data_are_the_child_s(family: Family) -> None:
    now, who = family.now, ("g", "c", family.father, "s", ("openid",), 3, ("pwd",))
    grant = Grant(*who, auth_time=now, acting_for=family.child, made=now, ends=now + timedelta(days=1))
    assert sources._whose(family.house, grant) == ("111", CHILD[1])
    assert sources._whose(family.house, replace(grant, acting_for=None)) == ("111", JIA[1])
