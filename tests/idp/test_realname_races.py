"""What happens at the same moment, on both databases: one thing comes of it, and nobody sees a 500."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from deploy.demo.register.site import create_app as create_register
from hub import clock
from hub.house import House
from idp import attended, proofs, realname
from idp.model.person import Level, NumberTaken, Person
from idp.model.realname import NotYours, WrongStep
from idp.store import people
from idp.store import proofs as store
from tests.idp.citizen import JIA, account, came_back, shown_face
from tests.idp.test_realname_proofs import OFFICER, attend
from tests.idp.test_realname_ways import approved

MANY = 12
REFUSED = (NumberTaken, WrongStep, NotYours)


@pytest.fixture
def register_on(house_on: House, tmp_path: Path) -> FlaskClient:
    """The sandbox register of an installation on one of the two databases."""
    made = create_register(tmp_path / "register", house_on.settings.register_url)
    house_on.fetch.serve_here(house_on.settings.register_url, made)
    return made.test_client()


def at_once(acts: list[Callable[[], Any]]) -> int:
    """Do all at the same moment; how many were not refused."""

    def one(act: Callable[[], Any]) -> bool:
        try:
            act()
        except REFUSED:
            return False
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        return sum(pool.map(one, acts))


def test_a_network_identity_that_comes_in_many_accounts_at_once_is_known_in_one(
    house_on: House, register_on: FlaskClient
) -> None:
    ids = [account(house_on, f"racer.{turn}") for turn in range(MANY)]
    came = {id: approved(house_on, register_on, id) for id in ids}

    def ends(id: str) -> Callable[[], Person]:
        return lambda: realname.end_network_id(house_on, id, **came[id], binding="a session", now=clock.now())

    assert at_once([ends(id) for id in ids]) == 1
    with house_on.database.read() as db:
        assert sum(len(store.evidence_of(db, id)) for id in ids) == 1


def test_a_live_check_that_comes_back_many_times_at_once_counts_once(house_on: House, register_on: FlaskClient) -> None:
    id = account(house_on, "jia.shili")
    realname.match(house_on, id, *JIA, now=clock.now())
    came = came_back(house_on, register_on, id)
    back = lambda: realname.end_live_check(house_on, id, **came, binding="a session", now=clock.now())  # noqa: E731
    assert at_once([back] * MANY) == 1
    found = realname.status(house_on, id)
    assert (found.person.level, [one.method for one in found.evidence]) == (Level.present, ["live", "match"])


def test_a_form_that_is_sent_many_times_at_once_leaves_one_person(house_on: House, register_on: FlaskClient) -> None:
    id = account(house_on, "jia.shili")
    realname.forget_forms(house_on, clock.now())
    send = lambda: realname.match(house_on, id, *JIA, now=clock.now())  # noqa: E731
    assert at_once([send] * 4) >= 1
    assert realname.status(house_on, id).person.level is Level.matched
    assert proofs.check(house_on) == []


def test_at_a_counter_and_online_at_once_one_account_gets_the_number(house_on: House, register_on: FlaskClient) -> None:
    ids = [account(house_on, f"racer.{turn}") for turn in range(4)]
    codes = {id: realname.counter_code(house_on, id) for id in ids[:2]}

    def acts(id: str) -> Callable[[], object]:
        if id in codes:
            return lambda: attend(house_on, id, code=codes[id])
        return lambda: realname.match(house_on, id, *JIA, network=id, now=clock.now())

    entered = attended.identify(house_on, *JIA, by=OFFICER, now=clock.now(), visit="v", document="citizen-card")
    assert at_once([acts(id) for id in ids]) == 1
    with house_on.database.read() as db:
        owner = people.by_holder(db, people.holder_key(house_on.vault, "111", JIA[1]))
    assert owner
    assert owner.id in ids
    assert owner.id != entered.id


def test_proof_ages_alike_on_both_databases(house_on: House, register_on: FlaskClient) -> None:
    id, now = account(house_on, "jia.shili"), clock.now()
    realname.match(house_on, id, *JIA, now=now)
    shown_face(house_on, register_on, id)
    soon, later = now + timedelta(days=5 * 365 - 30), now + timedelta(days=5 * 365 + 2)
    assert [realname.remind(house_on, soon), realname.remind(house_on, soon)] == [1, 0]
    assert [realname.fall_back(house_on, soon), realname.fall_back(house_on, later)] == [0, 1]
    assert realname.status(house_on, id).person.level is Level.matched
