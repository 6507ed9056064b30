"""The table of each use of a mandate."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.db import Id, Instant, metadata
from idp.model.mandate import Mandate
from idp.model.use import KEPT_DAYS, Act, Use

use_table = sa.Table(
    "idp_use",
    metadata,
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("mandate", sa.Text, nullable=False),
    sa.Column("principal", sa.Text, nullable=False, index=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)
_u = use_table.c


def note(db: sa.Connection, mandate: Mandate, what: Act, site: str, now: datetime, *, about: str = "") -> None:
    """Write that a mandate was used, in the transaction of the act itself."""
    values = {"mandate": mandate.id, "principal": mandate.principal, "person": mandate.person}
    db.execute(use_table.insert().values(**values, what=what.value, site=site, about=about, at=now))


def of_principal(db: sa.Connection, principal: str, *, limit: int = 200) -> list[Use]:
    """What was done in the name of a principal, newest first."""
    query = sa.select(use_table).where(_u.principal == principal).order_by(_u.id.desc()).limit(limit)
    return [_use(row) for row in db.execute(query)]


def of_mandate(db: sa.Connection, mandate: str, *, limit: int = 200) -> list[Use]:
    """What was done by one mandate, newest first."""
    query = sa.select(use_table).where(_u.mandate == mandate).order_by(_u.id.desc()).limit(limit)
    return [_use(row) for row in db.execute(query)]


def pass_on(db: sa.Connection, old: str, new: str) -> None:
    """Let what was done for one principal stand under another: it is the same one."""
    db.execute(use_table.update().where(_u.principal == old).values(principal=new))


def forget_old(db: sa.Connection, now: datetime) -> int:
    """Delete what is older than the time for which it is kept. Called by the ticker."""
    return db.execute(use_table.delete().where(_u.at < now - timedelta(days=KEPT_DAYS))).rowcount


def _use(row: sa.Row[tuple[object, ...]]) -> Use:
    return Use(row.mandate, row.principal, row.person, Act(row.what), row.site, row.at, row.about)
