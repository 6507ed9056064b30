"""Services are told what becomes of an account: signed Security Event Tokens (RFC 8417), pushed to them (RFC 8935).

A token names the person by the pairwise subject that this one service knows, never by a name or a number. The same event goes
out under the same `jti` at each attempt, so that its receiver knows a repetition.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub import outbox
from hub.house import House
from hub.outbox import Declined, Delivery, NotTaken
from idp.model.client import Client
from idp.model.event import Event
from idp.provider import pseudonyms
from idp.provider.tokens import sign
from idp.store import clients as client_store
from idp.store import consents as consent_store
from idp.store import grants as grant_store

__all__ = ["KIND", "SENDERS", "Event", "announce", "send"]

KIND = "idp.event"  # of the deliveries
INTO = "into"  # the one fact that names a person: it leaves this house as the receiver's own subject of him, `new_sub`
MEDIA_TYPE = "application/secevent+jwt"


def announce(
    db: Connection,
    person: str,
    event: Event,
    *,
    now: datetime,
    only: Collection[str] | None = None,
    **facts: str | int | bool | None,
) -> list[str]:
    """Queue an event of a person's account for every service that knows him and registered an `events_uri`; gives their ids.

    In the caller's transaction. `only`: of these services alone, since it is no others' business. `facts` go out as they stand:
    nothing personal, no internal id but `into`.
    """
    told = []
    for client in _who_know(db, person):
        if only is not None and client.id not in only:
            continue
        body = {"client": client.id, "person": person, "event": event.value, "facts": facts}
        outbox.queue(db, KIND, client.events_uri, body, now)
        told.append(client.id)
    return told


def send(house: House, delivery: Delivery, now: datetime) -> None:
    """Push one event. Taken is 202, by RFC 8935 2.2; 400 is the receiver's last word (2.3); anything else is tried again."""
    body = delivery.body
    with house.database.read() as db:
        client = client_store.client(db, body["client"])
    if client is None or client.ended is not None:
        return  # there is nobody left to tell
    token = sign.event_token(
        house, client, body["person"], jti=delivery.id, at=delivery.at, events=_events(house, client, body), now=now
    )
    headers = {"content-type": MEDIA_TYPE, "accept": "application/json"}
    answer = house.fetch.post(delivery.to, content=token.encode(), headers=headers, outside=client.is_stranger)
    if answer.status == 400:
        raise Declined(f"HTTP {answer.status}")
    if not 200 <= answer.status < 300:
        raise NotTaken(f"HTTP {answer.status}")


SENDERS = {KIND: send}


def _events(house: House, client: Client, body: dict[str, Any]) -> dict[str, Any]:
    facts = dict(body["facts"])
    if INTO in facts:
        facts["new_sub"] = pseudonyms.subject(house, client, facts.pop(INTO))
    return {body["event"]: facts}


def _who_know(db: Connection, person: str) -> list[Client]:
    """The services that a person has been at: those he agreed to, and those to which something was granted lately."""
    ids = {consent.client for consent in consent_store.consents_of(db, person)}
    ids.update(grant_store.clients_of(db, person))
    found = [client_store.client(db, id) for id in sorted(ids)]
    return [client for client in found if client is not None and client.events_uri and client.ended is None]
