"""Visits to counters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0009"
down_revision: str | None = "admin_0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_visit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("acting_for", sa.Text(), nullable=False),
        sa.Column("holder_keys", hub.db.Json(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("opened", hub.db.Instant(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.Column("how", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_visit")),
    )
    with op.batch_alter_table("admin_visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_visit_officer"), ["officer"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_visit_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_visit_place"), ["place"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("admin_visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_visit_place"))
        batch_op.drop_index(batch_op.f("ix_admin_visit_person"))
        batch_op.drop_index(batch_op.f("ix_admin_visit_officer"))

    op.drop_table("admin_visit")
