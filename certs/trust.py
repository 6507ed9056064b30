"""Whom to trust: our anchors, and the signed trust list that tells everyone else (in the spirit of ETSI TS 119 612)."""

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509

from certs import authority, store
from certs.model import Certificate, ListedKey

if TYPE_CHECKING:
    from hub.house import House

NAME = "trust-list"  # of the signer's profile, and of the list among the numbered ones
TYPE = "trust-list+jwt"
LIFE, RENEW = timedelta(days=7), timedelta(days=1)
USES = ("code", "status-list", "receipt", "checkpoint", "data", "consent")  # purposes of keys that outsiders must know
SECTIONS = {"roots": "root", "authorities": "issuing-ca", "timestamp_units": "time-stamp"}


def anchors(house: "House") -> list[x509.Certificate]:
    """The root certificates of this installation."""
    return _certificates(house, "root")


def intermediates(house: "House") -> list[x509.Certificate]:
    """The CA certificates below the roots."""
    return _certificates(house, "issuing-ca")


def trust_list(house: "House", now: datetime) -> str:
    """The signed list of what to trust: a compact JWS (RFC 7515), its `x5c` leads to the root, its number only rises."""
    with house.database.read() as db:
        current = store.current_list(db, NAME)
    content = _content(house, now)
    state = hashlib.sha256(_json(content)).hexdigest()
    if current and current.serves(state, now, RENEW):
        return current.body.decode()
    since = now.replace(microsecond=0)
    with house.database.write() as db:
        number = store.reserve_list(db, NAME, since, since + LIFE)
    times = {"iat": int(since.timestamp()), "exp": int((since + LIFE).timestamp()), "seq": number}
    signed = _sign(house, content | times, now)
    with house.database.write() as db:
        store.keep_list(db, NAME, number, state, signed.encode())
    return signed


def earlier(house: "House", number: int) -> bytes | None:
    """The trust list of a number, as it was signed; None if there was none."""
    with house.database.read() as db:
        found = store.list_of(db, NAME, number)
    return None if found is None else found.body


def history(house: "House") -> list[dict[str, int]]:
    """Every trust list there was, oldest first: its number, and from when to when it held."""
    with house.database.read() as db:
        found = store.list_times(db, NAME)
    return [{"seq": seq, "iat": int(since.timestamp()), "exp": int(until.timestamp())} for seq, since, until in found]


def _content(house: "House", now: datetime) -> dict[str, Any]:
    """All that the list tells, without its number and times."""
    vouch_for_keys(house, now)
    with house.database.read() as db:
        keys = store.listed_keys(db)
        sections = {name: store.certificates(db, profile=profile) for name, profile in SECTIONS.items()}
    certificates = {name: [_entry(one) for one in reversed(found)] for name, found in sections.items()}
    settings = house.settings
    return {
        "iss": settings.pki_url,
        "issuer": settings.issuer_url,
        "verifier": settings.verify_url,
        "profile": settings.profile,
        **certificates,
        "keys": [_key_entry(key) for key in keys],
    }


def vouch_for_keys(house: "House", now: datetime) -> None:
    """Put keys on the list that are not on it yet, from now on. A key signs nothing before it is listed."""
    names = [(use, name) for use in USES for name in house.keys.named(use)]
    found = [ListedKey(house.keys.kid(name), use, name, house.keys.jwk(name), now) for use, name in names]
    with house.database.read() as db:
        known = {key.kid for key in store.listed_keys(db)}
    if not known.issuperset(key.kid for key in found):
        with house.database.write() as db:
            store.list_keys(db, found)


def _entry(certificate: Certificate) -> dict[str, Any]:
    end = certificate.revocation
    return {
        "name": certificate.subject,
        "certificate": base64.b64encode(certificate.der).decode(),
        "sha256": hashlib.sha256(certificate.der).hexdigest(),
        "since": int(certificate.not_before.timestamp()),
        "until": int((end.at if end else certificate.not_after).timestamp()),
        "revoked": end.reason.value if end else None,
    }


def _key_entry(key: ListedKey) -> dict[str, Any]:
    until = int(key.until.timestamp()) if key.until else None
    return {
        "kid": key.kid,
        "use": key.use,
        "agency": None,
        "jwk": key.jwk,
        "since": int(key.since.timestamp()),
        "until": until,
    }


def _sign(house: "House", payload: dict[str, Any], now: datetime) -> str:
    own = authority.authority(house, NAME, now)
    with house.database.read() as db:
        chain = [own, *store.chain(db, own)]
    x5c = [base64.b64encode(each.der).decode() for each in chain]
    return house.keys.sign_jws(own.key, TYPE, payload, x5c=x5c)


def _certificates(house: "House", profile: str) -> list[x509.Certificate]:
    with house.database.read() as db:
        found = store.certificates(db, profile=profile)
    return [x509.load_der_x509_certificate(each.der) for each in found if each.revocation is None]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
