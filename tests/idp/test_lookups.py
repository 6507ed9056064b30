"""A sign-in, a renewal and a sign-out cost the same for whoever has done it once and for years: each look-up has an index."""

from typing import Any

import sqlalchemy as sa
from flask import Flask

from hub import callers, clock, outbox
from hub.house import House
from idp.provider import expiry, logout, logout_receipts
from tests.idp.rp import Visit, department

GROWING = {
    "hub_inbox",
    "hub_ledger_event",
    "hub_outbox",
    "hub_revocation",
    "hub_session",
    "idp_consent",
    "idp_consent_receipt",
    "idp_factor",
    "idp_grant",
    "idp_logout",
    "idp_mandate",
    "idp_person",
    "idp_refresh",
    "idp_release",
}


def test_no_step_of_a_login_reads_a_growing_table_through(house: House, app: Flask) -> None:
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip()[:6].upper() in {"SELECT", "UPDATE", "DELETE"}:
            seen[statement] = parameters

    visit = Visit(house, app, department(backchannel_logout_uri="https://market.qiyun.example/told"))
    sa.event.listen(house.database.engine, "before_cursor_execute", note)
    visit.signs_in()
    tokens = visit.tokens(scope="openid profile offline_access")
    visit.userinfo(tokens["access_token"])
    visit.refresh(tokens["refresh_token"])
    visit.browser.get("/account/sessions")
    visit.browser.get("/oidc/logout", query_string={"id_token_hint": tokens["id_token"]})
    expiry.expire(house, clock.now())
    with house.database.write() as db:
        told = logout.ended(db, clock.now(), person=visit.person, why="test")
        id = logout_receipts.keep(db, told, [], clock.now())
        callers.forget_ended(db, clock.now())
    outbox.begin(house, clock.now(), {logout.KIND: lambda *_: None})
    if id:
        logout_receipts.look(house, id, clock.now())
    sa.event.remove(house.database.engine, "before_cursor_execute", note)
    assert len(seen) > 20
    scanned = []
    with house.database.engine.connect() as db:
        for statement, parameters in seen.items():
            plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            scanned += [
                (row[3], statement) for row in plan if row[3].startswith("SCAN") and row[3].split()[1] in GROWING
            ]
    assert not scanned
