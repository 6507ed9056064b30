"""notices go to the hub, where every room leaves them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0010"
down_revision: str | None = "admin_0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = "hub_0002"


def upgrade() -> None:
    """Make the change."""
    op.execute(
        'INSERT INTO hub_notice (person, title, "values", link, at, seen)'
        ' SELECT person, title, "values", link, at, seen FROM admin_notice ORDER BY id'
    )
    with op.batch_alter_table("admin_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_notice_person"))
    op.drop_table("admin_notice")


def downgrade() -> None:
    """Take the change back."""
    op.create_table(
        "admin_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("values", hub.db.Json(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("seen", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_notice")),
    )
    with op.batch_alter_table("admin_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_notice_person"), ["person"], unique=False)
    op.execute(
        'INSERT INTO admin_notice (person, title, "values", link, at, seen)'
        ' SELECT person, title, "values", link, at, seen FROM hub_notice ORDER BY id'
    )
