"""The table of organisations."""

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
)
_o = organization_table.c


def organization(db: sa.Connection, code: str) -> Organization | None:
    """An organisation by its unified code."""
    row = db.execute(sa.select(organization_table).where(_o.code == code)).one_or_none()
    if row is None:
        return None
    return Organization(row.code, row.name, row.holder_key, row.claimed, OrganizationState(row.state))


def keep(db: sa.Connection, organization: Organization) -> None:
    """Keep an organisation, or what the register newly says of it."""
    values = {"name": organization.name, "state": organization.state.value, "claimed": organization.claimed}
    changed = db.execute(organization_table.update().where(_o.code == organization.code).values(**values))
    if not changed.rowcount:
        db.execute(
            organization_table.insert().values(code=organization.code, holder_key=organization.holder_key, **values)
        )
