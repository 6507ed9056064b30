"""first tables of hub."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "hub_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("hub",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "hub_beat",
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_hub_beat")),
    )
    op.create_table(
        "hub_inbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", hub.db.Json(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("settled", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_inbox")),
    )
    with op.batch_alter_table("hub_inbox", schema=None) as batch_op:
        batch_op.create_index("ix_hub_inbox_open", ["kind", "settled", "id"], unique=False)

    op.create_table(
        "hub_job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", hub.db.Json(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", hub.db.Instant(), nullable=False),
        sa.Column("woken", hub.db.Instant(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("result", hub.db.Json(), nullable=True),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_job")),
    )
    with op.batch_alter_table("hub_job", schema=None) as batch_op:
        batch_op.create_index("ix_hub_job_due", ["state", "due"], unique=False)

    op.create_table(
        "hub_lead",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_hub_lead")),
    )
    op.create_table(
        "hub_ledger_checkpoint",
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_hub_ledger_checkpoint")),
    )
    op.create_table(
        "hub_ledger_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("leaf", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("facts", hub.db.Json(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_ledger_event")),
        sa.UniqueConstraint("leaf", name=op.f("uq_hub_ledger_event_leaf")),
    )
    with op.batch_alter_table("hub_ledger_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_ledger_event_subject"), ["subject"], unique=False)

    op.create_table(
        "hub_ledger_node",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_hub_ledger_node")),
    )
    op.create_table(
        "hub_outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("body", hub.db.Json(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", hub.db.Instant(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_outbox")),
    )
    with op.batch_alter_table("hub_outbox", schema=None) as batch_op:
        batch_op.create_index("ix_hub_outbox_due", ["state", "due"], unique=False)
        batch_op.create_index(batch_op.f("ix_hub_outbox_to"), ["to"], unique=False)

    op.create_table(
        "hub_place",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_hub_place")),
    )
    op.create_table(
        "hub_revocation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_revocation")),
    )
    with op.batch_alter_table("hub_revocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_revocation_until"), ["until"], unique=False)

    op.create_table(
        "hub_session",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("amr", hub.db.Json(), nullable=False),
        sa.Column("auth_time", hub.db.Instant(), nullable=False),
        sa.Column("acting_for", sa.Text(), nullable=True),
        sa.Column("holder_keys", hub.db.Json(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("rights", hub.db.Json(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("opened", hub.db.Instant(), nullable=False),
        sa.Column("ends", hub.db.Instant(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_hub_session")),
    )
    with op.batch_alter_table("hub_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_session_ends"), ["ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_hub_session_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_hub_session_sid"), ["sid"], unique=False)

    op.create_table(
        "hub_vault_key",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_hub_vault_key")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("hub_vault_key")
    with op.batch_alter_table("hub_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_session_sid"))
        batch_op.drop_index(batch_op.f("ix_hub_session_person"))
        batch_op.drop_index(batch_op.f("ix_hub_session_ends"))

    op.drop_table("hub_session")
    with op.batch_alter_table("hub_revocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_revocation_until"))

    op.drop_table("hub_revocation")
    op.drop_table("hub_place")
    with op.batch_alter_table("hub_outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_outbox_to"))
        batch_op.drop_index("ix_hub_outbox_due")

    op.drop_table("hub_outbox")
    op.drop_table("hub_ledger_node")
    with op.batch_alter_table("hub_ledger_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_ledger_event_subject"))

    op.drop_table("hub_ledger_event")
    op.drop_table("hub_ledger_checkpoint")
    op.drop_table("hub_lead")
    with op.batch_alter_table("hub_job", schema=None) as batch_op:
        batch_op.drop_index("ix_hub_job_due")

    op.drop_table("hub_job")
    with op.batch_alter_table("hub_inbox", schema=None) as batch_op:
        batch_op.drop_index("ix_hub_inbox_open")

    op.drop_table("hub_inbox")
    op.drop_table("hub_beat")
