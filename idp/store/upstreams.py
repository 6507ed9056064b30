"""The tables of upstream providers, of links to them, and of the logins that they vouched for."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hub.db import Instant, Json, metadata
from hub.vault import Vault
from idp.model.upstream import Link, Login, NotLinked, Proof, Upstream

SECRET = "upstream-secret"  # purpose in the vault
HINT = "upstream-hint"

upstream_table = sa.Table(
    "idp_upstream",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("issuer", sa.Text, nullable=False, unique=True),
    sa.Column("facts", Json, nullable=False),
    sa.Column("secret", sa.LargeBinary),  # sealed; where we prove ourselves by one
    sa.Column("added", Instant, nullable=False),
    sa.Column("ended", Instant),
)
link_table = sa.Table(
    "idp_upstream_link",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("upstream", sa.Text, nullable=False),
    sa.Column(
        "subject", sa.Text, nullable=False, unique=True
    ),  # keyed index of issuer and subject: it means one person
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("made", Instant, nullable=False),
    sa.Column("used", Instant, nullable=False),
)
login_table = sa.Table(
    "idp_upstream_login",
    metadata,
    sa.Column("sid", sa.Text, primary_key=True),
    sa.Column("upstream", sa.Text, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("link", sa.Text, nullable=False, index=True),
    sa.Column("their_sid", sa.Text, nullable=False, index=True),
    sa.Column("hint", sa.LargeBinary, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)
_u, _l, _s = upstream_table.c, link_table.c, login_table.c


# -- providers


def keep(db: sa.Connection, vault: Vault, one: Upstream, secret: str, now: datetime) -> None:
    """Write a provider, new or changed. An empty secret leaves the one that is kept."""
    facts = asdict(one) | {"proof": one.proof.value, "scopes": list(one.scopes)}
    for name in ("id", "issuer", "added", "ended"):
        del facts[name]
    values: dict[str, Any] = {"issuer": one.issuer, "facts": facts, "ended": None}
    if secret:
        values["secret"] = vault.encrypt(db, f"upstream:{one.id}", secret.encode(), SECRET)
    done = db.execute(upstream_table.update().where(_u.id == one.id).values(**values))
    if done.rowcount == 0:
        db.execute(upstream_table.insert().values(id=one.id, added=now, **values))


def upstreams(db: sa.Connection, *, ended: bool = False) -> list[Upstream]:
    """All providers in use; with `ended` also those that are not any more."""
    query = sa.select(upstream_table).order_by(_u.id)
    return [_upstream(row) for row in db.execute(query if ended else query.where(_u.ended.is_(None)))]


def upstream(db: sa.Connection, id: str) -> Upstream | None:
    """A provider in use."""
    row = db.execute(sa.select(upstream_table).where(_u.id == id, _u.ended.is_(None))).one_or_none()
    return None if row is None else _upstream(row)


def secret(db: sa.Connection, vault: Vault, id: str) -> str:
    """Our secret there, opened."""
    sealed = db.execute(sa.select(_u.secret).where(_u.id == id)).scalar_one_or_none()
    return vault.decrypt(db, f"upstream:{id}", sealed, SECRET).decode() if sealed else ""


def end(db: sa.Connection, id: str, now: datetime) -> bool:
    """Take a provider out of use; False if it was not in use."""
    return db.execute(upstream_table.update().where(_u.id == id, _u.ended.is_(None)).values(ended=now)).rowcount == 1


# -- links


def add_link(db: sa.Connection, link: Link) -> None:
    """Keep a link. Raises NotLinked: of two persons for one subject the unique row lets one through."""
    try:
        with db.begin_nested():
            db.execute(link_table.insert().values(**asdict(link)))
    except IntegrityError as error:
        raise NotLinked("That account of your province belongs to somebody else here") from error


def link_of(db: sa.Connection, subject: str) -> Link | None:
    """The link of a subject at its issuer."""
    row = db.execute(sa.select(link_table).where(_l.subject == subject)).one_or_none()
    return None if row is None else Link(*row)


def links(db: sa.Connection, person: str) -> list[Link]:
    """All links of a person, the oldest first."""
    return [Link(*row) for row in db.execute(sa.select(link_table).where(_l.person == person).order_by(_l.made))]


def used(db: sa.Connection, id: str, now: datetime) -> None:
    """Note that somebody came in by a link."""
    db.execute(link_table.update().where(_l.id == id).values(used=now))


def remove_link(db: sa.Connection, person: str, id: str) -> Link | None:
    """Delete a link of a person; gives what it was."""
    row = db.execute(sa.select(link_table).where(_l.id == id, _l.person == person)).one_or_none()
    if row is None or db.execute(link_table.delete().where(_l.id == id)).rowcount != 1:
        return None
    return Link(*row)


def forget_links(db: sa.Connection, person: str) -> None:
    """Delete all links of a person who goes."""
    db.execute(link_table.delete().where(_l.person == person))


# -- logins


def add_login(db: sa.Connection, login: Login) -> None:
    """Keep who vouched for a login; a later word about the same login takes the place of the earlier."""
    db.execute(login_table.delete().where(_s.sid == login.sid))
    db.execute(login_table.insert().values(**asdict(login)))


def login(db: sa.Connection, sid: str) -> Login | None:
    """Who vouched for a login."""
    row = db.execute(sa.select(login_table).where(_s.sid == sid)).one_or_none()
    return None if row is None else Login(*row)


def logins(db: sa.Connection, *, link: str = "", their_sid: str = "", upstream: str = "") -> list[Login]:
    """The logins that came of a link, of a session there, or of a provider."""
    column, value = next(
        pair for pair in ((_s.link, link), (_s.their_sid, their_sid), (_s.upstream, upstream)) if pair[1]
    )
    return [Login(*row) for row in db.execute(sa.select(login_table).where(column == value))]


def vouched(db: sa.Connection, upstream: str) -> list[Login]:
    """The logins for which a provider vouched; not those in which somebody only connected his account there."""
    return [one for one in logins(db, upstream=upstream) if one.link]


def forget_logins(db: sa.Connection, before: datetime) -> int:
    """Delete what was kept of logins that began before a moment: none runs so long."""
    return db.execute(login_table.delete().where(_s.at < before)).rowcount


def _upstream(row: Any) -> Upstream:
    facts = dict(row.facts if isinstance(row.facts, dict) else json.loads(row.facts))
    facts |= {"proof": Proof(facts["proof"]), "scopes": tuple(facts["scopes"])}
    known = {name: value for name, value in facts.items() if name in Upstream.__dataclass_fields__}
    return Upstream(id=row.id, issuer=row.issuer, added=row.added, ended=row.ended, **known)
