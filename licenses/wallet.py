"""The holder's view: the licenses of the numbers that he, or the company he acts for, has proved."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger
from hub.callers import Caller
from hub.house import House
from licenses import kinds, store
from licenses.days import day_of
from licenses.kinds import Kind
from licenses.model import License, LicenseUnknown


@dataclass(frozen=True)
class Held:
    """A license as its holder sees it: its kind, what stands on it, and whether it is in force."""

    license: License
    kind: Kind
    fields: dict[str, str]
    in_force: bool

    @property
    def state(self) -> str:
        """in-force, not-yet, expired, suspended or revoked."""
        if self.license.status.value != "valid":
            return self.license.status.value
        return "in-force" if self.in_force else "expired"


def held(house: House, caller: Caller, now: datetime) -> list[Held]:
    """All licenses of the caller, those in force first."""
    with house.database.read() as db:
        found = [_held(house, db, license, now) for license in store.held_by(db, caller.holder_keys)]
    return sorted(found, key=lambda one: not one.in_force)


def one(house: House, number: str, caller: Caller, now: datetime) -> Held:
    """One license of the caller. Raises LicenseUnknown, also for a license of someone else."""
    with house.database.read() as db:
        license = store.license(db, number)
        if license.holder_key not in caller.holder_keys:
            raise LicenseUnknown("There is no license %(number)s", number=number)
        return _held(house, db, license, now)


def file(house: House, number: str, caller: Caller, now: datetime) -> bytes:
    """The sealed PDF, for its holder. Raises LicenseUnknown."""
    mine = one(house, number, caller, now)
    with house.database.write() as db:
        ledger.wrote(db, "license.downloaded", number, by=caller.label, at=now, place=mine.license.place)
    return house.blobs.get(mine.license.sealed)


def _held(house: House, db: Connection, license: License, now: datetime) -> Held:
    kind = kinds.named(license.kind)
    fields = store.application_of(db, house.vault, license.identifier).application.fields
    return Held(license, kind, {k: str(v) for k, v in fields.items()}, license.in_force(day_of(now)))
