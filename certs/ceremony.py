"""Making the PKI: root, the CA of e-seals, time-stamp unit, OCSP and trust-list signers; renewing what ends soon."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec

from certs import authority, store, trust
from certs.model import Certificate, LegalPerson, profile

if TYPE_CHECKING:
    from hub.house import House
    from hub.keys import Algorithm

OPERATOR = ("11880000DEM000014J", "示范全国枢纽")  # the fictional hub of the demo runs its own trust service
POSTS: tuple[tuple[str, str, "Algorithm"], ...] = (  # in the order in which each needs the one before
    ("root", "Yinxin DEMO Root CA - test only", "P-384"),
    ("issuing-ca", "Yinxin DEMO e-Seal CA - test only", "P-256"),
    ("time-stamp", "Yinxin DEMO Time-Stamp Unit - test only", "P-256"),
    ("ocsp-signer", "Yinxin DEMO OCSP Responder - test only", "P-256"),
    ("trust-list", "Yinxin DEMO Trust List Signer - test only", "P-256"),
)
KEYS = {"time-stamp": "tsa", "ocsp-signer": "ocsp"}  # where the key is not named after its profile
RENEW = timedelta(days=30)  # a successor takes office this long before the end


def create_demo_pki(house: "House", now: datetime) -> None:
    """Give every post of the demo PKI its key and certificate. A second call only renews what ends soon."""
    for name, common_name, algorithm in POSTS:
        with house.database.read() as db:
            in_office = store.newest(db, name)
        # A CA that ends or was revoked is not replaced here: its successor needs addresses of its own.
        if in_office is None or (not profile(name).is_ca and not in_office.signs_at(now + RENEW)):
            _appoint(house, name, common_name, algorithm, now)
    trust.vouch_for_keys(house, now)


def _appoint(house: "House", name: str, common_name: str, algorithm: "Algorithm", now: datetime) -> Certificate:
    """A fresh key and its certificate. (After a crash in between, the key that has no certificate yet is taken.)"""
    with house.database.read() as db:
        terms = len(store.certificates(db, profile=name))
    key = KEYS.get(name, name) + (f"-{terms + 1}" if terms else "")
    house.keys.create(key, purpose=name, algorithm=algorithm)
    public = house.keys.public(key)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    code, organisation = OPERATOR
    return authority.certify(
        house, name, LegalPerson(code, organisation, common_name), public, now, key=key, by="ceremony"
    )
