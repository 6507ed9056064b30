"""Receipts of a person's yes or no: signed by us, kept by him and by the service (ISO/IEC TS 27560, where its names fit).

A receipt names the person by the pairwise number that this one service knows. It holds the words that were shown, their digest,
and no value of his.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hub.access import Denied, Shown
from hub.house import House
from idp.account import standing
from idp.consent import consent_text
from idp.consent.consent_text import Text
from idp.model.client import Client
from idp.model.consent import API
from idp.model.receipt import TYPE, Receipt, Said
from idp.provider import protected, pseudonyms
from idp.provider.programs import NO_STORE, Answer
from idp.provider.tokens import sign
from idp.store import receipts as store

PURPOSE = "consent"  # of the keys that sign them
KEY = "consent-1"
SCHEMA = "urn:yinxin:consent-receipt:1"
WITHDRAW = "/account/services"


def given(house: House, person: str, client: Client, scopes: Iterable[str], text: Text, *, now: datetime) -> Receipt:
    """A receipt of a yes, signed. Not kept yet."""
    return _drawn(house, person, client, tuple(sorted(scopes)), Said.given, now, text=text)


def withdrawn(house: House, person: str, client: Client, before: Receipt | None, *, now: datetime) -> Receipt:
    """A receipt of a no, signed; `before` is the yes that it takes back, if a receipt was made of it. Not kept yet."""
    return _drawn(house, person, client, before.scopes if before else (), Said.withdrawn, now, before=before)


def keys(house: House) -> dict[str, Any]:
    """The public halves of the keys that sign receipts, as a JWK Set (RFC 7517 5)."""
    return {"keys": [house.keys.jwk(name) for name in house.keys.named(PURPOSE)]}


def fetched(house: House, given: Shown, now: datetime) -> Answer | str:
    """The newest receipt of the person and the client of an access token, or the error of RFC 6750 3.1."""
    try:
        client, _, grant = protected.of_person(house, given, now)
    except Denied as denied:
        return protected.refused(house, denied, given, now, path=sign.USERINFO)
    with house.database.read() as db:
        found = store.of_person(db, standing.whose(grant), client.id)
    return found[0].signed if found else Answer(404, {"error": "no_receipt"}, NO_STORE)


def _drawn(
    house: House,
    person: str,
    client: Client,
    scopes: tuple[str, ...],
    said: Said,
    now: datetime,
    *,
    text: Text | None = None,
    before: Receipt | None = None,
) -> Receipt:
    id, issuer = f"CR-{secrets.token_hex(16)}", house.settings.issuer_url
    subject = pseudonyms.subject(house, client, person)
    moment = now.isoformat(timespec="seconds")
    claims: dict[str, Any] = {
        "schema_version": SCHEMA,
        "record_id": id,
        "iss": issuer,
        "aud": client.id,
        "iat": int(now.timestamp()),
        "pii_principal_id": subject,
        "party_identification": [_controller(client), {"party_id": issuer, "party_role": "identity provider"}],
        "event": [
            {"event_time": moment, "event_type": "explicit", "event_state": said.value, "entity_id": subject}
            | ({"validity_duration": "until withdrawn"} if said is Said.given else {})
        ],
    }
    if text is not None:
        claims["pii_processing"] = _processing(issuer, client, scopes, text)
    if before is not None:
        claims["withdraws"] = before.id
    version = text.version if text else before.text_version if before else 0
    return Receipt(id, person, client.id, said, version, scopes, house.keys.sign_jws(KEY, TYPE, claims), now)


def _controller(client: Client) -> dict[str, str]:
    return {
        "party_id": client.agency or client.id,
        "party_role": "PII controller",
        "party_name": client.name,
        "party_name_en": client.name_en,
        "service": client.id,
    }


def _called(client: Client) -> dict[str, str]:
    """A service that may be called in the person's name."""
    named = _controller(client)
    return {name: named[name] for name in ("party_id", "party_name", "party_name_en", "service")}


def _processing(issuer: str, client: Client, scopes: tuple[str, ...], text: Text) -> dict[str, Any]:
    return {
        "privacy_notice": {
            "version": text.version,
            "language": text.language,
            "digest": text.digest,
            "text": text.whole,
        },
        "purposes": [
            {
                "purpose": client.purpose,
                "purpose_en": client.purpose_en,
                "lawful_basis": client.basis.value,
                **({"legal_citation": client.citation} if client.citation else {}),
                "pii_information": [{"pii_attribute_id": field} for field in consent_text.fields(scopes)],
                "scopes": [scope for scope in scopes if not scope.startswith(API)],
                "retention_period": "offline" if "offline_access" in scopes else "each sign-in",
                "pii_controllers": [client.agency or client.id],
                "withdrawal_method": f"{issuer}{WITHDRAW}",
                **({"recipient_third_parties": [_called(one) for one in text.apis]} if text.apis else {}),
            }
        ],
    }
