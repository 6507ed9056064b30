"""service items, and how the service has been."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0003"
down_revision: str | None = "admin_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_item",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("summary_en", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("life_event", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("licenses", hub.db.Json(), nullable=False),
        sa.Column("materials", hub.db.Json(), nullable=False),
        sa.Column("materials_en", hub.db.Json(), nullable=False),
        sa.Column("also", hub.db.Json(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("legal_basis_en", sa.Text(), nullable=False),
        sa.Column("promised_days", sa.Integer(), nullable=False),
        sa.Column("statutory_days", sa.Integer(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("offline_basis", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("hidden_basis", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("access", hub.db.Json(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed", hub.db.Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_admin_item")),
    )
    with op.batch_alter_table("admin_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_item_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_item_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_item_state"), ["state"], unique=False)

    op.create_table(
        "admin_status_day",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "part", name=op.f("pk_admin_status_day")),
    )
    op.create_table(
        "admin_status_turn",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_status_turn")),
    )
    with op.batch_alter_table("admin_status_turn", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_status_turn_at"), ["at"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("admin_status_turn", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_status_turn_at"))

    op.drop_table("admin_status_turn")
    op.drop_table("admin_status_day")
    with op.batch_alter_table("admin_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_item_state"))
        batch_op.drop_index(batch_op.f("ix_admin_item_place"))
        batch_op.drop_index(batch_op.f("ix_admin_item_agency"))

    op.drop_table("admin_item")
