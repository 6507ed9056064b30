"""offers of mandates, and each use of a mandate."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0009"
down_revision: str | None = "idp_0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("basis", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "idp_offer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("to_key", sa.Text(), nullable=False),
        sa.Column("to_name", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("made", hub.db.Instant(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=True),
        sa.Column("matters", hub.db.Json(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answered", hub.db.Instant(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_offer")),
    )
    with op.batch_alter_table("idp_offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_offer_made"), ["made"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_offer_principal"), ["principal"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_offer_to_key"), ["to_key"], unique=False)

    op.create_table(
        "idp_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("mandate", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_use")),
    )
    with op.batch_alter_table("idp_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_use_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_use_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_use_principal"), ["principal"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.drop_column("basis")
    with op.batch_alter_table("idp_use", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_use_principal"))
        batch_op.drop_index(batch_op.f("ix_idp_use_person"))
        batch_op.drop_index(batch_op.f("ix_idp_use_at"))

    op.drop_table("idp_use")
    with op.batch_alter_table("idp_offer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_offer_to_key"))
        batch_op.drop_index(batch_op.f("ix_idp_offer_principal"))
        batch_op.drop_index(batch_op.f("ix_idp_offer_made"))

    op.drop_table("idp_offer")
