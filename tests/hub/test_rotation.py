"""The vault's secret is changed while two processes go on working; cut off anywhere, it is finished; nothing is ever lost."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from click.testing import CliRunner

from hub import clock, ledger, rotation
from hub.house import House, open_house
from hub.keys import KeyMissing
from hub.vault import Damaged, Erased, wrapped_keys
from tests.hub import front

NOW = clock.now()
OWNERS = [f"p{number:02}" for number in range(30)]


@pytest.fixture
def other(bare_on: House) -> Iterator[House]:
    """The same installation, opened by another process before anything happens."""
    opened = open_house(bare_on.settings)
    yield opened
    opened.close()


def filled(house: House, owners: list[str] = OWNERS) -> dict[str, bytes]:
    with house.database.write() as db:
        return {owner: house.vault.encrypt(db, owner, owner.encode(), "name") for owner in owners}


def reads(house: House, sealed: dict[str, bytes]) -> None:
    with house.database.read() as db:
        for owner, value in sealed.items():
            assert house.vault.decrypt(db, owner, value, "name") == owner.encode()


def generations(house: House) -> list[tuple[int, int, bool]]:
    return [(one.id, one.keys, one.retired is not None) for one in rotation.status(house)]


def test_another_process_reads_and_writes_on_during_a_rotation(bare_on: House, other: House) -> None:
    sealed = filled(bare_on)
    reads(other, sealed)
    assert rotation.begin(bare_on, "op", NOW) == 2
    assert rotation.go_on(bare_on, some=7) == 7
    reads(other, sealed)
    sealed |= filled(other, ["new"])  # with no restart it makes its keys with the new secret
    assert generations(bare_on) == [(1, 23, False), (2, 8, False)]
    assert rotation.rotate(other, "op", NOW) == 2
    reads(bare_on, sealed)
    assert generations(other) == [(1, 0, False), (2, 31, False)]


def test_values_are_not_touched_and_keys_are_only_wrapped_anew(bare_on: House) -> None:
    sealed = filled(bare_on, ["p"])
    with bare_on.database.read() as db:
        before = db.execute(wrapped_keys.select()).one()
    rotation.rotate(bare_on, "op", NOW)
    with bare_on.database.read() as db:
        after = db.execute(wrapped_keys.select()).one()
    assert before.wrapped != after.wrapped
    assert (before.generation, after.generation) == (1, 2)
    reads(bare_on, sealed)


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_a_rotation_that_was_cut_off_is_finished_not_begun_again(bare_on: House, batches: int) -> None:
    sealed = filled(bare_on)
    rotation.begin(bare_on, "op", NOW)
    for _ in range(batches):
        rotation.go_on(bare_on, some=7)
    again = open_house(bare_on.settings)
    assert rotation.rotate(again, "op", NOW) == 2
    reads(again, sealed)
    assert generations(again) == [(1, 0, False), (2, 30, False)]
    again.close()


def test_the_ticker_finishes_it_too(bare_on: House) -> None:
    sealed = filled(bare_on)
    rotation.begin(bare_on, "op", NOW)
    rotation.resume(bare_on, NOW)
    assert generations(bare_on)[1] == (2, 30, False)
    reads(bare_on, sealed)


def test_a_secret_that_was_made_but_not_announced_is_the_next_one(bare_on: House) -> None:
    assert rotation.prepare(bare_on) == 2
    secret = bare_on.keys.secret("vault-2")
    assert rotation.rotate(bare_on, "op", NOW) == 2
    assert bare_on.keys.secret("vault-2") == secret


def test_an_old_secret_is_not_given_up_while_a_key_needs_it(bare_on: House) -> None:
    filled(bare_on)
    rotation.begin(bare_on, "op", NOW)
    rotation.go_on(bare_on, some=29)
    with pytest.raises(rotation.StillNeeded):
        rotation.retire(bare_on, "op", NOW)
    rotation.resume(bare_on, NOW + timedelta(days=9))
    assert (bare_on.keys.folder / "vault-1.secret").exists()


def test_a_key_that_is_just_being_made_keeps_its_secret(house_on: House) -> None:
    """On PostgreSQL a step may have read the old generation and commit after the rotation has counted."""
    rotation.rotate(house_on, "op", NOW)
    inside, go = threading.Event(), threading.Event()

    def slow() -> None:
        with house_on.database.write() as db:
            house_on.vault.encrypt(db, "slow", b"slow", "name")
            inside.set()
            go.wait(5)

    thread = threading.Thread(target=slow)
    thread.start()
    inside.wait(5)
    retiring = threading.Thread(target=lambda: results.append(rotation.retire(house_on, "op", NOW)))
    results: list[list[int]] = []
    retiring.start()
    retiring.join(0.3)
    assert retiring.is_alive()  # it waits for the step that is under way
    go.set()
    thread.join(10)
    retiring.join(10)
    assert results == [[1]]


def test_a_retired_secret_is_destroyed_a_day_later_and_everything_still_opens(bare_on: House, other: House) -> None:
    sealed = filled(bare_on)
    rotation.rotate(bare_on, "op", NOW)
    assert rotation.retire(bare_on, "op", NOW) == [1]
    path = bare_on.keys.folder / "vault-1.secret"
    rotation.resume(bare_on, NOW + timedelta(hours=23))
    assert path.exists()  # a backup that began before may still copy it
    rotation.resume(bare_on, NOW + timedelta(hours=25))
    assert not path.exists()
    reads(bare_on, sealed)
    reads(other, sealed)
    fresh = open_house(bare_on.settings)
    reads(fresh, sealed | filled(fresh, ["later"]))
    fresh.close()
    assert not path.exists()  # nothing made a new one under the old name
    assert rotation.retire(bare_on, "op", NOW) == []


def test_who_is_erased_during_a_rotation_stays_erased(
    bare_on: House, other: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = filled(bare_on, ["p", "q"])
    rotation.begin(bare_on, "op", NOW)
    wrap = bare_on.vault.rewrapped

    def erased_meanwhile(row: object, generation: int) -> bytes:
        with other.database.write() as db:
            other.vault.erase(db, "p")
        return wrap(row, generation)  # type: ignore[arg-type]

    monkeypatch.setattr(type(bare_on.vault), "rewrapped", lambda _, row, generation: erased_meanwhile(row, generation))
    rotation.go_on(bare_on)
    with bare_on.database.read() as db, pytest.raises(Erased):
        bare_on.vault.decrypt(db, "p", sealed["p"], "name")
    reads(bare_on, {"q": sealed["q"]})


def test_two_who_rotate_at_once_make_one_generation(bare_on: House, other: House) -> None:
    sealed = filled(bare_on)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda h=house: found.append(rotation.rotate(h, "op", NOW)))
        for house in (bare_on, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    latest = max(found)
    assert latest in {2, 3}  # 3: the second came when the first had finished
    assert generations(bare_on)[-1] == (latest, 30, False)
    reads(other, sealed)


def test_writers_and_readers_never_notice(bare_on: House, other: House) -> None:
    sealed = filled(bare_on)
    stop, failures, made = threading.Event(), [], dict(sealed)

    def work() -> None:
        number = 0
        while not stop.is_set():
            try:
                made.update(filled(other, [f"w{number}"]))
                reads(other, dict(list(made.items())[-5:]))
            except Exception as error:  # noqa: BLE001
                failures.append(error)
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    for expected in (2, 3, 4):
        assert rotation.begin(bare_on, "op", NOW) == expected
        while rotation.go_on(bare_on, some=5):
            pass
        rotation.retire(bare_on, "op", NOW - timedelta(days=2))
        rotation.resume(bare_on, NOW)
    stop.set()
    thread.join(10)
    assert not failures
    reads(bare_on, made)


def test_a_machine_without_the_announced_secret_says_so_and_makes_none(bare_on: House) -> None:
    filled(bare_on)
    rotation.rotate(bare_on, "op", NOW)
    (bare_on.keys.folder / "vault-2.secret").unlink()
    elsewhere = open_house(bare_on.settings)
    with elsewhere.database.write() as db, pytest.raises(KeyMissing):
        elsewhere.vault.encrypt(db, "someone", b"x", "name")
    with pytest.raises(KeyMissing):
        rotation.go_on(elsewhere)
    assert not (bare_on.keys.folder / "vault-2.secret").exists()
    elsewhere.keys.secret("vault-2")  # a wrong one, by hand
    with pytest.raises(rotation.OtherSecret):
        rotation.go_on(elsewhere)
    with elsewhere.database.read() as db, pytest.raises(Damaged):
        elsewhere.vault.decrypt(db, "p00", b"x" * 40, "name")
    elsewhere.close()


def test_each_step_stands_in_the_ledger(bare_on: House) -> None:
    rotation.rotate(bare_on, "operator:a", NOW)
    rotation.retire(bare_on, "operator:a", NOW)
    with bare_on.database.read() as db:
        told = [(event.kind, event.subject, event.by) for event in ledger.events(db)]
    assert sorted(told) == [("vault.retired", "1", "operator:a"), ("vault.rotated", "2", "operator:a")]


def test_an_operator_types_it(bare: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PROFILE", "demo"), ("DATA", str(bare.settings.data)), ("PASSPHRASE", "test")):
        monkeypatch.setenv(f"YINXIN_{name}", value)
    monkeypatch.setenv("YINXIN_REDIS_URL", bare.settings.redis_url)
    filled(bare)
    said = [CliRunner().invoke(front.main, ["vault", *words.split()]).output for words in
            ("status", "prepare", "rotate", "retire", "retire", "status")]  # fmt: skip
    assert said[0].startswith("1  30 keys")
    assert "vault-2" in said[1]
    assert "30 keys wrapped anew" in said[2]
    assert "Generation 2 wraps every key" in said[2]
    assert said[3].startswith("Retired: generation 1")
    assert said[4].startswith("There was nothing")
    assert "retired" in said[5].splitlines()[0]
    assert said[5].splitlines()[1].startswith("2  30 keys")
