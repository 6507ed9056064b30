"""Traces of persons go when their time is over, and not before."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.house import House
from idp import retention
from idp.store import consents, data, invitations, offers, receipts, recoveries, releases

TABLES: dict[sa.Table, dict[str, Any]] = {
    invitations.invitation_table: {
        "id": "i", "token_digest": "d", "label": "l", "by": "b", "created": None, "ends": None,
    },
    data.consent_table: {"person": "p", "acting_for": "", "permission": "x", "at": None, "ended": None},
    releases.release_table: {"event": 1, "person": "p", "client": "c", "at": None},
    receipts.receipt_table: {
        "id": "r", "person": "p", "client": "c", "said": "granted", "text_version": 1, "scopes": [], "signed": "", "at": None,
    },
    offers.offer_table: {
        "id": "o", "principal": "person:p", "role": "family", "to_key": "k", "to_name": b"", "by": "p", "made": None,
        "since": None, "matters": [], "state": "open",
    },
    recoveries.wait_table: {"person": "p", "begun": None, "opens": None},
}  # fmt: skip
KEPT = (
    retention.INVITATIONS,
    retention.PERMISSIONS,
    retention.RELEASES,
    retention.RECEIPTS,
    retention.OFFERS,
    retention.WAITS,
)
PERIODS = dict(zip(TABLES, KEPT, strict=True))


@pytest.fixture(params=TABLES, ids=lambda table: table.name)
def one(request: pytest.FixtureRequest, house_on: House, now: datetime) -> tuple[House, sa.Table]:
    """A house with one row of one kind, made now."""
    table: sa.Table = request.param
    with house_on.database.write() as db:
        db.execute(
            table.insert().values({name: now if value is None else value for name, value in TABLES[table].items()})
        )
    return house_on, table


def left(house: House, table: sa.Table) -> int:
    with house.database.read() as db:
        return int(db.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_it_goes_when_its_time_is_over_and_not_before(one: tuple[House, sa.Table], now: datetime) -> None:
    house, table = one
    assert retention.forget(house, now + PERIODS[table] - timedelta(hours=1)) == 0
    assert left(house, table) == 1
    assert retention.forget(house, now + PERIODS[table] + timedelta(hours=1)) == 1
    assert left(house, table) == 0


def test_what_still_stands_never_goes(house_on: House, now: datetime) -> None:
    """A permission that nobody took back, and the receipt of a consent that is in force."""
    values: dict[sa.Table, dict[str, Any]] = {
        data.consent_table: TABLES[data.consent_table] | {"at": now},
        receipts.receipt_table: TABLES[receipts.receipt_table] | {"at": now},
        consents.consent_table: {"person": "p", "client": "c", "scopes": [], "at": now, "text_version": 1},
    }
    with house_on.database.write() as db:
        for table, row in values.items():
            db.execute(table.insert().values(row))
    assert retention.forget(house_on, now + timedelta(days=9999)) == 0
