"""The CA: prepare (build, lint, keep the intent), then issue once."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from certs import build, der, lint, store
from certs.model import SERIAL_OCTETS, Certificate, Draft, DraftWrong, KeyWrong, LegalPerson, NoAuthority, profile
from hub import ledger

if TYPE_CHECKING:
    from hub.house import House

HASHES = {"secp256r1": "sha256", "secp384r1": "sha384"}  # the hash as strong as the curve (TS 119 312)
OFFICES, OFFICE_LIFE = "certs-in-office", timedelta(seconds=30)
Hash = hashes.SHA256 | hashes.SHA384
SIGNATURES = {  # ecdsa-with-SHA256, ecdsa-with-SHA384 (RFC 5758 3.2: no parameters)
    "secp256r1": der.sequence(der.oid("1.2.840.10045.4.3.2")),
    "secp384r1": der.sequence(der.oid("1.2.840.10045.4.3.3")),
}


def certify(
    house: "House",
    profile_name: str,
    subject: LegalPerson,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    *,
    key: str = "",
    by: str = "certs",
) -> Certificate:
    """Issue a certificate; `key` names the subject's key if it is in our custody. Raises KeyWrong, LintFound, NoAuthority."""
    return issue(house, prepare(house, profile_name, subject, public_key, now, key=key), now, by=by)


def prepare(
    house: "House",
    profile_name: str,
    subject: LegalPerson,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    *,
    key: str = "",
) -> Draft:
    """Build what will be signed, lint it under a throw-away key, and keep the intent. The CA has signed nothing yet."""
    kind = profile(profile_name)
    if public_key.curve.name not in HASHES:
        raise KeyWrong("The key is of the kind %(kind)s", kind=public_key.curve.name)
    issuer = None if kind.issuer == kind.name else authority(house, kind.issuer, now)
    above = x509.load_der_x509_certificate(issuer.der) if issuer else None
    serial = _serial()
    plan = build.Plan(kind, subject, public_key, above, house.settings.pki_url, int(serial, 16), now)
    sample = _signed_by_nobody(plan)
    found = lint.certificate(
        sample.public_bytes(Encoding.DER), issuer=issuer.der if issuer else b"", legal_person=kind.legal_person
    )
    lint.refuse(found)
    since, until = sample.not_valid_before_utc, sample.not_valid_after_utc
    draft = Draft(serial, kind.name, kind.issuer, subject, key, sample.tbs_certificate_bytes, since, until)
    with house.database.write() as db:  # before anything is signed: a number that got out is a number that we know
        store.intend(db, draft, now)
    return draft


def issue(house: "House", draft: Draft, now: datetime, *, by: str = "certs") -> Certificate:
    """Sign exactly the octets that were linted and written down, once, and keep the certificate. Raises DraftWrong."""
    with house.database.read() as db:
        if store.intent(db, draft.serial) != draft.tbs:
            raise DraftWrong("The number %(serial)s is not waiting for these contents", serial=draft.serial)
    key = draft.key if draft.issuer == draft.profile else authority(house, draft.issuer, now).key
    signed = sign(house, key, draft.tbs)
    facts = {"profile": draft.profile, "organisation": draft.subject.code}
    with house.database.write() as db:
        store.keep(db, draft.serial, signed)  # From here the certificate exists.
        ledger.wrote(db, "certificate.issued", draft.serial, by=by, at=now, facts=facts)
        return store.certificate(db, draft.serial)


def authority(house: "House", name: str, now: datetime) -> Certificate:
    """The certificate in office of an authority or signer. Raises NoAuthority if it is missing, expired or revoked."""
    with house.database.read() as db:
        found = store.newest(db, name)
    if found is None or not found.signs_at(now):
        raise NoAuthority("There is no valid certificate of %(name)s", name=name)
    return found


def in_office(house: "House", name: str, now: datetime) -> Certificate:
    """The same, remembered for some seconds: for those who answer thousands of times in that time."""
    offices: dict[str, tuple[datetime, Certificate]] = house.cache.setdefault(OFFICES, {})
    known = offices.get(name)
    if known is None or not timedelta() <= now - known[0] < OFFICE_LIFE or not known[1].signs_at(now):
        known = offices[name] = (now, authority(house, name, now))
    return known[1]


def forget_offices(house: "House") -> None:
    """Look again who is in office, because someone was revoked. (Other processes do so within OFFICE_LIFE.)"""
    house.cache.pop(OFFICES, None)


def sign(house: "House", key: str, tbs: bytes) -> bytes:
    """Sign what was built and wrap it as certificates and CRLs are wrapped (RFC 5280 4.1.1, 5.1.1)."""
    public = house.keys.public(key)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    signature = house.keys.sign(key, tbs, HASHES[public.curve.name])
    return der.sequence(tbs, SIGNATURES[public.curve.name], der.bits(signature))


def throw_away(certificate: x509.Certificate) -> tuple[ec.EllipticCurvePrivateKey, Hash]:
    """A key that nobody trusts, of the kind of this certificate's, under which a sample can be linted."""
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    return _fresh(public.curve)


def _signed_by_nobody(plan: build.Plan) -> x509.Certificate:
    key, hashing = throw_away(plan.above) if plan.above else _fresh(plan.public_key.curve)
    return build.builder(plan).sign(key, hashing)


def _fresh(curve: ec.EllipticCurve) -> tuple[ec.EllipticCurvePrivateKey, Hash]:
    hashing: Hash = hashes.SHA256() if HASHES[curve.name] == "sha256" else hashes.SHA384()
    return ec.generate_private_key(curve), hashing


def _serial() -> str:
    """A positive random number of exactly 20 octets (RFC 5280 4.1.2.2): 158 bits of chance."""
    bits = 8 * SERIAL_OCTETS - 2
    return f"{1 << bits | secrets.randbits(bits):0{2 * SERIAL_OCTETS}x}"
