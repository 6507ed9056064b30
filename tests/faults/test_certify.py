"""kill -9 between any two steps of certifying: the next call ends what was begun, and no number is taken twice.

The story is a roll-over of the CA of seals (two keys, two certificates). One life after the other dies one step later than
the one before, in a process of its own; then the same command is given again.
"""

import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certs import authority, roll, store
from certs.model import ISSUING, Certificate, CertificateUnknown, KeyWrong, LegalPerson
from hub import ledger
from hub.house import House, open_house
from hub.keys import Keys

STEPS = ((Keys, "create"), (store, "intend"), (authority, "sign"), (store, "keep"), (ledger, "wrote"))
DIED = 9


def test_a_roll_over_that_was_killed_anywhere_ends_as_if_it_had_not_been(house_on: House, now: datetime) -> None:
    steps = count(1, 1 if house_on.database.is_sqlite else 3)
    for life, step in enumerate(steps, 1):
        generation, begun = life + 1, now + timedelta(minutes=2 * life)
        before = every(house_on)
        died = killed_at(house_on, step, partial(roll.roll, name=ISSUING, now=begun, by="test", to=generation))
        left = unsigned(house_on)
        assert len(left) <= 1
        new = roll.roll(house_on, ISSUING, begun + timedelta(minutes=1), by="test", to=generation)

        made = [one for one in every(house_on) if one not in before]
        assert sorted(one.profile for one in made) == [ISSUING, roll.RESPONDER]
        assert {one.above for one in made if one.profile == roll.RESPONDER} == {new.serial}
        assert (new.file, new.key) == (f"issuing-{generation}", f"issuing-ca-{generation}")
        assert unsigned(house_on) == []
        assert set(left) <= {one.serial for one in made}, "a number that was written down is the one that is used"
        with house_on.database.read() as db:
            told = [event.subject for event in ledger.events(db, kind="certificate.issued", limit=1000)]
        assert sorted(told) == sorted(one.serial for one in every(house_on))
        if not died:
            break
    assert step > len(STEPS) * 2 * 2, "each step of both certificates was a place to die"


def test_two_processes_that_certify_one_key_get_one_certificate(house_on: House, now: datetime) -> None:
    house_on.keys.create("maker-7", purpose="maker")
    public, subject = house_on.keys.public("maker-7"), LegalPerson("11880100DEM000049A", "栖云市市场监管局")
    got: list[Certificate] = []
    both = threading.Barrier(2)

    def certify() -> None:
        house = open_house(house_on.settings)
        both.wait()
        got.append(authority.certify(house, "maker", subject, public, now, key="maker-7"))
        house.close()

    threads = [threading.Thread(target=certify) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(got) == 2
    if got[0] != got[1]:  # one came when the other was through: each has a number, none is left without
        assert got[0].serial != got[1].serial
    assert unsigned(house_on) == []


def test_an_intent_that_no_longer_fits_is_not_signed(house: House, now: datetime) -> None:
    house.keys.create("maker-7", purpose="maker")
    public = house.keys.public("maker-7")
    old = authority.prepare(
        house, "maker", LegalPerson("11880100DEM000049A", "栖云市市场监管局"), public, now, key="maker-7"
    )
    renamed = LegalPerson("11880100DEM000049A", "栖云市市场监督管理局")
    new = authority.certify(house, "maker", renamed, public, now, key="maker-7")
    assert new.serial != old.serial
    assert x509.load_der_x509_certificate(new.der).public_key() == public
    assert unsigned(house) == [old.serial], "its number stays known"
    with house.database.read() as db, pytest.raises(CertificateUnknown):
        store.certificate(db, old.serial)


def test_a_linter_that_finds_something_leaves_nothing_behind(house: House, now: datetime) -> None:
    weak = ec.generate_private_key(ec.SECP384R1()).public_key()  # none of the kinds that this profile takes
    before = every(house)
    with pytest.raises(KeyWrong):
        authority.certify(house, "maker", LegalPerson("11880100DEM000049A", "栖云市市场监管局"), weak, now)
    assert (every(house), unsigned(house)) == (before, [])


def killed_at(house: House, step: int, work: Callable[[House], object]) -> bool:
    """Do it in a process that dies at this step; False: it came to its end before."""
    house.database.dispose()  # no connection is in two processes
    child = os.fork()
    if child == 0:
        steps = count(1)
        for where, name in STEPS:
            setattr(where, name, _dying(getattr(where, name), steps, step))
        try:
            work(open_house(house.settings))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, DIED}
    return code == DIED


def _dying(real: Callable[..., Any], steps: "count[int]", last: int) -> Callable[..., Any]:
    def step(*given: Any, **named: Any) -> Any:
        if next(steps) == last:
            os._exit(DIED)
        done = real(*given, **named)
        if next(steps) == last:  # between this step and the commit that would keep it
            os._exit(DIED)
        return done

    return step


def every(house: House) -> list[Certificate]:
    with house.database.read() as db:
        return store.certificates(db)


def unsigned(house: House) -> list[str]:
    with house.database.read() as db:
        return store.unsigned(db)
