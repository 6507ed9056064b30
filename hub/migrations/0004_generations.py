"""generations of the vault."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "hub_0004"
down_revision: str | None = "hub_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "hub_vault_generation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("made", hub.db.Instant(), nullable=False),
        sa.Column("retired", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_vault_generation")),
    )
    with op.batch_alter_table("hub_vault_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_vault_key_generation"), ["generation"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("hub_vault_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_vault_key_generation"))
    op.drop_table("hub_vault_generation")
