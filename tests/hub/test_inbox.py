"""Letters to upper rooms: left with what they tell, settled once."""

from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from hub import clock, inbox
from hub.house import House


@pytest.fixture
def now() -> datetime:
    return clock.now()


def test_a_letter_stands_until_it_is_settled_once(bare_on: House, now: datetime) -> None:
    with bare_on.database.write() as db:
        inbox.put(db, "suspicion", {"license": "X-1"}, now)
        inbox.put(db, "rating", {"stars": 5}, now)
    with bare_on.database.read() as db:
        (letter,) = inbox.read(db, "suspicion")
    assert (letter.body, letter.at) == ({"license": "X-1"}, now)
    with bare_on.database.write() as db:
        assert inbox.settle(db, letter, now)
        assert not inbox.settle(db, letter, now)
    with bare_on.database.read() as db:
        assert inbox.read(db, "suspicion") == []
        assert len(inbox.read(db, "rating")) == 1


def test_a_letter_falls_with_what_it_tells(bare_on: House, now: datetime) -> None:
    with suppress(RuntimeError), bare_on.database.write() as db:
        inbox.put(db, "suspicion", {"license": "X-1"}, now)
        raise RuntimeError
    with bare_on.database.read() as db:
        assert inbox.read(db, "suspicion") == []


def test_letters_come_oldest_first_and_not_all_at_once(bare_on: House, now: datetime) -> None:
    with bare_on.database.write() as db:
        for number in range(5):
            inbox.put(db, "rating", {"stars": number}, now)
    with bare_on.database.read() as db:
        assert [letter.body["stars"] for letter in inbox.read(db, "rating", limit=3)] == [0, 1, 2]


def test_only_settled_letters_are_thrown_away(bare_on: House, now: datetime) -> None:
    with bare_on.database.write() as db:
        inbox.put(db, "rating", {"stars": 1}, now)
        inbox.put(db, "rating", {"stars": 2}, now)
        inbox.settle(db, inbox.read(db, "rating")[0], now)
        assert inbox.clean(db, now + timedelta(days=1)) == 1
        assert [letter.body["stars"] for letter in inbox.read(db, "rating")] == [2]
