"""the rule behind the duty of a service."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "idp_0012"
down_revision: str | None = "idp_0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("citation", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.drop_column("citation")
