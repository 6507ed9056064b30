"""Devices from which a person signed in before: a random cookie, given after a success, by which a device is known.

A known device has brakes of its own, so that no stranger can lock its owner out by failing on purpose.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub import ledger, notices
from hub.digest import digest_of
from hub.house import House
from hub.i18n import N_
from idp.model.person import Person
from idp.store import devices as store

DAYS = 400  # browsers keep no cookie longer (RFC 6265bis 5.5)
SHARED = 5  # persons who may be known on one browser
NEW = N_("Somebody signed in to your account on a device that was not used before: %(device)s")


def known(db: Connection, person: str, cookie: str) -> str:
    """The digest of the device, if this browser's cookie is one that the person was given; else nothing."""
    return store.known(db, person, [digest_of(one) for one in _values(cookie)])


def seen(house: House, db: Connection, person: Person, cookie: str, label: str, now: datetime) -> str:
    """Know this browser after a success; gives its cookie. A new device of an account that has others is told to the owner."""
    found = known(db, person.id, cookie)
    if found:
        store.used(db, person.id, found, now)
        return cookie
    value = secrets.token_urlsafe(24)
    if store.count(db, person.id):
        notices.tell(db, person.id, NEW, link="/account/sessions", at=now, device=label or "?")
        ledger.wrote(db, "person.device.added", person.label, by=person.label, at=now)
    store.add(db, person.id, digest_of(value), label, now)
    return ".".join([value, *_values(cookie)][:SHARED])


def forget_unused(house: House, now: datetime) -> None:
    """Forget devices whose cookies have ended."""
    with house.database.write() as db:
        store.forget_unused(db, now - timedelta(days=DAYS))


def _values(cookie: str) -> list[str]:
    return [one for one in cookie[:400].split(".") if one][:SHARED]
