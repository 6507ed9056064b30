"""A new root, and the statement of the old one that names it: so who pins the old root can follow, and nobody else can lead him.

Both roots stay on the trust list until everything under the old one has ended. CAs and units come under the new one with
their own successors.
"""

import base64
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from certs import authority, roll, store
from certs.crl import FOREVER
from certs.model import ROOT, Certificate, NoAuthority, RollRefused, profile
from hub import ledger

if TYPE_CHECKING:
    from hub.house import House

NAME = "root-rollover"  # of the statements among the numbered lists
TYPE = "root-rollover+jwt"


def rollover(house: "House", now: datetime, *, by: str, to: int = 0) -> Certificate:
    """Make the next root and let the old one name it. `to`: the number that it must have; what is there is given back.

    What a crash left undone is done by the next call. Raises NoAuthority, RollRefused, and why the old root cannot sign.
    """
    found = roll.generations(house, ROOT)
    if not found:
        raise NoAuthority("There is no certificate of %(name)s", name=ROOT)
    unnamed = len(found) > 1 and len(statements(house)) < len(found) - 1
    if len(found) >= to > 0 and not unnamed:
        return found[0]
    old = found[1] if unnamed else found[0]
    if not old.signs_at(now):
        raise RollRefused("The old root has ended or was revoked: whoever pins it must be given the new one by hand")
    house.keys.signer(old.key)  # nothing is made that the old root cannot vouch for
    new = found[0] if unnamed else _made(house, old, len(found) + 1, now, by)
    _stated(house, old, new, now, by)
    authority.forget_offices(house)
    return new


def statements(house: "House") -> list[str]:
    """Every statement, oldest first: each names the next root and is signed by the one before."""
    with house.database.read() as db:
        return [each.body.decode() for each in store.every_list(db, NAME)]


def _made(house: "House", old: Certificate, number: int, now: datetime, by: str) -> Certificate:
    subject = roll.subject_of(old)
    named = type(subject)(subject.code, subject.name, roll.numbered(subject.shown, number))
    return roll.appoint(house, ROOT, named, profile(ROOT).algorithms[0], now, by=by)


def _stated(house: "House", old: Certificate, new: Certificate, now: datetime, by: str) -> None:
    since = now.replace(microsecond=0)
    with house.database.write() as db:
        number = store.reserve_list(db, NAME, since, FOREVER)  # a statement about the past never grows old
    claims = {
        "iss": house.settings.pki_url,
        "seq": number,
        "iat": int(since.timestamp()),
        "old": hashlib.sha256(old.der).hexdigest(),
        "new": base64.b64encode(new.der).decode(),
    }
    signed = house.keys.sign_jws(old.key, TYPE, claims)
    with house.database.write() as db:
        store.keep_list(db, NAME, number, hashlib.sha256(new.der).hexdigest(), signed.encode())
        facts = {"profile": ROOT, "before": old.serial, "after": new.serial}
        ledger.wrote(db, "certificate.rolled", new.serial, by=by, at=now, facts=facts)
