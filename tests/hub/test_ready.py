"""Statements that go straight to the driver do what SQLAlchemy's own way does, with both databases and with their faults."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub import clock
from hub.db import Collision, Instant, Json, Ready
from hub.house import House

table = sa.Table(
    "test_ready",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", Instant),
    sa.Column("facts", Json, nullable=False, server_default="[]"),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("yes", sa.Boolean),
)
ADD = Ready(table.insert().returning(table.c.id))
FIND = Ready(sa.select(table, sa.literal("100%").label("all")).where(table.c.id == sa.bindparam("this")))
NOW = clock.now()
VALUES: dict[str, Any] = {"id": "a%s", "at": NOW, "facts": {"b": [1, "证"]}, "sealed": b"\0\xff", "yes": True}


def test_values_come_back_as_they_went_in(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    with bare_on.database.write() as db:
        assert ADD.first(db, **VALUES)[0] == "a%s"
    with bare_on.database.read() as db:
        assert FIND.first(db, this="a%s")._asdict() == VALUES | {"all": "100%"}
        assert db.execute(sa.select(table)).one()._asdict() == VALUES
        assert FIND.first(db, this="nobody") is None


def test_a_collision_has_its_name_and_leaves_nothing(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    for _ in range(2):
        with pytest.raises(Collision), bare_on.database.write() as db:
            [ADD(db, **VALUES) for _ in range(2)]
    with bare_on.database.read() as db:
        assert FIND(db, this="a%s") == []


def test_a_look_writes_nothing(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    with bare_on.database.read() as db:
        ADD(db, **VALUES)
    with bare_on.database.read() as db:
        assert FIND(db, this="a%s") == []


def test_a_moment_without_a_zone_is_refused(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    with bare_on.database.write() as db, pytest.raises(ValueError, match="aware"):
        ADD(db, **VALUES | {"at": (NOW + timedelta(1)).replace(tzinfo=None)})


@pytest.mark.parametrize("bare_on", ["postgresql"], indirect=True)
def test_a_connection_that_is_gone_is_not_used_again(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    with bare_on.database.read() as db:
        mine = db.scalar(sa.text("SELECT pg_backend_pid()"))
        with bare_on.database.write() as other:
            other.execute(sa.text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})
        with pytest.raises(sa.exc.DBAPIError) as caught:
            FIND(db, this="a")
        assert db.invalidated
    assert isinstance(caught.value, sa.exc.OperationalError)
    with bare_on.database.read() as db:
        assert FIND(db, this="a") == []


# -- single looks, without a transaction around them


def test_each_look_sees_what_is_committed_at_its_moment(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    with bare_on.database.look() as looking:
        assert FIND(looking, this="a%s") == []
        with bare_on.database.write() as db:
            ADD(db, **VALUES)
        assert FIND.first(looking, this="a%s")._asdict() == VALUES | {"all": "100%"}


def test_what_is_not_committed_is_not_seen(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    with bare_on.database.write() as db:
        ADD(db, **VALUES)
        with bare_on.database.look() as looking:
            assert FIND(looking, this="a%s") == []


def test_through_a_look_nothing_is_written(bare_on: House) -> None:
    table.create(bare_on.database.engine)
    with pytest.raises(AssertionError), bare_on.database.look() as looking:
        Ready(table.insert())(looking, **VALUES)


def test_a_look_keeps_nobody_from_changing_the_tables(bare_on: House) -> None:
    """A transaction left open would hold them, and on SQLite keep the log from being shortened."""
    table.create(bare_on.database.engine)
    with bare_on.database.look() as looking:
        FIND(looking, this="a")
        table.drop(bare_on.database.engine)


def test_looks_at_the_same_time_have_a_connection_each_and_leave_them_to_the_next(bare_on: House) -> None:
    database = bare_on.database
    with database.look() as one, database.look() as other:
        assert one is not other
    with database.look() as again:
        assert again in (one, other)


def test_a_fault_has_the_name_that_it_has_elsewhere_and_its_connection_is_not_kept(bare_on: House) -> None:
    with pytest.raises(sa.exc.DBAPIError) as caught, bare_on.database.look() as looking:
        FIND(looking, this="a")  # there is no such table
    assert "a%s" not in str(caught.value)
    with bare_on.database.look() as next_one:
        assert next_one is not looking


@pytest.mark.parametrize("bare_on", ["postgresql"], indirect=True)
def test_a_look_through_a_connection_that_is_gone_is_done_anew(bare_on: House) -> None:
    """The database was restarted meanwhile; nothing was begun, so nothing is lost."""
    table.create(bare_on.database.engine)
    with bare_on.database.look() as looking:
        FIND(looking, this="a")
        with bare_on.database.write() as db:
            others = "pid <> pg_backend_pid() AND datname = current_database()"
            db.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
        assert FIND(looking, this="a") == []
