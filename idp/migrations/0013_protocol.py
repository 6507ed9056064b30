"""what a service says of itself in the standards' names; what its tokens are bound to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from hub.db import Json

revision: str = "idp_0013"
down_revision: str | None = "idp_0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("registered", Json, server_default="{}", nullable=False))
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claims", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("resources", Json, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("cnf", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        for name in ("cnf", "resources", "claims"):
            batch_op.drop_column(name)
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.drop_column("registered")
