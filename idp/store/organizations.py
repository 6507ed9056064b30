"""The table of organisations."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, metadata
from idp.model.organization import Organization, OrganizationState

organization_table = sa.Table(
    "idp_organization",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("holder_key", sa.Text, nullable=False, unique=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("claimed", Instant, nullable=False),
    sa.Column("registration", sa.Text, nullable=False, server_default=""),
    sa.Column("checked", Instant, index=True),
)
_o = organization_table.c


def organization(db: sa.Connection, code: str) -> Organization | None:
    """An organisation by its unified code."""
    row = db.execute(sa.select(organization_table).where(_o.code == code)).mappings().one_or_none()
    return _organization(row) if row else None


def to_check(db: sa.Connection, before: datetime, *, limit: int) -> list[Organization]:
    """Of which the register was not asked since a moment; those that wait longest first."""
    waits = sa.or_(_o.checked.is_(None), _o.checked <= before)
    oldest = sa.func.coalesce(_o.checked, _o.claimed)
    rows = db.execute(sa.select(organization_table).where(waits).order_by(oldest, _o.code).limit(limit))
    return [_organization(row) for row in rows.mappings()]


def keep(db: sa.Connection, organization: Organization) -> None:
    """Keep an organisation, or what the register newly says of it."""
    values = vars(organization) | {"state": organization.state.value}
    changed = db.execute(organization_table.update().where(_o.code == organization.code).values(**values))
    if not changed.rowcount:
        db.execute(organization_table.insert().values(**values))


def _organization(row: sa.RowMapping) -> Organization:
    return Organization(**{**row, "state": OrganizationState(row["state"])})
