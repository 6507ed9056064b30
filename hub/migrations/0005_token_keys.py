"""token keys."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "hub_0005"
down_revision: str | None = "hub_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "hub_token_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("jwk", hub.db.Json(), nullable=False),
        sa.Column("carried", sa.Text(), nullable=True),
        sa.Column("published", hub.db.Instant(), nullable=False),
        sa.Column("signs", hub.db.Instant(), nullable=False),
        sa.Column("retires", hub.db.Instant(), nullable=True),
        sa.Column("leaves", hub.db.Instant(), nullable=True),
        sa.Column("withdrawn", hub.db.Instant(), nullable=True),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_hub_token_key")),
    )
    with op.batch_alter_table("hub_token_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_token_key_leaves"), ["leaves"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("hub_token_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_token_key_leaves"))

    op.drop_table("hub_token_key")
