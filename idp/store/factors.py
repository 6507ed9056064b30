"""The table of what persons sign in with."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from idp.model.factor import Factor, Kind

factor_table = sa.Table(
    "idp_factor",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("handle", sa.Text, unique=True),
    sa.Column("facts", Json, nullable=False),
    sa.Column("counter", sa.BigInteger, nullable=False),
    sa.Column("created", Instant, nullable=False),
    sa.Column("used", Instant),
    sa.Column("disabled", Instant),  # after too many failures in a row
)
_c = factor_table.c


def add(db: sa.Connection, factor: Factor) -> None:
    """Keep a new factor."""
    db.execute(
        factor_table.insert().values(
            id=factor.id,
            person=factor.person,
            kind=factor.kind.value,
            label=factor.label,
            secret=factor.secret,
            handle=factor.handle,
            facts=factor.facts or {},
            counter=factor.counter,
            created=factor.created,
            used=factor.used,
        )
    )


def of_person(db: sa.Connection, person: str) -> list[Factor]:
    """All factors of a person, oldest first."""
    rows = db.execute(sa.select(factor_table).where(_c.person == person).order_by(_c.created, _c.id))
    return [_factor(row) for row in rows]


def by_handle(db: sa.Connection, handle: str) -> Factor | None:
    """A passkey by the digest of its credential id."""
    row = db.execute(sa.select(factor_table).where(_c.handle == handle)).one_or_none()
    return None if row is None else _factor(row)


def advance(db: sa.Connection, factor: Factor, counter: int, at: datetime) -> bool:
    """Note a use with a higher counter. False when somebody used this or a later one: then the use must not count."""
    query = factor_table.update().where(_c.id == factor.id, _c.counter < counter)
    return db.execute(query.values(counter=counter, used=at)).rowcount == 1


def touch(db: sa.Connection, factor: Factor, at: datetime) -> None:
    """Note a use of a factor that does not count."""
    db.execute(factor_table.update().where(_c.id == factor.id).values(used=at))


def change_secret(db: sa.Connection, factor: Factor, secret: bytes, facts: dict[str, Any]) -> Factor:
    """A new secret in place of the old one, if nobody changed it in between."""
    query = factor_table.update().where(_c.id == factor.id, _c.secret == factor.secret)
    db.execute(query.values(secret=secret, facts=facts))
    return replace(factor, secret=secret, facts=facts)


def rename(db: sa.Connection, person: str, factor_id: str, label: str) -> bool:
    """Give a person's factor another name; tells whether it was there."""
    mine = sa.and_(_c.id == factor_id, _c.person == person)
    return db.execute(factor_table.update().where(mine).values(label=label)).rowcount == 1


def disable(db: sa.Connection, person: str, kind: Kind, at: datetime) -> bool:
    """Take a person's factors of one kind out of use; tells whether one was in use: of many at once, one tells the owner."""
    mine = sa.and_(_c.person == person, _c.kind == kind.value, _c.disabled.is_(None))
    return db.execute(factor_table.update().where(mine).values(disabled=at)).rowcount > 0


def enable(db: sa.Connection, factor_id: str) -> None:
    """Put a factor back into use."""
    db.execute(factor_table.update().where(_c.id == factor_id).values(disabled=None))


def remove(db: sa.Connection, person: str, factor_id: str) -> bool:
    """Remove a person's factor; tells whether it was there."""
    return db.execute(factor_table.delete().where(_c.id == factor_id, _c.person == person)).rowcount == 1


def _factor(row: Any) -> Factor:
    return Factor(
        id=row.id,
        person=row.person,
        kind=Kind(row.kind),
        label=row.label,
        secret=row.secret,
        created=row.created,
        handle=row.handle,
        facts=row.facts,
        counter=row.counter,
        used=row.used,
        disabled=row.disabled,
    )
