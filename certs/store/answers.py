"""Answers about certificates that were signed before anybody asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from certs.model import Certificate
from certs.store.certificates import _certificate, _issued, certificate_table
from hub.db import Db, Instant, Ready, metadata

answer_table = sa.Table(
    "certs_answer",
    metadata,
    sa.Column("about", sa.LargeBinary, primary_key=True),  # digest of the CertID: the same certificate has several
    sa.Column("serial", sa.Text, nullable=False, index=True),
    sa.Column("signer", sa.Text, nullable=False),  # serial number of the OCSP signer's certificate
    sa.Column("revoked", Instant),  # as it stood in the register when this was signed
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False, index=True),
)
_a, _c = answer_table.c, certificate_table.c
# Whoever revokes need not touch the answers: one that says otherwise than the register is not found.
_TRUE = sa.and_(_a.serial == _c.serial, _a.revoked.is_not_distinct_from(_c.revoked))
_READY = Ready(
    sa.select(_a.body, _a.signer, _a.since, _a.until)
    .select_from(answer_table.join(certificate_table, _TRUE))
    .where(_a.about == sa.bindparam("about"))
)


@dataclass(frozen=True)
class SignedAnswer:
    """An answer ready to be given out. `about` is the digest of the CertID that it repeats."""

    about: bytes
    serial: str
    signer: str
    revoked: datetime | None
    body: bytes
    since: datetime
    until: datetime


def answer(db: Db, about: bytes, signers: Iterable[str], now: datetime) -> bytes | None:
    """The answer to that question, if there is one that holds now: by a signer in office, and as the register says."""
    row = _READY.first(db, about=about)
    if row is None or row.signer not in signers or not row.since <= now < row.until:
        return None
    return bytes(row.body)


def unanswered(
    db: sa.Connection, profiles: Iterable[str], above: str, signer: str, now: datetime, then: datetime, limit: int
) -> list[Certificate]:
    """Certificates of an authority, still in their time, without an answer of this signer that holds until `then`."""
    ready = sa.exists().where(_TRUE, _a.signer == signer, _a.until >= then, _a.since <= now)
    query = _issued().where(_c.profile.in_(sorted(profiles)), _c.above == above, _c.not_after > now, ~ready)
    return [_certificate(row) for row in db.execute(query.order_by(_c.prepared, _c.serial).limit(limit))]


def keep_answers(db: sa.Connection, answers: Iterable[SignedAnswer]) -> None:
    """Keep answers in place of those to the same questions."""
    rows: list[dict[str, Any]] = [vars(each) for each in answers]
    if rows:
        db.execute(answer_table.delete().where(_a.about.in_([row["about"] for row in rows])))
        db.execute(answer_table.insert(), rows)


def forget_answers(db: sa.Connection, before: datetime) -> int:
    """Delete answers that ended before a moment: nobody renewed them, so nobody needs them."""
    return db.execute(answer_table.delete().where(_a.until < before)).rowcount
