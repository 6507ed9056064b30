"""The short-term memory: atomic where it must be, quick to fail, and never surprising."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from hub import valkey
from hub.shared import SECONDS, Shared, SharedDown, tagged


@pytest.fixture
def shared(valkey_url: str) -> Iterator[Shared]:
    redis.Redis.from_url(valkey_url).flushall()
    opened = Shared(valkey_url)
    yield opened
    opened.close()


def test_a_value_is_taken_once(shared: Shared) -> None:
    shared.put("code", "abc", 60)
    assert shared.peek("code") == b"abc"
    assert shared.take("code") == b"abc"
    assert shared.take("code") is None


def test_of_many_takers_at_once_one_wins(shared: Shared) -> None:
    for turn in range(20):
        shared.put(f"code {turn}", "abc", 60)
        with ThreadPoolExecutor(8) as threads:
            taken = list(threads.map(shared.take, [f"code {turn}"] * 8))
        assert sorted(taken, key=bool) == [None] * 7 + [b"abc"]


def test_only_the_first_use_of_a_name_is_first(shared: Shared) -> None:
    assert shared.first("jti", 60)
    assert not shared.first("jti", 60)


def test_every_value_ends(shared: Shared, valkey_url: str) -> None:
    shared.put("value", "x", 60)
    shared.count("count", 60)
    shared.push("list", "x", 60)
    shared.first("name", 60)
    server = redis.Redis.from_url(valkey_url)
    lives = [server.ttl(key) for key in server.keys("*")]
    assert len(lives) == 4
    assert all(0 < life <= 60 for life in lives)


def test_a_counter_ends_after_its_first_count_not_its_last(shared: Shared) -> None:
    assert [shared.count("tries", 1) for _ in range(3)] == [1, 2, 3]
    time.sleep(1.1)
    assert shared.count("tries", 1) == 1


def test_counting_loses_nothing_under_load(shared: Shared) -> None:
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: shared.count("tries", 60), range(200)))
    assert sorted(counts) == list(range(1, 201))


def test_a_list_keeps_its_newest(shared: Shared) -> None:
    for number in range(5):
        shared.push("beacons", str(number), 60, most=3)
    assert shared.items("beacons") == [b"2", b"3", b"4"]
    shared.forget("beacons", "never was")
    assert shared.items("beacons") == []


def test_keys_of_one_owner_share_a_slot() -> None:
    slots = {redis.crc.key_slot(f"yx:{tagged(kind, 'person-1')}".encode()) for kind in ("flow", "session", "tries")}
    assert len(slots) == 1


def test_a_server_that_is_not_there_is_one_problem_at_once(tmp_path: Path) -> None:
    shared = Shared(f"unix://{tmp_path}/nobody.sock")
    began = time.monotonic()
    for call in (
        lambda: shared.put("a", "b", 1),
        lambda: shared.first("a", 1),
        lambda: shared.take("a"),
        lambda: shared.peek("a"),
        lambda: shared.count("a", 1),
        lambda: shared.push("a", "b", 1),
        lambda: shared.items("a"),
        lambda: shared.forget("a"),
        shared.check,
    ):
        with pytest.raises(SharedDown) as problem:
            call()
        assert problem.value.status == 503
        assert str(tmp_path) not in problem.value.detail  # an address may hold a password
    assert time.monotonic() - began < 1


def test_a_server_that_never_answers_costs_half_a_second(tmp_path: Path) -> None:
    """redis-py's own defaults made one GET take 8.7 s."""
    path = str(tmp_path / "mute.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(path)
        mute.listen()  # connections are made, nobody ever reads
        began = time.monotonic()
        with pytest.raises(SharedDown):
            Shared(f"unix://{path}").peek("a")
        assert SECONDS * 0.9 < time.monotonic() - began < SECONDS * 3


def test_a_full_server_refuses_and_forgets_nothing(tmp_path: Path) -> None:
    with valkey.embedded(tmp_path) as url:
        shared = Shared(url)
        shared.put("kept", "x", 60)
        redis.Redis.from_url(url).config_set("maxmemory", "1")
        with pytest.raises(SharedDown):
            shared.put("more", "x", 60)
        assert shared.peek("kept") == b"x"


def test_a_restarted_server_is_used_again_without_one_failure(tmp_path: Path) -> None:
    with valkey.embedded(tmp_path) as url:
        shared = Shared(url)
        shared.put("a", "x", 60)
    with valkey.embedded(tmp_path):
        assert shared.peek("a") == b"x"
        assert shared.count("fresh scripts", 60) == 1
