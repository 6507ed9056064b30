"""What the ticker does for this room."""

from datetime import datetime, timedelta

import pytest

from hub import ticks
from hub.house import House
from licenses import chores, page, store
from tests.licenses.conftest import Department


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "TASKS", {})


def test_every_task_runs_on_an_empty_house(house: House, now: datetime) -> None:
    chores.register()
    assert set(ticks.TASKS) == {"licenses-resume", "licenses-files", "licenses-keys", "licenses-fallen"}
    for task in ticks.TASKS.values():
        task.run(house, now)


def test_the_ticker_finishes_what_a_crashed_worker_left(
    department: Department, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    chores.register()
    with monkeypatch.context() as patched:
        patched.setattr(page, "draw", lambda *_args, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            department.issue()
    ticks.TASKS["licenses-resume"].run(department.house, now + timedelta(minutes=2))
    with department.house.database.read() as db:
        assert len(store.found(db, "hub")) == 1


def test_a_key_means_the_same_application_for_thirty_days(department: Department, now: datetime) -> None:
    first = department.issue("key").number
    chores.forget_keys(department.house, now + timedelta(days=29))
    assert department.issue("key").number == first
    chores.forget_keys(department.house, now + timedelta(days=31))
    assert department.issue("key").number != first
