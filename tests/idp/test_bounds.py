"""What a sign-in costs does not grow with what was: neither with the person's own past nor with everybody's.

SQLite counts for us: each statement, and each step of its virtual machine, so every row that is looked at.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import app as front
from hub import clock, ledger, notices, outbox, sessions, ticks
from hub.db import Instant
from hub.house import House, open_house
from idp.store import consents, devices, grants, logouts, receipts, releases, uses
from tests.idp.citizen import Citizen
from tests.idp.rp import Visit, department

MANY, FEWER = 20_000, 50  # of devices more than 20 are not remembered
# These hold what an installation is, not what happened in it.
FEW = {"hub_beat", "hub_lead", "hub_place", "hub_token_key", "idp_client", "idp_matter", "idp_upstream"}
# These grow with each sign-in. The columns are those that are different in each row.
PAST: dict[sa.Table, tuple[str, ...]] = {
    sessions.session_table: ("digest", "sid"),
    grants.grant_table: ("id", "sid"),
    grants.refresh_table: ("digest", "grant", "parent"),
    releases.release_table: ("event",),
    ledger.event_table: ("id", "leaf"),
    notices.notice_table: ("id",),
    outbox.delivery_table: ("id",),
    logouts.logout_table: ("digest",),
    devices.device_table: ("digest",),
    uses.use_table: ("id",),
}
# And these with the days of everybody else.
OTHERS: dict[sa.Table, tuple[str, ...]] = {
    sessions.session_table: ("digest", "sid", "person"),
    grants.grant_table: ("id", "sid", "person"),
    grants.refresh_table: ("digest", "grant", "parent"),
    ledger.event_table: ("id", "leaf", "subject"),
    releases.release_table: ("event", "person"),
    consents.consent_table: ("person",),
    receipts.receipt_table: ("id", "person"),
    notices.notice_table: ("id", "person"),
    devices.device_table: ("digest", "person"),
    uses.use_table: ("id", "principal", "person"),
}
FOR_EVER = {"hub_ledger_event", "hub_ledger_node", "hub_ledger_checkpoint"}  # docs/retention.md
GROWING = {table.name for table in PAST} | FOR_EVER | {"hub_revocation", "hub_inbox", "hub_job"}
SWEEPS = (
    "clean",
    "ledger",
    "outbox",
    "grants",
    "old traces",
    "expired logins",
    "unused devices",
    "old uses of mandates",
)
SCAN, ABOUT = re.compile(r"^SCAN (\w+)$"), re.compile(r"\b(?:FROM|INTO|UPDATE) (\w+)")


@dataclass
class Work:
    """What SQLite was asked, with the values in it, and how many steps it took.

    What an installation is, is kept for a second and looked up now and then: that is not counted.
    """

    statements: list[str] = field(default_factory=list)
    steps: int = 0
    counts: bool = False

    def asked(self, statement: str) -> None:
        about = ABOUT.search(statement)
        self.counts = about is not None and about[1] not in FEW
        if self.counts:
            self.statements.append(statement)

    def step(self) -> None:
        self.steps += self.counts

    def listen(self, connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(self.asked)
        connection.set_progress_handler(self.step, 1)

    @property
    def cost(self) -> tuple[list[str], int]:
        """The statements without their values, and the steps."""
        return sorted(re.sub(r"'[^']*'|x'[0-9A-F]*'|\b\d+\b", "?", one) for one in self.statements), self.steps


@contextmanager
def watched(house: House | None = None) -> Iterator[Work]:
    """What is asked meanwhile of the database of this house, or of any that is opened meanwhile."""
    work = Work()
    pools = house.database.engine if house else sa.Pool
    if house:
        house.database.dispose()
    sa.event.listen(pools, "checkout", work.listen)
    try:
        yield work
    finally:
        sa.event.remove(pools, "checkout", work.listen)
        if house:
            house.database.dispose()


def scanned(house: House, statements: list[str]) -> set[str]:
    """The tables that these statements read from end to end."""
    found = set()
    with house.database.read() as db:
        for statement in set(statements):
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
                plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
                found |= {match[1] for row in plan if (match := SCAN.match(row.detail))}
    return found - FEW


def repeat(house: House, table: sa.Table, own: tuple[str, ...], times: int, *, ago: timedelta) -> None:
    """Write a table's newest row down again, `ago` and more: what happened once has happened many times."""

    def value(column: sa.Column[object]) -> str:
        name = f'"{column.name}"'
        if isinstance(column.type, Instant):
            return f"{name} - {int(ago.total_seconds() * 1e6)} - n"
        if column.name not in own:
            return name
        return f"{name} || '-{times}-' || n" if isinstance(column.type, sa.Text) else f"{name} + n"

    names = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(value(column) for column in table.columns)
    counted = f"WITH RECURSIVE counted(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM counted WHERE n < {times})"
    newest = f"(SELECT * FROM {table.name} ORDER BY rowid DESC LIMIT 1)"
    with house.database.write() as db:
        db.exec_driver_sql(f"INSERT INTO {table.name} ({names}) {counted} SELECT {values} FROM {newest}, counted")


