"""documents of departments that get a seal."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "seals_0004"
down_revision: str | None = "seals_0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "seals_document",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("uploaded", sa.Text(), nullable=False),
        sa.Column("pages", hub.db.Json(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("spot", hub.db.Json(), nullable=True),
        sa.Column("asked", hub.db.Json(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("missing", hub.db.Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased", hub.db.Instant(), nullable=True),
        sa.Column("files", hub.db.Json(), nullable=False),
        sa.Column("asker", hub.db.Json(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals_document")),
        sa.UniqueConstraint("by", "key", name=op.f("uq_seals_document_by_key")),
    )
    with op.batch_alter_table("seals_document", schema=None) as batch_op:
        batch_op.create_index("ix_seals_document_by_at", ["by", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_seals_document_seal"), ["seal"], unique=False)
        batch_op.create_index(batch_op.f("ix_seals_document_sealed"), ["sealed"], unique=False)
        batch_op.create_index("ix_seals_document_state_leased", ["state", "leased"], unique=False)

    op.create_table(
        "seals_signed",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("container", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("missing", hub.db.Json(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seals_signed")),
        sa.UniqueConstraint("by", "key", name=op.f("uq_seals_signed_by_key")),
    )
    with op.batch_alter_table("seals_signed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seals_signed_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_seals_signed_seal"), ["seal"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("seals_signed", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seals_signed_seal"))
        batch_op.drop_index(batch_op.f("ix_seals_signed_digest"))

    op.drop_table("seals_signed")
    with op.batch_alter_table("seals_document", schema=None) as batch_op:
        batch_op.drop_index("ix_seals_document_state_leased")
        batch_op.drop_index(batch_op.f("ix_seals_document_sealed"))
        batch_op.drop_index(batch_op.f("ix_seals_document_seal"))
        batch_op.drop_index("ix_seals_document_by_at")

    op.drop_table("seals_document")
