"""The life of an account: its numbers, former names, merged accounts; where a service is told what becomes of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0010"
down_revision: str | None = "idp_0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change. Every number that was proved keeps its holder."""
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.add_column(sa.Column("events_uri", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("idp_person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("before", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("former_keys", hub.db.Json(), server_default="[]", nullable=False))
    _new_tables()
    op.execute(
        "INSERT INTO idp_holder_key (key, person, since) "
        "SELECT holder_key, id, COALESCE(proved, created) FROM idp_person WHERE holder_key IS NOT NULL"
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("idp_recheck")
    op.drop_table("idp_merge")
    op.drop_table("idp_former")
    op.drop_table("idp_holder_key")
    with op.batch_alter_table("idp_person", schema=None) as batch_op:
        batch_op.drop_column("former_keys")
        batch_op.drop_column("before")
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.drop_column("events_uri")


def _new_tables() -> None:
    op.create_table(
        "idp_holder_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idp_holder_key")),
    )
    op.create_table(
        "idp_former",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_former")),
    )
    op.create_table(
        "idp_merge",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("loser", sa.Text(), nullable=False),
        sa.Column("winner", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("holder_key", sa.Text(), nullable=True),
        sa.Column("former_keys", hub.db.Json(), nullable=False),
        sa.Column("mandates", hub.db.Json(), nullable=False),
        sa.Column("undone", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_merge")),
    )
    op.create_table(
        "idp_recheck",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_idp_recheck")),
    )
    for table, column in (
        ("idp_holder_key", "person"),
        ("idp_former", "person"),
        ("idp_merge", "loser"),
        ("idp_merge", "winner"),
    ):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
