"""first tables of admin."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("admin",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_operator",
        sa.Column("invitation", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("rights", hub.db.Json(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("invited", hub.db.Instant(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("invitation", name=op.f("pk_admin_operator")),
        sa.UniqueConstraint("person", name=op.f("uq_admin_operator_person")),
    )
    with op.batch_alter_table("admin_operator", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_operator_place"), ["place"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("admin_operator", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_operator_place"))

    op.drop_table("admin_operator")
