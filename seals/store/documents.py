"""The register of documents that departments have sealed, and of hashes that were sealed without their document."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from seals.model import Place
from seals.model.document import Document, DocumentUnknown, Page, Signed, State
from seals.store.tables import custodian_table

document_table = sa.Table(
    "seals_document",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("seal", sa.Text, nullable=False, index=True),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("original", sa.Text, nullable=False),
    sa.Column("uploaded", sa.Text, nullable=False),
    sa.Column("pages", Json, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("spot", Json),
    sa.Column("asked", Json, nullable=False),
    sa.Column("use", sa.Text, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False, index=True),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("missing", Json, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ended", Instant),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("leased", Instant),
    sa.Column("files", Json, nullable=False),  # every file that was named for it: none is there without a row
    sa.Column("asker", Json, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("batch", sa.Text, nullable=False),
    sa.UniqueConstraint("by", "key"),
    sa.Index("ix_seals_document_state_leased", "state", "leased"),
    sa.Index("ix_seals_document_by_at", "by", "at"),
)
signed_table = sa.Table(  # hashes that were sealed without their document
    "seals_signed",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("seal", sa.Text, nullable=False, index=True),
    sa.Column("agency", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, index=True),
    sa.Column("container", sa.LargeBinary, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("missing", Json, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.UniqueConstraint("by", "key"),
)
_d = document_table.c
_s = signed_table.c
OPEN = (State.uploaded.value, State.asked.value, State.sealing.value)


def add_document(db: sa.Connection, document: Document, *, key: str, body: str) -> None:
    """Enter an uploaded document. Raises Collision if its uploader used the key before."""
    values = _values(document) | {"key": key, "body": body, "leased": None, "files": []}
    db.execute(document_table.insert().values(**values))


def document(db: sa.Connection, id: str) -> Document:
    """One document. Raises DocumentUnknown."""
    row = db.execute(sa.select(document_table).where(_d.id == id)).one_or_none()
    if row is None:
        raise DocumentUnknown("There is no document %(id)s", id=id)
    return _document(row)


def earlier_document(db: sa.Connection, by: str, key: str) -> tuple[Document, str] | None:
    """What somebody uploaded under a key, and the digest of all that he said then."""
    row = db.execute(sa.select(document_table).where(_d.by == by, _d.key == key)).one_or_none()
    return None if row is None else (_document(row), row.body)


def documents_of(
    db: sa.Connection, by: str, seals: list[str], *, before: datetime | None = None, limit: int = 30
) -> list[Document]:
    """What somebody uploaded, and what was uploaded for one of these seals; newest first."""
    mine = sa.or_(_d.by == by, _d.seal.in_(seals))
    query = sa.select(document_table).where(mine, _d.at < before if before else sa.true())
    return [_document(row) for row in db.execute(query.order_by(_d.at.desc(), _d.id).limit(limit))]


def kept_by(db: sa.Connection, person: str) -> list[str]:
    """The seals whose custodian somebody is."""
    query = sa.select(custodian_table.c.seal).where(custodian_table.c.person == person)
    return list(db.execute(query).scalars())


def document_sealed(db: sa.Connection, digest: str) -> Document | None:
    """The document whose sealed file has this digest (hex)."""
    query = sa.select(document_table).where(_d.sealed == digest, _d.state == State.sealed.value)
    row = db.execute(query.limit(1)).one_or_none()
    return None if row is None else _document(row)


def placed(db: sa.Connection, document: Document) -> bool:
    """Keep where the seal shall stand, and who is asked; False if it is being sealed, or was."""
    values = {"spot": asdict(document.spot) if document.spot else None, "asked": list(document.asked)}
    where = (_d.id == document.id, _d.state.in_((State.uploaded.value, State.asked.value)))
    return db.execute(document_table.update().where(*where).values(state=document.state.value, **values)).rowcount == 1


def begin_sealing(db: sa.Connection, id: str, now: datetime, lease: timedelta) -> Document | None:
    """Take a document to seal it; None while another process has it, or once it has ended."""
    free = sa.or_(_d.state != State.sealing.value, _d.leased.is_(None), _d.leased <= now - lease)
    where = (_d.id == id, _d.state.in_(OPEN), free)
    values = {"state": State.sealing.value, "leased": now, "fence": _d.fence + 1}
    taken = db.execute(document_table.update().where(*where).values(**values)).rowcount == 1
    return document(db, id) if taken else None


def name_sealed(db: sa.Connection, document: Document) -> bool:
    """Name the file before it is there; False if another process has taken the document over."""
    row = db.execute(sa.select(_d.files).where(_d.id == document.id)).one()
    values = {name: getattr(document, name) for name in ("use", "sealed", "level")}
    files = [*(one for one in row.files if one != document.sealed), document.sealed]
    return _held(db, document, **values, missing=list(document.missing), files=files)


def end_sealing(db: sa.Connection, document: Document) -> bool:
    """Keep how a sealing ended; False if another process has taken the document over."""
    ended = {"state": document.state.value, "reason": document.reason, "ended": document.ended}
    return _held(db, document, **ended, sealed=document.sealed, use=document.use, asked=list(document.asked))


def stalled_documents(db: sa.Connection, now: datetime, lease: timedelta, limit: int) -> list[str]:
    """Documents whose sealing stopped half-way, the oldest first."""
    where = (_d.state == State.sealing.value, _d.leased <= now - lease)
    return list(db.execute(sa.select(_d.id).where(*where).order_by(_d.leased).limit(limit)).scalars())


def waiting_documents(db: sa.Connection, limit: int) -> list[Document]:
    """Documents that wait for a custodian, the oldest first."""
    query = sa.select(document_table).where(_d.state == State.asked.value).order_by(_d.at).limit(limit)
    return [_document(row) for row in db.execute(query)]


def document_files(db: sa.Connection) -> Iterator[str]:
    """Every file (hex digest) that a document names, for whoever checks the books."""
    for row in db.execute(sa.select(_d.original, _d.files)).yield_per(1000):
        yield from (row.original, *row.files)


def document_records(db: sa.Connection) -> set[bytes]:
    """For what a seal may be reserved just now."""
    query = sa.select(document_table).where(_d.state == State.sealing.value)
    return {_document(row).record for row in db.execute(query)}


# -- hashes


def add_signed(db: sa.Connection, signed: Signed) -> None:
    """Keep what was sealed of a document that stays with its department."""
    values = {name: getattr(signed, name) for name in _s.keys()}  # noqa: SIM118  a column set, not a dict
    db.execute(signed_table.insert().values(**values | {"missing": list(signed.missing)}))


def signed(db: sa.Connection, by: str, key: str) -> Signed | None:
    """What somebody had sealed under a key."""
    row = db.execute(sa.select(signed_table).where(_s.by == by, _s.key == key)).one_or_none()
    return None if row is None else _signed(row)


def _signed(row: Any) -> Signed:
    values = row._asdict()
    return Signed(**values | {"container": bytes(values["container"]), "missing": tuple(values["missing"])})


def hash_sealed(db: sa.Connection, digest: str) -> Signed | None:
    """What was sealed by hash for a document with this digest (hex) of all but the hole."""
    row = db.execute(sa.select(signed_table).where(_s.digest == digest).order_by(_s.at).limit(1)).one_or_none()
    return None if row is None else _signed(row)


# -- their parts


def _held(db: sa.Connection, document: Document, **values: Any) -> bool:
    where = (_d.id == document.id, _d.state == State.sealing.value, _d.fence == document.fence)
    return db.execute(document_table.update().where(*where).values(**values)).rowcount == 1


def _values(document: Document) -> dict[str, Any]:
    values = {name: getattr(document, name) for name in Document.__dataclass_fields__}
    return values | {
        "state": document.state.value,
        "pages": [[page.wide_mm, page.high_mm] for page in document.pages],
        "spot": asdict(document.spot) if document.spot else None,
        "missing": list(document.missing),
        "asked": list(document.asked),
        "asker": dict(document.asker),
    }


def _document(row: Any) -> Document:
    values = {name: getattr(row, name) for name in Document.__dataclass_fields__}
    return Document(
        **values
        | {
            "state": State(row.state),
            "pages": tuple(Page(*page) for page in row.pages),
            "spot": Place(**row.spot) if row.spot else None,
            "missing": tuple(row.missing),
            "asked": tuple(row.asked),
        }
    )
