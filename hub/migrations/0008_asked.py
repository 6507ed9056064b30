"""what a person is asked to confirm with his own key, and what his key answered."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "hub_0008"
down_revision: str | None = "hub_0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "hub_asked",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("words", hub.db.Json(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("back", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.Column("answered", hub.db.Instant(), nullable=True),
        sa.Column("evidence", hub.db.Json(), nullable=True),
        sa.Column("taken", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_asked")),
    )
    op.create_index(op.f("ix_hub_asked_person"), "hub_asked", ["person"])
    op.create_index(op.f("ix_hub_asked_until"), "hub_asked", ["until"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("hub_asked")
