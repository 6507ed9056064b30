"""Making a seal: its key and certificate, then the seal itself, which the maker signs with a key of his own.

The maker may work elsewhere: on another machine, with the register and his own key, and without any key of a seal. Where his key
is not, the order stays in the register; `finish_orders` does there what waits.
"""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from certs import authority
from certs import store as certificates
from certs.model import MAKER, Certificate, LegalPerson
from hub import ledger
from hub.keys import KeyMissing
from seals import object as seal_object
from seals import store
from seals.model import Agency, NoMaker, ObjectWrong, Operation, Order, Seal, SealStepRefused, keep_apart
from seals.step import is_short, taken

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hub.house import House


def make(house: "House", seal_id: str, *, by: str, now: datetime, document: str = "") -> Seal:
    """Make an approved seal. After a crash in between, a second call takes what is there.

    Raises SamePerson for who applied or approved, NoMaker where the maker's key is not: then the order waits for him.
    """
    with house.database.read() as db:
        order = store.order_of(db, seal_id)
    if order is None:
        order = _ordered(house, seal_id, by, now, document)
    return _signed(house, order, now)


def finish_orders(house: "House", now: datetime) -> int:
    """Make every seal that waits for its maker, if his key is here; tell how many. For the ticker and his own machine."""
    with house.database.read() as db:
        waiting, old = store.orders(db), store.unsigned(db)
    if not (waiting or old):
        return 0
    try:
        for order in waiting:
            _signed(house, order, now)
        for seal_id in old:
            _sign_old(house, seal_id, now)
    except NoMaker:
        return 0
    return len(waiting) + len(old)


def check(db: "Connection", seal: Seal, certificate: Certificate) -> None:
    """Raise ObjectWrong unless the register shows the seal as its maker signed it, and he was our maker when he did."""
    data = store.object_of(db, seal.id)
    if data is None:
        raise ObjectWrong("The seal %(seal)s has not been signed by its maker", seal=seal.id)
    made = seal_object.read(data)
    maker = next((one for one in certificates.certificates(db, profile=MAKER) if one.der == made.maker), None)
    if maker is None or not maker.signs_at(made.created) or _was_lost(maker, made.created):
        raise ObjectWrong("The seal %(seal)s was signed by someone who is no maker of seals here", seal=seal.id)
    if not made.same_as(_wanted(db, seal, certificate, made.created)):
        raise ObjectWrong("The seal %(seal)s is not the one that was made", seal=seal.id)


def certified(house: "House", seal: Seal, owner: Agency, by: str, now: datetime) -> Certificate:
    """The certificate for the seal's own key; the one that a crash left without a seal, if there is one."""
    key = f"seal-{seal.id}"
    house.keys.create(key, purpose="seal", algorithm=seal.algorithm)  # type: ignore[arg-type]  # one of certs.schemes
    with house.database.read() as db:
        left = [found for found in certificates.certificates(db, profile="e-seal", code=owner.code) if found.key == key]
    if left and left[0].valid_at(now):
        return left[0]
    subject = LegalPerson(owner.code, owner.name)
    return authority.certify(house, "e-seal", subject, house.keys.public(key), now, key=key, by=by)


def _ordered(house: "House", seal_id: str, by: str, now: datetime, document: str) -> Order:
    """The key and the certificate, and what the maker has to do. Whoever may not make is refused before anything is made."""
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
        seal.after(Operation.make)
        if not is_short(db, seal_id):
            keep_apart(Operation.make, by, store.steps(db, seal_id))
        owner = store.agency(db, seal.agency)
    own = certified(house, seal, owner, by, now)
    order = Order(seal_id, by, now, document, own.key, own.serial, own.not_after)
    with house.database.write() as db:
        store.seal(db, seal_id).after(Operation.make)
        store.add_order(db, order)
    return order


def _signed(house: "House", order: Order, now: datetime) -> Seal:
    """The maker's signature, and with it the step. No transaction is open while he signs."""
    with house.database.read() as db:
        seal, own = store.seal(db, order.seal), certificates.certificate(db, order.certificate)
        wanted = _wanted(db, seal, own, now)
    data = _sign(house, wanted, now)
    values = {"key_name": order.key_name, "certificate": order.certificate, "valid_until": order.valid_until}
    with house.database.write() as db:
        if not store.end_order(db, order.seal):
            raise SealStepRefused("Someone else changed the seal %(id)s just now", id=order.seal)
        store.keep_object(db, order.seal, data)
        return taken(db, order.seal, Operation.make, values, by=order.by, now=now, document=order.document)


def _sign_old(house: "House", seal_id: str, now: datetime) -> None:
    """Sign a seal that an earlier release made, which knew no maker."""
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
        wanted = _wanted(db, seal, certificates.certificate(db, seal.certificate), now)
    data = _sign(house, wanted, now)
    with house.database.write() as db:
        store.keep_object(db, seal_id, data)
        store.add_step(db, seal_id, Operation.make.value, by="maker", at=now, reason="made before", document="")
        ledger.wrote(db, "seal.signed-by-maker", seal_id, by="maker", at=now, place=seal.place)


def _sign(house: "House", wanted: seal_object.SealObject, now: datetime) -> bytes:
    with house.database.read() as db:
        maker = certificates.newest(db, MAKER)
    if maker is None or not maker.signs_at(now):
        raise NoMaker("There is no maker of seals in office")
    try:
        return seal_object.write(wanted, maker.der, partial(house.keys.sign, maker.key))
    except KeyMissing as error:
        raise NoMaker("The key %(key)s is kept elsewhere", key=maker.key) from error


def _wanted(db: "Connection", seal: Seal, own: Certificate, now: datetime) -> seal_object.SealObject:
    return seal_object.expected(seal, store.artwork(db, seal.id), own.der, own.not_before, own.not_after, now)


def _was_lost(maker: Certificate, at: datetime) -> bool:
    """Whether his key was out of control when he signed."""
    end = maker.revocation
    return end is not None and at >= (end.invalid_from or end.at)
