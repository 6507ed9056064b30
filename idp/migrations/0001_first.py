"""first tables of idp."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import hub.db

revision: str = "idp_0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = ("idp",)
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "idp_client",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("redirect_uris", hub.db.Json(), nullable=False),
        sa.Column("post_logout_uris", hub.db.Json(), nullable=False),
        sa.Column("backchannel_logout_uri", sa.Text(), nullable=False),
        sa.Column("grant_types", hub.db.Json(), nullable=False),
        sa.Column("scopes", hub.db.Json(), nullable=False),
        sa.Column("secret_digest", sa.Text(), nullable=False),
        sa.Column("keys", hub.db.Json(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("id_token_algorithm", sa.Text(), nullable=False),
        sa.Column("pairwise", sa.Boolean(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("native", sa.Boolean(), nullable=False),
        sa.Column("first_party", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("purpose_en", sa.Text(), nullable=False),
        sa.Column("created", hub.db.Instant(), nullable=True),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_client")),
    )
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_client_agency"), ["agency"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_client_place"), ["place"], unique=False)

    op.create_table(
        "idp_consent",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("scopes", hub.db.Json(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "client", name=op.f("pk_idp_consent")),
    )
    op.create_table(
        "idp_evidence",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.Column("transaction", sa.Text(), nullable=False),
        sa.Column("score_band", sa.Text(), nullable=False),
        sa.Column("answer_digest", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_evidence")),
        sa.UniqueConstraint("register", "transaction", name=op.f("uq_idp_evidence_register_transaction")),
    )
    with op.batch_alter_table("idp_evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_evidence_person"), ["person"], unique=False)

    op.create_table(
        "idp_factor",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("facts", hub.db.Json(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("created", hub.db.Instant(), nullable=False),
        sa.Column("used", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_factor")),
        sa.UniqueConstraint("handle", name=op.f("uq_idp_factor_handle")),
    )
    with op.batch_alter_table("idp_factor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_factor_person"), ["person"], unique=False)

    op.create_table(
        "idp_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("scopes", hub.db.Json(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("amr", hub.db.Json(), nullable=False),
        sa.Column("auth_time", hub.db.Instant(), nullable=False),
        sa.Column("acting_for", sa.Text(), nullable=True),
        sa.Column("made", hub.db.Instant(), nullable=False),
        sa.Column("ends", hub.db.Instant(), nullable=False),
        sa.Column("revoked", hub.db.Instant(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_grant")),
        sa.UniqueConstraint("code", name=op.f("uq_idp_grant_code")),
    )
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_grant_client"), ["client"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_grant_ends"), ["ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_grant_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_grant_sid"), ["sid"], unique=False)

    op.create_table(
        "idp_invitation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created", hub.db.Instant(), nullable=False),
        sa.Column("ends", hub.db.Instant(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_invitation")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_idp_invitation_token_digest")),
    )
    op.create_table(
        "idp_mandate",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("matters", hub.db.Json(), nullable=False),
        sa.Column("since", hub.db.Instant(), nullable=False),
        sa.Column("until", hub.db.Instant(), nullable=True),
        sa.Column("granted_by", sa.Text(), nullable=True),
        sa.Column("ended", hub.db.Instant(), nullable=True),
        sa.Column("why_ended", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_mandate")),
    )
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_mandate_organization"), ["organization"], unique=False)
        batch_op.create_index(batch_op.f("ix_idp_mandate_person"), ["person"], unique=False)

    op.create_table(
        "idp_organization",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("claimed", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_idp_organization")),
        sa.UniqueConstraint("holder_key", name=op.f("uq_idp_organization_holder_key")),
    )
    op.create_table(
        "idp_person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("account_key", sa.Text(), nullable=False),
        sa.Column("holder_key", sa.Text(), nullable=True),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("needs_second_factor", sa.Boolean(), nullable=False),
        sa.Column("created", hub.db.Instant(), nullable=False),
        sa.Column("proved", hub.db.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idp_person")),
        sa.UniqueConstraint("account_key", name=op.f("uq_idp_person_account_key")),
        sa.UniqueConstraint("holder_key", name=op.f("uq_idp_person_holder_key")),
    )
    op.create_table(
        "idp_refresh",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("grant", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("made", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_idp_refresh")),
        sa.UniqueConstraint("parent", name=op.f("uq_idp_refresh_parent")),
    )
    with op.batch_alter_table("idp_refresh", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idp_refresh_grant"), ["grant"], unique=False)

    op.create_table(
        "idp_register",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("jwks", hub.db.Json(), nullable=False),
        sa.Column("pinned", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_idp_register")),
    )
    op.create_table(
        "idp_verification",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("form", sa.LargeBinary(), nullable=True),
        sa.Column("check_id", sa.Text(), nullable=False),
        sa.Column("at", hub.db.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_idp_verification")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("idp_verification")
    op.drop_table("idp_register")
    with op.batch_alter_table("idp_refresh", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_refresh_grant"))

    op.drop_table("idp_refresh")
    op.drop_table("idp_person")
    op.drop_table("idp_organization")
    with op.batch_alter_table("idp_mandate", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_mandate_person"))
        batch_op.drop_index(batch_op.f("ix_idp_mandate_organization"))

    op.drop_table("idp_mandate")
    op.drop_table("idp_invitation")
    with op.batch_alter_table("idp_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_grant_sid"))
        batch_op.drop_index(batch_op.f("ix_idp_grant_person"))
        batch_op.drop_index(batch_op.f("ix_idp_grant_ends"))
        batch_op.drop_index(batch_op.f("ix_idp_grant_client"))

    op.drop_table("idp_grant")
    with op.batch_alter_table("idp_factor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_factor_person"))

    op.drop_table("idp_factor")
    with op.batch_alter_table("idp_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_evidence_person"))

    op.drop_table("idp_evidence")
    op.drop_table("idp_consent")
    with op.batch_alter_table("idp_client", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idp_client_place"))
        batch_op.drop_index(batch_op.f("ix_idp_client_agency"))

    op.drop_table("idp_client")
