"""The desk: questions, complaints, suspicions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0007"
down_revision: str | None = "admin_0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_ticket",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked", hub.db.Instant(), nullable=False),
        sa.Column("receive_by", hub.db.Instant(), nullable=False),
        sa.Column("reply_by", hub.db.Instant(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("license", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wrong", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("received", hub.db.Instant(), nullable=True),
        sa.Column("replied", hub.db.Instant(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("into", sa.Text(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_ticket")),
    )
    with op.batch_alter_table("admin_ticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_ticket_into"), ["into"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_ticket_license"), ["license"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_ticket_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_ticket_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_ticket_state"), ["state"], unique=False)

    op.create_table(
        "admin_ticket_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_ticket_step")),
    )
    with op.batch_alter_table("admin_ticket_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_ticket_step_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_ticket_step_ticket"), ["ticket"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("admin_ticket_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_ticket_step_ticket"))
        batch_op.drop_index(batch_op.f("ix_admin_ticket_step_place"))

    op.drop_table("admin_ticket_step")
    with op.batch_alter_table("admin_ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_ticket_state"))
        batch_op.drop_index(batch_op.f("ix_admin_ticket_place"))
        batch_op.drop_index(batch_op.f("ix_admin_ticket_person"))
        batch_op.drop_index(batch_op.f("ix_admin_ticket_license"))
        batch_op.drop_index(batch_op.f("ix_admin_ticket_into"))

    op.drop_table("admin_ticket")
