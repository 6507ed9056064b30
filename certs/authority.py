"""The CA: prepare (build, lint, keep the intent), then issue once."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs import build, der, lint, schemes, store
from certs.model import (
    SERIAL_OCTETS,
    Certificate,
    CertificateUnknown,
    Draft,
    DraftWrong,
    Intent,
    KeyWrong,
    LegalPerson,
    NoAuthority,
    Profile,
    profile,
)
from hub import ledger

if TYPE_CHECKING:
    from hub.house import House

OFFICES, POSTS, OFFICE_LIFE = "certs-in-office", "certs-ocsp-posts", timedelta(seconds=30)
INTENT_LIFE = timedelta(days=1)  # an older intent is not signed any more: its certificate would begin in the past
Hash = hashes.SHA256 | hashes.SHA384


def certify(
    house: "House",
    profile_name: str,
    subject: LegalPerson,
    public_key: object,
    now: datetime,
    *,
    key: str = "",
    by: str = "certs",
    under: Certificate | None = None,
) -> Certificate:
    """Issue a certificate; `key` names the subject's key if it is in our custody. Raises KeyWrong, LintFound, NoAuthority.

    A crash in between costs nothing: the next call for the same key signs what had been written down. `under`: by this
    certificate of the authority, not by the one in office.
    """
    draft = prepare(house, profile_name, subject, public_key, now, key=key, under=under)
    try:
        return issue(house, draft, now, by=by)
    except DraftWrong:
        try:
            with house.database.read() as db:
                return store.certificate(db, draft.serial)  # another process was as quick
        except CertificateUnknown:
            pass
        raise


def prepare(
    house: "House",
    profile_name: str,
    subject: LegalPerson,
    public_key: object,
    now: datetime,
    *,
    key: str = "",
    under: Certificate | None = None,
) -> Draft:
    """Build what will be signed, lint it under a throw-away key, and keep the intent. The CA has signed nothing yet.

    An intent over the same key that was never signed is taken up if it says what would be said now.
    """
    kind, public = profile(profile_name), _certifiable(profile_name, public_key)
    under = None if kind.issuer == kind.name else under or authority(house, kind.issuer, now)
    about = _About(house, kind, subject, public, key, under)
    while (draft := about.left(now) or about.fresh(now)) is None:
        pass  # another process began and ended it in between
    return draft


class _About:
    """One request: what would be certified, by whom."""

    def __init__(
        self,
        house: "House",
        kind: Profile,
        subject: LegalPerson,
        public: build.Key,
        key: str,
        under: Certificate | None,
    ) -> None:
        self.house, self.kind, self.subject, self.public, self.key, self.under = (
            house,
            kind,
            subject,
            public,
            key,
            under,
        )
        self.above = x509.load_der_x509_certificate(under.der) if under else None
        self.waiting = f"{kind.name}:{hashlib.sha256(_spki(public)).hexdigest()}"

    def left(self, now: datetime) -> Draft | None:
        """The intent of a call that did not come to its end. One that no longer fits makes way: its number is lost."""
        with self.house.database.read() as db:
            found = store.waiting(db, self.waiting)
        if found is None:
            return None
        sample = self._sample(found.serial, found.shard, found.prepared)
        if sample.tbs_certificate_bytes == found.tbs and abs(now - found.prepared) < INTENT_LIFE:
            return self._draft(found)
        with self.house.database.write() as db:
            store.abandon(db, found.serial)
        return None

    def fresh(self, now: datetime) -> Draft | None:
        """A new intent, linted and kept. Two at once: the second one takes up what the first one wrote down."""
        with self.house.database.read() as db:
            shard = store.next_shard(db, self.under.serial) if self.under and self.kind.sharded else 0
            file = _file(self.kind, len(store.certificates(db, profile=self.kind.name))) if self.kind.is_ca else ""
        serial = _serial()
        sample = self._sample(serial, shard, now)
        encoded = sample.public_bytes(Encoding.DER)
        issuer = self.under.der if self.under else encoded
        lint.refuse(lint.certificate(encoded, issuer=issuer, legal_person=self.kind.legal_person))
        since, until = sample.not_valid_before_utc, sample.not_valid_after_utc
        intent = Intent(serial, sample.tbs_certificate_bytes, now, shard, file, since, until)
        with self.house.database.write() as db:  # before anything is signed: a number that got out is one that we know
            kept = store.intend(db, self._draft(intent), now)
        return self._draft(intent) if kept else None

    def _sample(self, serial: str, shard: int, at: datetime) -> x509.Certificate:
        """What would be signed, signed under a key that nobody trusts."""
        pki_url, file = self.house.settings.pki_url, self.under.file if self.under else ""
        plan = build.Plan(
            self.kind, self.subject, self.public, self.above, file, shard, pki_url, int(serial, 16), at
        )  # fmt: skip
        key, hashing = throw_away(self.above) if self.above else _fresh(self.public)
        return build.builder(plan).sign(key, hashing)

    def _draft(self, intent: Intent) -> Draft:
        return Draft(
            serial=intent.serial,
            profile=self.kind.name,
            issuer=self.kind.issuer,
            subject=self.subject,
            key=self.key,
            tbs=intent.tbs,
            not_before=intent.not_before,
            not_after=intent.not_after,
            above=self.under.serial if self.under else "",
            file=intent.file,
            shard=intent.shard,
            waiting=self.waiting,
        )


def issue(house: "House", draft: Draft, now: datetime, *, by: str = "certs") -> Certificate:
    """Sign exactly the octets that were linted and written down, once, and keep the certificate. Raises DraftWrong."""
    with house.database.read() as db:
        if store.intent(db, draft.serial) != draft.tbs:
            raise DraftWrong("The number %(serial)s is not waiting for these contents", serial=draft.serial)
        issuer = store.certificate(db, draft.above) if draft.above else None
    if issuer and not issuer.signs_at(now):
        raise NoAuthority("There is no valid certificate of %(name)s", name=draft.issuer)
    signed = sign(house, issuer.key if issuer else draft.key, draft.tbs)
    facts = {"profile": draft.profile, "organisation": draft.subject.code}
    with house.database.write() as db:
        store.keep(db, draft.serial, signed)  # From here the certificate exists.
        ledger.wrote(db, "certificate.issued", draft.serial, by=by, at=now, facts=facts)
        return store.certificate(db, draft.serial)


def authority(house: "House", name: str, now: datetime, *, above: str = "") -> Certificate:
    """The certificate in office of an authority or signer. Raises NoAuthority if it is missing, expired or revoked.

    `above`: of those under this certificate of their issuer, because each generation has a signer of its own.
    """
    with house.database.read() as db:
        found = store.newest(db, name, above)
    if found is None or not found.signs_at(now):
        raise NoAuthority("There is no valid certificate of %(name)s", name=name)
    return found


def in_office(house: "House", name: str, now: datetime, *, above: str = "") -> Certificate:
    """The same, remembered for some seconds: for those who answer thousands of times in that time."""
    offices: dict[tuple[str, str], tuple[datetime, Certificate]] = house.cache.setdefault(OFFICES, {})
    known = offices.get((name, above))
    if known is None or not timedelta() <= now - known[0] < OFFICE_LIFE or not known[1].signs_at(now):
        known = offices[name, above] = (now, authority(house, name, now, above=above))
    return known[1]


def forget_offices(house: "House") -> None:
    """Look again who is in office, because someone was revoked. (Other processes do so within OFFICE_LIFE.)"""
    house.cache.pop(OFFICES, None)
    house.cache.pop(POSTS, None)


def sign(house: "House", key: str, tbs: bytes) -> bytes:
    """Sign what was built and wrap it as certificates and CRLs are wrapped (RFC 5280 4.1.1, 5.1.1)."""
    scheme = schemes.of_public(house.keys.spki(key))
    return der.sequence(tbs, scheme.identifier, der.bits(house.keys.sign(key, tbs, scheme.hash)))


def throw_away(certificate: x509.Certificate) -> tuple[ec.EllipticCurvePrivateKey, Hash]:
    """A key that nobody trusts, of the kind of this authority's, under which a sample can be linted."""
    return _fresh(certificate.public_key())


