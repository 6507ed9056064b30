"""first tables of licenses."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "licenses_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("licenses",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "licenses_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licenses_change")),
    )
    with op.batch_alter_table("licenses_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_licenses_change_identifier"), ["identifier"], unique=False)

    op.create_table(
        "licenses_counter",
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "kind", "year", name=op.f("pk_licenses_counter")),
    )
    op.create_table(
        "licenses_intent",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("asker", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("status_list", sa.Integer(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("papers", hub.db.Json(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased", hub.db.Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_licenses_intent")),
        sa.UniqueConstraint("asker", "key", name=op.f("uq_licenses_intent_asker_key")),
        sa.UniqueConstraint("status_list", "status_index", name=op.f("uq_licenses_intent_status_list_status_index")),
    )
    with op.batch_alter_table("licenses_intent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_licenses_intent_state"), ["state"], unique=False)

    op.create_table(
        "licenses_license",
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kind_version", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("holder_key", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("issued", hub.db.Instant(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("status_list", sa.Integer(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("changed", hub.db.Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_licenses_license")),
        sa.UniqueConstraint("sealed", name=op.f("uq_licenses_license_sealed")),
    )
    with op.batch_alter_table("licenses_license", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_licenses_license_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_licenses_license_holder_key"), ["holder_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_licenses_license_issued"), ["issued"], unique=False)
        batch_op.create_index(batch_op.f("ix_licenses_license_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_licenses_license_status_list"), ["status_list"], unique=False)

    op.create_table(
        "licenses_status_list",
        sa.Column("list", sa.Integer(), nullable=False),
        sa.Column("counter", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list", name=op.f("pk_licenses_status_list")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("licenses_status_list")
    with op.batch_alter_table("licenses_license", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_licenses_license_status_list"))
        batch_op.drop_index(batch_op.f("ix_licenses_license_place"))
        batch_op.drop_index(batch_op.f("ix_licenses_license_issued"))
        batch_op.drop_index(batch_op.f("ix_licenses_license_holder_key"))
        batch_op.drop_index(batch_op.f("ix_licenses_license_agency"))

    op.drop_table("licenses_license")
    with op.batch_alter_table("licenses_intent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_licenses_intent_state"))

    op.drop_table("licenses_intent")
    op.drop_table("licenses_counter")
    with op.batch_alter_table("licenses_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_licenses_change_identifier"))

    op.drop_table("licenses_change")
