"""A level that was lowered is lifted later: in a further edition, once, whatever crashes meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from certs import authority, status, timestamp
from certs.model import NoAuthority
from hub import ledger
from hub.blobs import Blobs
from seals import lift, sealing, store, use
from seals.model import Level, Sealed
from seals.model.edition import Edition, Lift
from seals.store import editions
from tests.seals import judge
from tests.seals.conftest import PLACE, Office
from tests.seals.paper import page


def broken(*_: object) -> bytes:
    raise NoAuthority("down")


def sealed(office: Office, record: bytes = bytes(32), wanted: Level = Level.archive) -> Sealed:
    """A document as an issuer makes one: reserved, sealed, kept, noted."""
    house, now = office.house, office.now
    material, evidence = office.material()
    reserved = office.reserve(record, wanted=wanted)
    done = sealing.seal_once(sealing.prepare(page(), material, reserved, PLACE, evidence))
    house.blobs.put(done.pdf)
    with house.database.write() as db:
        use.finish(db, done, now)
    return done


def of(office: Office, done: Sealed) -> list[Edition]:
    with office.house.database.read() as db:
        return editions.editions(db, done.digest)


def owed(office: Office, done: Sealed) -> Lift:
    with office.house.database.read() as db:
        return editions.lift_of(db, done.use)


def events(office: Office, kind: str) -> list[dict[str, object]]:
    with office.house.database.read() as db:
        return [event.facts for event in ledger.events(db, kind=kind)]


def test_an_archive_edition_is_made_beside_the_holders_file(office_on: Office) -> None:
    done = sealed(office_on)
    assert lift.lift(office_on.house, office_on.now) == 1
    (edition,) = of(office_on, done)
    assert (edition.number, edition.level, edition.sealed) == (1, Level.archive, done.digest)
    assert office_on.house.blobs.get(done.digest.hex()) == done.pdf, "what the holder has does not change"
    archived = office_on.house.blobs.get(edition.digest)
    assert archived.startswith(done.pdf)
    assert judge.status(archived, office_on).bottom_line
    (told,) = events(office_on, "seal.edition")
    assert (told["sealed"], told["edition"], told["level"]) == (done.digest.hex(), edition.digest, "B-LTA")
    assert lift.lift(office_on.house, office_on.now + timedelta(days=30)) == 0, "nothing is owed any more"


def test_a_level_that_was_reached_owes_nothing(office: Office) -> None:
    sealed(office, wanted=Level.timed)
    assert lift.lift(office.house, office.now) == 0
    assert events(office, "seal.level-lowered") == []


def test_revocation_data_alone_are_added_where_no_more_is_wanted(office: Office) -> None:
    done = sealed(office, wanted=Level.long_term)
    assert lift.lift(office.house, office.now) == 1
    assert of(office, done)[0].level is Level.long_term
    assert owed(office, done).due is None


MISSING: dict[str, tuple[object, str]] = {
    "time-stamp": (timestamp, "token"),
    "ocsp": (status, "ocsp_for"),
    "crl": (status, "list_of"),
}


@pytest.mark.parametrize("kind", MISSING)
def test_what_could_not_be_had_is_said_and_lifted_when_it_can(
    office: Office, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as outage:
        outage.setattr(*MISSING[kind], broken)
        done = sealed(office)
        assert kind in done.missing
        (told,) = events(office, "seal.level-lowered")
        assert told == {"use": done.use, "level": done.level.value, "missing": list(done.missing)}
        assert lift.lift(office.house, office.now) == 0
        assert (owed(office, done).why, owed(office, done).tries) == (kind, 1)
        assert lift.lift(office.house, office.now + timedelta(seconds=29)) == 0
        assert owed(office, done).tries == 1, "not before its time"
    later = office.now + timedelta(seconds=31)
    assert lift.lift(office.house, later) == 1
    (edition,) = of(office, done)
    assert edition.level is Level.archive
    assert judge.status(office.house.blobs.get(edition.digest), replace(office, now=later)).bottom_line
    assert (owed(office, done).why, owed(office, done).tries) == ("", 0)


def test_pauses_grow_to_an_hour() -> None:
    at = datetime(2026, 1, 1)  # noqa: DTZ001  only differences count
    pauses = [Lift("u", b"", at, tries).next_try(at) - at for tries in range(12)]
    assert pauses[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert pauses[-1] == timedelta(hours=1)


def test_an_outage_ends_the_round_and_a_lost_file_does_not(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    lost, good = sealed(office, b"\1" * 32), sealed(office, b"\2" * 32)
    folder = office.house.blobs.folder
    assert folder is not None
    (path,) = folder.glob(f"*/{lost.digest.hex()}")
    path.unlink()
    with monkeypatch.context() as outage:
        outage.setattr(timestamp, "token", broken)
        assert lift.lift(office.house, office.now, limit=1) == 0
        assert lift.lift(office.house, office.now) == 0
    assert lift.lift(office.house, office.now + timedelta(hours=2)) == 1
    assert owed(office, lost).why == "BlobMissing"
    assert of(office, good)


def test_a_round_is_bounded(office: Office) -> None:
    for number in range(3):
        sealed(office, bytes([number]) * 32)
    assert [lift.lift(office.house, office.now, limit=2) for _ in range(3)] == [2, 1, 0]


def test_the_last_stamp_is_renewed_before_its_unit_ends(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    done = sealed(office)
    lift.lift(office.house, office.now)
    (first,) = of(office, done)
    renew = first.renewed_at()
    assert renew == first.until - timedelta(days=90)
    assert lift.lift(office.house, renew - timedelta(seconds=1)) == 0
    known = authority.authority(office.house, "time-stamp", office.now)
    monkeypatch.setattr(authority, "authority", lambda *_: known)
    monkeypatch.setattr(status, "ocsp_for", lambda *_: office.material()[1].ocsps[0])
    monkeypatch.setattr(status, "list_of", lambda *_: office.material()[1].crls[0])
    assert lift.lift(office.house, renew) == 0, "the same unit gives nothing that lasts longer"
    later = replace(known, not_after=known.not_after + timedelta(days=3000))
    monkeypatch.setattr(authority, "authority", lambda *_: later)
    monkeypatch.setattr(timestamp, "token", lambda *_: timestamp_token(office, *_))
    assert lift.lift(office.house, renew + timedelta(days=2)) == 1
    assert [edition.number for edition in of(office, done)] == [1, 2]
    second = office.house.blobs.get(of(office, done)[1].digest)
    assert second.startswith(office.house.blobs.get(first.digest))


REAL_TOKEN = timestamp.token


def timestamp_token(office: Office, house: object, imprint: bytes, now: datetime) -> bytes:
    return REAL_TOKEN(office.house, imprint, office.now)


# -- crashes


class Killed(BaseException):
    """What a kill looks like from inside: nothing that comes after runs."""


def cut(monkeypatch: pytest.MonkeyPatch, where: object, name: str, nth: int, *, after: bool) -> None:
    """Die at the nth call of a step, before or after it."""
    real: Any = getattr(where, name)
    calls = iter(range(1, 99))

    def dying(*args: object, **named: object) -> object:
        here = next(calls) == nth
        if here and not after:
            raise Killed
        result = real(*args, **named)
        if here:
            raise Killed
        return result

    monkeypatch.setattr(where, name, dying)


STEPS = [
    (editions, "change", 1),
    (editions, "change", 2),
    (Blobs, "put", 1),
    (editions, "change", 3),
    (editions, "keep", 1),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name", "nth"), STEPS, ids=["claim", "name", "put", "end", "keep"])
def test_a_crash_anywhere_leaves_one_edition_and_no_strangers_file(
    office: Office, monkeypatch: pytest.MonkeyPatch, where: object, name: str, nth: int, *, after: bool
) -> None:
    done = sealed(office)
    with monkeypatch.context() as patched:
        cut(patched, where, name, nth, after=after)
        with pytest.raises(Killed):
            lift.lift(office.house, office.now)
    for minutes in range(0, 10, 3):
        lift.lift(office.house, office.now + timedelta(minutes=minutes))
    (edition,) = of(office, done)
    assert judge.status(office.house.blobs.get(edition.digest), office).bottom_line
    assert set(office.house.blobs.digests()) <= {done.digest.hex(), *owed(office, done).named}
    assert len(events(office, "seal.edition")) == 1


def test_who_was_too_slow_enters_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that stood still meanwhile wakes up when another one has made the edition."""
    done = sealed(office)
    real, later = Blobs.put, office.now + lift.LEASE + timedelta(seconds=1)

    def stalled(self: Blobs, data: bytes) -> str:
        monkeypatch.setattr(Blobs, "put", real)
        assert lift.lift(office.house, later) == 1
        return real(self, data)

    monkeypatch.setattr(Blobs, "put", stalled)
    assert lift.lift(office.house, office.now) == 0
    (edition,) = of(office, done)
    assert set(office.house.blobs.digests()) == {done.digest.hex(), *owed(office, done).named}
    assert owed(office, done).due == edition.renewed_at()
    assert office.house.blobs.get(edition.digest).startswith(done.pdf)


def test_the_seal_use_stays_as_it_was(office: Office) -> None:
    done = sealed(office)
    lift.lift(office.house, office.now)
    with office.house.database.read() as db:
        assert store.use(db, done.use).level == "B-T", "the holder's file has not changed"
