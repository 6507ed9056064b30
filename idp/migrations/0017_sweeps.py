"""sweeps find revoked grants without reading the rest."""

from collections.abc import Sequence

from alembic import op

revision: str = "idp_0017"
down_revision: str | None = "idp_0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_grant_revoked"), ["revoked"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_grant_revoked"))
