"""The table of persons. What is personal is sealed by the vault."""

import json
import secrets
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from hub.db import Instant, Json, Ready, metadata
from hub.vault import Vault
from idp.model.person import AccountNameTaken, Level, NumberTaken, Person, Profile, State
from idp.store import life, proofs

PROFILE = "profile"  # purpose in the vault

person_table = sa.Table(
    "idp_person",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("account_key", sa.Text, nullable=False, unique=True),  # blind index of the account name
    sa.Column("holder_key", sa.Text, unique=True),  # blind index of the proved number: one person, one account
    sa.Column("profile", sa.LargeBinary, nullable=False),
    sa.Column("needs_second_factor", sa.Boolean, nullable=False),
    sa.Column("created", Instant, nullable=False),
    sa.Column("proved", Instant),
    sa.Column("pseudonym_key", sa.Text, unique=True),  # blind index of a network identity, in place of a number
    sa.Column("merged_into", sa.Text),
    sa.Column("changed", Instant),
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    sa.Column("before", sa.Text, nullable=False, server_default=""),
    sa.Column("former_keys", Json, nullable=False, server_default="[]"),
)
_p = person_table.c
HELD_STATE = Ready(sa.select(_p.state).where(_p.id == sa.bindparam("id_")).with_for_update(read=True))


# -- persons


def add(db: sa.Connection, vault: Vault, person: Person, profile: Profile) -> None:
    """Make an account. Raises AccountNameTaken; the name is unique by its index, not by a look beforehand."""
    try:
        with db.begin_nested():
            db.execute(
                person_table.insert().values(
                    id=person.id,
                    state=person.state.value,
                    level=int(person.level),
                    account_key=account_key(vault, profile.account),
                    holder_key=person.holder_key,
                    profile=_sealed(db, vault, person.id, profile),
                    needs_second_factor=person.needs_second_factor,
                    created=person.created,
                    proved=person.proved,
                    pseudonym_key=person.pseudonym_key,
                    changed=person.changed,
                    why=person.why,
                )
            )
            if person.holder_key:
                life.claim_key(db, person.holder_key, person.id, person.proved or person.created)
    except IntegrityError as error:
        raise AccountNameTaken("Somebody has it already") from error


def person(db: sa.Connection, person_id: str) -> Person | None:
    """A person by the internal id."""
    return _person(db.execute(sa.select(person_table).where(_p.id == person_id)).one_or_none())


def held_state(db: sa.Connection, person_id: str) -> State | None:
    """Whether an account may be used; nobody changes that before this transaction ends."""
    found = HELD_STATE.first(db, id_=person_id)
    return None if found is None else State(found.state)


def account_key_of(db: sa.Connection, person_id: str) -> str | None:
    """The blind index of a person's account name."""
    return db.execute(sa.select(_p.account_key).where(_p.id == person_id)).scalar_one_or_none()


def by_account(db: sa.Connection, key: str) -> Person | None:
    """A person by the blind index of the account name."""
    return _person(db.execute(sa.select(person_table).where(_p.account_key == key)).one_or_none())


def by_holder(db: sa.Connection, holder_key: str) -> Person | None:
    """A person by the blind index of a number that he has proved, also of one that he had before."""
    query = sa.select(person_table).join(life.key_table, life.key_table.c.person == _p.id)
    return _person(db.execute(query.where(life.key_table.c.key == holder_key)).one_or_none())


def profile(db: sa.Connection, vault: Vault, person_id: str) -> Profile:
    """What is personal, opened. Of whoever closed his account nothing is left: an empty name."""
    sealed = db.execute(sa.select(_p.profile).where(_p.id == person_id)).scalar_one()
    if not sealed:
        return Profile("")
    return Profile(**json.loads(vault.decrypt(db, person_id, sealed, PROFILE)))


def claim_number(db: sa.Connection, vault: Vault, person: Person, profile: Profile) -> None:
    """Give a proved name and number to an account, in the transaction of its evidence.

    Raises NumberTaken: of two that come at once the unique index lets one through.
    """
    change = person_table.update().where(
        _p.id == person.id, sa.or_(_p.holder_key.is_(None), _p.holder_key == person.holder_key)
    )
    try:
        with db.begin_nested():
            life.claim_key(db, person.holder_key or "", person.id, person.proved or person.created)
            done = db.execute(
                change.values(
                    holder_key=person.holder_key,
                    level=int(person.level),
                    proved=person.proved,
                    profile=_sealed(db, vault, person.id, profile),
                )
            )
    except IntegrityError as error:
        raise NumberTaken("Another account has proved this number", extras={"other": True}) from error
    if done.rowcount != 1:
        raise NumberTaken("This account has proved another number")


def claim_pseudonym(db: sa.Connection, person: Person) -> None:
    """Note by which network identity an account without a number is known. Raises NumberTaken, as for a number."""
    free = sa.and_(
        _p.holder_key.is_(None), sa.or_(_p.pseudonym_key.is_(None), _p.pseudonym_key == person.pseudonym_key)
    )
    change = person_table.update().where(_p.id == person.id, free)
    values = {"pseudonym_key": person.pseudonym_key, "level": int(person.level), "proved": person.proved}
    try:
        with db.begin_nested():
            done = db.execute(change.values(**values))
    except IntegrityError as error:
        raise NumberTaken("Another account is known by this network identity") from error
    if done.rowcount != 1:
        raise NumberTaken("This account is known by something else")


