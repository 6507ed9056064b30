"""data shared between bodies."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0005"
down_revision: str | None = "admin_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_data_call",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("acting_for", sa.Text(), nullable=False),
        sa.Column("fields", hub.db.Json(), nullable=False),
        sa.Column("case", sa.Text(), nullable=False),
        sa.Column("hops", hub.db.Json(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_data_call")),
        sa.UniqueConstraint("trace", name=op.f("uq_admin_data_call_trace")),
    )
    with op.batch_alter_table("admin_data_call", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_data_call_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_data_call_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_data_call_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_data_call_request"), ["request"], unique=False)

    op.create_table(
        "admin_data_entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("fields", hub.db.Json(), nullable=False),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("basis_en", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("tells_number", sa.Boolean(), nullable=False),
        sa.Column("changed", hub.db.Instant(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_data_entry")),
    )
    with op.batch_alter_table("admin_data_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_data_entry_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_data_entry_place"), ["place"], unique=False)

    op.create_table(
        "admin_data_request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("fields", hub.db.Json(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("provider_place", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purpose_en", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked", hub.db.Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided", hub.db.Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_data_request")),
    )
    with op.batch_alter_table("admin_data_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_data_request_client"), ["client"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_data_request_entry"), ["entry"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_data_request_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_data_request_provider_place"), ["provider_place"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("admin_data_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_data_request_provider_place"))
        batch_op.drop_index(batch_op.f("ix_admin_data_request_place"))
        batch_op.drop_index(batch_op.f("ix_admin_data_request_entry"))
        batch_op.drop_index(batch_op.f("ix_admin_data_request_client"))

    op.drop_table("admin_data_request")
    with op.batch_alter_table("admin_data_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_data_entry_place"))
        batch_op.drop_index(batch_op.f("ix_admin_data_entry_agency"))

    op.drop_table("admin_data_entry")
    with op.batch_alter_table("admin_data_call", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_data_call_request"))
        batch_op.drop_index(batch_op.f("ix_admin_data_call_place"))
        batch_op.drop_index(batch_op.f("ix_admin_data_call_person"))
        batch_op.drop_index(batch_op.f("ix_admin_data_call_at"))

    op.drop_table("admin_data_call")
