"""a seal has a kind of key, and may need its custodian; a use says what was wanted, of which document and by whom."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "seals_0002"
down_revision: str | None = "seals_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("seals_seal", sa.Column("algorithm", sa.Text(), nullable=False, server_default="P-256"))
    op.add_column("seals_seal", sa.Column("sensitive", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("seals_use", sa.Column("wanted", sa.Text(), nullable=False, server_default="B-T"))
    for name in ("kind", "person", "asked"):
        op.add_column("seals_use", sa.Column(name, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the change back."""
    for name in ("asked", "person", "kind", "wanted"):
        op.drop_column("seals_use", name)
    for name in ("sensitive", "algorithm"):
        op.drop_column("seals_seal", name)
