"""ratings and alerts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "admin_0006"
down_revision: str | None = "admin_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "admin_alert",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("concerns", sa.Text(), nullable=False),
        sa.Column("facts", hub.db.Json(), nullable=False),
        sa.Column("raised", hub.db.Instant(), nullable=False),
        sa.Column("answer_due", hub.db.Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_alert")),
        sa.UniqueConstraint("rule", "key", name=op.f("uq_admin_alert_rule_key")),
    )
    with op.batch_alter_table("admin_alert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_alert_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_alert_raised"), ["raised"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_alert_state"), ["state"], unique=False)

    op.create_table(
        "admin_alert_event",
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alert", "event", name=op.f("pk_admin_alert_event")),
    )
    op.create_table(
        "admin_alert_lookup",
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_admin_alert_lookup")),
    )
    with op.batch_alter_table("admin_alert_lookup", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_alert_lookup_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_alert_lookup_person"), ["person"], unique=False)

    op.create_table(
        "admin_alert_seen",
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("leaf", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_admin_alert_seen")),
    )
    op.create_table(
        "admin_alert_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_alert_step")),
    )
    with op.batch_alter_table("admin_alert_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_alert_step_alert"), ["alert"], unique=False)

    op.create_table(
        "admin_rating",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", hub.db.Json(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("excluded", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_rating")),
        sa.UniqueConstraint("instance", name=op.f("uq_admin_rating_instance")),
    )
    with op.batch_alter_table("admin_rating", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_rating_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_rating_place"), ["place"], unique=False)

    op.create_table(
        "admin_rating_service",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_admin_rating_service")),
        sa.UniqueConstraint("instance", name=op.f("uq_admin_rating_service_instance")),
    )
    op.create_table(
        "admin_rating_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_rating_step")),
    )
    with op.batch_alter_table("admin_rating_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_rating_step_rating"), ["rating"], unique=False)

    op.create_table(
        "admin_rating_task",
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("opened", hub.db.Instant(), nullable=False),
        sa.Column("due", hub.db.Instant(), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("rating", name=op.f("pk_admin_rating_task")),
    )
    with op.batch_alter_table("admin_rating_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_admin_rating_task_due"), ["due"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_rating_task_place"), ["place"], unique=False)
        batch_op.create_index(batch_op.f("ix_admin_rating_task_state"), ["state"], unique=False)

    op.create_table(
        "admin_seal_hours",
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("opens", sa.Text(), nullable=False),
        sa.Column("closes", sa.Text(), nullable=False),
        sa.Column("daily", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("agency", name=op.f("pk_admin_seal_hours")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("admin_seal_hours")
    with op.batch_alter_table("admin_rating_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_rating_task_state"))
        batch_op.drop_index(batch_op.f("ix_admin_rating_task_place"))
        batch_op.drop_index(batch_op.f("ix_admin_rating_task_due"))

    op.drop_table("admin_rating_task")
    with op.batch_alter_table("admin_rating_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_rating_step_rating"))

    op.drop_table("admin_rating_step")
    op.drop_table("admin_rating_service")
    with op.batch_alter_table("admin_rating", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_rating_place"))
        batch_op.drop_index(batch_op.f("ix_admin_rating_agency"))

    op.drop_table("admin_rating")
    with op.batch_alter_table("admin_alert_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_alert_step_alert"))

    op.drop_table("admin_alert_step")
    op.drop_table("admin_alert_seen")
    with op.batch_alter_table("admin_alert_lookup", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_alert_lookup_person"))
        batch_op.drop_index(batch_op.f("ix_admin_alert_lookup_at"))

    op.drop_table("admin_alert_lookup")
    op.drop_table("admin_alert_event")
    with op.batch_alter_table("admin_alert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_admin_alert_state"))
        batch_op.drop_index(batch_op.f("ix_admin_alert_raised"))
        batch_op.drop_index(batch_op.f("ix_admin_alert_place"))

    op.drop_table("admin_alert")
