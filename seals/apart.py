"""What the sealing process does for the issuing one: makes keys of seals, and signs what a reserved use allows."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from certs import schemes
from certs import store as certificates
from certs.model import ROOT
from hub.problems import NotAllowed
from seals import cms, store
from seals.model import Seal, State
from seals.store.reserved import is_reserved

if TYPE_CHECKING:
    from hub.house import House
    from hub.keys import Algorithm

PREFIX = "seal-"
FRESH = timedelta(hours=24)  # an application that could not be finished for a day ends as a void


class NotSigned(NotAllowed):
    """The sealing process signs documents of a reserved use, with a seal in force, and nothing else."""

    title = "The sealing process does not sign this"
    advice = "Look into who asked for it: the issuing process asks only for what it has reserved."


def make_key(house: "House", name: str, algorithm: "Algorithm | str", now: datetime) -> bytes:
    """The public half of a seal's key (DER); with an algorithm the key is made, once, for a seal that is approved.

    Raises NotSigned, SealUnknown, KeyMissing.
    """
    if algorithm and not house.keys.exists(name):
        seal = _seal(house, name)
        if seal.state is not State.approved or algorithm != seal.algorithm:
            raise NotSigned("The seal %(seal)s is not to be made so", seal=seal.id)
        house.keys.create(name, purpose="seal", algorithm=algorithm)  # type: ignore[arg-type]  # one of certs.schemes
    return house.keys.spki(name)


def sign(house: "House", name: str, attributes: bytes, hash_name: str, now: datetime) -> bytes:
    """Sign the attributes of a seal's CMS signature, while a use of it is reserved. Raises NotSigned, SealNotInForce.

    What is signed can be nothing but a document: the attributes name the seal's own certificate, only the digest is free.
    """
    seal = _seal(house, name)
    seal.in_force(now)
    with house.database.read() as db:
        own = certificates.certificate(db, seal.certificate)
        chain = tuple(one.der for one in (own, *certificates.chain(db, own)) if one.profile != ROOT)
        reserved = is_reserved(db, seal.id, now - FRESH)
    if not own.valid_at(now):
        raise NotSigned("The certificate of the seal %(seal)s has ended", seal=seal.id)
    if not reserved:
        raise NotSigned("No use of the seal %(seal)s is reserved", seal=seal.id)
    scheme = schemes.of_public(house.keys.spki(name))
    if hash_name != scheme.hash or not _are_of_a_document(attributes, chain):
        raise NotSigned("This is not the signature of a document by the seal %(seal)s", seal=seal.id)
    return house.keys.sign(name, attributes, scheme.hash)


def _seal(house: "House", name: str) -> Seal:
    if not name.startswith(PREFIX):
        raise NotSigned("%(name)s is not the key of a seal", name=name)
    with house.database.read() as db:
        seal = store.seal(db, name.removeprefix(PREFIX))
    if seal.key_name not in {"", name}:
        raise NotSigned("%(name)s is not the key of a seal", name=name)
    return seal


def _are_of_a_document(attributes: bytes, chain: tuple[bytes, ...]) -> bool:
    template = cms.template(chain)
    size = {"sha256": 32, "sha384": 48}[template.scheme.hash]
    nothing = template.attributes(bytes(size))
    at = nothing.index(bytes(size))
    return attributes == nothing[:at] + attributes[at : at + size] + nothing[at + size :]
