"""The holder's view: the licenses of the numbers that he, or the company he acts for, has proved."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from hub import behalf, ledger
from hub.behalf import NotYourMatter
from hub.callers import Caller
from hub.house import House
from licenses import kinds, record, store
from licenses.days import day_of
from licenses.fields import Value, spelled
from licenses.identifier import Identifier
from licenses.kinds import Kind
from licenses.model import License, LicenseUnknown, Status
from seals import store as seal_store
from seals.model import Agency


@dataclass(frozen=True)
class Held:
    """A license as its holder sees it: its kind, what stands on it, who issued it, and how it stands today."""

    license: License
    kind: Kind
    fields: dict[str, Value]
    issuer: Agency
    today: date

    @property
    def state(self) -> str:
        """in-force, not-yet, expired, suspended or revoked."""
        if self.license.status is not Status.valid:
            return self.license.status.value
        if self.license.in_force(self.today):
            return "in-force"
        return "not-yet" if self.today < self.license.valid_from else "expired"

    @property
    def number(self) -> str:
        """The number by which people know it."""
        return self.kind.number(self.fields, Identifier.parse(self.license.identifier).serial)

    def name(self, *, english: bool) -> str:
        """What it is called."""
        return self.kind.name_en if english else self.kind.name

    def holder(self, *, english: bool) -> str:
        """Whose it is."""
        key = self.kind.catalogue["holder_name"]
        return str(self.fields.get(f"{key}_en" if english else key, self.fields[key]))

    def issued_by(self, *, english: bool) -> str:
        """Who issued it."""
        return self.issuer.name_en if english else self.issuer.name

    def validity(self, *, english: bool) -> str:
        """From when to when, as on the page."""
        return record.validity(self.license.valid_from, self.license.valid_until)[english]

    def facts(self, *, english: bool) -> list[tuple[str, str]]:
        """What stands on it, item by item, as on the page."""
        shown = []
        for item in self.kind.items:
            if item.key in self.fields:
                chinese, spoken = spelled(item.type, self.fields[item.key])
                spoken = str(self.fields.get(f"{item.key}_en", dict(item.choices).get(chinese, spoken)))
                shown.append((item.label_en, spoken or chinese) if english else (item.label, chinese))
        return shown


def held(house: House, caller: Caller, now: datetime) -> list[Held]:
    """All licenses of the caller, those in force first."""
    with house.database.read() as db:
        found = [_held(house, db, license, now) for license in store.held_by(db, caller.holder_keys)]
    return sorted(found, key=lambda one: one.state != "in-force")


def one(house: House, number: str, caller: Caller, now: datetime) -> Held:
    """One license of the caller. Raises LicenseUnknown, also for a license of someone else."""
    with house.database.read() as db:
        license = store.license(db, number)
        if license.holder_key not in caller.holder_keys:
            raise LicenseUnknown("There is no license %(number)s", number=number)
        return _held(house, db, license, now)


def file(house: House, number: str, caller: Caller, now: datetime) -> bytes:
    """The sealed PDF, for its holder. Raises LicenseUnknown, NotYourMatter."""
    may_hand_over(caller)
    mine = one(house, number, caller, now)
    with house.database.write() as db:
        ledger.wrote(db, "license.downloaded", number, by=caller.label, at=now, place=mine.license.place)
        behalf.used(db, caller, "downloaded", "wallet", now, about=number)
    return house.blobs.get(mine.license.sealed)


def may_hand_over(caller: Caller) -> None:
    """A license leaves the wallet by its holder, or by whoever acts for him in all matters.

    Whoever acts in named matters reads it, and applies with it there. Raises NotYourMatter.
    """
    if behalf.matters(caller) is not None:
        raise NotYourMatter("Handing over licenses")


def _held(house: House, db: Connection, license: License, now: datetime) -> Held:
    fields = store.application_of(db, house.vault, license.identifier).application.fields
    return Held(license, kinds.named(license.kind), fields, seal_store.agency(db, license.agency), day_of(now))
