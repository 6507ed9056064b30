"""The table of operators' invitations."""

import sqlalchemy as sa

from hub.db import Instant, metadata
from idp.model.invitation import Invitation

invitation_table = sa.Table(
    "idp_invitation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token_digest", sa.Text, nullable=False, unique=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("created", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False),
    sa.Column("person", sa.Text),
)
_c = invitation_table.c


def add(db: sa.Connection, invitation: Invitation, token_digest: str) -> None:
    """Keep a new invitation."""
    db.execute(
        invitation_table.insert().values(
            id=invitation.id,
            token_digest=token_digest,
            label=invitation.label,
            by=invitation.by,
            created=invitation.created,
            ends=invitation.ends,
        )
    )


def by_token(db: sa.Connection, token_digest: str) -> Invitation | None:
    """An invitation by the digest of its link."""
    row = db.execute(sa.select(invitation_table).where(_c.token_digest == token_digest)).one_or_none()
    return None if row is None else Invitation(row.id, row.label, row.by, row.created, row.ends, row.person)


def take(db: sa.Connection, invitation: Invitation, person: str) -> bool:
    """Give the invitation to a person, once. False: somebody was first."""
    query = invitation_table.update().where(_c.id == invitation.id, _c.person.is_(None))
    return db.execute(query.values(person=person)).rowcount == 1
