"""The table of matters that a mandate can name."""

from collections.abc import Iterable

import sqlalchemy as sa

from hub.db import metadata
from idp.model.matter import Matter

matter_table = sa.Table(
    "idp_matter",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("for_companies", sa.Boolean, nullable=False),
    sa.Column("for_persons", sa.Boolean, nullable=False),
)
_m = matter_table.c


def matters(db: sa.Connection) -> list[Matter]:
    """Everything that a mandate can name now, by code."""
    return [Matter(**row) for row in db.execute(sa.select(matter_table).order_by(_m.code)).mappings()]


def replace(db: sa.Connection, matters: Iterable[Matter]) -> None:
    """Keep these and no others."""
    db.execute(matter_table.delete())
    for one in matters:
        db.execute(matter_table.insert().values(**vars(one)))
