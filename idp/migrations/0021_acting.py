"""what was granted while acting for somebody is found without reading what a whole service was granted."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "idp_0021"
down_revision: str | None = "idp_0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    where = sa.text("acting_for IS NOT NULL")
    op.create_index("ix_idp_grant_acting_for", "idp_grant", ["acting_for"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_idp_grant_acting_for", table_name="idp_grant")
