"""Gathering what a seal needs to work: its key and picture, and fresh evidence from our own CA and time-stamper."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog

from certs import authority, schemes, status, timestamp
from certs import store as certificates
from certs.model import ROOT, Certificate, NoAuthority
from seals import cms, make, store
from seals.model import Evidence, Seal, SealingFailed, SealMaterial, SealNotInForce

if TYPE_CHECKING:
    from hub.house import House

Got = TypeVar("Got")
EVIDENCE_SECONDS = 60  # revocation data are taken again after this time; the seal's own state is read every time

log = structlog.get_logger()


def for_seal(house: "House", seal: Seal, now: datetime) -> tuple[SealMaterial, Evidence]:
    """The material of a seal in force and the evidence as of now. Raises SealNotInForce.

    Evidence that cannot be had is named in `missing`; it lowers the level and never stops the work.
    """
    seal.in_force(now)
    with house.database.read() as db:
        own = certificates.certificate(db, seal.certificate)
        above = certificates.chain(db, own)
    if not own.valid_at(now):
        raise SealNotInForce("The certificate of the seal %(id)s has ended", id=seal.id)
    evidence = replace(_evidence(house, own, now), at=now, stamp=partial(_stamp, house, now))
    return _material(house, seal, [own, *above]), evidence


@dataclass(frozen=True)
class Fresh:
    """Evidence for a document that was sealed before, as of now, and until when the time-stamper's certificate lasts."""

    evidence: Evidence
    stamp: Callable[[bytes], bytes]
    until: datetime

    @property
    def missing(self) -> tuple[str, ...]:
        """Kinds of evidence that cannot be had now."""
        return self.evidence.missing


def fresh(house: "House", serial: str, now: datetime) -> Fresh:
    """Evidence on a certificate that has sealed, also one that has ended or was revoked since: that is told too."""
    with house.database.read() as db:
        own = certificates.certificate(db, serial)
        above = certificates.chain(db, own)
    found = _gathered(house, own, now)
    try:
        unit = authority.authority(house, "time-stamp", now)
    except NoAuthority:
        return Fresh(replace(found, missing=(*found.missing, "time-stamp")), partial(_stamp, house, now), now)
    chain = tuple(each.der for each in (own, *above, unit) if each.profile != ROOT)
    return Fresh(replace(found, certificates=chain), partial(_stamp, house, now), unit.not_after)


def _material(house: "House", seal: Seal, chain: list[Certificate]) -> SealMaterial:
    key = f"seals.material:{seal.id}:{chain[0].serial}"
    known = house.cache.get(key)
    if isinstance(known, SealMaterial):
        return known
    public = house.keys.spki(seal.key_name)
    if public != cms.public_key(chain[0].der):  # a restored folder may hold another key of the same name
        raise SealingFailed("The key of the seal %(seal)s does not belong to its certificate", seal=seal.id)
    with house.database.read() as db:
        make.check(db, seal, chain[0])  # the picture shown is the picture made
        artwork = store.artwork(db, seal.id)
    scheme = schemes.of_public(public)
    material = SealMaterial(
        seal=seal.id,
        label=f"{seal.design.name}{seal.design.line}（电子印章 e-seal）",
        chain=tuple(certificate.der for certificate in chain if certificate.profile != ROOT),
        sign=partial(house.keys.sign, seal.key_name, hash_name=scheme.hash),
        form=artwork.form,
        units=artwork.units,
        height=artwork.height,
        algorithm=scheme.algorithm,
    )
    house.cache[key] = material
    return material


def _evidence(house: "House", own: Certificate, now: datetime) -> Evidence:
    key = f"seals.evidence:{own.serial}"
    known = house.cache.get(key)
    if isinstance(known, Evidence) and abs(now - known.at) < timedelta(seconds=EVIDENCE_SECONDS):
        return known
    evidence = _gathered(house, own, now)
    if not evidence.missing:
        house.cache[key] = evidence
    return evidence


def _gathered(house: "House", own: Certificate, now: datetime) -> Evidence:
    ocsp = _had("ocsp", lambda: status.ocsp_for(house, own, now))
    lists = _had("crl", lambda: [status.list_of(house, root, now) for root in _roots(house, own)])
    missing = tuple(kind for kind, got in (("ocsp", ocsp), ("crl", lists)) if got is None)
    return Evidence(now, ocsps=(ocsp,) if ocsp else (), crls=tuple(lists or ()), missing=missing)


def _roots(house: "House", own: Certificate) -> list[Certificate]:
    """Whose lists tell of the CA above a seal and of the time-stamp unit: after a roll-over these may be two roots."""
    with house.database.read() as db:
        unit = certificates.newest(db, "time-stamp")
        above = [certificates.chain(db, each)[-1] for each in (own, unit) if each]
    return list({root.serial: root for root in above}.values())


def _stamp(house: "House", now: datetime, imprint: bytes) -> bytes:
    try:
        return timestamp.token(house, imprint, now)
    except Exception as error:
        log.warning("seal.evidence-missing", kind="time-stamp", why=type(error).__name__)
        raise


def _had(kind: str, ask: Callable[[], Got]) -> Got | None:
    """The answer, or None: the document must not be lost by it."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001  another service may fail in any way
        log.warning("seal.evidence-missing", kind=kind, why=type(error).__name__)
        return None
