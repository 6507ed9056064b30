"""What persons agreed to tell services: ask, keep, widen, withdraw."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from hub import ledger
from idp import data, grants
from idp.model.client import Client
from idp.model.consent import Consent
from idp.model.mandate import PERSON
from idp.store import consents as store


def standing(db: Connection, person: str, client: Client) -> Consent | None:
    """The person's standing agreement with this client, or None."""
    return store.consent(db, person, client.id)


def granted(db: Connection, person: str, client: Client, scopes: Iterable[str]) -> bool:
    """True if the person agreed to all of `scopes`, under the text that is shown today."""
    found = store.consent(db, person, client.id)
    return found is not None and found.covers(scopes)


def grant(
    db: Connection, person: str, client: Client, scopes: Iterable[str], *, now: datetime, by: str = ""
) -> Consent:
    """Keep that the person agreed, on our consent page, to tell this client these scopes. Widens an older agreement.

    `by` is who agreed in his place, if somebody acts for him.
    """
    old = store.consent(db, person, client.id) or Consent(person, client.id, frozenset(), now)
    consent = old.widened(scopes, now)
    store.keep(db, consent)
    facts = {"client": client.id, "scopes": sorted(consent.scopes), "text": consent.text_version}
    ledger.wrote(db, "consent.granted", f"person:{person}", by=by or f"person:{person}", at=now, facts=facts)
    return consent


def withdraw(db: Connection, person: str, client_id: str, *, by: str, now: datetime) -> None:
    """End an agreement; every token that rests on it falls in the same commit."""
    if store.forget(db, person, client_id):
        data.withdraw_of_client(db, person, client_id, now=now)
        grants.revoke_of_client(db, person, client_id, why="consent withdrawn", now=now)
        grants.revoke_for(db, f"{PERSON}{person}", client_id, why="consent withdrawn", now=now)
        ledger.wrote(db, "consent.withdrawn", f"person:{person}", by=by, at=now, facts={"client": client_id})


def all_of(db: Connection, person: str) -> list[Consent]:
    """Every standing agreement of a person, newest first."""
    return store.consents_of(db, person)
