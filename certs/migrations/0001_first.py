"""first tables of certs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "certs_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("certs",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "certs_certificate",
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tbs", sa.LargeBinary(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=True),
        sa.Column("not_before", hub.db.Instant(), nullable=False),
        sa.Column("not_after", hub.db.Instant(), nullable=False),
        sa.Column("prepared", hub.db.Instant(), nullable=False),
        sa.Column("revoked", hub.db.Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("invalid_from", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certs_certificate")),
    )
    with op.batch_alter_table("certs_certificate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certs_certificate_code"), ["code"], unique=False)
        batch_op.create_index("ix_certs_certificate_issuer_revoked", ["issuer", "revoked"], unique=False)
        batch_op.create_index("ix_certs_certificate_profile_prepared", ["profile", "prepared"], unique=False)

    op.create_table(
        "certs_list",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "number", name=op.f("pk_certs_list")),
    )
    op.create_table(
        "certs_listed_key",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("jwk", hub.db.Json(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_certs_listed_key")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("certs_listed_key")
    op.drop_table("certs_list")
    with op.batch_alter_table("certs_certificate", schema=None) as batch_op:
        batch_op.drop_index("ix_certs_certificate_profile_prepared")
        batch_op.drop_index("ix_certs_certificate_issuer_revoked")
        batch_op.drop_index(batch_op.f("ix_certs_certificate_code"))

    op.drop_table("certs_certificate")
