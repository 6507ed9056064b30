"""each step of a seal's life, what its maker signed, other shapes, custodians; a grant names kinds, officers and regions."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "seals_0003"
down_revision: str | None = "seals_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXTS = {
    "seals_seal": {"shape": "round", "second": "", "number": "", "filing": ""},
    "seals_grant": {"officer": "", "region": "", "parent": ""},
}


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "seals_step",
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "number", name=op.f("pk_seals_step")),
    )
    op.create_table(
        "seals_order",
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("valid_until", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("seal", name=op.f("pk_seals_order")),
    )
    op.create_table(
        "seals_custodian",
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "person", name=op.f("pk_seals_custodian")),
    )
    for table, columns in TEXTS.items():
        for name, value in columns.items():
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=value))
    op.add_column("seals_seal", sa.Column("height_mm", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("seals_artwork", sa.Column("height", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("seals_artwork", sa.Column("object", sa.LargeBinary(), nullable=True))
    op.add_column("seals_grant", sa.Column("kinds", hub.db.Json(), nullable=False, server_default='["*"]'))
    op.add_column("seals_grant", sa.Column("may_delegate", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take the change back."""
    for name in ("may_delegate", "kinds"):
        op.drop_column("seals_grant", name)
    for name in ("object", "height"):
        op.drop_column("seals_artwork", name)
    op.drop_column("seals_seal", "height_mm")
    for table, columns in TEXTS.items():
        for name in columns:
            op.drop_column(table, name)
    for table in ("seals_custodian", "seals_order", "seals_step"):
        op.drop_table(table)
