"""Limits: counted for everybody together, and with a stated behaviour when they cannot be."""

import pytest
import redis

from hub import limits
from hub.house import House
from hub.limits import Limit
from hub.problems import TooMany
from hub.shared import Shared, SharedDown

LOGINS = Limit("login", times=3, seconds=60)
CODES = Limit("code", times=3, seconds=60, guessing=True)


def test_past_the_limit_is_refused_with_words_and_a_time(bare: House) -> None:
    for _ in range(3):
        limits.check(bare.shared, LOGINS, "zhang")
    with pytest.raises(TooMany) as problem:
        limits.check(bare.shared, LOGINS, "zhang")
    assert problem.value.status == 429
    assert problem.value.extras == {"retry_after": 60}


def test_one_key_does_not_limit_another(bare: House) -> None:
    for key in ("zhang", "li", "wang", "zhao", "qian"):
        limits.check(bare.shared, LOGINS, key)
    limits.check(bare.shared, CODES, "zhang")


def test_two_processes_count_together(bare: House) -> None:
    other = Shared(bare.shared.url)
    for _ in range(3):
        limits.check(other, LOGINS, "zhang")
    with pytest.raises(TooMany):
        limits.check(bare.shared, LOGINS, "zhang")


def test_a_success_starts_the_count_again(bare: House) -> None:
    for _ in range(3):
        limits.check(bare.shared, LOGINS, "zhang")
    limits.forgive(bare.shared, LOGINS, "zhang")
    limits.check(bare.shared, LOGINS, "zhang")


def test_the_memory_holds_no_name(bare: House) -> None:
    limits.check(bare.shared, LOGINS, "zhang.san@example.com")
    keys = str(redis.Redis.from_url(bare.shared.url).keys("*"))
    assert "limit:login:" in keys
    assert "zhang" not in keys


def test_without_the_memory_guessing_is_closed_and_the_rest_counts_here(unreachable: Shared) -> None:
    with pytest.raises(SharedDown):
        limits.check(unreachable, CODES, "zhang")
    for _ in range(3):
        limits.check(unreachable, LOGINS, "zhang")
    with pytest.raises(TooMany):
        limits.check(unreachable, LOGINS, "zhang")


def test_a_flood_of_keys_does_not_fill_the_memory(unreachable: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 50)
    for number in range(200):
        limits.check(unreachable, LOGINS, f"key {number}")
    assert len(limits._local._counts) <= 50


@pytest.fixture
def unreachable(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shared:
    monkeypatch.setattr(limits, "_local", limits._Local())
    return Shared(f"unix://{tmp_path_factory.mktemp('nobody')}/nobody.sock")
