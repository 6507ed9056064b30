"""The tables of this room."""

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from seals.model import Kind, State, UseState

agency_table = sa.Table(
    "seals_agency",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False, index=True),
)
seal_table = sa.Table(
    "seals_seal",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("code13", sa.Text, nullable=False, unique=True),
    sa.Column("diameter_mm", sa.Integer, nullable=False),
    sa.Column("centre", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("applied_by", sa.Text, nullable=False),
    sa.Column("applied_at", Instant, nullable=False),
    sa.Column("key_name", sa.Text, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("valid_until", Instant),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False, server_default="P-256"),
    sa.Column("sensitive", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("shape", sa.Text, nullable=False, server_default="round"),
    sa.Column("height_mm", sa.Integer, nullable=False, server_default="0"),
    sa.Column("second", sa.Text, nullable=False, server_default=""),
    sa.Column("number", sa.Text, nullable=False, server_default=""),
    sa.Column("filing", sa.Text, nullable=False, server_default=""),
)
STANDING = sa.and_(
    seal_table.c.kind == Kind.statutory.value,
    seal_table.c.state.not_in([state.value for state in State if state.ended]),
)
sa.Index(  # one seal of the statutory name for each body
    "uq_seals_seal_statutory", seal_table.c.agency, unique=True, sqlite_where=STANDING, postgresql_where=STANDING
)
artwork_table = sa.Table(
    "seals_artwork",
    metadata,
    sa.Column("seal", sa.Text, primary_key=True),
    sa.Column("svg", sa.Text, nullable=False),
    sa.Column("form", sa.LargeBinary, nullable=False),
    sa.Column("units", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False, server_default="0"),
    sa.Column("object", sa.LargeBinary),  # what the maker signed
)
step_table = sa.Table(
    "seals_step",
    metadata,
    sa.Column("seal", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)
order_table = sa.Table(  # what the maker has still to sign
    "seals_order",
    metadata,
    sa.Column("seal", sa.Text, primary_key=True),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("key_name", sa.Text, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("valid_until", Instant, nullable=False),
)
custodian_table = sa.Table(
    "seals_custodian",
    metadata,
    sa.Column("seal", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)
grant_table = sa.Table(
    "seals_grant",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("seal", sa.Text, nullable=False, index=True),
    sa.Column("grantee", sa.Text, nullable=False),
    sa.Column("purposes", Json, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("per_hour", sa.Integer),
    sa.Column("per_day", sa.Integer),
    sa.Column("granted_by", sa.Text, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.Column("kinds", Json, nullable=False, server_default='["*"]'),
    sa.Column("officer", sa.Text, nullable=False, server_default=""),
    sa.Column("region", sa.Text, nullable=False, server_default=""),
    sa.Column("parent", sa.Text, nullable=False, server_default=""),
    sa.Column("may_delegate", sa.Boolean, nullable=False, server_default=sa.false()),
)
use_table = sa.Table(
    "seals_use",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("seal", sa.Text, nullable=False),
    sa.Column("grant", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("record_digest", sa.LargeBinary, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("sealed_digest", sa.LargeBinary),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("wanted", sa.Text, nullable=False, server_default="B-T"),
    sa.Column("kind", sa.Text, nullable=False, server_default=""),
    sa.Column("person", sa.Text, nullable=False, server_default=""),
    sa.Column("asked", sa.Text, nullable=False, server_default=""),
    sa.Index("ix_seals_use_grant_at", "grant", "at"),
    sa.Index("ix_seals_use_seal_at", "seal", "at"),
)
COUNTS = use_table.c.state != UseState.void.value
sa.Index(  # one record is sealed once with one seal; a void use makes room
    "uq_seals_use_record",
    use_table.c.seal,
    use_table.c.record_digest,
    unique=True,
    sqlite_where=COUNTS,
    postgresql_where=COUNTS,
)
