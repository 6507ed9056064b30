"""sign-outs somebody may look at."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0015"
down_revision: str | None = "idp_0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_logout",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("services", hub.db.Json(), nullable=False),
        sa.Column("framed", hub.db.Json(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_idp_logout")),
    )
    with op.batch_alter_table("idp_logout", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_logout_at"), ["at"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_logout", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_logout_at"))

    op.drop_table("idp_logout")
