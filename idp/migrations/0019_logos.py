"""the pictures of services, read once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "idp_0019"
down_revision: str | None = "idp_0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_client_logo",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("client", name=op.f("pk_idp_client_logo")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("idp_client_logo")
