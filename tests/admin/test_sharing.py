"""Who offers, who asks, who says yes: nobody decides about what he asked for, and sensitive fields take two."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import app as front
from admin import approvals, sharing, sharing_board
from admin.model.approval import OtherText, OwnRequest
from admin.model.sharing import (
    AskerDecides,
    EntryWrong,
    Field,
    NoEntry,
    NoRequest,
    NotShared,
    RequestNotOpen,
    RequestState,
    RequestWrong,
    Sensitivity,
    Sharing,
)
from admin.store import approvals as approval_store
from admin.store import sharing as store
from hub import clock, ledger
from hub.callers import Caller
from hub.house import House, open_house
from hub.problems import BadRequest, NotAllowed
from idp.store import data as permissions
from tests.admin.bodies import ASKER, CITY, FIELDS, MARKET, PROVIDER, SECOND, Bodies
from tests.conftest import settings_for

OVER_BOTH = Caller(person="p-over-both", place="hub/880000")  # a province looks after its cities too


@pytest.fixture
def bodies(house: House, app: Flask, now: datetime) -> Bodies:
    return Bodies(house, app, now)


@pytest.fixture(scope="module")
def untouched(template: Path, valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bodies]:
    """Two bodies for whatever is refused: nothing of it is kept, so that many tests can share them."""
    folder = tmp_path_factory.mktemp("bodies") / "data"
    shutil.copytree(template, folder)
    house = open_house(settings_for(folder, valkey_url))
    yield Bodies(house, front.create_app(house.settings, house=house), clock.now())
    house.close()


def decide(bodies: Bodies, id: str, by: Caller = PROVIDER, *, approve: bool = True, reason: str = "") -> Any:
    return sharing.decide(bodies.house, id, approve=approve, reason=reason, by=by, now=bodies.now)


# -- the catalogue


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name_en": "x" * 121}, "name_en"),
        ({"fields": ()}, "fields"),
        ({"fields": (Field("Name", "名", "Name"),)}, "fields"),
        ({"fields": (Field("name", "名", "N"), Field("name", "名", "N"))}, "fields"),
        ({"fields": (Field("name", "", "N"),)}, "fields"),
        ({"basis": ""}, "basis"),
        ({"basis_en": "\n\n\n\n\n"}, "basis_en"),
        ({"source": ""}, "source"),
        ({"source": "endpoint:http://somewhere.example/data"}, "source"),
        ({"source": "endpoint:https://user@platform.example/"}, "source"),
        ({"source": "file:/etc/passwd"}, "source"),
        ({"source": "licenses:unknown"}, "source"),
        ({"source": "licenses:residence-permit"}, "source"),
        ({"source": "licenses:business-license"}, "fields"),
        ({"client": ""}, "client"),
        ({"client": "demo-yunlan"}, "client"),
        ({"client": "nobody"}, "client"),
        ({"agency": "11870100DEM000065U"}, "agency"),
        ({"sharing": Sharing.closed}, "source"),
        ({"sharing": Sharing.closed, "source": "", "basis": ""}, "basis"),
    ],
)
def test_an_entry_keeps_its_rules(untouched: Bodies, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(EntryWrong) as refused:
        untouched.offer(**changes)
    assert field in refused.value.fields


def test_nobody_offers_what_is_held_elsewhere(bodies: Bodies) -> None:
    with pytest.raises(NotAllowed):
        sharing.offer(bodies.house, bodies.entry, by=Caller(person="x", place="hub/870000"), now=bodies.now)


def test_what_is_not_shared_names_its_rule_and_is_never_granted(bodies: Bodies) -> None:
    closed = bodies.offer(sharing=Sharing.closed, source="", client="", basis="举报人信息保密")
    with pytest.raises(NotShared, match="举报人信息保密"):
        bodies.asked(entry=closed.id)


# -- asking


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fields": ()}, "fields"),
        ({"fields": ("name", "number")}, "fields"),
        ({"client": ""}, "client"),
        ({"client": "nobody"}, "client"),
        ({"item": ""}, "item"),
        ({"item": f"{MARKET}-0001"}, "item"),
        ({"purpose": "钱"}, "purpose"),
        ({"purpose_en": ""}, "purpose_en"),
        ({"basis": ""}, "basis"),
        ({"per_day": 0}, "per_day"),
        ({"per_day": 10**6}, "per_day"),
        ({"until": -1}, "until"),
        ({"until": 2000}, "until"),
    ],
)
def test_a_request_keeps_its_rules(untouched: Bodies, changes: dict[str, Any], field: str) -> None:
    if isinstance(changes.get("until"), int):
        changes = {"until": untouched.now + timedelta(days=changes["until"])}
    with pytest.raises(RequestWrong) as refused:
        untouched.asked(**changes)
    assert refused.value.fields == (field,)


def test_one_asks_for_programs_of_ones_own_place_only(bodies: Bodies) -> None:
    with pytest.raises(RequestWrong):
        bodies.asked(by=Caller(person="x", place="hub/870000"))
    with pytest.raises(RequestWrong):
        bodies.asked(by=PROVIDER)  # a city does not ask for the province's program


def test_one_asks_for_what_is_offered(bodies: Bodies) -> None:
    with pytest.raises(NoEntry):
        bodies.asked(entry="E-nothing")
    sharing.offer(bodies.house, replace(bodies.entry, ended=bodies.now), by=PROVIDER, now=bodies.now)
    with pytest.raises(RequestWrong):
        bodies.asked()


def test_only_a_person_asks(bodies: Bodies) -> None:
    with pytest.raises(AskerDecides):
        bodies.asked(by=Caller(client="demo-yunlan", place="hub/880000"))


# -- deciding


def test_a_grant_waits_for_the_provider_and_then_may_be_asked_of_persons(bodies: Bodies) -> None:
    made = bodies.asked()
    assert made.state is RequestState.waiting
    with bodies.house.database.read() as db:
        assert permissions.permission(db, made.id) is None
    assert decide(bodies, made.id).state is RequestState.granted
    with bodies.house.database.read() as db:
        permission = permissions.permission(db, made.id)
    assert permission is not None
    assert [one.key for one in permission.fields] == ["name", "score"]
    assert (permission.client, permission.provider_name_en) == ("demo-yunlan", "Qiyun Market Regulation")


def test_what_is_unconditional_is_granted_at_once_and_logged(bodies: Bodies) -> None:
    open_one = bodies.offer(sharing=Sharing.unconditional)
    assert bodies.asked(entry=open_one.id).state is RequestState.granted
    with bodies.house.database.read() as db:
        kinds = [one.kind for one in ledger.events(db, kind="data.request")]
    assert kinds == ["data.request-granted", "data.requested"]


def test_who_asked_does_not_decide_though_he_looks_after_both(bodies: Bodies) -> None:
    made = bodies.asked(by=OVER_BOTH)
    with pytest.raises(AskerDecides):
        decide(bodies, made.id, OVER_BOTH)
    with pytest.raises(AskerDecides):
        decide(bodies, made.id, OVER_BOTH, approve=False, reason="no")
    assert decide(bodies, made.id).state is RequestState.granted


def test_only_the_provider_decides(bodies: Bodies) -> None:
    made = bodies.asked()
    for place in ("hub/870000", "hub/880000/880200"):
        with pytest.raises(NoRequest):
            decide(bodies, made.id, Caller(person="x", place=place))
    with pytest.raises(AskerDecides):
        decide(bodies, made.id, Caller(client="program", place=CITY))


def test_a_refusal_needs_a_reason_and_ends_it(bodies: Bodies) -> None:
    made = bodies.asked()
    with pytest.raises(BadRequest):
        decide(bodies, made.id, approve=False)
    assert decide(bodies, made.id, approve=False, reason="no basis").reason == "no basis"
    with pytest.raises(RequestNotOpen):
        decide(bodies, made.id)


def sensitive(bodies: Bodies, by: Caller = ASKER) -> Any:
    """A request that one person of the provider has agreed to, and its approval."""
    made = bodies.asked(fields=("name", "phone"), by=by)
    assert decide(bodies, made.id).state is RequestState.waiting
    with bodies.house.database.read() as db:
        return made, approval_store.of_subject(db, sharing.TWO_PERSONS, made.id)[0]


def second(bodies: Bodies, approval: Any, by: Caller, *, approve: bool = True) -> Any:
    return approvals.decide(
        bodies.house, approval.id, approve=approve, digest=approval.digest, words="read", by=by, now=bodies.now
    )


def test_sensitive_fields_take_two_persons_of_the_provider(bodies: Bodies) -> None:
    made, approval = sensitive(bodies)
    second(bodies, approval, SECOND)
    with bodies.house.database.read() as db:
        assert store.request(db, made.id).state is RequestState.granted
        assert permissions.permission(db, made.id) is not None


def test_the_first_of_the_two_is_not_the_second(bodies: Bodies) -> None:
    made, approval = sensitive(bodies)
    with pytest.raises(OwnRequest):
        second(bodies, approval, PROVIDER)
    with pytest.raises(RequestNotOpen):  # nor does he agree twice
        decide(bodies, made.id)
    with pytest.raises(RequestNotOpen):
        decide(bodies, made.id, SECOND)


def test_who_asked_is_not_the_second_either(bodies: Bodies) -> None:
    made, approval = sensitive(bodies, by=OVER_BOTH)
    with pytest.raises(AskerDecides):
        second(bodies, approval, OVER_BOTH)
    with bodies.house.database.read() as db:
        assert store.request(db, made.id).state is RequestState.waiting
        assert approval_store.approval(db, approval.id).open_at(bodies.now)


def test_the_second_may_say_no_and_the_first_asks_again(bodies: Bodies) -> None:
    made, approval = sensitive(bodies)
    second(bodies, approval, SECOND, approve=False)
    assert decide(bodies, made.id).state is RequestState.waiting


def test_a_refusal_calls_the_second_person_off(bodies: Bodies) -> None:
    made, approval = sensitive(bodies)
    decide(bodies, made.id, approve=False, reason="too much")
    with pytest.raises(Exception, match="request"):
        second(bodies, approval, SECOND)
    with bodies.house.database.read() as db:
        assert store.request(db, made.id).state is RequestState.refused


def test_a_field_that_is_not_sensitive_takes_one(bodies: Bodies) -> None:
    assert Sensitivity.sensitive not in {one.sensitivity for one in bodies.entry.only(("name", "score"))}
    assert bodies.granted().state is RequestState.granted


# -- ending


def test_each_side_may_end_a_grant(bodies: Bodies) -> None:
    for by in (ASKER, PROVIDER):
        made = bodies.granted()
        with pytest.raises(BadRequest):
            sharing.end(bodies.house, made.id, reason=" ", by=by, now=bodies.now)
        sharing.end(bodies.house, made.id, reason="done", by=by, now=bodies.now)
        with bodies.house.database.read() as db:
            permission = permissions.permission(db, made.id)
        assert permission is not None
        assert permission.ended == bodies.now
        with pytest.raises(RequestNotOpen):
            sharing.end(bodies.house, made.id, reason="again", by=by, now=bodies.now)


def test_nobody_else_ends_it(bodies: Bodies) -> None:
    made = bodies.granted()
    with pytest.raises(NoRequest):
        sharing.end(bodies.house, made.id, reason="x", by=Caller(person="x", place="hub/870000"), now=bodies.now)


def test_the_provider_refuses_what_waits_and_the_asker_withdraws_it(bodies: Bodies) -> None:
    made = bodies.asked()
    with pytest.raises(RequestNotOpen):
        sharing.end(bodies.house, made.id, reason="x", by=PROVIDER, now=bodies.now)
    sharing.end(bodies.house, made.id, reason="not needed", by=ASKER, now=bodies.now)
    assert sharing_board.figures_now(bodies.house)["requests ended"] == 1


# -- what was asked for stays what it was


LOWERED = (*FIELDS[:2], replace(FIELDS[2], sensitivity=Sensitivity.plain))
RENAMED = (*FIELDS[:2], Field("phone", "公开备注", "Public remark", Sensitivity.sensitive))


def test_sensitive_fields_are_never_granted_at_once(bodies: Bodies) -> None:
    bodies.entry = bodies.offer(sharing=Sharing.unconditional)
    made = bodies.asked(by=OVER_BOTH, fields=("name", "phone"))
    assert made.state is RequestState.waiting
    with pytest.raises(AskerDecides):
        decide(bodies, made.id, by=OVER_BOTH)
    assert decide(bodies, made.id).state is RequestState.waiting  # and the second person is still missing


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": LOWERED},
        {"fields": RENAMED},
        {"fields": FIELDS[:2]},
        {"name": "另外的信息"},
        {"client": "", "source": "licenses:business-license", "fields": FIELDS[:1]},
    ],
    ids=["sensitivity", "words", "dropped", "name", "source"],
)
@pytest.mark.parametrize("granted", [False, True])
def test_an_entry_is_not_rewritten_under_those_who_asked_for_it(
    bodies: Bodies, changes: dict[str, Any], *, granted: bool
) -> None:
    made = bodies.asked(fields=("name", "phone"))
    if granted:
        decide(bodies, made.id)
        approve_second(bodies, made.id)
    with pytest.raises(EntryWrong) as refused:
        sharing.offer(bodies.house, replace(bodies.entry, **changes), by=PROVIDER, now=bodies.now)
    assert "asked" in refused.value.fields


def test_what_nobody_asked_for_may_change_and_everything_may_end(bodies: Bodies) -> None:
    made = bodies.asked(fields=("name",))
    sharing.offer(bodies.house, replace(bodies.entry, fields=LOWERED), by=PROVIDER, now=bodies.now)
    sharing.offer(bodies.house, replace(bodies.entry, tells_number=True), by=PROVIDER, now=bodies.now)
    sharing.offer(bodies.house, replace(bodies.entry, ended=bodies.now), by=PROVIDER, now=bodies.now)
    decide(bodies, made.id, approve=False, reason="ended")
    sharing.offer(bodies.house, replace(bodies.entry, fields=RENAMED[2:]), by=PROVIDER, now=bodies.now)


def test_the_second_person_says_yes_to_what_he_read_or_to_nothing(bodies: Bodies) -> None:
    made = bodies.asked(fields=("name", "phone"))
    decide(bodies, made.id)
    with bodies.house.database.write() as db:
        store.keep_entry(db, replace(bodies.entry, fields=RENAMED))  # whatever way it came there
    with pytest.raises(OtherText):
        approve_second(bodies, made.id)
    with bodies.house.database.read() as db:
        assert permissions.permission(db, made.id) is None
        assert store.request(db, made.id).state is RequestState.waiting


def approve_second(bodies: Bodies, request: str) -> None:
    with bodies.house.database.read() as db:
        found = approval_store.of_subject(db, sharing.TWO_PERSONS, request)[0]
    approvals.decide(bodies.house, found.id, approve=True, digest=found.digest, words="", by=SECOND, now=bodies.now)
