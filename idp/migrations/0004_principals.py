"""mandates for persons too; more about an account's state."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0004"
down_revision: str | None = "idp_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_mandate_organization"))
        batch_op.alter_column("organization", new_column_name="principal")
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_mandate_principal"), ["principal"], unique=False)
    with op.batch_alter_table("idp_person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pseudonym_key", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("merged_into", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("changed", hub.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column("why", sa.Text(), server_default="", nullable=False))
        batch_op.create_unique_constraint(batch_op.f("uq_idp_person_pseudonym_key"), ["pseudonym_key"])


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_idp_person_pseudonym_key"), type_="unique")
        batch_op.drop_column("why")
        batch_op.drop_column("changed")
        batch_op.drop_column("merged_into")
        batch_op.drop_column("pseudonym_key")
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_mandate_principal"))
        batch_op.alter_column("principal", new_column_name="organization")
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_mandate_organization"), ["organization"], unique=False)
