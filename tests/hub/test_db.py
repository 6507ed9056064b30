"""Two who change the same at once: one goes through, the other is told to try again, and nothing is half done."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import db as database
from hub.db import Database, TwoAtOnce, alone, metadata
from hub.house import House


def test_a_deadlock_is_an_answer_to_try_again(bare_on: House) -> None:
    """PostgreSQL ends one of two that wait for each other (40P01); SQLite lets one writer in at a time."""
    both = threading.Barrier(2) if not bare_on.database.is_sqlite else None

    def locks(first: str, second: str) -> str:
        try:
            with bare_on.database.write() as db:
                alone(db, first)
                if both:
                    both.wait(20)
                alone(db, second)
        except TwoAtOnce as problem:
            return f"{problem.status}, {problem.extras}"
        return "done"

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(locks, ("a", "b"), ("b", "a")))
    assert sorted(answers) == (["503, {'retry_after': 1}", "done"] if both else ["done", "done"])


def test_a_write_lock_held_too_long_is_an_answer_to_try_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 50)
    one, other = (Database(f"sqlite:///{tmp_path}/x.db") for _ in range(2))
    with one.write() as db:
        metadata.tables["hub_lead"].create(db)
        with pytest.raises(TwoAtOnce), other.write():
            raise AssertionError("two writers")
    one.dispose()
    other.dispose()


def test_another_fault_stays_what_it_is(tmp_path: Path) -> None:
    made = Database(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(sa.exc.OperationalError), made.write() as db:
        db.execute(sa.text("SELECT * FROM nothing"))
    made.dispose()


def test_a_step_that_fails_leaves_nothing_to_the_next(bare_on: House) -> None:
    """Steps use the same connections one after another."""
    things = sa.Table("things", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    things.create(bare_on.database.engine)
    for number in (1, 2, 3):
        with pytest.raises(database.Collision), bare_on.database.write() as db:
            db.execute(things.insert().values([{"id": number}, {"id": number}]))
        with bare_on.database.write() as db:
            db.execute(things.insert().values(id=number))
    with bare_on.database.read() as db:
        assert db.scalars(sa.select(things.c.id).order_by(things.c.id)).all() == [1, 2, 3]


def test_many_steps_at_once_and_looks_beside_them_find_connections(bare_on: House) -> None:
    things = sa.Table("things", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    things.create(bare_on.database.engine)

    def step(number: int) -> int:
        with bare_on.database.write() as db:
            db.execute(things.insert().values(id=number))
        with bare_on.database.read() as db:
            return int(db.scalar(sa.select(sa.func.count()).where(things.c.id == number)) or 0)

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(step, range(60))) == [1] * 60
