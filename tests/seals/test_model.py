"""The rules of the nouns: the table of a seal's life, grants, uses, things that can be taken once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from seals.model import (
    TABLE,
    Agency,
    Asker,
    BadAgency,
    Design,
    Kind,
    Once,
    Operation,
    Seal,
    SealGrant,
    SealNotInForce,
    SealStepRefused,
    SealUse,
    State,
    UseSpent,
    UseState,
    below,
    line,
)
from seals.model.seal import SENTENCES

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
DESIGN = Design("栖云市市场监管局", "8801010000017")
SEAL = Seal(
    "s1", "11880100DEM000049A", "hub/880000/880100", Kind.business, DESIGN, State.active, "a", NOW, "k", "c", NOW + HOUR
)
GRANT = SealGrant("g1", "s1", "market-site", ("license:business",), NOW, NOW + HOUR, None, None, "owner")
EVERY_STEP = [(state, operation) for state in State for operation in Operation]


@pytest.mark.parametrize(("state", "operation"), EVERY_STEP, ids=lambda value: value.value)
def test_each_step_is_allowed_by_the_table_or_refused(state: State, operation: Operation) -> None:
    seal = replace(SEAL, state=state)
    if (state, operation) in TABLE:
        assert seal.after(operation).state is TABLE[state, operation]
    else:
        with pytest.raises(SealStepRefused):
            seal.after(operation)


def test_what_has_ended_stays_ended() -> None:
    assert {state for state in State if state.ended} == {
        State.rejected,
        State.cancelled,
        State.expired,
        State.replaced,
    }


@pytest.mark.parametrize("state", [state for state in State if state is not State.active])
def test_only_an_active_seal_is_in_force(state: State) -> None:
    SEAL.in_force(NOW)
    with pytest.raises(SealNotInForce):
        replace(SEAL, state=state).in_force(NOW)


@pytest.mark.parametrize("until", [None, NOW, NOW - HOUR])
def test_a_seal_ends_with_its_certificate(until: datetime | None) -> None:
    with pytest.raises(SealNotInForce):
        replace(SEAL, valid_until=until).in_force(NOW)


ASKER = Asker("market-site", "11880100DEM000049A", "p1", "hub/880000/880100")


@pytest.mark.parametrize(
    "other",
    [
        {"purpose": "license:food"},
        {"purpose": "license:business-x"},
        {"purpose": ""},
        {"now": NOW - timedelta(microseconds=1)},
        {"now": NOW + HOUR},
    ],
)
def test_a_grant_covers_only_what_it_names(other: dict[str, object]) -> None:
    asked = {"purpose": "license:business", "kind": "", "now": NOW}
    assert GRANT.covers(**asked)  # type: ignore[arg-type]
    assert not GRANT.covers(**asked | other)  # type: ignore[arg-type]
    assert not replace(GRANT, revoked_at=NOW).covers(**asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("grant", "asker", "named"),
    [
        ({}, {}, True),
        ({}, {"client": "health-site"}, False),
        ({}, {"client": "", "agency": ""}, False),
        ({"grantee": ASKER.agency}, {}, True),
        ({"officer": "p1"}, {}, True),
        ({"officer": "p2"}, {}, False),
        ({"officer": "p1"}, {"client": "health-site"}, False),
        ({"grantee": "", "officer": "p1"}, {"client": "", "agency": ""}, True),
        ({"grantee": "", "officer": "p1"}, {"person": ""}, False),
        ({"grantee": "", "officer": ""}, {"client": "", "agency": "", "person": ""}, False),
        ({"region": "hub/880000"}, {}, True),
        ({"region": "hub/880000/880100"}, {}, True),
        ({"region": "hub/880000/88010"}, {}, False),
        ({"region": "hub/870000"}, {}, False),
        ({"region": "hub/880000"}, {"place": "hub"}, False),
    ],
)
def test_a_grant_names_a_program_a_body_an_officer_and_a_region(
    grant: dict[str, str], asker: dict[str, str], *, named: bool
) -> None:
    assert replace(GRANT, **grant).names(replace(ASKER, **asker)) is named  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "purpose", "kind", "covered"),
    [
        (("*",), "document", "notice", True),
        (("notice",), "document", "notice", True),
        (("notice",), "document", "contract", False),
        (("notice",), "notice", "", True),
        ((), "document", "notice", False),
    ],
)
def test_a_grant_may_be_for_some_kinds_of_documents(
    kinds: tuple[str, ...], purpose: str, kind: str, *, covered: bool
) -> None:
    assert replace(GRANT, purposes=("*",), kinds=kinds).covers(purpose, kind, NOW) is covered


@pytest.mark.parametrize(
    ("parent", "child", "bounded"),
    [
        ({}, {}, True),
        ({}, {"until": NOW + 2 * HOUR}, False),
        ({}, {"until": None}, False),
        ({"until": None}, {"until": None}, True),
        ({"purposes": ("a", "b")}, {"purposes": ("a",)}, True),
        ({"purposes": ("a",)}, {"purposes": ("a", "b")}, False),
        ({"purposes": ("*",)}, {"purposes": ("a",)}, True),
        ({"purposes": ("a",)}, {"purposes": ("*",)}, False),
        ({"kinds": ("a",)}, {"kinds": ("*",)}, False),
        ({"region": "hub/88"}, {"region": "hub/88/1"}, True),
        ({"region": "hub/88"}, {"region": ""}, False),
        ({"region": "hub/88"}, {"region": "hub/880"}, False),
    ],
)
def test_what_is_handed_on_is_never_more(parent: dict[str, object], child: dict[str, object], *, bounded: bool) -> None:
    assert replace(GRANT, **parent).bounds(replace(GRANT, **child)) is bounded  # type: ignore[arg-type]


def test_grants_that_point_at_each_other_do_not_go_round_for_ever() -> None:
    first, second = replace(GRANT, parent="g2"), replace(GRANT, id="g2", parent="g1")
    both = {"g1": first, "g2": second}
    assert line(first, both) == [first, second]
    assert set(below(first, both)) == {first, second}


@pytest.mark.parametrize("state", [UseState.sealed, UseState.void])
def test_a_use_that_has_ended_signs_no_more(state: UseState) -> None:
    use = SealUse("u", "s1", "g1", "p", bytes(32), "c", "b", NOW)
    use.open()
    with pytest.raises(UseSpent):
        replace(use, state=state).open()


def test_of_many_threads_one_takes() -> None:
    once, taken = Once(), []

    def take() -> None:
        try:
            once.take()
        except UseSpent:
            return
        taken.append(1)

    threads = [Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


@pytest.mark.parametrize("code", ["", "1" * 17, "1" * 19, "11880100DEM00004IA", "11880100dem000049a", "１" * 18])
def test_an_agency_has_a_unified_code(code: str) -> None:
    with pytest.raises(BadAgency):
        Agency(code, "栖云市民政局", "x", "hub")
    with pytest.raises(BadAgency):
        Agency("11880100DEM000049A", " ", "x", "hub")


def test_every_state_has_its_sentence() -> None:
    assert set(SENTENCES) == set(State)
