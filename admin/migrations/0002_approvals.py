"""approvals and notices."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0002"
down_revision: str | None = "admin_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_approval",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("body", hub.db.Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked", hub.db.Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided", hub.db.Instant(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_approval")),
    )
    with op.batch_alter_table("admin_approval", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_approval_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_approval_subject"), ["subject"], unique=False)

    op.create_table(
        "admin_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("values", hub.db.Json(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("seen", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_notice")),
    )
    with op.batch_alter_table("admin_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_notice_person"), ["person"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("admin_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_notice_person"))

    op.drop_table("admin_notice")
    with op.batch_alter_table("admin_approval", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_approval_subject"))
        batch_op.drop_index(batch_op.f("ix_admin_approval_place"))

    op.drop_table("admin_approval")
