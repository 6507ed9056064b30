"""The table of receipts: one row for each yes and each no, never changed."""

from typing import Any

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from idp.model.receipt import Receipt, Said

receipt_table = sa.Table(
    "idp_consent_receipt",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("text_version", sa.Integer, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("signed", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Index("ix_idp_consent_receipt_of", "person", "client"),
)
_r = receipt_table.c


def add(db: sa.Connection, receipt: Receipt) -> None:
    """Keep a receipt."""
    db.execute(
        receipt_table.insert().values(
            id=receipt.id,
            person=receipt.person,
            client=receipt.client,
            said=receipt.said.value,
            text_version=receipt.text_version,
            scopes=list(receipt.scopes),
            signed=receipt.signed,
            at=receipt.at,
        )
    )


def of_person(db: sa.Connection, person: str, client: str | None = None) -> list[Receipt]:
    """Every receipt of a person, or those of one client; newest first."""
    query = sa.select(receipt_table).where(_r.person == person)
    if client is not None:
        query = query.where(_r.client == client)
    return [_receipt(row) for row in db.execute(query.order_by(_r.at.desc(), _r.id))]


def receipt(db: sa.Connection, id: str, person: str) -> Receipt | None:
    """One receipt of a person."""
    row = db.execute(sa.select(receipt_table).where(_r.id == id, _r.person == person)).one_or_none()
    return None if row is None else _receipt(row)


def _receipt(row: Any) -> Receipt:
    return Receipt(
        row.id, row.person, row.client, Said(row.said), row.text_version, tuple(row.scopes), row.signed, row.at
    )
