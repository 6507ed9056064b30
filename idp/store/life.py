"""The tables of what was: every number that a person has proved, former names, merged accounts."""

import json
import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hub.db import Instant, Json, metadata
from hub.vault import Vault
from idp.model.life import Former, Merge
from idp.model.person import NumberTaken
from idp.store.mandates import mandate_table

FORMER = "former"  # purpose in the vault

key_table = sa.Table(
    "idp_holder_key",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # one number belongs to one person, now and whenever it was proved
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("since", Instant, nullable=False),
)
former_table = sa.Table(
    "idp_former",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)
merge_table = sa.Table(
    "idp_merge",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("loser", sa.Text, nullable=False, index=True),
    sa.Column("winner", sa.Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("holder_key", sa.Text),
    sa.Column("former_keys", Json, nullable=False),
    sa.Column("mandates", Json, nullable=False),
    sa.Column("undone", Instant),
)
_k, _f, _m = key_table.c, former_table.c, merge_table.c


def claim_key(db: sa.Connection, key: str, person: str, at: datetime) -> None:
    """Note that a number is this person's. IntegrityError when it is, or was, somebody else's: the unique row decides."""
    held = db.execute(sa.select(_k.person).where(_k.key == key)).scalar_one_or_none()
    if held != person:
        db.execute(key_table.insert().values(key=key, person=person, since=at))


def take_key(db: sa.Connection, key: str, person: str, at: datetime) -> None:
    """Like `claim_key`, in words. Raises NumberTaken."""
    try:
        with db.begin_nested():
            claim_key(db, key, person, at)
    except IntegrityError as error:
        raise NumberTaken("Another account has proved this number", extras={"other": True}) from error


def drop_keys(db: sa.Connection, person: str, *keys: str) -> None:
    """Free a person's numbers: these, or without any all of them."""
    mine = _k.person == person
    db.execute(key_table.delete().where(sa.and_(mine, _k.key.in_(keys)) if keys else mine))


def move_keys(db: sa.Connection, keys: tuple[str, ...], person: str) -> None:
    """Give numbers to the other account of the same person."""
    db.execute(key_table.update().where(_k.key.in_(keys)).values(person=person))


def keep_former(db: sa.Connection, vault: Vault, person: str, former: Former) -> None:
    """Keep a name or a number that is no longer the person's."""
    sealed = vault.encrypt(db, person, json.dumps({"text": former.text}, ensure_ascii=False).encode(), FORMER)
    values = {"person": person, "what": former.what, "sealed": sealed, "until": former.until, "why": former.why}
    db.execute(former_table.insert().values(id=secrets.token_hex(16), **values))


def former_of(db: sa.Connection, vault: Vault, person: str) -> list[Former]:
    """The former names and numbers of a person, newest first."""
    rows = db.execute(sa.select(former_table).where(_f.person == person).order_by(_f.until.desc(), _f.id))
    return [Former(row.what, _opened(db, vault, person, row.sealed), row.until, row.why) for row in rows]


def forget_former(db: sa.Connection, person: str) -> None:
    """Forget the former names and numbers of a person: his account is closed."""
    db.execute(former_table.delete().where(_f.person == person))


def add_merge(db: sa.Connection, merge: Merge) -> None:
    """Note that an account went into another."""
    values = vars(merge) | {"former_keys": list(merge.former_keys), "mandates": list(merge.mandates)}
    db.execute(merge_table.insert().values(**values))


def merge_of(db: sa.Connection, loser: str) -> Merge | None:
    """How an account that is merged went into another."""
    where = sa.and_(_m.loser == loser, _m.undone.is_(None))
    row = db.execute(sa.select(merge_table).where(where)).mappings().first()
    if row is None:
        return None
    return Merge(**{**row, "former_keys": tuple(row["former_keys"]), "mandates": tuple(row["mandates"])})


def merged_into(db: sa.Connection, winner: str) -> list[str]:
    """The accounts that went into this one."""
    where = sa.and_(_m.winner == winner, _m.undone.is_(None))
    return list(db.scalars(sa.select(_m.loser).where(where).order_by(_m.at)))


def undo_merge(db: sa.Connection, id: str, at: datetime) -> bool:
    """Take a merging back; False if it was before."""
    where = sa.and_(_m.id == id, _m.undone.is_(None))
    return db.execute(merge_table.update().where(where).values(undone=at)).rowcount == 1


def give_mandate(db: sa.Connection, id: str, person: str) -> None:
    """Let a mandate be the other account's of the same person."""
    db.execute(mandate_table.update().where(mandate_table.c.id == id).values(person=person))


def _opened(db: sa.Connection, vault: Vault, person: str, sealed: bytes) -> str:
    return str(json.loads(vault.decrypt(db, person, sealed, FORMER))["text"])
