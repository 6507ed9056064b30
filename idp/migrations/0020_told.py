"""a renewal without the person is noted once a day; sweeps find revoked grants by an index that holds no others."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from hub.db import Instant

revision: str = "idp_0020"
down_revision: str | None = "idp_0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("idp_grant", sa.Column("told", Instant(), nullable=True))
    op.drop_index("ix_idp_grant_revoked", table_name="idp_grant")
    where = sa.text("revoked IS NOT NULL")
    op.create_index("ix_idp_grant_revoked", "idp_grant", ["revoked"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_idp_grant_revoked", table_name="idp_grant")
    op.create_index("ix_idp_grant_revoked", "idp_grant", ["revoked"])
    op.drop_column("idp_grant", "told")
