"""recoveries and their waiting times."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0007"
down_revision: str | None = "idp_0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_recovery",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("form", sa.LargeBinary(), nullable=True),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("made", hub.db.Instant(), nullable=False),
        sa.Column("ends", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_recovery")),
        sa.UniqueConstraint("browser", name=op.f("uq_idp_recovery_browser")),
        sa.UniqueConstraint("code", name=op.f("uq_idp_recovery_code")),
    )
    with op.batch_alter_table("idp_recovery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_recovery_ends"), ["ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_recovery_person"), ["person"], unique=False)

    op.create_table(
        "idp_recovery_wait",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("begun", hub.db.Instant(), nullable=False),
        sa.Column("opens", hub.db.Instant(), nullable=False),
        sa.Column("stopped", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_idp_recovery_wait")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("idp_recovery_wait")
    with op.batch_alter_table("idp_recovery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_recovery_person"))
        batch_op.drop_index(batch_op.f("ix_idp_recovery_ends"))

    op.drop_table("idp_recovery")
