"""The clock is checked against real SNTP servers on this machine."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import clock, health, timesource
from hub.house import House
from hub.settings import BadSetting, read
from hub.timesource import LIMIT, STALE, ClockWrong, agreed, offset_of
from tests.hub.timeserver import TimeServer

COOKIE = b"12345678"


@pytest.fixture
def server() -> Iterator[TimeServer]:
    with TimeServer() as started:
        yield started


def told(house: House, *servers: TimeServer) -> House:
    """The same house, told of these time sources."""
    sources = ",".join(f"127.0.0.1:{each.port}" for each in servers)
    return replace(house, settings=house.settings.model_copy(update={"time_sources": sources}), cache={})


def test_a_right_clock_passes(house: House, server: TimeServer) -> None:
    timesource.checked(told(house, server), clock.now())
    assert server.asked == 1


def test_nobody_is_asked_where_no_source_is_named(house: House) -> None:
    timesource.checked(house, clock.now() + timedelta(days=400))


@pytest.mark.parametrize("wrong", [-3600.0, -1.2, 1.2, 86_400.0])
def test_a_wrong_clock_does_not_pass(house: House, server: TimeServer, wrong: float) -> None:
    server.ahead = wrong
    with pytest.raises(ClockWrong):
        timesource.checked(told(house, server), clock.now())


@pytest.mark.parametrize("little", [-0.8, 0.8])
def test_less_than_a_second_passes(house: House, server: TimeServer, little: float) -> None:
    server.ahead = little
    timesource.checked(told(house, server), clock.now())


@pytest.mark.parametrize("jump", [-5, 5, 90_000])
def test_a_jump_is_seen_at_once_and_its_end_too(
    house: House, server: TimeServer, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    monkeypatch.setattr(timesource, "AGAIN", 0.0)
    opened = told(house, server)
    timesource.checked(opened, clock.now())
    with clock.shifted(jump), pytest.raises(ClockWrong, match="ahead" if jump > 0 else "behind"):
        timesource.checked(opened, clock.now())
    timesource.checked(opened, clock.now())


def test_who_began_a_while_ago_gets_the_time_of_now(house: House, server: TimeServer) -> None:
    began = clock.now() - timedelta(seconds=20)
    assert clock.now() - timesource.checked(told(house, server), began) < timedelta(seconds=5)
    assert timesource.checked(house, began) == began  # nobody checks


def test_it_is_asked_again_in_the_background(house: House, server: TimeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = told(house, server)
    timesource.checked(opened, clock.now())
    for name in ("FRESH", "AGAIN"):
        monkeypatch.setattr(timesource, name, 0.0)
    timesource.checked(opened, clock.now())
    until = monotonic() + 5
    while server.asked < 2 and monotonic() < until:
        pass
    assert server.asked == 2


def test_nobody_vouches_for_a_clock_that_was_not_compared_for_long(
    house: House, server: TimeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = told(house, server)
    timesource.checked(opened, clock.now())
    server.silent = True
    monkeypatch.setattr(timesource, "WAIT", 0.05)
    watch = opened.cache[timesource.CACHE]
    watch.last = replace(
        watch.last, ticks=watch.last.ticks - STALE - 1, at=watch.last.at - timedelta(seconds=STALE + 1)
    )
    timesource.measure(opened)
    with pytest.raises(ClockWrong):
        timesource.checked(opened, clock.now())


def test_who_lies_is_outvoted(house: House) -> None:
    with TimeServer() as one, TimeServer() as two, TimeServer(ahead=500) as liar:
        timesource.checked(told(house, liar, one, two), clock.now())
        with pytest.raises(ClockWrong, match="disagree"):
            timesource.checked(told(house, liar, one), clock.now())


def test_health_says_so_and_the_rest_goes_on(house: House, server: TimeServer) -> None:
    assert health.CHECKS["clock"] is timesource.watch
    opened, server.ahead = told(house, server), 30
    found = health.report(opened, clock.now())
    assert found.results["clock"] == ClockWrong.title
    assert "clock" in health.TOLD
    assert found.ready is all(result == "ok" for name, result in found.results.items() if name != "clock")


@pytest.mark.parametrize("sources", ["ntp.example", "ntp.example:123, 10.0.0.1", "[2001:db8::1]:123"])
def test_sources_may_be_named_so(sources: str) -> None:
    assert read(time_sources=sources).time_sources == sources


@pytest.mark.parametrize("sources", ["http://ntp.example", "a,,b", "ntp example", "2001:db8::1"])
def test_other_names_stop_the_start(sources: str) -> None:
    with pytest.raises(BadSetting, match="YINXIN_TIME_SOURCES"):
        read(time_sources=sources)


# -- the wire


def answer(**given: int | bytes) -> bytes:
    """An answer that is 5 s ahead of a question of 2026-01-01."""
    at = (3_976_214_405 << 32).to_bytes(8)
    whole = bytearray(b"\x24\x02" + bytes(22) + COOKIE + at + at)
    for place, value in given.items():
        whole[int(place[1:])] = value if isinstance(value, int) else value[0]
    return bytes(whole)


SENT = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_offset_is_the_mean_of_both_ways() -> None:
    assert offset_of(answer(), COOKIE, SENT, 0.2) == pytest.approx(5 - 0.1)


def test_the_count_that_begins_anew_in_2036_is_understood() -> None:
    sent = datetime(2040, 1, 1, tzinfo=UTC)
    seconds = int(sent.timestamp()) + 2_208_988_800
    assert seconds > 1 << 32
    at = ((seconds + 7) % (1 << 32) << 32).to_bytes(8)
    assert offset_of(b"\x24\x02" + bytes(22) + COOKIE + at + at, COOKIE, sent, 0.0) == pytest.approx(7)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        answer()[:47],
        answer(_0=0xE4),  # not synchronised
        answer(_0=0x23),  # a question
        answer(_1=0),  # kiss of death
        answer(_1=16),
        answer(_24=0),  # another's answer
        answer(_32=0xFF),  # it left before it came
    ],
    ids=["empty", "short", "alarm", "client", "stratum-0", "stratum-16", "cookie", "backwards"],
)
def test_what_is_no_answer_to_rely_on_is_none(bad: bytes) -> None:
    assert offset_of(bad, COOKIE, SENT, 0.2) is None


def test_an_answer_that_took_too_long_is_none() -> None:
    assert offset_of(answer(), COOKIE, SENT, LIMIT + 0.1) is None


@given(st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    offset_of(data, COOKIE, SENT, 0.1)
    offset_of(data[:24] + COOKIE + data[32:], COOKIE, SENT, 0.1)


def test_no_answer_at_all_is_no_agreement() -> None:
    with pytest.raises(ClockWrong):
        agreed([])
    assert agreed([0.3]) == 0.3
    assert agreed([0.3], of=2) == 0.3
    with pytest.raises(ClockWrong):
        agreed([0.3], of=3)  # whoever silences two of three says alone what time it is
    assert agreed([0.1, 0.2, 90.0]) == pytest.approx(0.15)
