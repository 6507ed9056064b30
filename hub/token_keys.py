"""The keys that sign tokens, and their lives: published, active, retired, removed.

A state is a matter of time alone: a row says from when its key signs and until when it is shown, and every process reads the
same rows. A new key signs only after everybody who may keep our JWK Set has had to fetch it again; an old one stays in it
until the last token that it signed has expired (OpenID Connect Core 10.1.1). One key signs per algorithm.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub import ledger
from hub.db import Instant, Json, alone, metadata, unless_there
from hub.keys import Algorithm
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House

PURPOSE = "tokens"
FIRST: dict[str, tuple[str, Algorithm]] = {  # by the algorithms of RFC 7518 and RFC 8037: the first key, and its kind
    "ES256": ("tokens-1", "P-256"),
    "RS256": ("tokens-1-rs", "RSA-2048"),
    "PS256": ("tokens-1-ps", "RSA-2048"),
    "EdDSA": ("tokens-1-ed", "Ed25519"),
}
LOOK = 1.0  # seconds that a process works on with the rows it has read
MOST_SLACK = 10  # seconds that the clocks of two machines may differ
KNOWN = timedelta(days=400)  # an ID token shown as a hint is recognised for so long after its key has left the set

token_key_table = sa.Table(
    "hub_token_key",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("jwk", Json, nullable=False),
    sa.Column("carried", sa.Text),  # the private half as it stands in the key folder, encrypted, for other machines
    sa.Column("published", Instant, nullable=False),
    sa.Column("signs", Instant, nullable=False),
    sa.Column("retires", Instant),
    sa.Column("leaves", Instant, index=True),
    sa.Column("withdrawn", Instant),
    sa.Column("told", sa.Text, nullable=False),  # the state that the ledger knows
)
_k = token_key_table.c


class State(StrEnum):
    """Where a key stands in its life."""

    published = "published"  # everybody can learn it; it does not sign yet
    active = "active"
    retired = "retired"  # signs no more; what it signed is still current
    removed = "removed"  # out of the set; only a hint signed by it is still recognised
    withdrawn = "withdrawn"  # taken back in an emergency: nothing that it signed is believed


class NoTokenKey(Unavailable):
    """The private half of the key that signs tokens is not here."""

    title = "A key for tokens is missing"
    advice = "Copy the key folder of the machine that made the key, or run `yinxin keys rotate --now`."


@dataclass(frozen=True)
class TokenKey:
    """A key and the moments of its life."""

    kid: str
    name: str
    algorithm: str
    jwk: Mapping[str, Any]
    published: datetime
    signs: datetime
    retires: datetime | None = None
    leaves: datetime | None = None
    withdrawn: datetime | None = None
    told: str = ""

    def state(self, now: datetime) -> State:
        """Where it stands."""
        if self.withdrawn is not None:
            return State.withdrawn
        if self.leaves is not None and self.leaves <= now:
            return State.removed
        if self.retires is not None and self.retires <= now:
            return State.retired
        return State.active if self.signs <= now else State.published

    def is_shown(self, now: datetime) -> bool:
        """Whether it stands in the JWK Set."""
        return self.state(now) not in {State.removed, State.withdrawn}


@dataclass(frozen=True)
class Ring:
    """All keys as they were last read; a new value whenever a row has changed."""

    keys: tuple[TokenKey, ...] = ()

    @cached_property
    def by_kid(self) -> Mapping[str, TokenKey]:
        """Every key whose tokens may be believed."""
        return {key.kid: key for key in self.keys if key.withdrawn is None}

    @cached_property
    def _newest_first(self) -> Mapping[str, tuple[TokenKey, ...]]:
        good = sorted(self.by_kid.values(), key=lambda key: key.signs, reverse=True)
        return {name: tuple(key for key in good if key.algorithm == name) for name in FIRST}

    def signs(self, algorithm: str, now: datetime) -> TokenKey | None:
        """The one key that signs with an algorithm; the first of all signs at once, for nobody can hold an older set."""
        keys = self._newest_first[algorithm]
        for key in keys:
            if key.signs <= now and (key.retires is None or now < key.retires):
                return key
        return keys[-1] if keys else None


def ring(house: "House", *, anew: bool = False) -> Ring:
    """The keys, read again each second. `anew`: at once, for an unknown `kid`; at most ten times a second."""
    kept: tuple[float, Ring] | None = house.cache.get("token-ring")
    if kept is not None and monotonic() - kept[0] < (LOOK / 10 if anew else LOOK):
        return kept[1]
    with house.database.read() as db:
        found = Ring(read(db))
    if kept is not None and kept[1] == found:
        found = kept[1]
    else:
        _forget_gone(house, found)
    house.cache["token-ring"] = (monotonic(), found)
    return found


def read(db: sa.Connection) -> tuple[TokenKey, ...]:
    """Every key, oldest first."""
    columns = [column for column in token_key_table.c if column.name != "carried"]
    return tuple(TokenKey(**row._mapping) for row in db.execute(sa.select(*columns).order_by(_k.published, _k.kid)))  # noqa: SLF001  SQLAlchemy's public name


def signer(house: "House", algorithm: str, now: datetime) -> TokenKey:
    """The key that signs with an algorithm. The first one is made when it is first needed."""
    found = ring(house).signs(algorithm, now)
    if found is None:
        begin(house, now)
        found = ring(house, anew=True).signs(algorithm, now)
    if found is None:
        raise NoTokenKey(f"There is no key for {algorithm}")
    return found


def private(house: "House", key: TokenKey) -> Any:
    """The private half of a key for a library that signs; taken over from the machine that made it, if it is not here yet.

    Raises NoTokenKey.
    """
    keys = house.keys
    if not keys.exists(key.name) or keys.kid(key.name) != key.kid:
        with house.database.read() as db:
            carried = db.scalar(sa.select(_k.carried).where(_k.kid == key.kid))
        if carried is None:
            raise NoTokenKey(f"The key {key.name} is not in the custody of this machine")
        keys.adopt(key.name, carried)
    return keys.signer_whose_signatures_are_checked_at_once_by_others(key.name)


def jwks(house: "House", now: datetime) -> bytes:
    """The JWK Set of all keys that are shown, as ready bytes (RFC 7517 5)."""
    shown = [key for key in ring(house).keys if key.is_shown(now)]
    kids = tuple(key.kid for key in shown)
    kept: tuple[tuple[str, ...], bytes] | None = house.cache.get("token-jwks")
    if kept is None or kept[0] != kids:
        kept = house.cache["token-jwks"] = (kids, json.dumps({"keys": [key.jwk for key in shown]}).encode())
    return kept[1]


# -- transitions


def begin(house: "House", now: datetime) -> None:
    """Make the first key of each algorithm that has none. A second call changes nothing."""
    with house.database.read() as db:
        have = {key.algorithm for key in read(db)}
    made = [_made(house, name, algorithm) for algorithm, (name, _) in FIRST.items() if algorithm not in have]
    if not made:
        return
    with house.database.write() as db:
        alone(db, PURPOSE)
        have = {key.algorithm for key in read(db)}
        for values in made:
            if values["algorithm"] not in have:
                values |= {"published": now, "signs": now, "told": State.active.value}
                db.execute(unless_there(db, token_key_table).values(**values))
                _tell(db, values["kid"], values["algorithm"], State.active, "yinxin", now)
    _changed(house)


def rotate(
    house: "House", by: str, now: datetime, *, life: timedelta, algorithms: Iterable[str] = tuple(FIRST)
) -> list[TokenKey]:
    """Publish a new key of each algorithm; it takes over when everybody has had to fetch the set again.

    `life` is that of the longest token: for as long the old keys stay in the set.
    """
    starts = now + wait(house)
    begin(house, now)
    made = [_made(house, _fresh_name(algorithm), algorithm) for algorithm in algorithms]
    with house.database.write() as db:
        alone(db, PURPOSE)
        for values in made:
            older = sa.and_(_k.algorithm == values["algorithm"], _k.retires.is_(None))
            leaves = starts + life + slack(house)
            db.execute(token_key_table.update().where(older).values(retires=starts, leaves=leaves))
            values |= {"published": now, "signs": starts, "told": State.published.value}
            db.execute(token_key_table.insert().values(**values))
            _tell(db, values["kid"], values["algorithm"], State.published, by, now)
    return _of(house, made)


def replace_now(house: "House", by: str, now: datetime, *, algorithms: Iterable[str] = tuple(FIRST)) -> list[TokenKey]:
    """Emergency: withdraw every key of the algorithms and sign with new ones at once.

    What the old ones signed is believed by nobody here any more. Services that keep our set meet a key they do not know: they
    fetch the set again, or refuse sign-ins until their copy is too old.
    """
    made = [_made(house, _fresh_name(algorithm), algorithm) for algorithm in algorithms]
    with house.database.write() as db:
        alone(db, PURPOSE)
        for values in made:
            for old in read(db):
                if old.algorithm == values["algorithm"] and old.withdrawn is None:
                    ends = {"withdrawn": now, "retires": now, "leaves": now, "told": State.withdrawn.value}
                    db.execute(token_key_table.update().where(_k.kid == old.kid).values(**ends, carried=None))
                    _tell(db, old.kid, old.algorithm, State.withdrawn, by, now)
            values |= {"published": now, "signs": now, "told": State.active.value}
            db.execute(token_key_table.insert().values(**values))
            _tell(db, values["kid"], values["algorithm"], State.active, by, now)
    return _of(house, made)


def keep(house: "House", now: datetime, *, life: timedelta, days: int) -> None:
    """What time brings: the first keys, a new key when one has signed for so many days, a line in the ledger for each step.

    Private halves that sign no more leave the rows, and with that every machine; a row is deleted when no hint of its time is
    taken any more.
    """
    begin(house, now)
    with house.database.read() as db:
        found = read(db)
    newest = {key.algorithm: key for key in sorted(found, key=lambda key: key.signs)}
    old = [name for name, key in newest.items() if days and now - key.signs >= timedelta(days=days)]
    if old:
        rotate(house, "schedule", now, life=life, algorithms=old)
    for key in found:
        state = key.state(now)
        if state is not State(key.told):
            with house.database.write() as db:
                mine = sa.and_(_k.kid == key.kid, _k.told == key.told)
                if db.execute(token_key_table.update().where(mine).values(told=state.value)).rowcount:
                    _tell(db, key.kid, key.algorithm, state, "schedule", now)
                if state is State.removed:
                    db.execute(token_key_table.update().where(_k.kid == key.kid).values(carried=None))
    if any(key.leaves and key.leaves < now - KNOWN for key in found):
        with house.database.write() as db:
            db.execute(token_key_table.delete().where(_k.leaves < now - KNOWN))


def slack(house: "House") -> timedelta:
    """How much longer than the announced time everybody waits: clocks differ, and a process reads the rows each second."""
    return timedelta(seconds=LOOK + min(MOST_SLACK, house.settings.jwks_seconds))


def wait(house: "House") -> timedelta:
    """How long a key is shown before it signs."""
    return timedelta(seconds=house.settings.jwks_seconds) + slack(house)


# -- inside


def _forget_gone(house: "House", found: Ring) -> None:
    """Destroy private halves that sign no more, on every machine that reads the rows; a process that may not write leaves it."""
    for key in found.keys:
        if key.told in {State.removed.value, State.withdrawn.value} and house.keys.exists(key.name):
            with suppress(OSError):
                house.keys.forget(key.name)


def _made(house: "House", name: str, algorithm: str) -> dict[str, Any]:
    house.keys.create(name, purpose=PURPOSE, algorithm=FIRST[algorithm][1])
    jwk = dict(house.keys.jwk(name)) | {"alg": algorithm}
    carried = house.keys.carried(name)
    return {"kid": jwk["kid"], "name": name, "algorithm": algorithm, "jwk": jwk, "carried": carried}


def _fresh_name(algorithm: str) -> str:
    """No counter: two machines may make one at the same time."""
    return f"tokens-{secrets.token_hex(4)}{FIRST[algorithm][0].removeprefix('tokens-1')}"


def _of(house: "House", made: list[dict[str, Any]]) -> list[TokenKey]:
    _changed(house)
    with house.database.read() as db:
        kids = {key.kid: key for key in read(db)}
    return [kids[values["kid"]] for values in made]


def _changed(house: "House") -> None:
    house.cache.pop("token-ring", None)


def _tell(db: sa.Connection, kid: str, algorithm: str, state: State, by: str, now: datetime) -> None:
    ledger.wrote(db, f"token-key.{state}", f"key:{kid}", by=by, at=now, facts={"algorithm": algorithm})
