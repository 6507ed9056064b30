"""The kernel's own periodic work: everything is registered, and what ended long ago is thrown away."""

from datetime import timedelta

import pytest

from hub import chores, clock, health, inbox, jobs, ledger, metrics, outbox, ticks
from hub.house import House


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, registry in ((ticks, "TASKS"), (health, "CHECKS"), (metrics, "GAUGES")):
        monkeypatch.setattr(module, registry, {})


def test_the_kernel_names_its_work_its_needs_and_its_numbers() -> None:
    chores.register()
    assert set(ticks.TASKS) == {"ledger", "outbox", "jobs", "clean", "vault", "keys in quarantine"}
    assert ticks.TASKS["ledger"].seconds < 1  # an event has its leaf within a second
    assert set(health.CHECKS) == {"periodic work"}
    assert len(metrics.GAUGES) == 5


def test_every_task_runs_on_an_empty_house(bare_on: House) -> None:
    bare_on.keys.create(ledger.KEY, purpose="checkpoint")
    chores.register()
    for task in ticks.TASKS.values():
        task.run(bare_on, clock.now())


def test_numbers_tell_what_waits(bare_on: House) -> None:
    chores.register()
    now = clock.now()
    with bare_on.database.write() as db:
        outbox.queue(db, "notice", "http://a.example/", {}, now)
        jobs.add(db, "count", {}, now)
        jobs.add(db, "count", {}, now)
        for number in range(3):
            ledger.wrote(db, "license.issued", f"X-{number}", by="client:a", at=now)
    with bare_on.database.read() as db:
        told = {name: measure(bare_on, db, now) for name, (_, measure) in metrics.GAUGES.items()}
    assert told == {
        "yinxin_outbox_waiting": 1,
        "yinxin_outbox_failed": 0,
        "yinxin_jobs_open": 2,
        "yinxin_keys_quarantined": 0,
        "yinxin_ledger_unsequenced": 3,
    }


def test_what_has_not_ended_is_never_thrown_away(bare_on: House) -> None:
    now = clock.now()
    with bare_on.database.write() as db:
        outbox.queue(db, "notice", "http://a.example/", {}, now)
        open_job, done_job = (jobs.add(db, "count", {}, now) for _ in range(2))
        db.execute(jobs.job_table.update().where(jobs.job_table.c.id == done_job).values(state="done", ended=now))
        inbox.put(db, "suspicion", {}, now)
        inbox.put(db, "rating", {}, now)
        inbox.settle(db, inbox.read(db, "rating")[0], now)
    chores.clean(bare_on, now + chores.KEPT * 2)
    with bare_on.database.read() as db:
        assert len(outbox.deliveries(db)) == 1
        assert jobs.job(db, open_job) is not None
        assert jobs.job(db, done_job) is None
        assert len(inbox.read(db, "suspicion")) == 1


def test_what_ended_lately_can_still_be_looked_up(bare: House) -> None:
    now = clock.now()
    with bare.database.write() as db:
        job = jobs.add(db, "count", {}, now)
        db.execute(jobs.job_table.update().values(state="done", ended=now))
    chores.clean(bare, now + chores.KEPT - timedelta(hours=1))
    with bare.database.read() as db:
        assert jobs.job(db, job) is not None
