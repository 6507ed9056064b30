"""The life of a seal in the registers: who may do which step, and what each leaves behind."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from certs import store as certificates
from certs.model import Reason
from hub import ledger
from hub.house import House
from seals import lifecycle, make, store
from seals.model import (
    AgencyUnknown,
    BadSeal,
    BadStep,
    Design,
    Kind,
    SamePerson,
    Seal,
    SealExists,
    SealGlyphMissing,
    SealNotInForce,
    SealStepRefused,
    SealUnknown,
    State,
    Step,
)
from tests.seals.conftest import CITY, HEALTH, MARKET, Office

DESIGN = Design(HEALTH.name, "8801010000025")


def applied(office: Office, design: Design = DESIGN, kind: Kind = Kind.business, by: str = "clerk") -> Seal:
    return lifecycle.apply(office.house, HEALTH.code, design, kind=kind, by=by, now=office.now)


def test_the_long_way_from_application_to_use(office_on: Office) -> None:
    house, now = office_on.house, office_on.now
    seal = applied(office_on)
    states = [seal.state]
    for step, by, more in (
        (lifecycle.approve, "auditor", {"document": "2026-17", "reason": "as the rules say"}),
        (lifecycle.make, "maker", {}),
        (lifecycle.file, "filing officer", {"number": "GA-88-0042"}),
        (lifecycle.activate, "custodian", {}),
    ):
        states.append(step(house, seal.id, by=by, now=now, **more).state)
    assert states == [State.applied, State.approved, State.made, State.filed, State.active]
    with house.database.read() as db:
        kept = store.seal(db, seal.id)
        steps = store.steps(db, seal.id)
        events = ledger.events(db, subject=seal.id)
        certificate = certificates.certificate(db, kept.certificate)
    kept.in_force(now)
    assert [(event.kind, event.by) for event in reversed(events)] == [
        ("seal.applied", "clerk"),
        ("seal.approve", "auditor"),
        ("seal.make", "maker"),
        ("seal.file", "filing officer"),
        ("seal.activate", "custodian"),
    ]
    assert (certificate.key, certificate.code, certificate.profile) == (kept.key_name, HEALTH.code, "e-seal")
    assert kept.valid_until == certificate.not_after
    assert kept.filing == "GA-88-0042"
    assert [(step.number, step.operation, step.by) for step in steps] == [
        (1, "apply", "clerk"),
        (2, "approve", "auditor"),
        (3, "make", "maker"),
        (4, "file", "filing officer"),
        (5, "activate", "custodian"),
    ]
    assert (steps[1].reason, steps[1].document) == ("as the rules say", "2026-17")


def test_the_applicant_does_not_approve(office: Office) -> None:
    with pytest.raises(SamePerson):
        lifecycle.approve(office.house, applied(office, by="clerk").id, by="clerk", now=office.now)


def test_a_rejected_application_is_the_end(office: Office) -> None:
    seal = lifecycle.reject(office.house, applied(office).id, reason="wrong name", by="auditor", now=office.now)
    assert (seal.state, seal.reason) == (State.rejected, "wrong name")
    with pytest.raises(SealStepRefused):
        lifecycle.approve(office.house, seal.id, by="auditor", now=office.now)


@pytest.mark.parametrize("by", ["clerk", "auditor"])
def test_who_applied_or_approved_does_not_make(office_on: Office, by: str) -> None:
    seal = applied(office_on, by="clerk")
    lifecycle.approve(office_on.house, seal.id, by="auditor", now=office_on.now)
    with pytest.raises(SamePerson):
        lifecycle.make(office_on.house, seal.id, by=by, now=office_on.now)
    with office_on.house.database.read() as db:
        assert store.seal(db, seal.id).state is State.approved
        assert len(store.steps(db, seal.id)) == 2
    assert not office_on.house.keys.exists(f"seal-{seal.id}"), "nothing is made for who may not"


def test_the_short_path_is_told_from_the_long_one(office: Office) -> None:
    with office.house.database.read() as db:
        first, *rest = store.steps(db, office.seal.id)
    assert (first.operation, first.reason) == ("apply", "short path")
    assert {step.by for step in rest} == {"init"}
    assert office.seal.filing == office.seal.design.code13


@pytest.mark.parametrize("number", ["", " ", "1" * 81])
def test_a_seal_is_filed_under_a_number(office: Office, number: str) -> None:
    seal = applied(office)
    lifecycle.approve(office.house, seal.id, by="auditor", now=office.now)
    lifecycle.make(office.house, seal.id, by="maker", now=office.now)
    with pytest.raises(BadStep):
        lifecycle.file(office.house, seal.id, number=number, by="filer", now=office.now)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_what_stops_a_seal_has_a_reason(office: Office, reason: str) -> None:
    with pytest.raises(BadStep):
        lifecycle.suspend(office.house, office.seal.id, reason=reason, by="owner", now=office.now)
    with office.house.database.read() as db:
        assert store.seal(db, office.seal.id).state is State.active


@pytest.mark.parametrize("step", ["make", "file", "activate"])
def test_no_step_is_skipped(office: Office, step: str) -> None:
    seal = applied(office)
    more = {"number": "1"} if step == "file" else {}
    with pytest.raises(SealStepRefused):
        getattr(lifecycle, step)(office.house, seal.id, by="maker", now=office.now, **more)
    assert not office.house.keys.exists(f"seal-{seal.id}")


def test_making_again_after_a_crash_takes_the_key_and_certificate_that_are_there(office: Office) -> None:
    seal = applied(office)
    lifecycle.approve(office.house, seal.id, by="auditor", now=office.now)
    left = make.certified(office.house, seal, HEALTH, "maker", office.now)  # and here the process dies
    assert lifecycle.make(office.house, seal.id, by="maker", now=office.now).certificate == left.serial


def test_a_character_that_cannot_be_drawn_stops_the_application(office: Office) -> None:
    with pytest.raises(SealGlyphMissing):
        applied(office, replace(DESIGN, name="\ue863云市民政局"))
    with office.house.database.read() as db:
        assert not store.seals(db, agency=HEALTH.code)


def test_an_unknown_agency_gets_no_seal(office: Office) -> None:
    with pytest.raises(AgencyUnknown):
        lifecycle.apply(office.house, "0" * 18, DESIGN, by="clerk", now=office.now)


def test_a_13_digit_code_belongs_to_one_seal(office_on: Office) -> None:
    with pytest.raises(SealExists):
        applied(office_on, replace(DESIGN, code13=office_on.seal.design.code13))


def test_a_body_has_one_seal_of_its_statutory_name_at_a_time(office_on: Office) -> None:
    first = applied(office_on, replace(DESIGN, line=""), Kind.statutory)
    another = replace(DESIGN, line="", code13="8801010000033")
    with pytest.raises(SealExists):
        applied(office_on, another, Kind.statutory)
    applied(office_on, replace(DESIGN, code13="8801010000041"))
    lifecycle.reject(office_on.house, first.id, reason="again", by="auditor", now=office_on.now)
    assert applied(office_on, another, Kind.statutory).state is State.applied


def test_cancelling_ends_seal_and_certificate(office_on: Office) -> None:
    asked = {"cause": Reason.key_compromise, "reason": "key seen", "by": "owner", "now": office_on.now}
    for _ in range(2):  # the second call completes what a crash left undone
        seal = lifecycle.cancel(office_on.house, office_on.seal.id, **asked)  # type: ignore[arg-type]
    assert seal.state is State.cancelled
    with office_on.house.database.read() as db:
        end = certificates.certificate(db, seal.certificate).revocation
    assert end is not None
    assert end.reason is Reason.key_compromise
    with pytest.raises(SealStepRefused):
        lifecycle.resume(office_on.house, seal.id, reason="no", by="owner", now=office_on.now)


def test_an_application_is_cancelled_without_a_certificate(office: Office) -> None:
    seal = applied(office)
    lifecycle.approve(office.house, seal.id, by="auditor", now=office.now)
    cancelled = lifecycle.cancel(
        office.house, seal.id, cause=Reason.cessation_of_operation, reason="not needed", by="clerk", now=office.now
    )
    assert cancelled.state is State.cancelled


def test_a_suspended_seal_keeps_its_certificate(office: Office) -> None:
    seal = lifecycle.suspend(office.house, office.seal.id, reason="audit", by="owner", now=office.now)
    with office.house.database.read() as db:
        assert certificates.certificate(db, seal.certificate).valid_at(office.now)
    with pytest.raises(SealStepRefused):
        lifecycle.suspend(office.house, seal.id, reason="again", by="owner", now=office.now)


def successor(office: Office) -> Seal:
    design = Design(MARKET.name, "8801010000058")
    return lifecycle.make_seal(office.house, MARKET, by="init", now=office.now, design=design)


def test_a_successor_takes_over(office: Office) -> None:
    new = successor(office)
    old = lifecycle.replace(office.house, office.seal.id, new.id, by="owner", now=office.now)
    assert (old.state, old.reason) == (State.replaced, new.id)
    with office.house.database.read() as db:
        assert store.seal_of(db, MARKET.code).id == new.id
        assert not certificates.certificate(db, old.certificate).valid_at(office.now + timedelta(seconds=1))


def test_a_seal_does_not_succeed_itself_nor_another_agencys(office: Office) -> None:
    other = lifecycle.make_seal(office.house, HEALTH, by="init", now=office.now, design=DESIGN)
    for wrong in (office.seal.id, other.id):
        with pytest.raises(SealUnknown):
            lifecycle.replace(office.house, office.seal.id, wrong, by="owner", now=office.now)


def test_a_successor_must_be_in_force(office: Office) -> None:
    new = successor(office)
    lifecycle.suspend(office.house, new.id, reason="audit", by="owner", now=office.now)
    with pytest.raises(SealNotInForce):
        lifecycle.replace(office.house, office.seal.id, new.id, by="owner", now=office.now)


def test_a_seal_expires_with_its_certificate(office_on: Office) -> None:
    assert office_on.seal.valid_until is not None
    assert lifecycle.expire(office_on.house, office_on.now) == 0
    assert lifecycle.expire(office_on.house, office_on.seal.valid_until) == 1
    assert lifecycle.expire(office_on.house, office_on.seal.valid_until) == 0
    with office_on.house.database.read() as db:
        assert store.seal(db, office_on.seal.id).state is State.expired
        with pytest.raises(SealUnknown):
            store.seal_of(db, MARKET.code)


def test_two_hands_at_once_make_one_step(office_on: Office) -> None:
    with office_on.house.database.write() as db:
        stale = replace(office_on.seal, state=State.suspended)
        assert not store.change(db, stale, State.filed)
        assert store.change(db, stale, State.active)
        assert not store.change(db, stale, State.active)


def test_every_query_takes_a_scope(office: Office) -> None:
    with office.house.database.read() as db:
        assert store.seal(db, office.seal.id, CITY) == office.seal
        assert [seal.id for seal in store.seals(db, "hub/880000")] == [office.seal.id]
        assert store.seals(db, "hub/870000") == []
        assert store.agencies(db, "hub/870000") == []
        assert {agency.code for agency in store.agencies(db, CITY)} == {MARKET.code, HEALTH.code}
        with pytest.raises(SealUnknown):
            store.seal(db, office.seal.id, "hub/870000")
        with pytest.raises(SealUnknown):
            store.seal(db, office.seal.id, "hub/880000/88010")
        with pytest.raises(AgencyUnknown):
            store.agency(db, MARKET.code, "hub/870000")


def test_the_picture_is_kept_as_drawn(office_on: Office) -> None:
    from seals.artwork import draw

    with office_on.house.database.read() as db:
        assert store.artwork(db, office_on.seal.id) == draw(office_on.seal.design)
        with pytest.raises(SealUnknown):
            store.artwork(db, "nothing")


def test_an_agency_may_change_its_name(office: Office) -> None:
    renamed = replace(MARKET, name_en="Qiyun Market Office")
    with office.house.database.write() as db:
        store.keep_agency(db, renamed)
        assert store.agency(db, MARKET.code) == renamed


def test_the_short_path_needs_a_13_digit_code(house: House, office: Office) -> None:
    with pytest.raises(BadSeal):
        lifecycle.make_seal(office.house, HEALTH, by="init", now=office.now)


def test_nobody_takes_the_installations_short_path_by_naming_it(office: Office) -> None:
    """The words by which an installation's own seals are told must not be somebody's reason: then nobody is kept apart."""
    for words in ("short path", " short path "):
        with pytest.raises(BadStep):
            lifecycle.apply(office.house, HEALTH.code, DESIGN, by="clerk", now=office.now, reason=words)


def test_a_step_of_a_seals_life_takes_no_custody_back(office_on: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two officers at once: one suspends the seal, the other one's decision makes it sensitive. Neither undoes the other."""
    seal = office_on.seal
    steps = store.steps

    def decided(db: Connection, id: str) -> list[Step]:  # after the step has read the seal, before it writes
        store.keep_sensitive(db, id, sensitive=True)
        return steps(db, id)

    monkeypatch.setattr(store, "steps", decided)
    lifecycle.suspend(office_on.house, seal.id, reason="under review", by="clerk", now=office_on.now)
    with office_on.house.database.read() as db:
        kept = store.seal(db, seal.id)
    assert (kept.state, kept.sensitive) == (State.suspended, True)