def counts(house: House) -> dict[str, int]:
    """How many rows each table has."""
    with house.database.read() as db:
        there = sa.inspect(db).get_table_names()
        return {name: int(db.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar() or 0) for name in there}


def uses_a_service(visit: Visit) -> None:
    """All that a person's day asks of the provider again and again, and its end."""
    tokens = visit.tokens(scope="openid profile offline_access")
    assert visit.refresh(tokens["refresh_token"]).status_code == 200
    assert visit.userinfo(tokens["access_token"]).status_code == 200
    asked = visit.token({"token": tokens["access_token"]}, path="/oidc/introspect")
    assert asked.json is not None
    assert asked.json["active"]
    left = visit.browser.get("/oidc/logout", query_string={"id_token_hint": tokens["id_token"]})
    assert left.status_code in {200, 303}


def seeds(person: str) -> dict[sa.Table, dict[str, object]]:
    """A row of each kind that a sign-in does not always write."""
    now = clock.now()
    return {
        notices.notice_table: {"person": person, "title": "t", "values": {}, "link": "/", "at": now},
        outbox.delivery_table: {"id": "d", "kind": "k", "to": "t", "body": {}, "at": now, "state": "sent", "attempts": 1,
                                "due": now, "result": "", "ended": now},
        logouts.logout_table: {"digest": "l", "at": now, "services": {}, "framed": []},
        uses.use_table: {"mandate": "m", "principal": person, "person": person, "what": "w", "site": "s", "about": "", "at": now},
    }  # fmt: skip


def history(house: House, person: str, rows: int) -> None:
    """Give a person a past: more of everything that his sign-ins left behind so far."""
    with house.database.write() as db:
        for table, row in seeds(person).items():
            if not db.execute(sa.select(sa.func.count()).select_from(table)).scalar():
                db.execute(table.insert().values(row))
    for table, own in PAST.items():
        repeat(house, table, own, rows, ago=timedelta(days=2))


@dataclass
class Days:
    """A person who signs in with his password in a new browser each day, uses a service, and signs out."""

    citizen: Citizen
    visit: Visit

    def one(self) -> None:
        browser = self.signs_in()
        uses_a_service(self.visit)
        assert not browser.signed_in

    def signs_in(self) -> Citizen:
        browser = Citizen(self.citizen.house, self.citizen.app, self.citizen.register)
        assert browser.signs_in().status_code == 303
        self.visit.browser = browser.browser
        return browser

    def one_of_tidying_up(self) -> None:
        """He looks at what there is of him, and takes an agreement back."""
        browser, service = self.signs_in(), f"/account/services/{self.visit.client.id}"
        for page in ("/account", "/account/sessions", "/account/services", "/account/uses", service):
            assert browser.get(page).status_code == 200
        withdrawn = browser.post("/account/services/withdraw", form_at=service, client=self.visit.client.id)
        assert withdrawn.status_code == 303
        self.visit.agrees()


