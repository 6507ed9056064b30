"""Service items as rows: one for each version."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from admin.model.item import Access, Audience, LifeEvent, NoItem, ServiceItem, State
from hub.db import Instant, Json, metadata
from hub.tree import ROOT, below

item_table = sa.Table(
    "admin_item",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("summary_en", sa.Text, nullable=False),
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("place", sa.Text, nullable=False, index=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("life_event", sa.Text, nullable=False),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("licenses", Json, nullable=False),
    sa.Column("materials", Json, nullable=False),
    sa.Column("materials_en", Json, nullable=False),
    sa.Column("also", Json, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("legal_basis_en", sa.Text, nullable=False),
    sa.Column("promised_days", sa.Integer, nullable=False),
    sa.Column("statutory_days", sa.Integer, nullable=False),
    sa.Column("online", sa.Boolean, nullable=False),
    sa.Column("offline_basis", sa.Text, nullable=False),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("hidden_basis", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("access", Json),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("changed", Instant, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
)
_i = item_table.c
IN_FORCE = (State.production.value, State.ended.value)


def item(db: sa.Connection, code: str, scope: str = ROOT) -> ServiceItem:
    """An item as it is in force (or ended); before the first approval its draft. Raises NoItem."""
    found = versions(db, code, scope)
    if not found:
        raise NoItem("There is no service item %(code)s", code=code[:40])
    return next((one for one in found if one.state.value in IN_FORCE), found[0])


def version(db: sa.Connection, code: str, number: int) -> ServiceItem:
    """One version of an item: the one that a case was opened under. Raises NoItem."""
    where = sa.and_(_i.code == code, _i.version == number)
    row = db.execute(sa.select(item_table).where(where)).mappings().one_or_none()
    if row is None:
        raise NoItem("There is no service item %(code)s", code=f"{code[:40]} v{number}")
    return _item(row)


def versions(db: sa.Connection, code: str, scope: str = ROOT) -> list[ServiceItem]:
    """Every version of an item, newest first."""
    where = sa.and_(_i.code == code, below(_i.place, scope))
    query = sa.select(item_table).where(where).order_by(_i.version.desc())
    return [_item(row) for row in db.execute(query).mappings()]


def draft(db: sa.Connection, code: str) -> ServiceItem | None:
    """The version that is being prepared, if any."""
    where = sa.and_(_i.code == code, _i.state == State.draft.value)
    row = db.execute(sa.select(item_table).where(where)).mappings().one_or_none()
    return None if row is None else _item(row)


def items(
    db: sa.Connection,
    scope: str = ROOT,
    *,
    state: State = State.production,
    life_event: LifeEvent | None = None,
    agency: str = "",
    client: str = "",
) -> list[ServiceItem]:
    """The versions in one state, by agency and code: with the usual state, what is in force in a scope."""
    query = sa.select(item_table).where(below(_i.place, scope), _i.state == state.value)
    if life_event is not None:
        query = query.where(_i.life_event == life_event.value)
    if agency:
        query = query.where(_i.agency == agency)
    if client:
        query = query.where(_i.client == client)
    return [_item(row) for row in db.execute(query.order_by(_i.code)).mappings()]


def public(db: sa.Connection, scope: str = ROOT, *, agency: str = "") -> list[ServiceItem]:
    """What the portal shows."""
    return [one for one in items(db, scope, agency=agency) if one.public]


def keep(db: sa.Connection, item: ServiceItem) -> None:
    """Store one version of an item, in place of what was stored of this version."""
    values = _values(item)
    where = sa.and_(_i.code == item.code, _i.version == item.version)
    if db.execute(item_table.update().where(where).values(**values)).rowcount == 0:
        db.execute(item_table.insert().values(**values))


def drop_draft(db: sa.Connection, code: str) -> None:
    """Forget the version that was being prepared."""
    db.execute(item_table.delete().where(_i.code == code, _i.state == State.draft.value))


def replaced(db: sa.Connection, code: str, at: datetime) -> None:
    """Note that the version in force is so no longer."""
    where = sa.and_(_i.code == code, _i.state == State.production.value)
    db.execute(item_table.update().where(where).values(state=State.replaced.value, changed=at))


def count(db: sa.Connection, scope: str = ROOT) -> dict[str, int]:
    """How many items (by code) stand in each state; one in force with a draft beside it counts for both."""
    query = (
        sa.select(_i.state, sa.func.count(sa.distinct(_i.code)).label("number"))
        .where(below(_i.place, scope))
        .group_by(_i.state)
    )
    return {row.state: row.number for row in db.execute(query)}


def body(item: ServiceItem) -> dict[str, Any]:
    """What a second person decides on: everything but who wrote it and when."""
    return {name: value for name, value in _values(item).items() if name not in NOT_DECIDED}


def from_body(values: dict[str, Any]) -> ServiceItem:
    """The item that was decided on."""
    return _item({**values, "state": State.draft.value, "changed": None, "changed_by": ""})


NOT_DECIDED = ("state", "changed", "changed_by")


def _values(item: ServiceItem) -> dict[str, Any]:
    values = {column.name: getattr(item, column.name) for column in item_table.columns}
    return values | {
        "life_event": item.life_event.value,
        "audience": item.audience.value,
        "state": item.state.value,
        "access": asdict(item.access) if item.access else None,
    }


def _item(row: Any) -> ServiceItem:
    values = dict(row)
    lists = {name: tuple(values[name]) for name in ("licenses", "materials", "materials_en", "also")}
    return ServiceItem(
        **values
        | lists
        | {
            "life_event": LifeEvent(values["life_event"]),
            "audience": Audience(values["audience"]),
            "state": State(values["state"]),
            "access": _access(values["access"]),
        }
    )


def _access(values: dict[str, Any] | None) -> Access | None:
    if values is None:
        return None
    said: dict[str, Any] = {name: tuple(given) if isinstance(given, list) else given for name, given in values.items()}
    return Access(**said)
