"""services register themselves; their keys are read at an address; a secret has a successor."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from hub.db import Instant, Json

revision: str = "idp_0014"
down_revision: str | None = "idp_0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_client_keys",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("keys", Json, nullable=False),
        sa.Column("read", Instant, nullable=True),
        sa.Column("until", Instant, nullable=False),
        sa.Column("tried", Instant, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client"),
    )
    op.create_table(
        "idp_registration_token",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("agency_name", sa.Text(), nullable=False),
        sa.Column("agency_name_en", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("agency_name", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("agency_name_en", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("waiting", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("old_secret_digest", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("old_secret_until", Instant, nullable=True))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        for name in ("old_secret_until", "old_secret_digest", "waiting", "agency_name_en", "agency_name"):
            batch_op.drop_column(name)
    op.drop_table("idp_registration_token")
    op.drop_table("idp_client_keys")
