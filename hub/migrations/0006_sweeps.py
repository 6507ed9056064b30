"""sweeps find what is over without reading the rest."""

from collections.abc import Sequence

from alembic import op

revision: str = "hub_0006"
down_revision: str | None = "hub_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    with op.batch_alter_table("hub_inbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_inbox_settled"), ["settled"], unique=False)
    with op.batch_alter_table("hub_outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_outbox_ended"), ["ended"], unique=False)
    with op.batch_alter_table("hub_job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_job_ended"), ["ended"], unique=False)
    with op.batch_alter_table("hub_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_notice_at"), ["at"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("hub_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_notice_at"))
    with op.batch_alter_table("hub_job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_job_ended"))
    with op.batch_alter_table("hub_outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_outbox_ended"))
    with op.batch_alter_table("hub_inbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hub_inbox_settled"))
