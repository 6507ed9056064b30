"""a grant's id follows from its code, so that one unique index decides; what was told is swept in the order of its events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "idp_0023"
down_revision: str | None = "idp_0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change. A code redeemed a minute before it, and used again after it, is refused as expired."""
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_idp_grant_code"), type_="unique")
        batch_op.drop_column("code")
    op.drop_index("ix_idp_grant_client", table_name="idp_grant")
    op.create_index("ix_idp_grant_client_person", "idp_grant", ["client", "person"])
    op.drop_index("ix_idp_release_at", table_name="idp_release")


def downgrade() -> None:
    """Take the change back."""
    op.create_index("ix_idp_release_at", "idp_release", ["at"])
    op.drop_index("ix_idp_grant_client_person", table_name="idp_grant")
    op.create_index("ix_idp_grant_client", "idp_grant", ["client"])
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("code", sa.Text(), nullable=True))
    op.execute("UPDATE idp_grant SET code = id")
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.alter_column("code", nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_idp_grant_code"), ["code"])
