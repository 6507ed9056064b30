"""a certificate names the one above it, its authority's file and the list that tells of it; an intent waits once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "certs_0002"
down_revision: str | None = "certs_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "certs_certificate"


def upgrade() -> None:
    """Make the change. Until now each authority had one certificate, so who stands above is known by the name."""
    for name in ("above", "file"):
        op.add_column(TABLE, sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column(TABLE, sa.Column("shard", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(TABLE, sa.Column("waiting", sa.Text(), nullable=True))
    op.create_index("ix_certs_certificate_waiting", TABLE, ["waiting"], unique=True)
    op.create_index("ix_certs_certificate_above_shard", TABLE, ["above", "shard"])
    table = sa.table(TABLE, *(sa.column(name, sa.Text) for name in ("serial", "profile", "issuer", "above", "file")))
    upper = table.alias()
    serial = sa.select(sa.func.max(upper.c.serial)).where(upper.c.profile == table.c.issuer).scalar_subquery()
    op.execute(table.update().where(table.c.profile != table.c.issuer).values(above=sa.func.coalesce(serial, "")))
    for profile, file in (("root", "root"), ("issuing-ca", "issuing")):
        op.execute(table.update().where(table.c.profile == profile).values(file=file))


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_certs_certificate_above_shard", TABLE)
    op.drop_index("ix_certs_certificate_waiting", TABLE)
    for name in ("waiting", "shard", "file", "above"):
        op.drop_column(TABLE, name)
