"""The tables of grants and refresh tokens. Two unique rows decide everything that may happen once.

`id` of a grant: it follows from the code, which is redeemed by inserting its grant; a second insert finds the first. `parent` of
a refresh token: a token is replaced by inserting its successor; a second one is impossible. The first token of a grant holds the
grant's id and has no row. Tokens stand here as digests only, codes not at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.db import Db, Instant, Json, Ready, metadata
from idp.model.grant import Grant, Party, Refresh
from idp.store.data import who_allowed

grant_table = sa.Table(
    "idp_grant",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("sid", sa.Text, nullable=False, index=True),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("amr", Json, nullable=False),
    sa.Column("auth_time", Instant, nullable=False),
    sa.Column("acting_for", sa.Text),
    sa.Column("made", Instant, nullable=False),
    sa.Column("ends", Instant, nullable=False, index=True),
    sa.Column("revoked", Instant),
    sa.Column("why", sa.Text),
    sa.Column("data", Json, nullable=False, server_default="[]"),  # ids of data permissions
    sa.Column("claims", sa.Text, nullable=False, server_default=""),
    sa.Column("resources", Json, nullable=False, server_default="[]"),
    sa.Column("cnf", sa.Text, nullable=False, server_default=""),
    sa.Column("authority", sa.Text, nullable=False, server_default=""),
    sa.Column("told", Instant),  # when a renewal without the person was last noted
    # What one person granted one service is found without reading all that is granted to it.
    sa.Index("ix_idp_grant_client_person", "client", "person"),
)
# Most grants are not revoked: those need no entry when they are made.
_UNUSUAL = grant_table.c.revoked.is_not(None)
sa.Index("ix_idp_grant_revoked", grant_table.c.revoked, sqlite_where=_UNUSUAL, postgresql_where=_UNUSUAL)
_ACTING = grant_table.c.acting_for.is_not(None)
sa.Index("ix_idp_grant_acting_for", grant_table.c.acting_for, sqlite_where=_ACTING, postgresql_where=_ACTING)
refresh_table = sa.Table(
    "idp_refresh",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("grant", sa.Text, nullable=False, index=True),
    sa.Column("parent", sa.Text, unique=True),
    sa.Column("made", Instant, nullable=False),
)
_g, _r, _s = grant_table.c, refresh_table.c, refresh_table.alias("successor").c


def _once(table: sa.Table) -> Ready:
    """The insert that gives a row to exactly one of many, for each database."""
    key = table.primary_key.columns[0]
    return Ready(
        {
            "sqlite": sqlite.insert(table).on_conflict_do_nothing().returning(key),
            "postgresql": postgresql.insert(table).on_conflict_do_nothing().returning(key),
        }
    )


NEW_GRANT, NEW_REFRESH = _once(grant_table), _once(refresh_table)
BY_ID = Ready(sa.select(grant_table).where(_g.id == sa.bindparam("id_")))
BY_REFRESH = Ready(
    sa.select(grant_table, _r.digest, _r.grant, _r.parent, _r.made.label("made_"), _s.made.label("replaced"))
    .join(refresh_table, _g.id == _r.grant)
    .outerjoin(_s.made.table, _s.parent == _r.digest)
    .where(_r.digest == sa.bindparam("digest_"))
)


FIRST = Ready(
    sa.select(grant_table, _s.made.label("replaced"))
    .outerjoin(_s.made.table, _s.parent == sa.bindparam("digest_"))
    .where(_g.id == sa.bindparam("id_"))
)


def redeem(db: sa.Connection, grant: Grant) -> bool:
    """Enter the grant of a code; False if that code was redeemed before. Decides every race."""
    values = {
        "id": grant.id,
        "client": grant.client,
        "person": grant.person,
        "sid": grant.sid,
        "scopes": grant.scopes,
        "level": grant.level,
        "amr": grant.amr,
        "auth_time": grant.auth_time,
        "acting_for": grant.acting_for,
        "made": grant.made,
        "ends": grant.ends,
        "data": grant.data,
        "claims": grant.claims,
        "resources": grant.resources,
        "cnf": grant.cnf,
        "authority": grant.authority,
    }
    return NEW_GRANT.first(db, **values) is not None


def keep_refresh(db: sa.Connection, refresh: Refresh) -> bool:
    """Store a refresh token; False if its parent has a successor already. Decides every race."""
    values = {"digest": refresh.digest, "grant": refresh.grant, "parent": refresh.parent, "made": refresh.made}
    return NEW_REFRESH.first(db, **values) is not None


def grant(db: Db, id: str) -> Grant | None:
    """One grant by its id."""
    row = BY_ID.first(db, id_=id)
    return None if row is None else _grant(row)


def tell(db: sa.Connection, id: str, now: datetime, every: timedelta) -> bool:
    """Mark that a renewal is noted; False if one was within this time. Decides every race."""
    due = sa.or_(_g.told.is_(None), _g.told <= now - every)
    return db.execute(grant_table.update().where(_g.id == id, due).values(told=now)).rowcount == 1


def refresh(db: Db, digest: str) -> tuple[Refresh, Grant] | None:
    """A refresh token that replaced another, and its grant; `replaced` tells when its successor was made."""
    row = BY_REFRESH.first(db, digest_=digest)
    return None if row is None else (Refresh(row.digest, row.grant, row.parent, row.made_, row.replaced), _grant(row))


def first(db: Db, id: str, digest: str) -> tuple[Refresh, Grant] | None:
    """The first refresh token of a grant, by the grant's id that it holds; it stands nowhere. `digest` is the token's."""
    row = FIRST.first(db, id_=id, digest_=digest)
    return None if row is None else (Refresh(digest, row.id, None, row.made, row.replaced), _grant(row))


def living(
    db: sa.Connection,
    now: datetime,
    *,
    person: str | None = None,
    client: str | None = None,
    sids: Sequence[str] | None = None,
    data: str | None = None,
    principal: str | None = None,
    made_by: datetime | None = None,
    most: int | None = None,
) -> list[Grant]:
    """The grants that have neither ended nor been revoked: of a person, a client, some logins, a data permission, whoever acts
    for a principal, or of all; made by a moment; so many at most, and then any of them.
    """
    wanted = [_g.revoked.is_(None), _g.ends > now]
    if person is not None:
        wanted.append(_g.person == person)
    if client is not None:
        wanted.append(_g.client == client)
    if sids is not None:
        wanted.append(_g.sid.in_(sids))
    if data is not None:
        wanted.append(_g.person.in_(who_allowed(data)))  # grants stand by person; those who allowed one thing are few
    if principal is not None:
        wanted.append(_g.acting_for == principal)
    if made_by is not None:
        wanted.append(_g.made <= made_by)
    query = sa.select(grant_table).where(*wanted)
    found = map(_grant, db.execute(query.order_by(_g.made) if most is None else query.limit(most)))
    return [grant for grant in found if data is None or data in grant.data]


def parties(db: sa.Connection, sids: Sequence[str]) -> list[Party]:
    """The clients that got a grant in these logins, revoked or not, each once for each one of whom it was told."""
    return _parties(db, _g.sid.in_(sids))


def acting(db: sa.Connection, person: str, principal: str) -> list[Party]:
    """The clients at which a person acted for a principal, as far back as grants are kept."""
    return _parties(db, sa.and_(_g.person == person, _g.acting_for == principal))


def _parties(db: sa.Connection, which: sa.ColumnElement[bool]) -> list[Party]:
    query = sa.select(_g.client, _g.person, _g.acting_for, _g.sid).where(which).distinct()
    return [Party(*row) for row in db.execute(query.order_by(_g.client, _g.sid, _g.acting_for))]


def clients_of(db: sa.Connection, person: str) -> list[str]:
    """The clients to which a person granted something, as far back as grants are kept."""
    return sorted(db.scalars(sa.select(_g.client).where(_g.person == person).distinct()))


def revoke(db: sa.Connection, id: str, *, why: str, at: datetime) -> bool:
    """Mark a grant as revoked; False if it was before (the first reason stays)."""
    return (
        db.execute(grant_table.update().where(_g.id == id, _g.revoked.is_(None)).values(revoked=at, why=why)).rowcount
        == 1
    )


def forget_ended(db: sa.Connection, before: datetime) -> int:
    """Delete grants that ended or were revoked before a moment, with their refresh tokens. Called by the ticker."""
    gone = sa.or_(_g.ends < before, _g.revoked < before)
    db.execute(refresh_table.delete().where(_r.grant.in_(sa.select(_g.id).where(gone))))
    return db.execute(grant_table.delete().where(gone)).rowcount


def _grant(row: Any) -> Grant:
    return Grant(
        id=row.id,
        client=row.client,
        person=row.person,
        sid=row.sid,
        scopes=tuple(row.scopes),
        level=row.level,
        amr=tuple(row.amr),
        auth_time=row.auth_time,
        acting_for=row.acting_for,
        made=row.made,
        ends=row.ends,
        revoked=row.revoked,
        data=tuple(row.data),
        claims=row.claims,
        resources=tuple(row.resources),
        cnf=row.cnf,
        authority=row.authority,
        told=row.told,
    )
