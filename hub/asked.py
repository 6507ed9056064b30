"""Asking a person to confirm one thing with his own key: what he sees is what he signs.

Whoever needs it asks (`ask`), in words and with the digest of what it is about. The identity provider shows the words to that
person and lets his passkey sign a challenge which binds them all; its answer is kept as evidence (`answered`). The one who asked
takes it (`take`), once, in the commit of what it allows. All that a stranger needs to check it again stays in the row.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from hub.problems import NotAllowed

NONCE_BYTES = 16
OPEN = timedelta(hours=24)  # whoever is asked may be in a meeting; tomorrow it is asked anew
TAG = b"yinxin-asked-1\0"

asked_table = sa.Table(
    "hub_asked",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("words", Json, nullable=False),
    sa.Column("nonce", sa.LargeBinary, nullable=False),
    sa.Column("back", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False, index=True),
    sa.Column("answered", Instant),
    sa.Column("evidence", Json),
    sa.Column("taken", Instant),
)
_a = asked_table.c


class NotConfirmed(NotAllowed):
    """What needs somebody's confirmation came without one that fits: none, another one, one too old, one that was used."""

    title = "This needs a confirmation that there is not"
    advice = "Ask for the confirmation anew. It counts for this one document, and once."


@dataclass(frozen=True)
class Asked:
    """One question to one person. `words` are (label, text) as he sees them, the label a message id; `back` is a path here."""

    id: str
    person: str
    purpose: str
    digest: bytes
    words: tuple[tuple[str, str], ...]
    nonce: bytes
    back: str
    by: str
    at: datetime
    until: datetime
    answered: datetime | None = None
    evidence: dict[str, Any] | None = None
    taken: datetime | None = None

    @property
    def challenge(self) -> bytes:
        """What his key signs: it binds him, the purpose, the digest and the words, and is never the same twice."""
        words = json.dumps(self.words, ensure_ascii=False).encode()
        parts = (self.nonce, self.person.encode(), self.purpose.encode(), self.digest, words)
        return hashlib.sha256(TAG + b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()

    def open_at(self, now: datetime) -> bool:
        """Whether he may still answer."""
        return self.answered is None and now < self.until


def ask(
    db: sa.Connection,
    person: str,
    *,
    purpose: str,
    digest: bytes,
    words: tuple[tuple[str, str], ...],
    back: str,
    by: str,
    now: datetime,
    open_for: timedelta = OPEN,
) -> Asked:
    """Write the question down. Its page stands at the identity provider, at `/account/confirm/<id>`."""
    made = Asked(
        id=secrets.token_hex(16),
        person=person,
        purpose=purpose,
        digest=digest,
        words=words,
        nonce=secrets.token_bytes(NONCE_BYTES),
        back=back,
        by=by,
        at=now,
        until=now + open_for,
    )
    values = {name: getattr(made, name) for name in _a.keys()}  # noqa: SIM118  a column set, not a dict
    db.execute(asked_table.insert().values(**values))
    return made


def one(db: sa.Connection, id: str) -> Asked | None:
    """A question by its id."""
    row = db.execute(sa.select(asked_table).where(_a.id == id)).mappings().one_or_none()
    if row is None:
        return None
    values = dict(row)
    return Asked(**values | {"words": tuple((label, text) for label, text in values["words"])})


def answered(db: sa.Connection, id: str, evidence: dict[str, Any], now: datetime) -> bool:
    """Keep what the person's key signed. False if it was answered before, or too late."""
    still = (_a.id == id, _a.answered.is_(None), _a.until > now)
    return db.execute(asked_table.update().where(*still).values(answered=now, evidence=evidence)).rowcount == 1


def take(db: sa.Connection, id: str, *, purpose: str, digest: bytes, now: datetime) -> Asked:
    """Use the confirmation, in the commit of what it allows. It works once. Raises NotConfirmed, which says why.

    Who confirmed stands in the result: whether he is the right person is for the caller to judge.
    """
    fits = (_a.id == id, _a.purpose == purpose, _a.digest == digest)
    usable = (_a.answered.is_not(None), _a.taken.is_(None), _a.until > now)
    if db.execute(asked_table.update().where(*fits, *usable).values(taken=now)).rowcount != 1:
        raise NotConfirmed(_why(one(db, id), purpose, digest))
    found = one(db, id)
    assert found
    return found


def forget(db: sa.Connection, before: datetime) -> int:
    """Delete what was asked and never used, and ended before a moment; what was used is the evidence of an act, and stays."""
    return db.execute(asked_table.delete().where(_a.taken.is_(None), _a.until < before)).rowcount


def _why(found: Asked | None, purpose: str, digest: bytes) -> str:
    if found is None:
        return "There is no such confirmation"
    if (found.purpose, found.digest) != (purpose, digest):
        return "What was confirmed is something else"
    if found.taken is not None:
        return "The confirmation has been used already"
    return "Nobody has confirmed it yet" if found.answered is None else "The confirmation is too old"
