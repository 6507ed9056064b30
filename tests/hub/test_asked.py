"""A confirmation counts for one person, one document, one purpose, in its time, and once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub import asked
from hub.asked import Asked, NotConfirmed
from hub.house import House

PURPOSE, DIGEST = "seal:1234", bytes(range(32))
WORDS = (("Document", "决定书.pdf"), ("Seal", "栖云市市场监督管理局"))
EVIDENCE = {"credential": "x"}


def put(house: House, now: datetime, **given: Any) -> Asked:
    values: dict[str, Any] = {"purpose": PURPOSE, "digest": DIGEST, "words": WORDS, "back": "/x", "by": "person:o"}
    with house.database.write() as db:
        return asked.ask(db, "p1", **values | given, now=now)


def confirmed(house: House, now: datetime) -> Asked:
    one = put(house, now)
    with house.database.write() as db:
        assert asked.answered(db, one.id, EVIDENCE, now)
    return one


def take(house: House, id: str, now: datetime, purpose: str = PURPOSE, digest: bytes = DIGEST) -> Asked:
    with house.database.write() as db:
        return asked.take(db, id, purpose=purpose, digest=digest, now=now)


def test_what_was_confirmed_is_taken_with_its_evidence(house_on: House, now: datetime) -> None:
    one = confirmed(house_on, now)
    taken = take(house_on, one.id, now)
    assert taken == replace(one, answered=now, evidence=EVIDENCE, taken=now)
    assert taken.challenge == one.challenge, "whoever checks it again finds the same challenge"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"purpose": "seal:other"}, "something else"),
        ({"digest": bytes(32)}, "something else"),
        ({"id": "0" * 32}, "no such"),
        ({"now": asked.OPEN}, "too old"),
    ],
    ids=["another seal", "another document", "unknown", "expired"],
)
def test_a_confirmation_of_something_else_opens_nothing(
    house: House, now: datetime, wrong: dict[str, Any], why: str
) -> None:
    one = confirmed(house, now)
    late = wrong.pop("now", timedelta())
    with pytest.raises(NotConfirmed, match=why):
        take(house, **{"id": one.id} | wrong, now=now + late)
    assert take(house, one.id, now).taken == now, "nothing was used up by it"


def test_nothing_is_taken_before_it_was_answered(house: House, now: datetime) -> None:
    with pytest.raises(NotConfirmed, match="Nobody"):
        take(house, put(house, now).id, now)


def test_it_is_taken_once_however_many_try(house_on: House, now: datetime) -> None:
    one = confirmed(house_on, now)

    def attempt(_: int) -> str:
        try:
            take(house_on, one.id, now)
        except NotConfirmed as problem:
            return problem.detail
        return "taken"

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(attempt, range(8)))
    assert said == ["The confirmation has been used already"] * 7 + ["taken"]


def test_it_is_answered_once_and_in_time(house: House, now: datetime) -> None:
    one = confirmed(house, now)
    late = put(house, now)
    with house.database.write() as db:
        assert not asked.answered(db, one.id, {"credential": "second"}, now)
        assert not asked.answered(db, late.id, EVIDENCE, now + asked.OPEN)


def test_the_challenge_binds_everything_and_is_never_the_same(house: House, now: datetime) -> None:
    one = put(house, now)
    others = [
        replace(one, person="p2"),
        replace(one, purpose="seal:other"),
        replace(one, digest=bytes(32)),
        replace(one, words=(("Document", "another.pdf"), *WORDS[1:])),
        put(house, now),
    ]
    assert len({each.challenge for each in [one, *others]}) == len(others) + 1
    assert len(one.challenge) == 32


def test_what_was_not_used_is_forgotten_and_evidence_stays(house: House, now: datetime) -> None:
    used, unused = confirmed(house, now), put(house, now)
    take(house, used.id, now)
    with house.database.write() as db:
        assert asked.forget(db, now + timedelta(days=40)) == 1
        assert asked.one(db, used.id)
        assert asked.one(db, unused.id) is None
