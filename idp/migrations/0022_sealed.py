"""The secret under which codes and refresh tokens are sealed can be rotated."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision: str = "idp_0022"
down_revision: str | None = "idp_0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_sealed",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("carried", sa.Text(), nullable=False),
        sa.Column("made", Instant(), nullable=False),
        sa.Column("sealed", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_idp_sealed")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("idp_sealed")
