"""more ways to sign in: recovery codes, devices that are known."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0006"
down_revision: str | None = "idp_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_factor", schema=None) as batch_op:
        batch_op.add_column(sa.Column("disabled", hub.db.Instant(), nullable=True))
    op.create_table(
        "idp_device",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("used", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person", "digest", name=op.f("pk_idp_device")),
    )
    with op.batch_alter_table("idp_device", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_device_used"), ["used"], unique=False)
    op.create_table(
        "idp_recovery_code",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("made", hub.db.Instant(), nullable=False),
        sa.Column("used", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_idp_recovery_code")),
    )
    with op.batch_alter_table("idp_recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_recovery_code_person"), ["person"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("idp_recovery_code")
    op.drop_table("idp_device")
    with op.batch_alter_table("idp_factor", schema=None) as batch_op:
        batch_op.drop_column("disabled")
