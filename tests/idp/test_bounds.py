"""What a sign-in costs does not grow with what was: neither with the person's own past nor with everybody's."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from hub import callers, clock, ledger, ticks
from hub.house import House
from idp.model.grant import Grant
from idp.store import grants
from tests.idp.rp import Visit, department

# These hold what an installation is, not what happened in it.
FEW = {"hub_beat", "hub_lead", "hub_place", "hub_token_key", "idp_client", "idp_matter"}
# These grow with each sign-in.
GROWING = {
    "hub_session",
    "hub_revocation",
    "hub_ledger_event",
    "hub_ledger_node",
    "hub_ledger_checkpoint",
    "hub_notice",
}
GROWING |= {"hub_inbox", "hub_outbox", "hub_job", "idp_grant", "idp_refresh", "idp_release", "idp_use", "idp_device"}
SCAN = re.compile(r"^SCAN (\w+)$")


@contextmanager
def told(house: House) -> Iterator[list[str]]:
    """Every statement that SQLite is given meanwhile, with its values in it."""
    seen: list[str] = []

    def listen(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_trace_callback(seen.append)

    house.database.dispose()
    sa.event.listen(house.database.engine, "checkout", listen)
    try:
        yield seen
    finally:
        sa.event.remove(house.database.engine, "checkout", listen)
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


def signs_in_everywhere(visit: Visit) -> None:
    """All that a person's day asks of the provider again and again."""
    tokens = visit.tokens(scope="openid profile offline_access")
    assert visit.refresh(tokens["refresh_token"]).status_code == 200
    assert visit.userinfo(tokens["access_token"]).status_code == 200
    asked = visit.token({"token": tokens["access_token"]}, path="/oidc/introspect")
    assert asked.json is not None
    assert asked.json["active"]


def test_no_table_is_read_from_end_to_end_to_sign_somebody_in(house: House, app: Flask) -> None:
    visit = Visit(house, app, department())
    visit.signs_in()
    with told(house) as statements:
        signs_in_everywhere(visit)
    assert len(statements) > 20
    assert scanned(house, statements) == set()


def test_periodic_work_reads_nothing_that_grows_from_end_to_end(house: House, app: Flask) -> None:
    visit = Visit(house, app, department())
    visit.signs_in()
    signs_in_everywhere(visit)
    with told(house) as statements:
        for name in ("clean", "ledger", "outbox", "grants", "old traces", "expired logins", "unused devices"):
            ticks.TASKS[name].run(house, clock.now())
    assert scanned(house, statements) & GROWING == set()


def test_a_long_past_costs_no_further_statement(house: House, app: Flask) -> None:
    """Many sign-ins behind somebody who signs in today."""
    visit = Visit(house, app, department())
    caller = visit.signs_in()
    costs = []
    for past in (0, 200):
        with house.database.write() as db:
            for day in range(past):
                then = clock.now() - timedelta(days=day + 2)
                gone = callers.Caller(person=caller.person, level=2, amr=("pwd",), auth_time=then)
                callers.open_session(db, "idp", gone, now=then, hours=12)
                old = Grant(f"g{day}", visit.client.id, visit.person, f"s{day}", ("openid",), 2, ("pwd",), then, None,
                            then, then + timedelta(days=1))  # fmt: skip
                assert grants.redeem(db, f"code {day}", old)
                ledger.wrote(db, "grant.made", old.id, by=visit.person, at=then)
        visit.tokens()  # whatever is looked up once is known now
        costs.append(statements_of_one(house, visit))
    assert costs[0] == costs[1]


def statements_of_one(house: House, visit: Visit) -> list[str]:
    """What one sign-in asks the database; what goes straight to the driver is told by the driver alone."""
    with told(house) as seen:
        visit.tokens()
    return sorted(re.sub(r"'[^']*'|x'[0-9A-F]*'|\b\d+\b", "?", one) for one in seen)
