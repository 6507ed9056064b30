"""Reserving a use: every refusal comes before anything is signed, and one record is sealed once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub import asked, ledger
from hub.asked import NotConfirmed
from hub.callers import Caller
from seals import grants, lifecycle, store, use
from seals.model import (
    Level,
    LimitReached,
    NeedsCustodian,
    NoGrant,
    Sealed,
    SealGrant,
    SealNotInForce,
    SealUnknown,
    SealUse,
    UseSpent,
    UseState,
)
from tests.seals.conftest import CALLER, MARKET, PURPOSE, Office

Record = Callable[[], bytes]
STRANGER = Caller(client="health-site", agency="11880100DEM0000575", place=CALLER.place)


def finished(office: Office, reserved: SealUse, digest: bytes = bytes(32)) -> SealUse:
    with office.house.database.write() as db:
        return use.finish(db, Sealed(reserved.id, b"%PDF", digest, Level.timed, (), office.now), office.now)


def test_a_use_is_written_down_before_anything_is_signed(office_on: Office, record: Record) -> None:
    reserved = office_on.reserve(digest := record())
    with office_on.house.database.read() as db:
        kept = store.use(db, reserved.id)
        (event,) = ledger.events(db, subject=office_on.seal.id, kind="seal.used")
    assert kept == reserved
    assert (kept.state, kept.record_digest, kept.purpose) == (UseState.reserved, digest, PURPOSE)
    assert kept.certificate == office_on.seal.certificate
    assert (event.by, event.facts["record"], event.facts["use"]) == ("client:market-site", digest.hex(), reserved.id)
    assert event.place == office_on.seal.place


def test_a_use_says_who_sealed_which_kind_and_what_was_wanted(office_on: Office, record: Record) -> None:
    officer = replace(CALLER, person="p1")
    reserved = office_on.reserve(record(), caller=officer, kind="notice", asked="a1", wanted=Level.archive)
    with office_on.house.database.read() as db:
        kept = store.use(db, reserved.id)
    assert (kept.person, kept.kind, kept.asked, kept.wanted) == ("p1", "notice", "a1", "B-LTA")


def test_a_retry_after_a_crash_gets_the_same_use(office_on: Office, record: Record) -> None:
    first = office_on.reserve(digest := record())
    assert office_on.reserve(digest, now=office_on.now + timedelta(hours=1)) == first


def test_a_sealed_record_is_not_sealed_again(office_on: Office, record: Record) -> None:
    finished(office_on, office_on.reserve(digest := record()))
    with pytest.raises(UseSpent):
        office_on.reserve(digest)


@pytest.mark.parametrize(
    "other",
    [
        {"purpose": "license:food"},
        {"caller": replace(CALLER, client="another-program")},
        {"caller": replace(CALLER, person="another-officer")},
    ],
    ids=["purpose", "client", "officer"],
)
def test_nobody_takes_over_another_ones_use(office: Office, record: Record, other: dict[str, object]) -> None:
    office.reserve(digest := record())
    with pytest.raises(UseSpent):
        office.reserve(digest, **other)


def test_a_void_use_makes_room_for_a_new_one(office_on: Office, record: Record) -> None:
    first = office_on.reserve(digest := record())
    with office_on.house.database.write() as db:
        use.void(db, first.id, reason="crashed", by="resume", now=office_on.now)
    again = office_on.reserve(digest)
    assert again.id != first.id
    with office_on.house.database.read() as db:
        assert store.use(db, first.id).state is UseState.void
        assert ledger.events(db, subject=office_on.seal.id, kind="seal.use-voided")


def test_the_end_of_a_use_is_kept_once(office_on: Office, record: Record) -> None:
    reserved = office_on.reserve(record())
    kept = finished(office_on, reserved, b"d" * 32)
    with office_on.house.database.read() as db:
        assert store.use(db, reserved.id) == kept
    assert (kept.state, kept.sealed_digest, kept.level) == (UseState.sealed, b"d" * 32, "B-T")
    with pytest.raises(UseSpent):
        finished(office_on, reserved)
    with pytest.raises(UseSpent), office_on.house.database.write() as db:
        use.void(db, reserved.id, reason="late", by="x", now=office_on.now)


def test_an_unknown_seal_is_refused(office: Office, record: Record) -> None:
    with pytest.raises(SealUnknown):
        use.reserve(office.house, "0" * 12, purpose=PURPOSE, record_digest=record(), caller=CALLER, now=office.now)


@pytest.mark.parametrize(
    "caller", [STRANGER, Caller(), Caller(person="p1", level=3)], ids=["other", "nobody", "person"]
)
def test_without_a_grant_nothing_is_reserved(office: Office, record: Record, caller: Caller) -> None:
    with pytest.raises(NoGrant):
        office.reserve(digest := record(), caller=caller)
    with office.house.database.read() as db:
        assert store.use_of(db, office.seal.id, digest) is None


def test_a_grant_for_one_purpose_does_not_open_another(office: Office, record: Record) -> None:
    grants.grant(office.house, office.seal.id, "health-site", purposes=("notice",), by="owner", now=office.now)
    assert office.reserve(record(), caller=STRANGER, purpose="notice").purpose == "notice"
    with pytest.raises(NoGrant):
        office.reserve(record(), caller=STRANGER)


def test_a_grant_that_was_taken_back_or_has_ended_opens_nothing(office_on: Office, record: Record) -> None:
    house, now = office_on.house, office_on.now
    given = grants.grant(house, office_on.seal.id, "health-site", purposes=("notice",), by="owner", now=now)
    short = grants.grant(
        house, office_on.seal.id, "short", purposes=("notice",), by="owner", now=now, until=now + timedelta(hours=1)
    )
    grants.take_back(house, given.id, by="owner", now=now)
    with pytest.raises(NoGrant):
        office_on.reserve(record(), caller=STRANGER, purpose="notice")
    with pytest.raises(NoGrant):
        office_on.reserve(record(), caller=Caller(client=short.grantee), purpose="notice", now=now + timedelta(hours=1))


@pytest.mark.parametrize(("limit", "span"), [("per_hour", timedelta(hours=1)), ("per_day", timedelta(days=1))])
def test_a_limit_holds_for_its_span(office_on: Office, record: Record, limit: str, span: timedelta) -> None:
    grants.grant(
        office_on.house,
        office_on.seal.id,
        "health-site",
        purposes=("n",),
        by="owner",
        now=office_on.now,
        **{limit: 2},  # type: ignore[arg-type]
    )
    asked: dict[str, object] = {"caller": STRANGER, "purpose": "n"}
    first, last = office_on.reserve(record(), **asked), office_on.reserve(digest := record(), **asked)
    with pytest.raises(LimitReached):
        office_on.reserve(record(), **asked)
    assert office_on.reserve(digest, **asked) == last, "a retry is no new use"
    assert office_on.reserve(record(), **asked, now=office_on.now + span).grant == first.grant


def test_a_void_use_does_not_count(office: Office, record: Record) -> None:
    grants.grant(office.house, office.seal.id, "health-site", purposes=("n",), by="owner", now=office.now, per_day=1)
    only = office.reserve(record(), caller=STRANGER, purpose="n")
    with office.house.database.write() as db:
        use.void(db, only.id, reason="crashed", by="resume", now=office.now)
    assert office.reserve(record(), caller=STRANGER, purpose="n").id != only.id


def test_parallel_reservations_do_not_pass_a_limit(office_on: Office) -> None:
    grants.grant(
        office_on.house, office_on.seal.id, "health-site", purposes=("n",), by="owner", now=office_on.now, per_hour=3
    )

    def attempt(number: int) -> bool:
        try:
            office_on.reserve(number.to_bytes(32, "big"), caller=STRANGER, purpose="n")
        except LimitReached:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 3


def test_parallel_reservations_of_one_record_are_one_use(office_on: Office, record: Record) -> None:
    digest = record()
    with ThreadPoolExecutor(4) as pool:
        assert len({reserved.id for reserved in pool.map(lambda _: office_on.reserve(digest), range(8))}) == 1


def test_a_suspended_seal_is_not_used_and_a_resumed_one_is(office_on: Office, record: Record) -> None:
    lifecycle.suspend(office_on.house, office_on.seal.id, reason="lost phone", by="owner", now=office_on.now)
    with pytest.raises(SealNotInForce):
        office_on.reserve(record())
    lifecycle.resume(office_on.house, office_on.seal.id, reason="found", by="owner", now=office_on.now)
    office_on.reserve(record())


def confirmed(office: Office, person: str, digest: bytes, seal: str = "") -> str:
    """A custodian was asked, and his passkey answered."""
    with office.house.database.write() as db:
        question = asked.ask(
            db,
            person,
            purpose=use.confirmation(seal or office.seal.id),
            digest=digest,
            words=(("Document", "x.pdf"),),
            back="/",
            by="test",
            now=office.now,
        )
        assert asked.answered(db, question.id, {"signature": "x"}, office.now)
    return question.id


def make_sensitive(office: Office) -> None:
    with office.house.database.write() as db:
        assert store.keep_sensitive(db, office.seal.id, sensitive=True)
        store.keep_custodians(db, office.seal.id, ["keeper"], by="test", now=office.now)


def test_a_sensitive_seal_waits_for_its_custodian(office_on: Office, record: Record) -> None:
    make_sensitive(office_on)
    digest = record()
    with pytest.raises(NeedsCustodian):
        office_on.reserve(digest)
    with pytest.raises(NotConfirmed):
        office_on.reserve(digest, asked="unknown")
    id = confirmed(office_on, "keeper", digest)
    reserved = office_on.reserve(digest, asked=id)
    assert reserved.asked == id
    assert office_on.reserve(digest, asked=id) == reserved, "work goes on after a crash"
    with pytest.raises(NotConfirmed):
        office_on.reserve(record(), asked=id)


def test_only_a_custodian_s_confirmation_of_this_record_and_seal_counts(office_on: Office, record: Record) -> None:
    make_sensitive(office_on)
    digest = record()
    with pytest.raises(NotConfirmed):
        office_on.reserve(digest, asked=confirmed(office_on, "keeper", record()))
    with pytest.raises(NotConfirmed):
        office_on.reserve(digest, asked=confirmed(office_on, "keeper", digest, "another"))
    stranger = confirmed(office_on, "stranger", digest)
    with pytest.raises(NeedsCustodian):
        office_on.reserve(digest, asked=stranger)
    with office_on.house.database.read() as db:
        found = asked.one(db, stranger)
    assert found
    assert found.taken is None, "what is refused takes nothing"


def test_licenses_are_sealed_with_a_seal_that_asks_nobody_if_there_is_one(office_on: Office) -> None:
    make_sensitive(office_on)
    house, now = office_on.house, office_on.now
    with house.database.read() as db:
        assert store.seal_of(db, MARKET.code).id == office_on.seal.id
    other = lifecycle.make_seal(house, MARKET, code13="8801010000058", by="init", now=now + timedelta(minutes=1))
    with house.database.read() as db:
        assert store.seal_of(db, MARKET.code).id == other.id


def test_who_is_no_custodian_any_more_confirms_nothing(office: Office, record: Record) -> None:
    make_sensitive(office)
    id = confirmed(office, "keeper", digest := record())
    with office.house.database.write() as db:
        store.keep_custodians(db, office.seal.id, ["other"], by="test", now=office.now)
    with pytest.raises(NeedsCustodian):
        office.reserve(digest, asked=id)


def test_a_seal_is_not_used_after_its_certificate(office: Office, record: Record) -> None:
    assert office.seal.valid_until is not None
    with pytest.raises(SealNotInForce):
        office.reserve(record(), now=office.seal.valid_until)


@pytest.mark.parametrize(
    "wrong",
    [
        {"purposes": ()},
        {"purposes": ("",)},
        {"grantee": ""},
        {"per_hour": 0},
        {"per_day": -1},
        {"until": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_grant_that_says_nothing_is_refused(office: Office, wrong: dict[str, object]) -> None:
    asked: dict[str, object] = {"grantee": "x", "purposes": ("p",), "by": "owner", "now": office.now}
    with pytest.raises(Exception, match="grant"):
        grants.grant(office.house, office.seal.id, **asked | wrong)  # type: ignore[arg-type]


def test_a_grant_is_in_the_ledger_and_ends_once(office: Office) -> None:
    given = grants.grant(office.house, office.seal.id, "x", purposes=(SealGrant.ANY,), by="owner", now=office.now)
    ended = grants.take_back(office.house, given.id, by="owner", now=office.now)
    assert ended.revoked_at == office.now
    with pytest.raises(Exception, match="in force"):
        grants.take_back(office.house, given.id, by="owner", now=office.now)
    with office.house.database.read() as db:
        kinds = [event.kind for event in ledger.events(db, subject=office.seal.id)]
        assert ended in store.grants(db, office.seal.id)
    assert kinds[:2] == ["seal.grant-ended", "seal.granted"]


def test_the_uses_of_a_seal_are_listed_newest_first(office: Office, record: Record) -> None:
    made = [office.reserve(record(), now=office.now + timedelta(seconds=each)) for each in range(3)]
    with office.house.database.read() as db:
        assert store.uses(db, office.seal.id) == made[::-1]
        assert store.uses(db, office.seal.id, before=made[1].at, limit=1) == [made[0]]


def test_what_is_reserved_for_a_lost_document_is_given_back(office_on: Office, record: Record) -> None:
    lost, sealed = office_on.reserve(digest := record()), office_on.reserve(other := record())
    finished(office_on, sealed)
    house, agency = office_on.house, office_on.seal.agency
    with house.database.write() as db:
        for each in (digest, other, record()):
            use.void_reserved(db, agency, each, reason="crash", by="test", now=office_on.now)
        assert (store.use(db, lost.id).state, store.use(db, lost.id).reason) == (UseState.void, "crash")
        assert store.use(db, sealed.id).state is UseState.sealed
    assert office_on.reserve(digest).id != lost.id
