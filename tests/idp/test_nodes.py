"""An installation on two machines: each step of a sign-in may meet the other one, and the short-term memory may be lost.

What is lost is begun again, and nobody is signed in without a line in the ledger.
"""

from collections.abc import Iterator
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

import app as front
from hub import ledger
from hub.house import House, open_house
from hub.sessions import session_table
from tests.idp.citizen import PASSWORD, Citizen, local
from tests.idp.rp import CALLBACK, BoundVisit, Visit, department, fapi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Machines = tuple[House, Flask]


class InTurn:
    """The proxy in front of the machines: each request goes to the next one."""

    def __init__(self, *machines: Any) -> None:
        self.machines = cycle(machines)

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Any:
        return next(self.machines)(environ, start)


@pytest.fixture(scope="module")
def machines(provider: Machines) -> Iterator[Machines]:
    """The application stands for the proxy in front of two, the house for the first of them."""
    house, first = provider
    other = open_house(house.settings)
    second = front.create_app(other.settings, ("hub", "idp"), other)
    first.wsgi_app = InTurn(first.wsgi_app, second.wsgi_app)  # type: ignore[method-assign,assignment]
    yield house, first
    other.close()


@pytest.fixture
def person(machines: Machines) -> Citizen:
    """Somebody with an account, at a browser that nobody knows."""
    house, app = machines
    with house.database.read() as db:
        account = f"account.{db.scalar(sa.select(sa.func.count()).select_from(session_table))}"
    Citizen(house, app, app.test_client(), account).registers()
    return Citizen(house, app, app.test_client(), account)


def signing_in(person: Citizen, site: Visit) -> Iterator[TestResponse]:
    """A sign-in at a service, one answer after the other, until it is back there or a page says that it is over."""
    site.browser = person.browser
    yield (answer := site.authorize())
    while answer.status_code == 303 and not answer.location.startswith(CALLBACK):
        at = local(answer.location)
        yield (page := person.get(at))
        if page.status_code == 303:  # nothing to ask here any more
            answer = page
            continue
        words = {"decision": "agree"} if "/consent" in at else {"account": person.account, "password": PASSWORD}
        yield (answer := person.send(page, at, **words))


def signed_in(house: House) -> tuple[int, int]:
    """How many logins there are, and how many the ledger tells of."""
    with house.database.read() as db:
        rows = db.scalar(sa.select(sa.func.count()).select_from(session_table).where(session_table.c.kind == "idp"))
        return rows or 0, len(ledger.events(db, kind="person.signed-in", limit=1000))


@pytest.mark.parametrize("before", [0, 1])
def test_each_step_of_a_sign_in_may_meet_another_machine(machines: Machines, person: Citizen, before: int) -> None:
    site = Visit(*machines, department())
    for _ in range(before):
        person.get("/login")
    *_, agreed = signing_in(person, site)
    answer = site.redeem(site.answered(agreed)["code"])
    assert answer.status_code == 200, answer.text
    for _ in range(2):
        again = site.refresh((answer.json or {})["refresh_token"])
        assert again.status_code == 200, again.text
        assert site.userinfo((again.json or {})["access_token"]).status_code == 200
        assert "code" in site.answer()


@pytest.mark.parametrize("lost", range(5), ids=["request", "form", "password", "words", "yes"])
def test_a_memory_that_is_lost_on_the_way_is_a_clean_start(machines: Machines, person: Citizen, lost: int) -> None:
    """After each of the steps: a page names the way back, or nothing is noticed; the next try succeeds."""
    house, _ = machines
    site = Visit(*machines, department())
    for number, answer in enumerate(signing_in(person, site)):
        if answer.status_code == 400:
            assert "Start again at Qiyun market regulation" in answer.text
            break
        if number == lost:
            redis.Redis.from_url(house.settings.redis_url).flushall()
    if answer.status_code == 400:
        *_, answer = signing_in(person, site)
    assert site.redeem(site.answered(answer)["code"]).status_code == 200
    logins, told = signed_in(house)
    assert logins == told


def test_who_cannot_be_written_down_is_not_signed_in(
    machines: Machines, person: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signed_in(machines[0])
    monkeypatch.setattr(ledger, "wrote", lost_ledger)
    page = person.get("/login")
    for machine in range(2):
        try:
            answer = person.send(page, "/login", account=person.account, password=PASSWORD)
            assert answer.status_code == 500, machine
        except LedgerLost:
            continue
    assert not person.signed_in
    assert signed_in(machines[0]) == before


class LedgerLost(Exception):
    """The ledger takes no line."""


def lost_ledger(*_: object, **__: object) -> None:
    raise LedgerLost


def test_what_proved_a_service_at_one_machine_is_used_up_at_the_other(machines: Machines) -> None:
    """RFC 7523 3, RFC 9449 11.1: the request goes to one machine, its copy to the next."""
    site = BoundVisit(*machines, fapi())
    form = site.proved(site.asked())
    assert [site.token(form, headers={}, path="/oidc/par").status_code for _ in range(2)] == [201, 401]
    site.signs_in()
    access = site.tokens()["access_token"]
    headers = {"Authorization": f"DPoP {access}", "DPoP": site.proof("/oidc/userinfo", "GET", token=access)}
    assert [site.program.get("/oidc/userinfo", headers=headers).status_code for _ in range(2)] == [200, 401]