@pytest.fixture
def days(citizen: Citizen) -> Days:
    """He has an account, has agreed, and has signed in twice: all that is looked up once is known."""
    citizen.registers()
    found = Days(citizen, Visit(citizen.house, citizen.app, department()))
    found.visit.person = citizen.session.person or ""
    found.visit.agrees()
    found.one()
    found.one()
    return found


def test_no_table_is_read_from_end_to_end_to_sign_somebody_in(house: House, days: Days) -> None:
    with watched(house) as work:
        days.one()
    assert len(work.statements) > 30
    assert scanned(house, work.statements) == set()


def test_a_long_past_costs_neither_a_statement_nor_a_row_more(house: House, days: Days) -> None:
    """Twenty thousand sign-ins, devices and notices behind somebody who signs in today."""
    costs = []
    for past in (FEWER, MANY):
        history(house, days.visit.person, past)
        days.one()  # pages of the database that were just written are read back
        with watched(house) as work:
            days.one()
        costs.append(work.cost)
    assert_alike(costs)


def test_what_all_others_do_costs_a_person_nothing(house: House, days: Days) -> None:
    """Twenty thousand others are signed in, each with tokens of the same service."""
    costs = []
    for others in (FEWER, MANY):
        days.signs_in()
        days.visit.tokens(scope="openid profile offline_access")
        for table, own in OTHERS.items():
            repeat(house, table, own, others, ago=timedelta(0))
        days.one_of_tidying_up()
        with watched(house) as work:
            days.one()
            days.one_of_tidying_up()
        costs.append(work.steps)
    assert costs[1] - costs[0] < MANY / 5, costs  # his own rows are a few more; to read theirs would be a step each


def test_periodic_work_reads_nothing_that_grows_from_end_to_end(house: House, days: Days) -> None:
    with watched(house) as work:
        for name in SWEEPS:
            ticks.TASKS[name].run(house, clock.now())
    assert scanned(house, work.statements) & GROWING == set()


def test_what_sign_ins_leave_behind_goes_when_its_time_is_over(house: House, days: Days) -> None:
    """No table grows by a sign-in but those that are known to; each of them is swept, but for the ledger."""
    before = counts(house)
    days.one()
    assert {name for name, rows in counts(house).items() if rows > before[name]} <= GROWING
    history(house, days.visit.person, 500)
    for later in (4 * 365, 4 * 365 + 2):  # what ends only then is known for another day
        with clock.shifted(later * 86_400):
            for name in SWEEPS * 4:  # some do a part at a time
                ticks.TASKS[name].run(house, clock.now())
    after = counts(house)
    assert {name for name in GROWING - FOR_EVER if after[name]} == set()


def test_a_restart_costs_the_same_with_many_sessions(house: House, app: Flask) -> None:
    """Nothing is loaded at the start: a worker opens the house, makes its application and serves its first sign-in."""
    visit = Visit(house, app, department())
    visit.signs_in()
    costs = []
    for living in (0, MANY):
        repeat(house, sessions.session_table, ("digest", "sid", "person"), living, ago=timedelta(0))
        with watched() as work:
            opened = open_house(house.settings)
            again = front.create_app(opened.settings, ("idp",), opened)
            visit.app, visit.program = again, again.test_client()
            visit.browser = moved(visit.browser, again)
            visit.tokens()
            opened.close()
        costs.append(work.cost)
    assert_alike(costs)


def assert_alike(costs: list[tuple[list[str], int]]) -> None:
    """The same statements with little as with much, and as many steps but for a fiftieth."""
    (few, steps), (many, more) = costs
    assert few == many
    assert abs(more - steps) < steps / 50, (steps, more)


def moved(browser: FlaskClient, to: Flask) -> FlaskClient:
    """The same browser, with its cookies, at the restarted application."""
    made = to.test_client()
    for cookie in (browser._cookies or {}).values():
        made.set_cookie(cookie.key, cookie.value)
    return made
