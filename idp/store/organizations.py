"""The tables of organisations and of who may act for them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from idp.model.mandate import Mandate, Role
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
mandate_table = sa.Table(
    "idp_mandate",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("organization", sa.Text, nullable=False, index=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("matters", Json, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("granted_by", sa.Text),
    sa.Column("ended", Instant),
    sa.Column("why_ended", sa.Text, nullable=False),
)
_o, _m = organization_table.c, mandate_table.c


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


def add_mandate(db: sa.Connection, mandate: Mandate) -> None:
    """Keep a new mandate."""
    db.execute(
        mandate_table.insert().values(
            id=mandate.id,
            organization=mandate.organization,
            person=mandate.person,
            role=mandate.role.value,
            matters=list(mandate.matters),
            since=mandate.since,
            until=mandate.until,
            granted_by=mandate.granted_by,
            ended=mandate.ended,
            why_ended=mandate.why_ended,
        )
    )


def end_mandate(db: sa.Connection, mandate: Mandate) -> None:
    """Write that a mandate is over."""
    db.execute(
        mandate_table.update().where(_m.id == mandate.id).values(ended=mandate.ended, why_ended=mandate.why_ended)
    )


def mandates_of(db: sa.Connection, person: str, now: datetime) -> list[tuple[Mandate, Organization]]:
    """For whom a person may act now, in order of the organisations' names."""
    query = (
        sa.select(mandate_table, _o.name, _o.holder_key, _o.claimed, _o.state)
        .join(organization_table, _o.code == _m.organization)
        .where(_m.person == person, _o.state == OrganizationState.active.value, _running(now))
        .order_by(_o.name, _m.since)
    )
    return [
        (
            _mandate(row),
            Organization(row.organization, row.name, row.holder_key, row.claimed, OrganizationState(row.state)),
        )
        for row in db.execute(query)
    ]


def mandates_for(db: sa.Connection, code: str, now: datetime) -> list[Mandate]:
    """Who may act for an organisation now."""
    query = sa.select(mandate_table).where(_m.organization == code, _running(now)).order_by(_m.since)
    return [_mandate(row) for row in db.execute(query)]


def _running(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        _m.since <= now, sa.or_(_m.until.is_(None), _m.until > now), sa.or_(_m.ended.is_(None), _m.ended > now)
    )


def _mandate(row: Any) -> Mandate:
    return Mandate(
        id=row.id,
        organization=row.organization,
        person=row.person,
        role=Role(row.role),
        since=row.since,
        matters=tuple(row.matters),
        until=row.until,
        granted_by=row.granted_by,
        ended=row.ended,
        why_ended=row.why_ended,
    )