def set_level(db: sa.Connection, person_id: str, level: Level, *, over: Level) -> bool:
    """Another level, over the one that was seen; False if it has changed since."""
    change = person_table.update().where(_p.id == person_id, _p.level == int(over))
    return db.execute(change.values(level=int(level))).rowcount == 1


def proved_before(db: sa.Connection, level: Level, at: datetime, limit: int, *, told: bool = True) -> list[Person]:
    """Persons of this level whose proof is older than this, the oldest first; `told=False`: who were not told of it yet."""
    old = sa.and_(_p.level == int(level), _p.proved < at, _p.state == State.active.value)
    query = sa.select(person_table).where(old).order_by(_p.proved).limit(limit)
    if not told:
        reminded = proofs.verification_table.c.reminded
        query = query.outerjoin(proofs.verification_table, proofs.verification_table.c.person == _p.id)
        query = query.where(sa.or_(reminded.is_(None), reminded < _p.proved))
    return [person for person in map(_person, db.execute(query)) if person is not None]


def keep_profile(db: sa.Connection, vault: Vault, person_id: str, profile: Profile) -> None:
    """Keep what is personal anew. The account name and the proved number have their own indexes: not for those."""
    db.execute(person_table.update().where(_p.id == person_id).values(profile=_sealed(db, vault, person_id, profile)))


def rename(db: sa.Connection, vault: Vault, person_id: str, profile: Profile) -> None:
    """Keep a profile with another account name. Raises AccountNameTaken, by the same index as for a new account."""
    values = {"account_key": account_key(vault, profile.account), "profile": _sealed(db, vault, person_id, profile)}
    try:
        with db.begin_nested():
            db.execute(person_table.update().where(_p.id == person_id).values(**values))
    except IntegrityError as error:
        raise AccountNameTaken("Somebody has it already") from error


def set_state(
    db: sa.Connection,
    person_id: str,
    state: State,
    *,
    why: str,
    at: datetime,
    over: State,
    before: tuple[State, ...] | None = None,
) -> bool:
    """Change whether an account may be used, over the state that was seen; False if it has changed since.

    `before`: the states to which acts of authorities may lead back, the latest last.
    """
    change = person_table.update().where(_p.id == person_id, _p.state == over.value)
    more = {} if before is None else {"before": ",".join(before)}
    return db.execute(change.values(state=state.value, why=why, changed=at, **more)).rowcount == 1


def set_merged(db: sa.Connection, person_id: str, into: str | None) -> None:
    """Note into which account this one went; None: into none any more."""
    db.execute(person_table.update().where(_p.id == person_id).values(merged_into=into))


def set_keys(db: sa.Connection, person_id: str, holder_key: str | None, former_keys: tuple[str, ...]) -> None:
    """Write by which numbers a person is found. Whose they are is for `life.take_key` and `life.move_keys` to decide."""
    values = {"holder_key": holder_key, "former_keys": list(former_keys)}
    db.execute(person_table.update().where(_p.id == person_id).values(**values))


def empty(db: sa.Connection, person_id: str) -> None:
    """Take out of a closed account whatever is personal or finds its person. The row stays, so that its id means nobody else."""
    values: dict[str, Any] = {
        "holder_key": None,
        "pseudonym_key": None,
        "former_keys": [],
        "profile": b"",
        "level": int(Level.stated),
        "account_key": f"closed-{secrets.token_hex(16)}",
        "proved": None,
        "needs_second_factor": False,
    }
    db.execute(person_table.update().where(_p.id == person_id).values(**values))
    life.drop_keys(db, person_id)
    life.forget_former(db, person_id)


def release_number(db: sa.Connection, person_id: str) -> None:
    """Take a number from an entry that was made without an account, and close it."""
    closed = {"holder_key": None, "state": State.closed.value}
    db.execute(person_table.update().where(_p.id == person_id).values(**closed))
    life.drop_keys(db, person_id)


def raise_level(db: sa.Connection, person_id: str, level: Level, at: datetime) -> None:
    """This level, proved now; a higher one that stands stays."""
    same_or_less = sa.and_(_p.id == person_id, _p.level <= int(level))
    db.execute(person_table.update().where(same_or_less).values(level=int(level), proved=at))


def account_key(vault: Vault, account: str) -> str:
    """The blind index of an account name."""
    return vault.blind("account", account)


def holder_key(vault: Vault, number_type: str, number: str) -> str:
    """The blind index of a proved number; licenses index their holders by the same."""
    return vault.blind("holder", f"{number_type}:{number}")


def _sealed(db: sa.Connection, vault: Vault, owner: str, profile: Profile) -> bytes:
    return vault.encrypt(db, owner, json.dumps(asdict(profile), ensure_ascii=False).encode(), PROFILE)


def _person(row: Any) -> Person | None:
    if row is None:
        return None
    return Person(
        id=row.id,
        created=row.created,
        state=State(row.state),
        level=Level(row.level),
        holder_key=row.holder_key,
        proved=row.proved,
        needs_second_factor=row.needs_second_factor,
        pseudonym_key=row.pseudonym_key,
        merged_into=row.merged_into,
        changed=row.changed,
        why=row.why,
        before=tuple(State(name) for name in row.before.split(",") if name),
        former_keys=tuple(row.former_keys),
    )
