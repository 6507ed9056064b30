"""sessions know when they were last seen, and whether their end was told."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db
from hub import clock

revision: str = "hub_0003"
down_revision: str | None = "hub_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change. What has ended before was told then; what runs gets a limit at its next sign-in."""
    with op.batch_alter_table("hub_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("idle", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("seen", hub.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column("idle_ends", hub.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column("ended", hub.db.Instant(), nullable=True))
        batch_op.create_index("ix_hub_session_open_ends", ["ended", "ends"], unique=False)
        batch_op.create_index("ix_hub_session_open_idle", ["ended", "idle_ends"], unique=False)
    rows = sa.table("hub_session", sa.column("ends", hub.db.Instant()), sa.column("ended", hub.db.Instant()))
    op.execute(rows.update().where(rows.c.ends <= clock.now()).values(ended=rows.c.ends))
    with op.batch_alter_table("hub_notice", schema=None) as batch_op:
        batch_op.create_index("ix_hub_notice_mailed", ["mailed", "id"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("hub_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_hub_notice_mailed")
    with op.batch_alter_table("hub_session", schema=None) as batch_op:
        batch_op.drop_index("ix_hub_session_open_idle")
        batch_op.drop_index("ix_hub_session_open_ends")
        batch_op.drop_column("ended")
        batch_op.drop_column("idle_ends")
        batch_op.drop_column("seen")
        batch_op.drop_column("idle")
