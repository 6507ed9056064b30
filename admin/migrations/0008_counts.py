"""what was counted of people's experience."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0008"
down_revision: str | None = "admin_0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_count",
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "span", "at", "kind", "subject", "part", "language", "device", name=op.f("pk_admin_count")
        ),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("admin_count")
