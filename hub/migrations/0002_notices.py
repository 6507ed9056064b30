"""notices to persons."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "hub_0002"
down_revision: str | None = "hub_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "hub_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("values", hub.db.Json(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("seen", hub.db.Instant(), nullable=True),
        sa.Column("mailed", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_notice")),
    )
    with op.batch_alter_table("hub_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_notice_person"), ["person"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("hub_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_notice_person"))

    op.drop_table("hub_notice")
