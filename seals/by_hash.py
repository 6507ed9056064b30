"""Sealing by hash: for departments whose documents never leave them. They send a digest and get the container to put in.

The container is CMS over signed attributes with that digest (RFC 5652, PAdES baseline): what a department's own program writes
into the hole of its PDF, or beside another kind of file. We never see what is sealed; so it takes a grant of its own
(`hash:<kind>`), and a sensitive seal is never used so.
"""

import hashlib
import json
from datetime import datetime

import structlog
from sqlalchemy import Connection

from hub import ledger
from hub.callers import Caller
from hub.db import Collision
from hub.house import House
from hub.problems import BadRequest
from seals import cms, material, store, use
from seals.model import Evidence, Level, Sealed, SealingFailed
from seals.model.document import KeySpent, NotByHash, Signed, kind_of
from seals.store import documents as rows

log = structlog.get_logger("seals")
TAG = b"yinxin-hash-1\0"
ALGORITHMS = {"sha256": 64, "sha384": 96}  # and how many hexadecimal digits


def sign_hash(
    house: House, seal_id: str, *, algorithm: str, digest: str, kind: str, caller: Caller, key: str, now: datetime
) -> Signed:
    """The container over a digest, made once per caller and key.

    Raises NotByHash, KeySpent, BadRequest, and what reserving a use refuses.
    """
    kind = kind_of(kind)
    if not 1 <= len(key) <= 200:
        raise BadRequest("Idempotency-Key needs 1 to 200 characters")
    if (known := _known(house, seal_id, algorithm, digest, kind, caller, key)) is not None:
        return known
    with house.database.read() as db:
        seal = store.seal(db, seal_id)
    if seal.sensitive:
        raise NotByHash("The seal %(seal)s is used only for what its custodian sees", seal=seal.id)
    tool, evidence = material.for_seal(house, seal, now)
    template = cms.template(tool.chain)
    if algorithm != template.scheme.hash or len(digest) != ALGORITHMS[algorithm]:
        raise NotByHash("The key of this seal signs %(hash)s digests", hash=template.scheme.hash)
    record = hashlib.sha256(TAG + json.dumps([caller.label, key, algorithm, digest, kind]).encode()).digest()
    reserved = use.reserve(
        house,
        seal.id,
        purpose=f"hash:{kind}",
        kind=kind,
        record_digest=record,
        caller=caller,
        wanted=Level.bare,  # nothing can be added later to a document that we do not have
        now=now,
    )
    attributes = template.attributes(bytes.fromhex(digest))
    signature = tool.sign(attributes)
    if not template.scheme.is_canonical(signature):
        raise SealingFailed("The key of the seal %(seal)s gave a signature that we do not use", seal=seal.id)
    token = _time_stamp(evidence, signature)
    made = Signed(
        id=reserved.id,
        seal=seal.id,
        agency=seal.agency,
        place=seal.place,
        kind=kind,
        algorithm=algorithm,
        digest=digest,
        container=template.container(attributes, signature, token),
        level=(Level.timed if token else Level.bare).value,
        missing=() if token else ("time-stamp",),
        by=caller.label,
        at=now,
        key=key,
    )
    try:
        with house.database.write() as db:
            _keep(db, made, now)
    except Collision:  # the same caller sent the same at the same moment; the other container was given out
        again = _known(house, seal_id, algorithm, digest, kind, caller, key)
        assert again
        return again
    log.info("hash.sealed", use=made.id, level=made.level)
    return made


def _keep(db: Connection, made: Signed, now: datetime) -> None:
    """The point of no return: the use has ended, the container is kept, the ledger tells. Before it nobody was given anything."""
    rows.add_signed(db, made)
    digest = hashlib.sha256(made.container).digest()
    use.finish(db, Sealed(made.id, made.container, digest, Level(made.level), made.missing, now), now)
    facts = {"seal": made.seal, "kind": made.kind, "algorithm": made.algorithm, "digest": made.digest}
    ledger.wrote(db, "hash.sealed", made.id, by=made.by, at=now, place=made.place, facts=facts)


def _known(
    house: House, seal_id: str, algorithm: str, digest: str, kind: str, caller: Caller, key: str
) -> Signed | None:
    with house.database.read() as db:
        known = rows.signed(db, caller.label, key)
    if known and (known.seal, known.algorithm, known.digest, known.kind) != (seal_id, algorithm, digest, kind):
        raise KeySpent("It belongs to the use %(id)s", id=known.id)
    return known


def _time_stamp(evidence: Evidence, signature: bytes) -> bytes | None:
    """A token over the signature, or None if none can be had: then the level is lower, and `missing` says so."""
    if evidence.stamp is None:
        return None
    wanted = hashlib.sha256(signature).digest()
    try:
        token = evidence.stamp(wanted)
        return token if cms.imprint(token) == wanted else None
    except Exception:  # noqa: BLE001  the time-stamper is another service and may fail in any way; it tells the log itself
        return None
