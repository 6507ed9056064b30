"""The tables of data permissions, and of what persons allowed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Id, Instant, Json, metadata
from hub.tree import ROOT, below
from idp.model.data import DataConsent, DataField, DataPermission

permission_table = sa.Table(
    "idp_data_permission",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, nullable=False, index=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("provider_name", sa.Text, nullable=False),
    sa.Column("provider_name_en", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("entry", sa.Text, nullable=False),
    sa.Column("entry_name", sa.Text, nullable=False),
    sa.Column("entry_name_en", sa.Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("purpose_en", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("ended", Instant),
)
consent_table = sa.Table(
    "idp_data_consent",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("acting_for", sa.Text, nullable=False),
    sa.Column("permission", sa.Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("ended", Instant),
)
_p, _c = permission_table.c, consent_table.c


def keep(db: sa.Connection, permission: DataPermission) -> None:
    """Add a permission. It never changes afterwards: another text is another permission."""
    fields = [asdict(field) for field in permission.fields]
    db.execute(permission_table.insert().values(**vars(permission) | {"fields": fields}))


def permission(db: sa.Connection, id: str) -> DataPermission | None:
    """One permission, in force or not."""
    row = db.execute(sa.select(permission_table).where(_p.id == id)).mappings().one_or_none()
    return None if row is None else _permission(row)


def permissions(db: sa.Connection, ids: Sequence[str]) -> list[DataPermission]:
    """Several permissions, in the order of `ids`; unknown ones are left out."""
    rows = db.execute(sa.select(permission_table).where(_p.id.in_(ids))).mappings()
    found = {row["id"]: _permission(row) for row in rows}
    return [found[id] for id in ids if id in found]


def of_client(db: sa.Connection, client: str) -> list[DataPermission]:
    """Everything that a client was ever permitted, newest first."""
    query = sa.select(permission_table).where(_p.client == client).order_by(_p.since.desc())
    return [_permission(row) for row in db.execute(query).mappings()]


def end(db: sa.Connection, id: str, at: datetime) -> bool:
    """End a permission; False if it had ended."""
    query = permission_table.update().where(_p.id == id, _p.ended.is_(None))
    return db.execute(query.values(ended=at)).rowcount == 1


def allow(db: sa.Connection, consent: DataConsent) -> None:
    """Keep a person's yes; an older one to the same is replaced."""
    where = _standing(consent.person, consent.acting_for, consent.permission)
    if not db.execute(consent_table.update().where(where).values(at=consent.at)).rowcount:
        db.execute(consent_table.insert().values(**vars(consent)))


def withdraw(db: sa.Connection, person: str, acting_for: str, permission: str, at: datetime) -> bool:
    """End a yes; False if there was none."""
    query = consent_table.update().where(_standing(person, acting_for, permission))
    return db.execute(query.values(ended=at)).rowcount > 0


def standing(db: sa.Connection, person: str, acting_for: str) -> list[DataConsent]:
    """What a person allows now, for himself or for one company, newest first."""
    query = sa.select(consent_table).where(_standing(person, acting_for)).order_by(_c.id.desc())
    return [_consent(row) for row in db.execute(query)]


def acted_for(db: sa.Connection, person: str) -> list[str]:
    """For whom a person allows something now: companies by their codes, nothing for himself."""
    query = sa.select(_c.acting_for).where(_c.person == person, _c.ended.is_(None)).distinct()
    return sorted(db.scalars(query))


def allowed(db: sa.Connection, person: str, acting_for: str, permission: str) -> DataConsent | None:
    """A person's standing yes to one permission."""
    row = db.execute(sa.select(consent_table).where(_standing(person, acting_for, permission))).first()
    return None if row is None else _consent(row)


def who_allowed(permission: str) -> sa.Select[tuple[str]]:
    """The persons who ever said yes to one permission."""
    return sa.select(_c.person).where(_c.permission == permission)


def withdrawals(db: sa.Connection, scope: str = ROOT) -> int:
    """How often persons took back what they had allowed about the data of a scope."""
    joined = consent_table.join(permission_table, _p.id == _c.permission)
    query = sa.select(sa.func.count()).select_from(joined).where(_c.ended.is_not(None), below(_p.place, scope))
    return db.execute(query).scalar_one()


def _standing(person: str, acting_for: str, permission: str = "") -> sa.ColumnElement[bool]:
    where = sa.and_(_c.person == person, _c.acting_for == acting_for, _c.ended.is_(None))
    return sa.and_(where, _c.permission == permission) if permission else where


def _consent(row: Any) -> DataConsent:
    return DataConsent(row.person, row.acting_for, row.permission, row.at, row.ended)


def _permission(row: Any) -> DataPermission:
    return DataPermission(**{**row, "fields": tuple(DataField(**field) for field in row["fields"])})