def _fresh(public: object) -> tuple[ec.EllipticCurvePrivateKey, Hash]:
    if not isinstance(public, ec.EllipticCurvePublicKey):  # an authority's key is on a curve: profiles.toml
        raise KeyWrong("The key is of the kind %(kind)s", kind=type(public).__name__)
    hashing: Hash = hashes.SHA256() if schemes.of_public(_spki(public)).hash == "sha256" else hashes.SHA384()
    return ec.generate_private_key(public.curve), hashing


def scheme_of(public: object) -> schemes.Scheme:
    """What kind of key a public half belongs to. Raises KeyWrong."""
    if not isinstance(public, build.Key):
        raise KeyWrong("The key is of the kind %(kind)s", kind=type(public).__name__)
    return schemes.of_public(_spki(public))


def _certifiable(profile_name: str, public: object) -> build.Key:
    """A key of a kind that this profile takes. Raises KeyWrong."""
    scheme = scheme_of(public)
    if scheme.algorithm not in profile(profile_name).algorithms:
        raise KeyWrong("The key is of the kind %(kind)s", kind=scheme.algorithm)
    assert isinstance(public, build.Key)
    return public


def _spki(public: build.Key) -> bytes:
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _file(kind: Profile, generations: int) -> str:
    """How an authority's next generation is named in addresses: `issuing`, then `issuing-2`."""
    return kind.file + (f"-{generations + 1}" if generations else "")


def _serial() -> str:
    """A positive random number of exactly 20 octets (RFC 5280 4.1.2.2): 158 bits of chance."""
    bits = 8 * SERIAL_OCTETS - 2
    return f"{1 << bits | secrets.randbits(bits):0{2 * SERIAL_OCTETS}x}"
