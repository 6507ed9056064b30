"""account: receipts, releases, copies, closings."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0011"
down_revision: str | None = "idp_0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("basis", sa.Text(), server_default="consent", nullable=False))
    op.create_table(
        "idp_closing",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("asked", hub.db.Instant(), nullable=False),
        sa.Column("ends", hub.db.Instant(), nullable=False),
        sa.Column("reminded", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_idp_closing")),
    )
    with op.batch_alter_table("idp_closing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_closing_ends"), ["ends"], unique=False)

    op.create_table(
        "idp_consent_receipt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("scopes", hub.db.Json(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_consent_receipt")),
    )
    with op.batch_alter_table("idp_consent_receipt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_consent_receipt_at"), ["at"], unique=False)
        batch_op.create_index("ix_idp_consent_receipt_of", ["person", "client"], unique=False)

    op.create_table(
        "idp_copy",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asked", hub.db.Instant(), nullable=False),
        sa.Column("ends", hub.db.Instant(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_idp_copy")),
    )
    with op.batch_alter_table("idp_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_copy_ends"), ["ends"], unique=False)

    op.create_table(
        "idp_release",
        sa.Column("event", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_idp_release")),
    )
    with op.batch_alter_table("idp_release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_release_at"), ["at"], unique=False)
        batch_op.create_index("ix_idp_release_person", ["person", "event"], unique=False)

    op.create_table(
        "idp_taste",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("large_text", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_idp_taste")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("idp_taste")
    with op.batch_alter_table("idp_release", schema=None) as batch_op:
        batch_op.drop_index("ix_idp_release_person")
        batch_op.drop_index(batch_op.f("ix_idp_release_at"))

    op.drop_table("idp_release")
    with op.batch_alter_table("idp_copy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_copy_ends"))

    op.drop_table("idp_copy")
    with op.batch_alter_table("idp_consent_receipt", schema=None) as batch_op:
        batch_op.drop_index("ix_idp_consent_receipt_of")
        batch_op.drop_index(batch_op.f("ix_idp_consent_receipt_at"))

    op.drop_table("idp_consent_receipt")
    with op.batch_alter_table("idp_closing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_closing_ends"))

    op.drop_table("idp_closing")
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.drop_column("basis")
