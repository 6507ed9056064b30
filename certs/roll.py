"""Successors: of a CA under addresses of its own, of a unit under the same; and who must have one soon.

An old CA stays in charge of what it signed: its list and its OCSP signer live until its certificate ends. So nothing that
was sealed under it changes when its successor takes over.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from cryptography import x509
from cryptography.x509.oid import NameOID

from certs import authority, schemes, store
from certs.model import ISSUING, PROFILES, ROOT, Certificate, LegalPerson, NoAuthority, Profile, RollRefused, profile
from hub import ledger
from hub.problems import Unavailable

if TYPE_CHECKING:
    from hub.house import House

log = structlog.get_logger("certs")
RESPONDER = "ocsp-signer"
KEYS = {"time-stamp": "tsa", RESPONDER: "ocsp"}  # where the key is not named after its profile
NUMBERED = frozenset({"maker"})  # whose first key bears a number too
UNITS = ("time-stamp", "trust-list", "maker")  # with one holder, renewed by themselves
RENEW = timedelta(days=30)  # a unit's successor takes office this long before the end


def appoint(
    house: "House",
    name: str,
    subject: LegalPerson,
    algorithm: str,
    now: datetime,
    *,
    by: str,
    under: Certificate | None = None,
) -> Certificate:
    """A fresh key and its certificate. (After a crash in between, the key that has no certificate yet is taken.)"""
    if under is None and profile(name).issuer != name:
        under = authority.authority(house, profile(name).issuer, now)
    if under:
        house.keys.signer(under.key)  # no key is made, and no number taken, for what nobody can sign
    with house.database.read() as db:
        key = key_name(name, len(store.certificates(db, profile=name)) + 1)
    house.keys.create(key, purpose=name, algorithm=schemes.of(algorithm).algorithm)  # type: ignore[arg-type]  # checked
    return authority.certify(house, name, subject, house.keys.public(key), now, key=key, by=by, under=under)


def key_name(name: str, number: int) -> str:
    """How the key of the holder of that number is called: `tsa`, then `tsa-2`."""
    base = KEYS.get(name, name)
    return f"{base}-{number}" if number > 1 or name in NUMBERED else base


def renew(house: "House", now: datetime) -> list[Certificate]:
    """Give each unit that ends soon, or was revoked, its successor; each CA that lives its OCSP signer. A CA has `roll`.

    What cannot be signed now, because the root's key rests in a safe, does not stop the others.
    """
    made: list[Certificate] = []
    for one in _holders(house):
        made += _tried(one, partial(_successor, house, one, now, "renewal"))
    for above in generations(house, ISSUING):
        if above.valid_at(now):
            made += _tried(above, partial(_responder, house, above, now, "renewal"))
    if made:
        authority.forget_offices(house)
    return made


def _tried(one: Certificate, make: Callable[[], list[Certificate]]) -> list[Certificate]:
    try:
        return make()
    except Unavailable as problem:
        log.warning("certificate.not_renewed", profile=one.profile, serial=one.serial, why=problem.code)
        return []


def roll(house: "House", name: str, now: datetime, *, by: str, to: int = 0) -> Certificate:
    """Give a CA or a unit its successor now. `to`: the number that it must have; one that has it already is given back.

    What a crash left undone is done by the next call. Raises RollRefused, NoAuthority.
    """
    kind = profile(name)
    _may_roll(kind)
    found = generations(house, name)
    if not found:
        raise NoAuthority("There is no certificate of %(name)s", name=name)
    unfinished = name == ISSUING and len(found) > 1 and found[0].signs_at(now) and not _responders(house, found[0])
    new = found[0] if unfinished or len(found) >= to > 0 else _next(house, kind, found[0], len(found) + 1, now, by)
    if name == ISSUING and new.signs_at(now):
        _responder(house, new, now, by)
    authority.forget_offices(house)
    return new


def _next(house: "House", kind: Profile, old: Certificate, number: int, now: datetime, by: str) -> Certificate:
    subject = subject_of(old)
    if kind.is_ca:  # two authorities of one name could not be told apart by those who have only names
        subject = LegalPerson(subject.code, subject.name, numbered(subject.shown, number))
    under = authority.authority(house, ISSUING, now) if kind.name == RESPONDER else None
    new = appoint(house, kind.name, subject, _algorithm(old), now, by=by, under=under)
    with house.database.write() as db:
        facts = {"profile": kind.name, "before": old.serial, "after": new.serial}
        ledger.wrote(db, "certificate.rolled", new.serial, by=by, at=now, facts=facts)
    return new


def due(house: "House", now: datetime) -> list[tuple[Certificate, datetime]]:
    """Each authority in office with the day from which it would shorten what it signs: by then it needs its successor."""
    found = []
    for kind in PROFILES.values():
        heads = generations(house, kind.name) if kind.is_ca else []
        if heads:
            longest = max(each.days for each in PROFILES.values() if each.issuer == kind.name and each is not kind)
            found.append((heads[0], heads[0].not_after - timedelta(days=longest)))
    return found


def generations(house: "House", name: str) -> list[Certificate]:
    """All certificates of an authority or unit, newest first."""
    with house.database.read() as db:
        return store.certificates(db, profile=name)


def subject_of(certificate: Certificate) -> LegalPerson:
    """Whom a certificate names."""
    names = x509.load_der_x509_certificate(certificate.der).subject
    organisation = str(names.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    return LegalPerson(certificate.code, organisation, certificate.subject)


def numbered(common_name: str, number: int) -> str:
    """The name of a CA's successor: the number stands before what follows a dash, and replaces the one before it."""
    head, dash, tail = common_name.partition(" - ")
    plain = head.removesuffix(f" {number - 1}") if number > 2 else head
    return f"{plain} {number}{dash}{tail}"


def _may_roll(kind: Profile) -> None:
    if kind.name == ROOT:
        raise RollRefused("Everyone who trusts us holds the root itself: it is followed by a signed statement")
    if not kind.is_ca and kind.name not in (*UNITS, RESPONDER):
        raise RollRefused("A certificate of the kind %(kind)s is issued anew by those who ask for it", kind=kind.name)


def _holders(house: "House") -> list[Certificate]:
    return [found[0] for name in UNITS if (found := generations(house, name))]


def _successor(house: "House", old: Certificate, now: datetime, by: str) -> list[Certificate]:
    """A unit's successor, if it needs one: near the end of its CA there is none that would last longer."""
    above = authority.authority(house, profile(old.profile).issuer, now)
    if old.signs_at(min(now + RENEW, above.not_after - timedelta(seconds=1))):
        return []
    return [appoint(house, old.profile, subject_of(old), _algorithm(old), now, by=by, under=above)]


def _responders(house: "House", above: Certificate) -> list[Certificate]:
    with house.database.read() as db:
        return store.certificates(db, profile=RESPONDER, above=above.serial)


def _responder(house: "House", above: Certificate, now: datetime, by: str) -> list[Certificate]:
    """The OCSP signer under this certificate of the CA, if it needs one."""
    found, last = _responders(house, above), min(now + RENEW, above.not_after - timedelta(seconds=1))
    models = found or generations(house, RESPONDER)
    if not models or (found and found[0].signs_at(last)):
        return []
    model = models[0]
    return [appoint(house, RESPONDER, subject_of(model), _algorithm(model), now, by=by, under=above)]


def _algorithm(certificate: Certificate) -> str:
    key = x509.load_der_x509_certificate(certificate.der)
    return authority.scheme_of(key.public_key()).algorithm
