"""first tables of seals."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "seals_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("seals",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "seals_agency",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_seals_agency")),
    )
    with op.batch_alter_table("seals_agency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seals_agency_place"), ["place"], unique=False)

    op.create_table(
        "seals_artwork",
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("svg", sa.Text(), nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seal", name=op.f("pk_seals_artwork")),
    )
    op.create_table(
        "seals_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("grantee", sa.Text(), nullable=False),
        sa.Column("purposes", hub.db.Json(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=True),
        sa.Column("per_hour", sa.Integer(), nullable=True),
        sa.Column("per_day", sa.Integer(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals_grant")),
    )
    with op.batch_alter_table("seals_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seals_grant_seal"), ["seal"], unique=False)

    op.create_table(
        "seals_seal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("code13", sa.Text(), nullable=False),
        sa.Column("diameter_mm", sa.Integer(), nullable=False),
        sa.Column("centre", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.Column("applied_at", hub.db.Instant(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("valid_until", hub.db.Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals_seal")),
        sa.UniqueConstraint("code13", name=op.f("uq_seals_seal_code13")),
    )
    with op.batch_alter_table("seals_seal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seals_seal_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_seals_seal_place"), ["place"], unique=False)
        batch_op.create_index(
            "uq_seals_seal_statutory",
            ["agency"],
            unique=True,
            sqlite_where=sa.text(
                "kind = 'statutory' AND (state NOT IN ('rejected', 'cancelled', 'expired', 'replaced'))"
            ),
            postgresql_where=sa.text(
                "kind = 'statutory' AND (state NOT IN ('rejected', 'cancelled', 'expired', 'replaced'))"
            ),
        )

    op.create_table(
        "seals_use",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("grant", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("record_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("sealed_digest", sa.LargeBinary(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("ended_at", hub.db.Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals_use")),
    )
    with op.batch_alter_table("seals_use", schema=None) as batch_op:
        batch_op.create_index("ix_seals_use_grant_at", ["grant", "at"], unique=False)
        batch_op.create_index("ix_seals_use_seal_at", ["seal", "at"], unique=False)
        batch_op.create_index(
            "uq_seals_use_record",
            ["seal", "record_digest"],
            unique=True,
            sqlite_where=sa.text("state != 'void'"),
            postgresql_where=sa.text("state != 'void'"),
        )


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("seals_use", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_seals_use_record", sqlite_where=sa.text("state != 'void'"), postgresql_where=sa.text("state != 'void'")
        )
        batch_op.drop_index("ix_seals_use_seal_at")
        batch_op.drop_index("ix_seals_use_grant_at")

    op.drop_table("seals_use")
    with op.batch_alter_table("seals_seal", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_seals_seal_statutory",
            sqlite_where=sa.text(
                "kind = 'statutory' AND (state NOT IN ('rejected', 'cancelled', 'expired', 'replaced'))"
            ),
            postgresql_where=sa.text(
                "kind = 'statutory' AND (state NOT IN ('rejected', 'cancelled', 'expired', 'replaced'))"
            ),
        )
        batch_op.drop_index(batch_op.f("ix_seals_seal_place"))
        batch_op.drop_index(batch_op.f("ix_seals_seal_agency"))

    op.drop_table("seals_seal")
    with op.batch_alter_table("seals_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seals_grant_seal"))

    op.drop_table("seals_grant")
    op.drop_table("seals_artwork")
    with op.batch_alter_table("seals_agency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seals_agency_place"))

    op.drop_table("seals_agency")
