"""The outbox: nothing is lost, nobody is called twice at once, one bad receiver holds up nobody else."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from hub import clock, outbox
from hub.house import House
from tests.hub.neighbour import Neighbour, neighbour


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def other() -> Iterator[Neighbour]:
    with neighbour() as server:
        yield server


@pytest.fixture
def house(bare_on: House, other: Neighbour) -> House:
    bare_on.fetch.allowed = bare_on.fetch.allowed.of([f"localhost:{other.port}"])
    return bare_on


def queued(house: House, to: str, at: datetime, kind: str = "notice", **body: object) -> str:
    with house.database.write() as db:
        return outbox.queue(db, kind, to, dict(body), at)


def stands(house: House, id: str) -> outbox.Delivery:
    with house.database.read() as db:
        return next(each for each in outbox.deliveries(db) if each.id == id)


def test_a_delivery_is_made_and_its_result_is_seen(house: House, other: Neighbour, now: datetime) -> None:
    id = queued(house, other.url("/logout"), now, sid="s-1")
    assert outbox.deliver(house, now) == 1
    ((path, headers, body),) = other.seen
    assert (path, headers["idempotency-key"], body) == ("/logout", id, b'{"sid":"s-1"}')
    assert (stands(house, id).state, stands(house, id).result, stands(house, id).attempts) == ("sent", "taken", 1)
    assert outbox.deliver(house, now + timedelta(days=1)) == 0


def test_a_delivery_falls_with_what_it_tells(house: House, other: Neighbour, now: datetime) -> None:
    with suppress(RuntimeError), house.database.write() as db:
        outbox.queue(db, "notice", other.url(), {}, now)
        raise RuntimeError
    assert outbox.deliver(house, now) == 0


def test_a_failure_is_tried_again_later_under_the_same_id(house: House, other: Neighbour) -> None:
    other.answers = [500, 503]
    began = clock.now()
    id = queued(house, other.url(), began)
    for seconds, sent in ((0, 0), (2, 0), (6, 0), (12, 0), (30, 1)):
        with clock.shifted(seconds):
            assert outbox.deliver(house, clock.now()) == sent
    assert [headers["idempotency-key"] for _, headers, _ in other.seen] == [id] * 3
    assert stands(house, id).attempts == 3


def test_after_a_day_it_has_failed_and_says_why(house: House, other: Neighbour) -> None:
    id = queued(house, other.url(), clock.now())
    attempts, hours = 0, 0.0
    while stands(house, id).state == "waiting":
        other.answers = [500]
        with clock.shifted(hours * 3600):
            outbox.deliver(house, clock.now())
        attempts, hours = attempts + 1, hours + 0.25
    delivery = stands(house, id)
    assert (delivery.state, delivery.result) == ("failed", "The receiver did not take the delivery: HTTP 500")
    assert delivery.ended is not None
    assert timedelta(hours=24) <= delivery.ended - delivery.at < timedelta(hours=26)
    assert 24 < delivery.attempts < 40


@pytest.mark.parametrize("to", ["http://elsewhere.example/", "http://169.254.169.254/", "nonsense", ""])
def test_a_receiver_that_may_not_be_called_is_a_visible_failure(house: House, to: str, now: datetime) -> None:
    id = queued(house, to, now)
    assert outbox.deliver(house, now) == 0
    assert stands(house, id).state == "waiting"
    assert "This address may not be called" in stands(house, id).result


def test_a_kind_may_have_its_own_sender(house: House, now: datetime) -> None:
    sent = []
    queued(house, "person-7", now, kind="sms", text="login")
    queued(house, "person-8", now, kind="sms", text="login")
    assert outbox.deliver(house, now, {"sms": lambda _, delivery, at: sent.append((delivery.to, at))}) == 2
    assert sorted(to for to, _ in sent) == ["person-7", "person-8"]


def test_a_senders_bug_stops_nobody_else(house: House, other: Neighbour, now: datetime) -> None:
    def buggy(house: House, delivery: outbox.Delivery, now: datetime) -> None:
        raise KeyError("secret detail")

    broken = queued(house, "person-7", now, kind="sms")
    queued(house, other.url(), now)
    assert outbox.deliver(house, now, {"sms": buggy}) == 1
    assert stands(house, broken).result == "KeyError"


def test_a_slow_receiver_holds_up_nobody_else(house: House, other: Neighbour, now: datetime) -> None:
    gate = threading.Event()

    def slow(house: House, delivery: outbox.Delivery, now: datetime) -> None:
        assert gate.wait(20)

    queued(house, "slow", now, kind="slow")
    id = queued(house, other.url(), now)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(outbox.deliver, house, now, {"slow": slow})
        end = time.monotonic() + 10
        while stands(house, id).state != "sent":
            assert time.monotonic() < end
            time.sleep(0.02)
        gate.set()
        assert running.result() == 2


def test_a_slow_receiver_does_not_delay_what_comes_later(house: House, other: Neighbour, now: datetime) -> None:
    """A service that answers after five seconds is waited for; whoever signs out meanwhile is told at once."""
    gate = threading.Event()

    def slow(house: House, delivery: outbox.Delivery, now: datetime) -> None:
        assert gate.wait(20)

    first = queued(house, "slow", now, kind="slow")
    (running,) = outbox.begin(house, now, {"slow": slow})
    again, id = queued(house, "slow", now, kind="slow"), queued(house, other.url(), now)
    (quick,) = outbox.begin(house, now, {"slow": slow})  # and nobody is called twice at once
    assert quick.result() == 1
    assert [stands(house, one).state for one in (first, again, id)] == ["waiting", "waiting", "sent"]
    gate.set()
    assert running.result() == 1
    assert outbox.deliver(house, now, {"slow": slow}) == 1


def test_after_one_failure_the_same_receiver_is_left_alone(house: House, other: Neighbour, now: datetime) -> None:
    for _ in range(4):
        queued(house, other.url(), now)
    other.answers = [500]
    assert outbox.deliver(house, now) == 0
    assert len(other.seen) == 1


def test_a_flood_for_one_receiver_leaves_room_for_others(house: House, other: Neighbour, now: datetime) -> None:
    for _ in range(20):
        queued(house, other.url(), now)
    assert outbox.deliver(house, now) == outbox.PER_RECEIVER
    rounds = 1
    while outbox.deliver(house, now):
        rounds += 1
    assert (rounds, len(other.seen)) == (4, 20)


def test_a_backlog_for_one_receiver_holds_up_nobody_else(house: House, now: datetime) -> None:
    for _ in range(2 * outbox.BATCH):
        queued(house, "http://dead.example/logout", now - timedelta(seconds=9))
    queued(house, "http://good.example/logout", now)
    called: list[str] = []
    outbox.deliver(house, now, {"notice": lambda _house, delivery, _now: called.append(delivery.to)})
    assert "http://good.example/logout" in called
    assert len(called) == outbox.PER_RECEIVER + 1


def test_two_processes_never_make_the_same_call(house: House, now: datetime) -> None:
    sent: list[str] = []

    def note(house: House, delivery: outbox.Delivery, now: datetime) -> None:
        sent.append(delivery.id)
        time.sleep(0.01)

    ids = [queued(house, f"receiver {number}", now, kind="note") for number in range(20)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: outbox.deliver(house, now, {"note": note}), range(4)))
    assert sorted(sent) == sorted(ids)


def test_a_killed_senders_claim_lapses_and_its_late_word_counts_for_nothing(house: House, now: datetime) -> None:
    id = queued(house, "receiver", now, kind="note")
    with house.database.write() as db:
        (claimed,) = outbox._claim(db, "killed", now)  # and here the process stops
        assert outbox._claim(db, "another", now) == []
    later = now + outbox.LEASE
    assert outbox.deliver(house, later, {"note": lambda *_: None}) == 1
    with house.database.write() as db:
        outbox._note(db, "killed", claimed, RuntimeError(), later)  # it wakes up again
    assert (stands(house, id).state, stands(house, id).attempts) == ("sent", 1)


def test_operators_find_what_failed_and_what_ended_is_thrown_away(
    house: House, other: Neighbour, now: datetime
) -> None:
    queued(house, other.url("/a"), now)
    waiting = queued(house, "http://elsewhere.example/", now)
    outbox.deliver(house, now)
    with house.database.write() as db:
        assert [each.id for each in outbox.deliveries(db, state="waiting")] == [waiting]
        assert [each.state for each in outbox.deliveries(db, to=other.url("/a"))] == ["sent"]
        assert outbox.clean(db, clock.now() + timedelta(days=40)) == 1
        assert [each.id for each in outbox.deliveries(db)] == [waiting]
