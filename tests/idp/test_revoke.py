"""What was granted falls in bounded steps, and is found without reading through what everybody else was granted."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub import clock, jobs, ledger
from hub.house import House
from hub.jobs import job_table
from idp.consent import data
from idp.model.grant import Grant
from idp.provider import clients, revoke
from idp.store import data as data_store
from idp.store import grants as store
from tests.idp.rp import department
from tests.idp.test_data import permission

ID = "qiyun-market"


def granted(house: House, count: int, now: datetime, **changes: Any) -> None:
    plain = Grant(
        id="", client=ID, person="p", sid="s", scopes=("openid",), level=1, amr=("pwd",), auth_time=now,
        acting_for=None, made=now, ends=now + timedelta(days=30),
    )  # fmt: skip
    with house.database.write() as db:
        for number in range(count):
            name = f"{changes.get('person', 'p')}-{number}"
            store.redeem(db, replace(plain, id=name, **changes))


def living(house: House, **which: Any) -> int:
    with house.database.read() as db:
        return len(store.living(db, clock.now(), **which))


@pytest.fixture
def steps(house_on: House, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(revoke, "STEP", 3)
    monkeypatch.setattr(revoke, "LOOK", 5)
    clients.add(house_on, department(), by="test", now=clock.now())
    return house_on


def queued(house: House) -> list[str]:
    with house.database.read() as db:
        return list(db.scalars(sa.select(job_table.c.id).where(job_table.c.kind == revoke.KIND)))


def test_a_service_ends_at_once_and_its_grants_follow_in_small_steps(steps: House) -> None:
    now = clock.now()
    granted(steps, 11, now)
    granted(steps, 2, now, person="q", client="another")
    clients.end(steps, ID, by="test", now=now)
    assert clients.known(steps, ID, now) is None
    assert living(steps, client=ID) == 8
    (job,) = queued(steps)
    assert jobs.run(steps, job)
    assert (living(steps, client=ID), living(steps, client="another")) == (0, 2)
    with steps.database.read() as db:
        assert len(ledger.events(db, kind="grant.revoked")) == 11


def test_a_kill_in_between_loses_no_step_that_was_done(steps: House, monkeypatch: pytest.MonkeyPatch) -> None:
    granted(steps, 11, clock.now())
    clients.end(steps, ID, by="test", now=clock.now())
    (job,) = queued(steps)
    real, calls = store.revoke, []

    def killed(*words: Any, **named: Any) -> bool:
        calls.append(words)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*words, **named)

    with monkeypatch.context() as patch:
        patch.setattr(store, "revoke", killed)
        with pytest.raises(KeyboardInterrupt):
            jobs.run(steps, job)
    assert living(steps, client=ID) == 5  # of eight the first step; of the second nothing
    with clock.shifted(jobs.LEASE.total_seconds() + 1):
        assert jobs.run(steps, job)
    assert living(steps, client=ID) == 0


def test_what_is_granted_after_a_service_has_come_back_stays(steps: House) -> None:
    now = clock.now()
    granted(steps, 4, now)
    clients.end(steps, ID, by="test", now=now)
    clients.add(steps, department(), by="test", now=now)
    granted(steps, 1, now + timedelta(seconds=1), person="later")
    (job,) = queued(steps)
    assert jobs.run(steps, job)
    assert living(steps, client=ID) == 1


def test_a_small_service_needs_no_job(steps: House) -> None:
    granted(steps, 2, clock.now())
    clients.end(steps, ID, by="test", now=clock.now())
    assert (living(steps, client=ID), queued(steps)) == (0, [])


def test_an_ended_permission_is_found_by_those_who_allowed_it(house: House) -> None:
    """Millions have grants; those who allowed one body to ask another are few."""
    now = clock.now()
    with house.database.write() as db:
        data_store.keep(db, permission(now))
        data.allow(db, "p", None, permission(now), now=now)
        data.allow(db, "r", None, permission(now), now=now)
    granted(house, 2, now, data=("g1",))
    granted(house, 1, now, person="q", data=("g2",))
    granted(house, 1, now, person="r", data=("g10",))
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    sa.event.listen(house.database.engine, "before_cursor_execute", note)
    with house.database.write() as db:
        assert data.end(db, "g1", now=now)
    sa.event.remove(house.database.engine, "before_cursor_execute", note)
    assert (living(house, person="p"), living(house, person="q"), living(house, person="r")) == (0, 1, 1)
    with house.database.engine.connect() as db:
        looked = [one for one in seen if one[0].startswith("SELECT") and "idp_grant" in one[0]]
        plans = [str(db.exec_driver_sql(f"EXPLAIN QUERY PLAN {one[0]}", one[1]).all()) for one in looked]
    assert plans
    assert all("SEARCH idp_grant USING INDEX ix_idp_grant_person" in plan for plan in plans), plans
