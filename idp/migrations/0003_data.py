"""data permissions, and what persons allowed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0003"
down_revision: str | None = "idp_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_data_consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("acting_for", sa.Text(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_data_consent")),
    )
    with op.batch_alter_table("idp_data_consent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_data_consent_permission"), ["permission"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_data_consent_person"), ["person"], unique=False)

    op.create_table(
        "idp_data_permission",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_name", sa.Text(), nullable=False),
        sa.Column("provider_name_en", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("entry_name", sa.Text(), nullable=False),
        sa.Column("entry_name_en", sa.Text(), nullable=False),
        sa.Column("fields", hub.db.Json(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purpose_en", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_data_permission")),
    )
    with op.batch_alter_table("idp_data_permission", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_data_permission_client"), ["client"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_data_permission_place"), ["place"], unique=False)
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        # The release before this one writes grants without it.
        batch_op.add_column(sa.Column("data", hub.db.Json(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.drop_column("data")
    with op.batch_alter_table("idp_data_permission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_data_permission_place"))
        batch_op.drop_index(batch_op.f("ix_idp_data_permission_client"))

    op.drop_table("idp_data_permission")
    with op.batch_alter_table("idp_data_consent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_data_consent_person"))
        batch_op.drop_index(batch_op.f("ix_idp_data_consent_permission"))

    op.drop_table("idp_data_consent")
