"""the sweep of sessions has an index of those that run, and looking up a login no longer reads it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "hub_0007"
down_revision: str | None = "hub_0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
RUNNING = sa.text("ended IS NULL")


def upgrade() -> None:
    """Make the change."""
    for name, column in (("ix_hub_session_open_ends", "ends"), ("ix_hub_session_open_idle", "idle_ends")):
        op.drop_index(name, "hub_session")
        op.create_index(name, "hub_session", [column], sqlite_where=RUNNING, postgresql_where=RUNNING)


def downgrade() -> None:
    """Take the change back."""
    for name, column in (("ix_hub_session_open_ends", "ends"), ("ix_hub_session_open_idle", "idle_ends")):
        op.drop_index(name, "hub_session")
        op.create_index(name, "hub_session", ["ended", column])
