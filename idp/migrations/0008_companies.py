"""mandates wait for a new representative, are told of before they end, and name matters; what the register says of a company."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0008"
down_revision: str | None = "idp_0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_matter",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("for_companies", sa.Boolean(), nullable=False),
        sa.Column("for_persons", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_idp_matter")),
    )
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suspended", hub.db.Instant(), nullable=True))
        batch_op.add_column(sa.Column("warned", hub.db.Instant(), nullable=True))
    with op.batch_alter_table("idp_organization", schema=None) as batch_op:
        batch_op.add_column(sa.Column("registration", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("checked", hub.db.Instant(), nullable=True))
        batch_op.create_index(batch_op.f("ix_idp_organization_checked"), ["checked"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_organization", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_organization_checked"))
        batch_op.drop_column("checked")
        batch_op.drop_column("registration")
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.drop_column("warned")
        batch_op.drop_column("suspended")
    op.drop_table("idp_matter")
