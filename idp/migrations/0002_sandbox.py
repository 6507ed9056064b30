"""sandboxes of clients, and their testers."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0002"
down_revision: str | None = "idp_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sandbox", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("testers", hub.db.Json(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.drop_column("testers")
        batch_op.drop_column("sandbox")
