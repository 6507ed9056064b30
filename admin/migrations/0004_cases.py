"""cases and drafts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0004"
down_revision: str | None = "admin_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_case",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("acting_for", sa.Text(), nullable=True),
        sa.Column("holder_keys", hub.db.Json(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("submitted", hub.db.Instant(), nullable=False),
        sa.Column("counts_from", hub.db.Instant(), nullable=False),
        sa.Column("due", hub.db.Instant(), nullable=False),
        sa.Column("materials_asked", sa.Integer(), nullable=False),
        sa.Column("materials_avoided", sa.Integer(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided", hub.db.Instant(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("license", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_admin_case")),
        sa.UniqueConstraint("key", name=op.f("uq_admin_case_key")),
    )
    with op.batch_alter_table("admin_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_case_due"), ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_case_item"), ["item"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_case_license"), ["license"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_case_officer"), ["officer"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_case_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_case_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_case_state"), ["state"], unique=False)

    op.create_table(
        "admin_case_content",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_admin_case_content")),
    )
    op.create_table(
        "admin_case_draft",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("acting_for", sa.Text(), nullable=True),
        sa.Column("begun", hub.db.Instant(), nullable=False),
        sa.Column("changed", hub.db.Instant(), nullable=False),
        sa.Column("ends", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_case_draft")),
    )
    with op.batch_alter_table("admin_case_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_case_draft_ends"), ["ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_case_draft_person"), ["person"], unique=False)

    op.create_table(
        "admin_case_file",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", "material", name=op.f("pk_admin_case_file")),
    )
    op.create_table(
        "admin_case_serial",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_admin_case_serial")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("admin_case_serial")
    op.drop_table("admin_case_file")
    with op.batch_alter_table("admin_case_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_case_draft_person"))
        batch_op.drop_index(batch_op.f("ix_admin_case_draft_ends"))

    op.drop_table("admin_case_draft")
    op.drop_table("admin_case_content")
    with op.batch_alter_table("admin_case", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_case_state"))
        batch_op.drop_index(batch_op.f("ix_admin_case_place"))
        batch_op.drop_index(batch_op.f("ix_admin_case_person"))
        batch_op.drop_index(batch_op.f("ix_admin_case_officer"))
        batch_op.drop_index(batch_op.f("ix_admin_case_license"))
        batch_op.drop_index(batch_op.f("ix_admin_case_item"))
        batch_op.drop_index(batch_op.f("ix_admin_case_due"))

    op.drop_table("admin_case")
