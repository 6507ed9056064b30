"""Two processes take the same applications at the same moment: one license each, and both get the same answer."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from hub import clock, ledger
from hub.house import House
from licenses import store
from licenses.fsck import fsck
from tests.faults.crew import crew
from tests.licenses.conftest import department_in

APPLICATIONS = 8


def test_two_processes_with_the_same_keys_issue_one_license_for_each(house_on: House, tmp_path: Path) -> None:
    house = house_on
    department_in(house, clock.now())
    with crew(house, tmp_path / "one") as one, crew(house, tmp_path / "two") as two:
        for workers in (one, two):
            workers.begin(first=0, last=APPLICATIONS)
        assert (one.ended(), two.ended()) == (0, 0)
        answers = one.acknowledged()
        assert answers == two.acknowledged()
    now = clock.now()
    ledger.sequence(house, now)
    with house.database.read() as db:
        rows = db.execute(sa.select(store.intents)).all()
    assert len(answers) == len(set(answers.values())) == APPLICATIONS
    assert {row.identifier: row.state for row in rows} == {number: "issued" for number, _ in answers.values()}
    assert {row.fence for row in rows} == {1}, "nobody had to be taken for dead"
    assert fsck(house, now + timedelta(hours=1))[1] == []
    assert len(list(house.blobs.digests())) == APPLICATIONS
