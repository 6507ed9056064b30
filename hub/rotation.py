"""The vault's secret is changed while everything runs: a new generation, every owner's key wrapped anew, the old one destroyed.

Three steps, each of which may be cut off at any point and done again: `begin` announces the next generation in the database, so
that every process wraps new keys with it from its next transaction on; `go_on` wraps the older keys anew, some at a time, the
values they encrypt untouched; `retire` gives up generations that no key needs any more: a day later they are destroyed.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hub import ledger
from hub.db import Collision, alone
from hub.problems import Problem
from hub.vault import FIRST, MAKING, current, generations, secret_name, wrapped_keys

if TYPE_CHECKING:
    from hub.house import House

SOME = 500  # owners in one transaction: on SQLite nobody else writes meanwhile, so it takes some ten milliseconds
TURN = 40  # times SOME in one turn of the ticker
GRACE = timedelta(
    days=1
)  # a backup copies rows first and keys after them: whichever began before `retire` must find the secret
_g, _k = generations.c, wrapped_keys.c


class StillNeeded(Problem):
    """An old generation of the vault still wraps keys."""

    status = 409
    title = "The old secret of the vault is still needed"
    advice = "Let the rotation finish first: run `yinxin vault rotate` again, then look at `yinxin vault status`."


class OtherSecret(Problem):
    """This machine holds another secret under the name of a generation than the one that was announced."""

    status = 500
    title = "This machine holds another secret of the vault"
    advice = "Copy the key folder of the machine that rotated to this one."


@dataclass(frozen=True)
class Generation:
    """One secret of the vault: `keys` owners' keys are wrapped by it."""

    id: int
    keys: int
    made: datetime | None = None
    retired: datetime | None = None


def prepare(house: "House") -> int:
    """Make the secret of the next generation in this machine's custody, announced to nobody: others can be given it first."""
    with house.database.read() as db:
        following = current(db) + 1
    house.keys.secret(secret_name(following))
    return following


def begin(house: "House", by: str, now: datetime) -> int:
    """Announce the next generation, or give the one whose rotation was cut off. Raises KeyMissing, OtherSecret."""
    with house.database.read() as db:
        latest = current(db)
        if _left(db, latest):
            return check(house, db, latest)
        known = db.scalar(sa.select(_g.id).where(_g.id == FIRST))
    following = prepare(house)
    marks = {one: house.vault.mark(one) for one in (latest, following)}
    try:
        with house.database.write() as db:
            if known is None and latest == FIRST:
                db.execute(generations.insert().values(id=FIRST, mark=marks[FIRST], made=now))
            db.execute(generations.insert().values(id=following, mark=marks[following], made=now))
            ledger.wrote(db, "vault.rotated", str(following), by=by, at=now)
    except Collision:  # someone else has just announced it
        with house.database.read() as db:
            return check(house, db, current(db))
    return following


def check(house: "House", db: sa.Connection, generation: int) -> int:
    """See that this machine holds the right secret of a generation, and give its number. Raises KeyMissing, OtherSecret."""
    mark = db.scalar(sa.select(_g.mark).where(_g.id == generation))
    if mark is not None and not secrets.compare_digest(mark, house.vault.mark(generation)):
        raise OtherSecret("The secret %(name)s is not the one that was announced", name=secret_name(generation))
    return generation


def go_on(house: "House", *, some: int = SOME) -> int:
    """Wrap some older keys anew with the current generation; gives how many. 0: the rotation has finished."""
    with house.database.read() as db:
        generation = check(house, db, current(db))
        rows = db.execute(sa.select(wrapped_keys).where(_k.generation < generation).limit(some)).all()
    fresh = [(row, house.vault.rewrapped(row, generation)) for row in rows]
    with house.database.write() as db:
        for (
            row,
            wrapped,
        ) in fresh:  # whoever was erased meanwhile stays erased, whoever was wrapped meanwhile stays as he is
            same = sa.and_(_k.owner == row.owner, _k.wrapped == row.wrapped)
            db.execute(wrapped_keys.update().where(same).values(generation=generation, wrapped=wrapped))
    return len(rows)


def rotate(house: "House", by: str, now: datetime, said: Callable[[int], None] = lambda _: None) -> int:
    """Change the vault's secret from beginning to end, or finish what was begun; gives the generation."""
    generation = begin(house, by, now)
    done = 0
    while some := go_on(house):
        done += some
        said(done)
    return generation


def resume(house: "House", now: datetime) -> None:
    """Finish, in bounded turns, a rotation that was cut off, and destroy what was retired long enough ago."""
    for _ in range(TURN):
        if not go_on(house):
            break
    with house.database.read() as db:
        gone = db.scalars(sa.select(_g.id).where(_g.retired < now - GRACE)).all()
    for one in gone:
        house.keys.forget_secret(secret_name(one))


def retire(house: "House", by: str, now: datetime) -> list[int]:
    """Give up every generation but the current one; gives their numbers. Raises StillNeeded.

    Their secrets are destroyed after GRACE. A backup of an earlier day holds the secrets of its day: it can still be read.
    """
    with house.database.write() as db:
        alone(db, MAKING)  # whoever is making a key with an older generation ends before us, and is counted
        latest = int(db.scalar(sa.select(sa.func.max(_g.id))) or FIRST)
        if left := _left(db, latest):
            raise StillNeeded("%(left)s keys are wrapped by it", left=left)
        old = list(db.scalars(sa.select(_g.id).where(_g.id < latest, _g.retired.is_(None)).order_by(_g.id)))
        db.execute(generations.update().where(_g.id.in_(old)).values(retired=now))
        for one in old:
            ledger.wrote(db, "vault.retired", str(one), by=by, at=now)
    return old


def status(house: "House") -> list[Generation]:
    """Every generation that there has been, oldest first."""
    with house.database.read() as db:
        query = sa.select(_k.generation, sa.func.count()).group_by(_k.generation)
        held: Mapping[int, int] = {row[0]: row[1] for row in db.execute(query)}
        rows = db.execute(sa.select(generations).order_by(_g.id)).all()
    told = [Generation(row.id, held.get(row.id, 0), row.made, row.retired) for row in rows]
    return told or [Generation(FIRST, held.get(FIRST, 0))]


def _left(db: sa.Connection, generation: int) -> int:
    where = _k.generation < generation
    return int(db.scalar(sa.select(sa.func.count()).select_from(wrapped_keys).where(where)) or 0)
