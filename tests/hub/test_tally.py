"""Counts may be lost, but are never counted twice, and counting never stands in anybody's way."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from hub import clock, tally
from hub.shared import Shared
from hub.tally import Tally


@pytest.fixture
def shared(valkey_url: str) -> Iterator[Shared]:
    redis.Redis.from_url(valkey_url).flushall()
    opened = Shared(valkey_url)
    yield opened
    opened.close()


@pytest.fixture
def counts(shared: Shared) -> Iterator[Tally]:
    made = Tally(shared)
    yield made
    made.close()


def later(counts: Tally, minutes: float = 1) -> dict[str, int]:
    """The sums of what is finished when so much time has gone by."""
    sums: dict[str, int] = {}
    with clock.shifted(60 * minutes):
        for found in counts.finished().values():
            for name, number in found.items():
                sums[name] = sums.get(name, 0) + number
    return sums


def test_what_was_counted_arrives_once_its_minute_is_over(counts: Tally) -> None:
    for _ in range(3):
        counts.count("step", "login", "shown")
    counts.flush()
    assert later(counts) == {"step login shown": 3}
    assert later(counts) == {}, "taken once"


def test_the_present_minute_is_not_finished(counts: Tally) -> None:
    with clock.shifted(30 - clock.timestamp() % 60):  # in the middle of a minute
        counts.count("a")
        counts.flush()
        assert counts.finished() == {}
        assert counts.waiting() == {"a": 1}


def test_processes_add_up(shared: Shared, counts: Tally) -> None:
    other = Tally(shared)
    for one in (counts, other):
        one.count("a")
        one.flush()
    assert later(counts) == {"a": 2}


def test_of_many_takers_at_once_one_gets_it(shared: Shared) -> None:
    for turn in range(20):
        shared.add(f"counts {turn}", {"a": 7}, 60)
        with ThreadPoolExecutor(8) as threads:
            taken = list(threads.map(shared.take_all, [f"counts {turn}"] * 8))
        assert sorted(taken, key=bool) == [{}] * 7 + [{"a": 7}]


def test_no_count_is_lost_between_threads(counts: Tally) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: counts.count("a"), range(4000)))
    counts.flush()
    assert later(counts) == {"a": 4000}


def test_what_could_not_be_kept_is_given_back(counts: Tally) -> None:
    counts.count("a")
    counts.flush()
    with clock.shifted(60):
        taken = counts.finished()
        counts.back(taken)
        assert counts.finished() == taken


def test_it_flushes_by_itself(counts: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "FLUSH", 0.05)
    counts.count("a")
    end = time.monotonic() + 5
    while not counts.waiting() and time.monotonic() < end:
        time.sleep(0.02)
    assert counts.waiting() == {"a": 1}


def test_what_nobody_takes_up_goes(counts: Tally) -> None:
    counts.count("a")
    counts.flush()
    assert later(counts, minutes=tally.KEPT / 60 + 2) == {}


def test_a_flood_of_different_things_does_not_fill_the_memory(counts: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST", 10)
    for number in range(100):
        counts.count("a", str(number))
    counts.flush()
    assert len(later(counts)) == 10


def test_without_the_short_term_memory_counting_goes_on_and_is_lost() -> None:
    counts = Tally(Shared("redis://127.0.0.1:1/0"))
    counts.count("a")
    counts.flush()
    counts.count("a")
    counts.close()


def test_a_closed_house_counts_no_more(shared: Shared) -> None:
    counts = Tally(shared)
    counts.count("a")
    counts.close()
    counts.flush()
    counts.count("a")
    assert counts._timer is None
    assert later(Tally(shared)) == {}
