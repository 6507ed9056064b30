"""The life of the secrets under which codes and refresh tokens are sealed: made, sealing, only opening, destroyed (decision 35).

A new one is known to every process before it seals. One that seals no more opens what it sealed until the last family of
refresh tokens that began under it is over. Until the first rotation there is one secret, and no row.
"""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from time import monotonic

from sqlalchemy import Connection

from hub import ledger
from hub.house import House
from hub.keys import KeyMissing
from idp.model.grant import GRANT_DAYS
from idp.store import sealed as store
from idp.store.sealed import Secret

FIRST = "sealed"
LOOK = 1.0  # seconds that a process works on with the names it has read
WAIT = timedelta(seconds=12)  # until a new one seals: every process has looked again, however its clock differs
OPENS = timedelta(days=GRANT_DAYS, hours=1)  # a family's absolute end; codes live minutes


def names(house: House) -> tuple[str, ...]:
    """The secrets by their names in the custody of keys: the one that seals, then the others that open."""
    kept: tuple[float, tuple[str, ...]] | None = house.cache.get("sealed-names")
    if kept is not None and monotonic() - kept[0] < LOOK:
        return kept[1]
    with house.database.read() as db:
        found = tuple(one.name for one in store.secrets(db)) or (FIRST,)
    if found != (kept[1] if kept else (FIRST,)):
        _take_over(house, found)
    house.cache["sealed-names"] = (monotonic(), found)
    return found


def known(house: House) -> list[Secret]:
    """All of them with their moments; none before the first rotation."""
    with house.database.read() as db:
        return store.secrets(db)


def rotate(house: House, by: str, now: datetime) -> Secret:
    """Make a secret that takes over as soon as every process knows it. One that is on its way already is given instead."""
    made = Secret(f"{FIRST}-{secrets.token_hex(4)}", now, None)
    carried = house.keys.carried_secret(made.name)
    first = house.keys.carried_secret(FIRST) if not known(house) else ""
    with house.database.write() as db:
        store.lock(db)
        found = store.secrets(db)
        waiting = [one for one in found if not one.sealed]
        if not waiting:
            if not found:
                store.add(db, Secret(FIRST, now, now), first)
            store.add(db, made, carried)
            _tell(db, "made", made.name, by, now)
    house.cache.pop("sealed-names", None)
    return waiting[0] if waiting else made


def replace_now(house: House, by: str, now: datetime) -> Secret:
    """Emergency: destroy every secret and seal with a new one at once. What they sealed is worth nothing any more."""
    made = Secret(f"{FIRST}-{secrets.token_hex(4)}", now, now)
    carried = house.keys.carried_secret(made.name)
    with house.database.write() as db:
        store.lock(db)
        store.drop(db, [one.name for one in store.secrets(db)])
        store.add(db, made, carried)
        _tell(db, "replaced", made.name, by, now)
    house.cache.pop("sealed-names", None)
    names(house)
    return made


def keep(house: House, now: datetime) -> None:
    """What time brings: a new secret takes over, an old one is destroyed on every machine."""
    found = known(house)
    for one in found:
        if not one.sealed and now >= one.made + WAIT:
            with house.database.write() as db:
                if store.begin(db, one.name, now):
                    _tell(db, "in-use", one.name, "schedule", now)
    began = [one for one in found if one.sealed]
    over = [old.name for new, old in pairwise(began) if new.sealed and now >= new.sealed + OPENS]
    if over:
        with house.database.write() as db:
            if store.drop(db, over):
                for name in over:
                    _tell(db, "destroyed", name, "schedule", now)
        house.cache.pop("sealed-names", None)
        names(house)


# -- inside


def _take_over(house: House, found: tuple[str, ...]) -> None:
    """Have every secret of the rows here, and no other; a process that may not write leaves that to others."""
    for name in found:
        try:
            house.keys.secret(name, make=False)
        except KeyMissing:
            with house.database.read() as db:
                carried = store.carried(db, name)
            if carried is not None:
                house.keys.adopt_secret(name, carried)
    for path in house.keys.folder.glob(f"{FIRST}*.secret"):
        if path.stem not in found and (path.stem == FIRST or path.stem.startswith(f"{FIRST}-")):
            with suppress(OSError):
                house.keys.forget_secret(path.stem)


def _tell(db: Connection, step: str, name: str, by: str, now: datetime) -> None:
    ledger.wrote(db, f"sealing-secret.{step}", f"key:{name}", by=by, at=now)
