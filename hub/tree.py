"""The tree hub -> ministry / province -> city in which every agency, client, seal, license and operator has its place.

A place is written as its path: `hub`, `hub/880000`, `hub/880000/880100`. A scope is a place and all below it.
"""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from hub.db import metadata
from hub.problems import BadRequest, NotFound

ROOT = "hub"
PATH = re.compile(r"hub(/[a-z0-9]+(-[a-z0-9]+)*){0,3}")
LEVELS = ("hub", "province", "city", "county")  # by depth; what has no region's number below the hub is a ministry

place_table = sa.Table(
    "hub_place",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
)


@dataclass(frozen=True)
class Place:
    """One node: `kind` is hub, ministry, province, city or county; `region` its GB/T 2260 code or empty."""

    path: str
    kind: str
    region: str
    name: str
    name_en: str


def at(path: str, name: str, name_en: str) -> Place:
    """The place of a path; its kind and region follow from it. Raises BadRequest."""
    depth, code = path.count("/"), region(path)
    if not PATH.fullmatch(path) or (depth > 1 and not code):
        raise BadRequest("Give a place such as hub/ministry-of-trade, hub/880000 or hub/880000/880100")
    return Place(path, "ministry" if depth == 1 and not code else LEVELS[depth], code, name, name_en)


def region(path: str) -> str:
    """The GB/T 2260 code in which a path ends, or nothing: the hub and ministries have none."""
    last = path.rpartition("/")[2]
    return last if re.fullmatch("[0-9]{6}", last) else ""


def within(place: str, scope: str) -> bool:
    """Whether `place` is `scope` itself or stands below it."""
    return place == scope or place.startswith(scope + "/")


def below(column: sa.ColumnElement[str], scope: str) -> sa.ColumnElement[bool]:
    """The SQL condition of `within`; every query over placed things takes it."""
    return sa.or_(column == scope, column.startswith(scope + "/", autoescape=True))


def keep(db: sa.Connection, place: Place) -> None:
    """Add a place, or change its names. Its parent must exist. Raises NotFound."""
    parent = place.path.rpartition("/")[0]
    if parent:
        get(db, parent)
    values = {"kind": place.kind, "region": place.region, "name": place.name, "name_en": place.name_en}
    changed = db.execute(place_table.update().where(place_table.c.path == place.path).values(**values))
    if not changed.rowcount:
        db.execute(place_table.insert().values(path=place.path, **values))


def get(db: sa.Connection, path: str) -> Place:
    """One place. Raises NotFound."""
    row = db.execute(sa.select(place_table).where(place_table.c.path == path)).one_or_none()
    if row is None:
        raise NotFound(f"There is no place {path} in the tree")
    return Place(row.path, row.kind, row.region, row.name, row.name_en)


def places(db: sa.Connection, scope: str = ROOT) -> list[Place]:
    """All places of a scope, parents before children."""
    rows = db.execute(sa.select(place_table).where(below(place_table.c.path, scope)).order_by(place_table.c.path))
    return [Place(row.path, row.kind, row.region, row.name, row.name_en) for row in rows]
