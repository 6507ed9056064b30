"""whose word we take: upstream providers, the links to them, and the logins that they vouched for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from hub.db import Instant, Json

revision: str = "idp_0016"
down_revision: str | None = "idp_0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_upstream",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("added", Instant(), nullable=False),
        sa.Column("ended", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_upstream")),
        sa.UniqueConstraint("issuer", name=op.f("uq_idp_upstream_issuer")),
    )
    op.create_table(
        "idp_upstream_link",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("made", Instant(), nullable=False),
        sa.Column("used", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_upstream_link")),
        sa.UniqueConstraint("subject", name=op.f("uq_idp_upstream_link_subject")),
    )
    op.create_index(op.f("ix_idp_upstream_link_person"), "idp_upstream_link", ["person"], unique=False)
    op.create_table(
        "idp_upstream_login",
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("upstream", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("their_sid", sa.Text(), nullable=False),
        sa.Column("hint", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_idp_upstream_login")),
    )
    for name in ("at", "link", "their_sid"):
        op.create_index(op.f(f"ix_idp_upstream_login_{name}"), "idp_upstream_login", [name], unique=False)
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("authority", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.drop_column("authority")
    for name in ("idp_upstream_login", "idp_upstream_link", "idp_upstream"):
        op.drop_table(name)
