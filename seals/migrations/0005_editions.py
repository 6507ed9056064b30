"""editions of sealed documents, and what is owed to them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "seals_0005"
down_revision: str | None = "seals_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "seals_edition",
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sealed", "number", name=op.f("pk_seals_edition")),
        sa.UniqueConstraint("digest", name=op.f("uq_seals_edition_digest")),
    )
    op.create_table(
        "seals_lift",
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("due", hub.db.Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("named", hub.db.Json(), nullable=False),
        sa.PrimaryKeyConstraint("use", name=op.f("pk_seals_lift")),
        sa.UniqueConstraint("sealed", name=op.f("uq_seals_lift_sealed")),
    )
    op.create_index(op.f("ix_seals_lift_due"), "seals_lift", ["due"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index(op.f("ix_seals_lift_due"), table_name="seals_lift")
    op.drop_table("seals_lift")
    op.drop_table("seals_edition")
