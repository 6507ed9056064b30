"""The table of agreements between persons and clients."""

from typing import Any

import sqlalchemy as sa

from hub.db import Db, Instant, Json, Ready, metadata
from idp.model.consent import Consent
from idp.model.person import State
from idp.store.people import person_table

consent_table = sa.Table(
    "idp_consent",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, primary_key=True),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("text_version", sa.Integer, nullable=False),
)
_c = consent_table.c
_one = sa.select(consent_table).where(_c.person == sa.bindparam("person_"), _c.client == sa.bindparam("client_"))
STANDING, HELD = Ready(_one), Ready(_one.with_for_update(read=True))


def consent(db: Db, person: str, client: str, *, held: bool = False) -> Consent | None:
    """The agreement of one person with one client. `held`: nobody withdraws it before this transaction ends."""
    row = (HELD if held else STANDING).first(db, person_=person, client_=client)
    return None if row is None else _consent(row)


def consents_of(db: sa.Connection, person: str) -> list[Consent]:
    """All agreements of one person, newest first."""
    rows = db.execute(sa.select(consent_table).where(_c.person == person).order_by(_c.at.desc()))
    return [_consent(row) for row in rows]


def of_the_dead(db: sa.Connection) -> list[str]:
    """The persons of whom it is known that they have died, and who still agree to something."""
    dead = sa.select(person_table.c.id).where(person_table.c.state == State.deceased.value)
    return list(db.scalars(sa.select(_c.person).where(_c.person.in_(dead)).distinct()))


def keep(db: sa.Connection, consent: Consent) -> None:
    """Store an agreement in place of the older one; the row stays, so that whoever holds it finds it again."""
    values = {"scopes": sorted(consent.scopes), "at": consent.at, "text_version": consent.text_version}
    same = sa.and_(_c.person == consent.person, _c.client == consent.client)
    if db.execute(consent_table.update().where(same).values(values)).rowcount == 0:
        db.execute(consent_table.insert().values(person=consent.person, client=consent.client, **values))


def forget(db: sa.Connection, person: str, client: str) -> bool:
    """Delete an agreement; tells whether there was one."""
    return db.execute(consent_table.delete().where(_c.person == person, _c.client == client)).rowcount > 0


def _consent(row: Any) -> Consent:
    return Consent(row.person, row.client, frozenset(row.scopes), row.at, row.text_version)
