"""who proved what by what, and in which session; when proof grows old."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0005"
down_revision: str | None = "idp_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_verification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("binding", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("anew", hub.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column("reminded", hub.db.Instant(), nullable=True))
    with op.batch_alter_table("idp_evidence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.Text(), server_default="population", nullable=False))
        batch_op.add_column(sa.Column("kind", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("agent", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_evidence", schema=None) as batch_op:
        batch_op.drop_column("agent")
        batch_op.drop_column("kind")
        batch_op.drop_column("source")
    with op.batch_alter_table("idp_verification", schema=None) as batch_op:
        batch_op.drop_column("reminded")
        batch_op.drop_column("anew")
        batch_op.drop_column("binding")
