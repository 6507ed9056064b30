"""What persons agreed to tell services: ask, keep, widen, withdraw. Of each yes and no both sides keep a signed receipt."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger, notices
from hub.house import House
from hub.i18n import N_
from idp.account import announce
from idp.account.announce import Event
from idp.consent import data, receipts
from idp.consent.consent_text import Text
from idp.model.client import Client
from idp.model.consent import Consent
from idp.model.mandate import PERSON
from idp.model.receipt import Receipt
from idp.provider import logout, revoke
from idp.store import clients as client_store
from idp.store import consents as store
from idp.store import receipts as receipt_store

WITHDRAWN = N_("You withdrew what you had agreed with %(service)s")


def standing(db: Connection, person: str, client: Client) -> Consent | None:
    """The person's standing agreement with this client, or None."""
    return store.consent(db, person, client.id)


def granted(db: Connection, person: str, client: Client, scopes: Iterable[str]) -> bool:
    """True if the person agreed to all of `scopes`, under the text that is shown today."""
    found = store.consent(db, person, client.id)
    return found is not None and found.covers(scopes)


def agree(
    house: House, person: str, client: Client, scopes: Iterable[str], text: Text, *, now: datetime, by: str = ""
) -> Receipt:
    """Keep that the person agreed on our consent page to what `text` says, with its receipt."""
    receipt = receipts.given(house, person, client, scopes, text, now=now)
    with house.database.write() as db:
        grant(db, person, client, scopes, now=now, by=by, receipt=receipt)
        receipt_store.add(db, receipt)
    return receipt


def grant(
    db: Connection,
    person: str,
    client: Client,
    scopes: Iterable[str],
    *,
    now: datetime,
    by: str = "",
    receipt: Receipt | None = None,
) -> Consent:
    """Keep that the person agreed to tell this client these scopes. Widens an older agreement.

    `by` is who agreed in his place, if somebody acts for him.
    """
    old = store.consent(db, person, client.id) or Consent(person, client.id, frozenset(), now)
    consent = old.widened(scopes, now)
    store.keep(db, consent)
    facts = {"client": client.id, "scopes": sorted(consent.scopes), "text": consent.text_version} | _named(receipt)
    ledger.wrote(db, "consent.granted", f"person:{person}", by=by or f"person:{person}", at=now, facts=facts)
    return consent


def take_back(house: House, person: str, client_id: str, *, by: str, now: datetime) -> Receipt | None:
    """End an agreement for its owner, with its receipt; None if there was none. The service is told that it stops here."""
    receipt = _last(house, person, client_id, now)
    if receipt is None:
        return None
    with house.database.write() as db:
        if not end(db, person, receipt, by=by, now=now):
            return None
        client = client_store.client(db, client_id)
        notices.tell(
            db, person, WITHDRAWN, link="/account/services", at=now, service=client.name if client else client_id
        )
    return receipt


def lasts(house: House, person: str, now: datetime) -> list[Receipt]:
    """A receipt for the end of each standing agreement of a person, signed; `end` keeps it."""
    with house.database.read() as db:
        ids = [one.client for one in store.consents_of(db, person)]
    return [receipt for id in ids if (receipt := _last(house, person, id, now))]


def end(db: Connection, person: str, receipt: Receipt, *, by: str, now: datetime) -> bool:
    """End an agreement with its receipt, which the service gets too. False: there was none."""
    if not withdraw(db, person, receipt.client, by=by, now=now, receipt=receipt):
        return False
    receipt_store.add(db, receipt)
    announce.announce(db, person, Event.consent_withdrawn, now=now, only=[receipt.client], receipt=receipt.signed)
    return True


def end_of_the_dead(house: House, now: datetime) -> int:
    """End what people agreed to who have died since, each with its receipt; gives how many. Who was alive is asked anew."""
    with house.database.read() as db:
        dead = store.of_the_dead(db)
    ended = 0
    for person in dead:
        for receipt in lasts(house, person, now):
            with house.database.write() as db:
                ended += end(db, person, receipt, by="house", now=now)
    return ended


def _last(house: House, person: str, client_id: str, now: datetime) -> Receipt | None:
    with house.database.read() as db:
        client = client_store.client(db, client_id)
        before = next(iter(receipt_store.of_person(db, person, client_id)), None)
    return receipts.withdrawn(house, person, client, before, now=now) if client else None


def withdraw(
    db: Connection, person: str, client_id: str, *, by: str, now: datetime, receipt: Receipt | None = None
) -> bool:
    """End an agreement; every token that rests on it falls in the same commit. False: there was none."""
    if not store.forget(db, person, client_id):
        return False
    logout.end_at(db, person, client_id, now)
    data.withdraw_of_client(db, person, client_id, now=now)
    revoke.of_client(db, person, client_id, why="consent withdrawn", now=now)
    revoke.of_principal(db, f"{PERSON}{person}", client_id, why="consent withdrawn", now=now)
    facts = {"client": client_id} | _named(receipt)
    ledger.wrote(db, "consent.withdrawn", f"person:{person}", by=by, at=now, facts=facts)
    return True


def all_of(db: Connection, person: str) -> list[Consent]:
    """Every standing agreement of a person, newest first."""
    return store.consents_of(db, person)


def _named(receipt: Receipt | None) -> dict[str, str]:
    """What the ledger says of a receipt: its number and the digest of its bytes, so that its age can be proved."""
    if receipt is None:
        return {}
    return {"receipt": receipt.id, "digest": hashlib.sha256(receipt.signed.encode()).hexdigest()}
