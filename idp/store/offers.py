"""The table of offers of mandates. The name to which one is made stands sealed, for the one who made it."""

from datetime import datetime

import sqlalchemy as sa

from hub.db import Instant, Json, metadata
from hub.vault import Vault
from idp.model.mandate import Role
from idp.model.offer import Offer, OfferState

NAME = "offer-name"  # purpose in the vault

offer_table = sa.Table(
    "idp_offer",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("principal", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("to_key", sa.Text, nullable=False, index=True),  # blind index of number and name
    sa.Column("to_name", sa.LargeBinary, nullable=False),  # sealed for `by`
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("made", Instant, nullable=False, index=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("matters", Json, nullable=False),
    sa.Column("granted_by", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("answered", Instant),
    sa.Column("person", sa.Text),
)
_o = offer_table.c
_KEPT = [column for column in _o if column.name != "to_name"]


def key_to(vault: Vault, number_type: str, number: str, name_key: str) -> str:
    """The keyed index of the one to whom an offer is made: number and name together (`name_key` is `names.match_key`).

    Whoever errs in the number offers to nobody, not to a stranger.
    """
    return vault.blind("offer", f"{number_type}:{number}:{name_key}")


def add(db: sa.Connection, vault: Vault, offer: Offer, name: str) -> None:
    """Keep a new offer; `name` is what its maker called the one to whom it is made."""
    sealed = vault.encrypt(db, offer.by, name.encode(), NAME)
    values = vars(offer) | {"role": offer.role.value, "matters": list(offer.matters), "state": offer.state.value}
    db.execute(offer_table.insert().values(**values, to_name=sealed))


def offer(db: sa.Connection, id: str) -> Offer | None:
    """An offer by its id, answered or not."""
    row = db.execute(sa.select(*_KEPT).where(_o.id == id)).mappings().one_or_none()
    return _offer(row) if row else None


def name_of(db: sa.Connection, vault: Vault, offer: Offer) -> str:
    """To whom it is made, in the words of its maker."""
    sealed = db.execute(sa.select(_o.to_name).where(_o.id == offer.id)).scalar_one()
    return vault.decrypt(db, offer.by, sealed, NAME).decode()


def open_to(db: sa.Connection, to_key: str, now: datetime) -> list[Offer]:
    """What is offered to somebody now, oldest first."""
    return _open(db, _o.to_key == to_key, now)


def open_for(db: sa.Connection, principal: str, now: datetime) -> list[Offer]:
    """What is offered now in the name of a principal, oldest first."""
    return _open(db, _o.principal == principal, now)


def answer(db: sa.Connection, before: Offer, after: Offer) -> bool:
    """Write the answer over the open offer, once; False if another answer was quicker."""
    still = offer_table.update().where(_o.id == before.id, _o.state == OfferState.open.value)
    values = {"state": after.state.value, "answered": after.answered, "person": after.person}
    return db.execute(still.values(**values)).rowcount == 1


def forget_before(db: sa.Connection, moment: datetime) -> int:
    """Delete offers that were made before a moment: what came of them stands in the mandates."""
    return db.execute(offer_table.delete().where(_o.made < moment)).rowcount


def _open(db: sa.Connection, whose: sa.ColumnElement[bool], now: datetime) -> list[Offer]:
    query = sa.select(*_KEPT).where(whose, _o.state == OfferState.open.value).order_by(_o.made, _o.id)
    return [one for row in db.execute(query).mappings() if (one := _offer(row)).open_at(now)]


def _offer(row: sa.RowMapping) -> Offer:
    named = {"role": Role(row["role"]), "matters": tuple(row["matters"]), "state": OfferState(row["state"])}
    return Offer(**{**row, **named})
