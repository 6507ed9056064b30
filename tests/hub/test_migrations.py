"""Migrations: an upgraded database has exactly the tables that the code knows, on both databases."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

import app
from hub.db import metadata
from hub.house import House


def test_a_migrated_database_has_the_tables_of_the_code(house_on: House) -> None:
    with house_on.database.engine.connect() as connection:
        app.migrations(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_each_room_has_its_own_branch(house: House) -> None:
    with house.database.engine.connect() as connection:
        heads = ScriptDirectory.from_config(app.migrations(connection)).get_heads()
    assert {head.partition("_")[0] for head in heads} == {"hub", "certs", "seals", "idp", "licenses", "admin"}


def test_a_second_upgrade_changes_nothing(house: House) -> None:
    before = set(inspect(house.database.engine).get_table_names())
    app.migrate(house)
    assert set(inspect(house.database.engine).get_table_names()) == before


def test_after_an_upgrade_the_database_knows_its_rows(house_on: House) -> None:
    """PostgreSQL plans by what it last counted, and a migration changes that; nobody should wait for it to notice."""
    with house_on.database.engine.connect() as connection:
        command.downgrade(app.migrations(connection), "idp_0020")
        connection.commit()
    app.migrate(house_on)
    if not house_on.database.is_sqlite:
        with house_on.database.read() as db:
            assert db.exec_driver_sql("SELECT reltuples FROM pg_class WHERE relname = 'hub_place'").scalar_one() >= 1


def test_every_step_can_be_taken_back(house_on: House) -> None:
    with house_on.database.engine.connect() as connection:
        command.downgrade(app.migrations(connection), "base")
        connection.commit()
    assert set(inspect(house_on.database.engine).get_table_names()) <= {"alembic_version"}


def test_a_key_that_came_with_a_release_is_made_at_the_start(house: House) -> None:
    for kind in ("pem", "json"):
        (house.settings.data / "keys" / f"consent-1.{kind}").unlink()  # as before there were receipts of consent
    kept = (house.settings.data / "keys" / "tokens-1.json").read_bytes()
    assert not house.keys.exists("consent-1")
    app.create_app(house.settings, ("verification",), house)
    assert not house.keys.exists("consent-1")  # a site of its own holds no key of the others
    app.create_app(house.settings, house=house)
    assert house.keys.sign_jws("consent-1", "test+jwt", {}).count(".") == 2
    assert (house.settings.data / "keys" / "tokens-1.json").read_bytes() == kept
