"""The secrets under which codes and refresh tokens are sealed, once more than the first was needed (decision 35)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, alone, metadata

sealed_table = sa.Table(
    "idp_sealed",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("carried", sa.Text, nullable=False),  # as it stands in the key folder, encrypted, for other machines
    sa.Column("made", Instant, nullable=False),
    sa.Column("sealed", Instant),  # since when it seals; none: it only opens yet
)
_t = sealed_table.c


@dataclass(frozen=True)
class Secret:
    """One secret by its name in the custody of keys, and its moments."""

    name: str
    made: datetime
    sealed: datetime | None


def secrets(db: sa.Connection) -> list[Secret]:
    """All of them: the one that seals, those before it, newest first, and at the end one that does not seal yet."""
    rows = db.execute(sa.select(_t.name, _t.made, _t.sealed)).all()
    found = [Secret(*row) for row in rows]
    began = sorted(
        (one for one in found if one.sealed), key=lambda one: (one.sealed or one.made, one.name), reverse=True
    )
    return began + [one for one in found if not one.sealed]


def carried(db: sa.Connection, name: str) -> str | None:
    """A secret for a machine that does not have it."""
    return db.execute(sa.select(_t.carried).where(_t.name == name)).scalar_one_or_none()


def lock(db: sa.Connection) -> None:
    """Let one rotation happen at a time."""
    alone(db, "sealed")


def add(db: sa.Connection, found: Secret, carried: str) -> None:
    """Keep another one."""
    db.execute(sealed_table.insert().values(**vars(found), carried=carried))


def begin(db: sa.Connection, name: str, now: datetime) -> bool:
    """Let it seal from now on; False if it did already."""
    query = sealed_table.update().where(_t.name == name, _t.sealed.is_(None)).values(sealed=now)
    return db.execute(query).rowcount == 1


def drop(db: sa.Connection, names: Collection[str]) -> int:
    """Forget secrets; says how many were still there."""
    return db.execute(sealed_table.delete().where(_t.name.in_(names))).rowcount
