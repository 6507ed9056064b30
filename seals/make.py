"""Making a seal: its key and certificate."""

from datetime import datetime
from typing import TYPE_CHECKING

from certs import authority
from certs import store as certificates
from certs.model import Certificate, LegalPerson
from seals import store
from seals.model import Agency, Operation, Seal, keep_apart
from seals.step import is_short, step

if TYPE_CHECKING:
    from hub.house import House


def make(house: "House", seal_id: str, *, by: str, now: datetime, document: str = "") -> Seal:
    """Give an approved seal its key and certificate. After a crash in between, a second call takes what is there."""
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
        seal.after(Operation.make)
        if not is_short(db, seal_id):
            keep_apart(Operation.make, by, store.steps(db, seal_id))
        owner = store.agency(db, seal.agency)
    certificate = certified(house, seal, owner, by, now)
    made = {"key_name": certificate.key, "certificate": certificate.serial, "valid_until": certificate.not_after}
    return step(house, seal_id, Operation.make, made, by=by, now=now, document=document)


def certified(house: "House", seal: Seal, owner: Agency, by: str, now: datetime) -> Certificate:
    """The certificate for the seal's own key; the one that a crash left without a seal, if there is one."""
    key = f"seal-{seal.id}"
    house.keys.create(key, purpose="seal", algorithm=seal.algorithm)  # type: ignore[arg-type]  # one of certs.schemes
    with house.database.read() as db:
        left = [found for found in certificates.certificates(db, profile="e-seal", code=owner.code) if found.key == key]
    if left and left[0].valid_at(now):
        return left[0]
    subject = LegalPerson(owner.code, owner.name)
    public = house.keys.public(key)
    return authority.certify(house, "e-seal", subject, public, now, key=key, by=by)  # type: ignore[arg-type]
