"""answers that are signed beforehand, the log of time-stamps, alarms."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "certs_0003"
down_revision: str | None = "certs_0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "certs_alarm",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_certs_alarm")),
    )
    op.create_table(
        "certs_answer",
        sa.Column("about", sa.LargeBinary(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("revoked", hub.db.Instant(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("about", name=op.f("pk_certs_answer")),
    )
    with op.batch_alter_table("certs_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certs_answer_serial"), ["serial"], unique=False)
        batch_op.create_index(batch_op.f("ix_certs_answer_until"), ["until"], unique=False)

    op.create_table(
        "certs_stamp",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("imprint", sa.LargeBinary(), nullable=False),
        sa.Column("chance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_certs_stamp")),
    )
    with op.batch_alter_table("certs_stamp", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certs_stamp_at"), ["at"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("certs_stamp", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certs_stamp_at"))

    op.drop_table("certs_stamp")
    with op.batch_alter_table("certs_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certs_answer_until"))
        batch_op.drop_index(batch_op.f("ix_certs_answer_serial"))

    op.drop_table("certs_answer")
    op.drop_table("certs_alarm")
