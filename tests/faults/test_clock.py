"""Faults of time. Each has its stated outcome: no time-stamp that is wrong by more than a second, and no document that is lost.

The time source is a real SNTP server on this machine.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from asn1crypto import cms
from flask.testing import FlaskClient

import app as front
from certs import alarms, store, timestamp
from certs.alarms import CLOCK, Trouble
from hub import clock, timesource
from hub.house import House
from hub.timesource import STALE, ClockWrong
from seals import sealing
from seals.model import Level
from tests.certs.test_timestamp import Response, info, query, signed
from tests.conftest import served
from tests.hub.timeserver import TimeServer
from tests.seals.conftest import Office, open_office
from tests.seals.paper import page

DIGEST = hashlib.sha256(b"paper").digest()
KIND = {"content_type": "application/timestamp-query"}


@pytest.fixture
def source() -> Iterator[TimeServer]:
    with TimeServer() as server:
        yield server


@pytest.fixture
def office(house: House, source: TimeServer, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with its seal, in a house that checks its clock."""
    monkeypatch.setattr(timesource, "AGAIN", 0.0)
    sources = f"127.0.0.1:{source.port}"
    told = replace(house, settings=house.settings.model_copy(update={"time_sources": sources}), cache={})
    return open_office(told, clock.now() - timedelta(minutes=4))


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return served(office.house, front.HUB_ROOMS).test_client()


def stamped(client: FlaskClient) -> Response:
    found: Response = Response.load(client.post("/pki/tsa", data=query(), **KIND).data, strict=True)
    return found


def why(answer: Response) -> set[str]:
    assert answer["status"]["status"].native == "rejection"
    assert answer["time_stamp_token"].native is None
    return set(answer["status"]["fail_info"].native)


def level(office: Office, number: int) -> tuple[Level, tuple[str, ...]]:
    """Of a document that is sealed now, for which there is always one."""
    now = clock.now()
    use = replace(office, now=now).reserve(number.to_bytes(32))
    evidence = replace(office, now=now).material()
    done = sealing.seal_once(sealing.prepare(page(), evidence[0], use, None, evidence[1]))
    assert done.pdf.startswith(b"%PDF")
    return done.level, done.missing


@pytest.mark.parametrize("jump", [-120, -2, 2, 86_400])
def test_a_clock_that_jumps_stops_the_time_stamps_and_not_the_seals(
    office: Office, client: FlaskClient, jump: int
) -> None:
    assert info(signed(stamped(client)))["gen_time"].native
    assert level(office, 1) == (Level.timed, ())
    with clock.shifted(jump):
        assert why(stamped(client)) == {"time_not_available"}
        lowered, missing = level(office, 2)
        assert lowered is Level.bare
        assert "time-stamp" in missing
        assert Trouble(CLOCK, "", bad=True) in alarms.troubles(office.house, clock.now())
    assert info(signed(stamped(client)))["gen_time"].native
    assert level(office, 3) == (Level.timed, ())
    with office.house.database.read() as db:
        at = [line.at for line in store.stamps(db)]
    assert at == sorted(at)  # nothing of the wrong time stands in the log
    assert len(at) == 4


def test_a_source_that_says_the_clock_is_wrong_stops_the_time_stamps(
    office: Office, client: FlaskClient, source: TimeServer
) -> None:
    source.ahead = 1.5
    assert why(stamped(client)) == {"time_not_available"}
    source.ahead = 0.0
    assert signed(stamped(client))


def test_a_source_that_is_gone_is_missed_after_ten_minutes(
    office: Office, client: FlaskClient, source: TimeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert signed(stamped(client))
    monkeypatch.setattr(timesource, "WAIT", 0.05)
    source.silent = True
    watch = office.house.cache[timesource.CACHE]

    def passed(seconds: float) -> None:
        watch.last = replace(
            watch.last, ticks=watch.last.ticks - seconds, at=watch.last.at - timedelta(seconds=seconds)
        )

    passed(STALE - 60)
    assert signed(stamped(client))
    passed(61)
    assert why(stamped(client)) == {"time_not_available"}
    assert level(office, 1)[0] is Level.bare
    source.silent = False
    assert signed(stamped(client))


def test_a_log_that_is_ahead_stops_the_time_stamps(office: Office, client: FlaskClient) -> None:
    """The clock was ahead before this process began, and nobody had noticed: no token may stand behind a later one."""
    with office.house.database.write() as db:
        store.log_stamp(db, clock.now() + timedelta(minutes=5), "unit", DIGEST, 7)
    assert why(stamped(client)) == {"time_not_available"}
    with pytest.raises(ClockWrong):
        timestamp.token(office.house, DIGEST, clock.now())


def test_a_unit_that_is_gone_lowers_the_level(office: Office, client: FlaskClient) -> None:
    for ending in ("pem", "json"):
        (office.house.keys.folder / f"tsa.{ending}").unlink()
    assert why(stamped(client)) == {"system_failure"}
    lowered, missing = level(office, 1)
    assert lowered is Level.bare
    assert "time-stamp" in missing


def test_each_token_of_a_right_clock_is_its_own(office: Office) -> None:
    tokens = [timestamp.token(office.house, DIGEST, clock.now()) for _ in range(5)]
    numbers = [info(cms.ContentInfo.load(each)["content"])["serial_number"].native for each in tokens]
    assert numbers == sorted(set(numbers))
