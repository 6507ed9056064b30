"""Leave to use a seal: for kinds, officers and regions; handed on within bounds; and the two questions about it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub import ledger
from hub.callers import Caller
from hub.problems import NotFound
from seals import grants, lifecycle, store, use, who
from seals.model import Asker, BadSeal, GrantBounded, LimitReached, NoGrant, SealGrant
from tests.seals.conftest import CALLER, CITY, HEALTH, MARKET, Office
from tests.seals.test_use import Record

OFFICER = Caller(person="p1", place=CITY, level=3)
CLINIC = Caller(client="clinic", agency=HEALTH.code, place=f"{CITY}/880101")
TO_CLINIC = SealGrant("", "", "clinic", ("document",), datetime(2026, 1, 1, tzinfo=UTC), None, None, None, "")


def give(office: Office, grantee: str = "", **more: object) -> SealGrant:
    asked: dict[str, object] = {"purposes": ("document",), "by": "owner", "now": office.now}
    return grants.grant(office.house, office.seal.id, grantee, **asked | more)  # type: ignore[arg-type]


def hand_on(office: Office, parent: SealGrant, asker: Caller = CALLER, **child: object) -> SealGrant:
    made = replace(TO_CLINIC, **child)  # type: ignore[arg-type]
    return grants.delegate(office.house, parent.id, made, asker=use.asker_of(asker), by=asker.label, now=office.now)


def test_an_officer_uses_a_seal_by_his_own_name(office_on: Office, record: Record) -> None:
    give(office_on, officer="p1", kinds=("notice",), region=CITY)
    asked: dict[str, object] = {"caller": OFFICER, "purpose": "document", "kind": "notice"}
    assert office_on.reserve(record(), **asked).person == "p1"
    for wrong in (
        {"kind": "contract"},
        {"caller": replace(OFFICER, person="p2")},
        {"caller": replace(OFFICER, place="hub")},
    ):
        with pytest.raises(NoGrant):
            office_on.reserve(record(), **asked | wrong)


def test_an_officer_of_a_body_is_both(office: Office, record: Record) -> None:
    give(office, HEALTH.code, officer="p1")
    for caller, allowed in ((replace(CLINIC, person="p1"), True), (CLINIC, False), (OFFICER, False)):
        if allowed:
            office.reserve(record(), caller=caller, purpose="document")
        else:
            with pytest.raises(NoGrant):
                office.reserve(record(), caller=caller, purpose="document")


def test_what_is_handed_on_works_and_falls_with_what_it_came_from(office_on: Office, record: Record) -> None:
    parent = give(office_on, "market-site", may_delegate=True)
    child = hand_on(office_on, parent)
    asked: dict[str, object] = {"caller": CLINIC, "purpose": "document"}
    assert office_on.reserve(record(), **asked).grant == child.id
    grants.take_back(office_on.house, parent.id, by="owner", now=office_on.now)
    with pytest.raises(NoGrant):
        office_on.reserve(record(), **asked)
    with office_on.house.database.read() as db:
        assert all(each.revoked_at for each in store.grants(db, office_on.seal.id) if each.id in (parent.id, child.id))
        (event, *_) = ledger.events(db, subject=office_on.seal.id, kind="seal.grant-ended")
    assert event.facts["with"] == [child.id]


def test_what_is_handed_on_ends_when_what_it_came_from_ends(office: Office, record: Record) -> None:
    end = office.now + timedelta(hours=1)
    hand_on(office, give(office, "market-site", may_delegate=True, until=end), until=end)
    office.reserve(record(), caller=CLINIC, purpose="document")
    with pytest.raises(NoGrant):
        office.reserve(record(), caller=CLINIC, purpose="document", now=end)


@pytest.mark.parametrize(
    "child",
    [
        {"purposes": ("document", "notice")},
        {"purposes": (SealGrant.ANY,)},
        {"kinds": ("contract",)},
        {"region": "hub/870000"},
    ],
    ids=["purpose", "all", "kind", "region"],
)
def test_nobody_hands_on_more_than_he_has(office: Office, child: dict[str, object]) -> None:
    parent = give(office, "market-site", may_delegate=True, kinds=("notice",), region=CITY)
    hand_on(office, parent, kinds=("notice",), region=f"{CITY}/880101")
    with pytest.raises(GrantBounded):
        hand_on(office, parent, **{"kinds": ("notice",), "region": CITY} | child)  # type: ignore[arg-type]


def test_only_whom_it_names_hands_a_grant_on_and_only_if_it_says_so(office: Office) -> None:
    with pytest.raises(GrantBounded):
        hand_on(office, give(office, "market-site"))
    with pytest.raises(GrantBounded):
        hand_on(office, give(office, "market-site", may_delegate=True), asker=CLINIC)
    with pytest.raises(BadSeal):
        hand_on(office, give(office, "market-site", may_delegate=True), grantee="")
    ended = give(office, "market-site", may_delegate=True)
    grants.take_back(office.house, ended.id, by="owner", now=office.now)
    for gone in (ended, replace(ended, id="none")):
        with pytest.raises(NotFound):
            hand_on(office, gone)


def test_uses_of_what_was_handed_on_count_for_all_above(office_on: Office, record: Record) -> None:
    parent = give(office_on, "market-site", may_delegate=True, per_day=2)
    hand_on(office_on, parent)
    office_on.reserve(record(), caller=CLINIC, purpose="document")
    office_on.reserve(record(), caller=replace(CALLER, agency=None), purpose="document")
    for caller in (CLINIC, replace(CALLER, agency=None)):
        with pytest.raises(LimitReached):
            office_on.reserve(record(), caller=caller, purpose="document")


def test_parallel_uses_of_parent_and_child_do_not_pass_the_parent_s_limit(office_on: Office) -> None:
    parent = give(office_on, "market-site", may_delegate=True, per_hour=3)
    hand_on(office_on, parent)

    def attempt(number: int) -> bool:
        caller = (CLINIC, replace(CALLER, agency=None))[number % 2]
        try:
            office_on.reserve(number.to_bytes(32, "big"), caller=caller, purpose="document")
        except LimitReached:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 3


def test_who_could_sign_this(office_on: Office, record: Record) -> None:
    give(office_on, officer="p1", kinds=("notice",), per_day=2)
    office_on.reserve(record(), caller=OFFICER, purpose="document", kind="notice")
    with office_on.house.database.read() as db:
        found = who.could_sign(db, office_on.seal.id, "document", "notice", office_on.now)
        other = who.could_sign(db, office_on.seal.id, "document", "contract", office_on.now)
    own, officers = sorted(found, key=lambda each: each.grant.officer)
    assert (own.grant.grantee, own.left, own.spent) == (MARKET.code, (), False)
    assert (officers.grant.officer, officers.left) == ("p1", ((timedelta(days=1), 1),))
    assert [each.grant.grantee for each in other] == [MARKET.code]


def test_what_can_i_seal(office_on: Office, record: Record) -> None:
    parent = give(office_on, "market-site", may_delegate=True, per_day=5, per_hour=3)
    hand_on(office_on, parent, per_day=1)
    asker = use.asker_of(CLINIC)
    house, now = office_on.house, office_on.now
    with house.database.read() as db:
        (leave,) = who.can_seal(db, asker, now)
        assert who.can_seal(db, asker, now, "hub/870000") == []
        assert who.can_seal(db, Asker("stranger", "", "p9", CITY), now) == []
    assert (leave.seal, leave.left) == (office_on.seal, ((timedelta(hours=1), 3), (timedelta(days=1), 1)))
    office_on.reserve(record(), caller=CLINIC, purpose="document")
    with house.database.read() as db:
        assert who.can_seal(db, asker, now)[0].spent
    lifecycle.suspend(house, office_on.seal.id, reason="audit", by="owner", now=now)
    with house.database.read() as db:
        assert who.can_seal(db, asker, now) == who.could_sign(db, office_on.seal.id, "document", "", now) == []
