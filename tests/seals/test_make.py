"""Making: the maker signs what the register shows, with a key of his own; what is not so is not sealed with."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certs import store as certificates
from certs.model import MAKER, Certificate, Reason
from certs.revoke import revoke
from hub import ledger
from seals import lifecycle, make, material, store
from seals import object as seal_object
from seals.model import Artwork, Design, Kind, NoMaker, ObjectWrong, Seal, SealStepRefused, State
from seals.store.tables import artwork_table, step_table
from tests.seals.conftest import HEALTH, Office

DESIGN = Design(HEALTH.name, "8801010000025")


def approved(office: Office, algorithm: str = "P-256") -> Seal:
    more = {"by": "clerk", "now": office.now, "algorithm": algorithm}
    seal = lifecycle.apply(office.house, HEALTH.code, DESIGN, **more)  # type: ignore[arg-type]
    return lifecycle.approve(office.house, seal.id, by="auditor", now=office.now)


def kept(office: Office, seal: Seal | None = None) -> bytes:
    with office.house.database.read() as db:
        found = store.object_of(db, (seal or office.seal).id)
    assert found
    return found


def test_the_maker_signs_picture_holder_and_certificate(office: Office) -> None:
    made = seal_object.read(kept(office))
    with office.house.database.read() as db:
        own = certificates.certificate(db, office.seal.certificate)
        maker = certificates.newest(db, MAKER)
        make.check(db, office.seal, own)
        wanted = make._wanted(db, office.seal, own, office.now)
    assert maker
    assert made.maker == maker.der
    assert maker.key != office.seal.key_name
    assert made.same_as(wanted)
    assert (made.name, made.width_mm, made.height_mm) == (office.seal.design.name, 42, 42)


@pytest.mark.parametrize("algorithm", ["P-384", "RSA-3072"])
def test_a_seal_is_made_with_the_kind_of_key_that_was_asked_for(office: Office, algorithm: str) -> None:
    seal = lifecycle.make(office.house, approved(office, algorithm).id, by="maker", now=office.now)
    lifecycle.file(office.house, seal.id, number="1", by="filer", now=office.now)
    seal = lifecycle.activate(office.house, seal.id, by="owner", now=office.now)
    assert material.for_seal(office.house, seal, office.now)[0].algorithm == algorithm


@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
@example(place=298, bit=0)  # the version of the maker's certificate
@example(place=619, bit=0)  # the kind of its key
@settings(max_examples=60, deadline=None)
def test_no_bit_of_the_object_can_be_changed(bureau: Office, place: int, bit: int) -> None:
    data = bytearray(kept(bureau))
    data[place % len(data)] ^= 1 << bit
    with bureau.house.database.read() as db:
        own = certificates.certificate(db, bureau.seal.certificate)
        with pytest.raises(ObjectWrong):
            _checked(db, bureau.seal, own, bytes(data))


@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_octets_that_are_no_object_are_refused_with_words(data: bytes) -> None:
    with pytest.raises(ObjectWrong):
        seal_object.read(data)


def _checked(db: sa.Connection, seal: Seal, own: Certificate, data: bytes) -> None:
    db.execute(artwork_table.update().where(artwork_table.c.seal == seal.id).values(object=data))
    try:
        make.check(db, seal, own)
    finally:
        db.rollback()


@pytest.mark.parametrize(
    "change",
    [
        {"svg": "<svg/>"},
        {"form": b"q Q"},
        {"object": None},
        {"object": b""},
    ],
    ids=["picture", "form", "nothing signed", "empty"],
)
def test_a_picture_that_was_not_made_is_not_shown(office_on: Office, change: dict[str, object]) -> None:
    with office_on.house.database.write() as db:
        db.execute(artwork_table.update().where(artwork_table.c.seal == office_on.seal.id).values(**change))
    with pytest.raises(ObjectWrong):
        office_on.material()


def test_the_object_of_another_seal_does_not_fit(office: Office) -> None:
    other = lifecycle.make_seal(office.house, HEALTH, by="init", now=office.now, design=DESIGN)
    with office.house.database.write() as db:
        store.keep_object(db, office.seal.id, kept(office, other))
    with pytest.raises(ObjectWrong):
        office.material()


def test_who_has_a_certificate_of_another_kind_is_no_maker(office: Office) -> None:
    with office.house.database.read() as db:
        own = certificates.certificate(db, office.seal.certificate)
        wanted = make._wanted(db, office.seal, own, office.now)
    forged = seal_object.write(wanted, own.der, lambda data: office.house.keys.sign(own.key, data))
    seal_object.read(forged)
    with office.house.database.write() as db:
        store.keep_object(db, office.seal.id, forged)
    with pytest.raises(ObjectWrong, match="no maker"):
        office.material()


@pytest.mark.parametrize(("hours", "stands"), [(1, True), (-1, False)])
def test_a_lost_maker_s_key_takes_with_it_what_it_signed_since(office: Office, hours: int, *, stands: bool) -> None:
    with office.house.database.read() as db:
        maker = certificates.newest(db, MAKER)
    assert maker
    later = office.now + timedelta(hours=2)
    revoke(office.house, maker.serial, Reason.key_compromise, "test", later, office.now + timedelta(hours=hours))
    if stands:
        office.material()
    else:
        with pytest.raises(ObjectWrong):
            office.material()


def test_where_the_maker_s_key_is_not_the_order_waits_for_it(office_on: Office, tmp_path: Path) -> None:
    house, now, seal = office_on.house, office_on.now, approved(office_on)
    with house.database.read() as db:
        maker = certificates.newest(db, MAKER)
    assert maker
    private, elsewhere = house.keys.folder / f"{maker.key}.pem", tmp_path / "maker.pem"
    private.rename(elsewhere)
    house.keys._opened.pop(maker.key, None)
    for _ in range(2):
        with pytest.raises(NoMaker):
            lifecycle.make(house, seal.id, by="maker", now=now)
    assert make.finish_orders(house, now) == 0
    with house.database.read() as db:
        assert store.seal(db, seal.id).state is State.approved
        (order,) = store.orders(db)
    elsewhere.rename(private)
    assert make.finish_orders(house, now + timedelta(hours=1)) == 1
    assert make.finish_orders(house, now) == 0
    with house.database.read() as db:
        made = store.seal(db, seal.id)
        assert store.steps(db, seal.id)[-1].by == "maker"
    assert (made.state, made.certificate) == (State.made, order.certificate)


def test_a_cancelled_order_is_not_made(office_on: Office) -> None:
    house, now, seal = office_on.house, office_on.now, approved(office_on)
    make._ordered(house, seal.id, "maker", now, "")  # and here the process dies
    more = {"cause": Reason.cessation_of_operation, "reason": "not needed", "by": "clerk", "now": now}
    lifecycle.cancel(house, seal.id, **more)  # type: ignore[arg-type]
    assert make.finish_orders(house, now) == 0
    with pytest.raises(SealStepRefused):
        lifecycle.make(house, seal.id, by="maker", now=now)


def test_two_makers_at_once_make_one_seal(office_on: Office) -> None:
    house, now, seal = office_on.house, office_on.now, approved(office_on)
    order = make._ordered(house, seal.id, "maker", now, "")
    assert make._ordered(house, seal.id, "maker", now, "").certificate == order.certificate
    make._signed(house, order, now)
    with pytest.raises(SealStepRefused):
        make._signed(house, order, now)


def test_a_seal_of_an_earlier_release_is_signed_once(office_on: Office) -> None:
    house, seal = office_on.house, office_on.seal
    with house.database.write() as db:
        db.execute(artwork_table.update().values(object=None))
        db.execute(step_table.delete())
    assert make.finish_orders(house, office_on.now) == 1
    office_on.material()
    with house.database.write() as db:
        assert ledger.events(db, subject=seal.id, kind="seal.signed-by-maker")
        db.execute(artwork_table.update().values(object=None))
    assert make.finish_orders(house, office_on.now) == 0, "what was taken out is not signed anew"


def test_an_object_says_what_it_was_made_from(now: datetime) -> None:
    art = Artwork("<svg/>", b"q Q", 10)
    seal = Seal("s1", HEALTH.code, "hub", Kind.business, DESIGN, State.approved, "a", now)
    since = now
    made = seal_object.expected(seal, art, b"cert", since, since + timedelta(days=1), since)
    assert not made.same_as(seal_object.expected(seal, replace(art, svg="<svg></svg>"), b"cert", since, since, since))
