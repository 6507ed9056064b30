"""The receipt of a sign-out: an address that nobody can guess, at which each service stands with what became of it.

The state is read from the deliveries, so the page is true at each look. Signed, it can be kept and checked by anybody.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hub import outbox
from hub.digest import digest_of
from hub.house import House
from hub.outbox import Delivery
from idp.consent import receipts
from idp.model.client import Client
from idp.model.logout import RECEIPT, RECEIPT_DAYS, LogoutReceipt, NoLogoutReceipt, Service, State, Told
from idp.store import clients as client_store
from idp.store import logouts as store

SCHEMA = "urn:yinxin:logout-receipt:1"
KEPT = timedelta(days=RECEIPT_DAYS)  # shorter than a delivery is kept
PENDING = (State.failed, State.retrying, State.telling)  # several calls of one service: the worst counts


def keep(db: Connection, told: Sequence[Told], framed: Sequence[str], now: datetime) -> str:
    """Note a sign-out in its own transaction; gives the part of the address that nobody can guess, or "" if nobody is told."""
    if not told:
        return ""
    services: dict[str, list[str]] = {}
    for one in told:
        services.setdefault(one.client, []).extend([one.delivery] if one.delivery else [])
    id = secrets.token_urlsafe(32)
    store.keep(db, digest_of(id), now, services, list(framed))
    return id


def look(house: House, id: str, now: datetime) -> tuple[LogoutReceipt, dict[str, Client]]:
    """The receipt at an address as it stands now, and the services by id. Raises NoLogoutReceipt."""
    digest = digest_of(id)
    with house.database.read() as db:
        found = store.find(db, digest)
        if found is None or found[0] < now - KEPT:
            raise NoLogoutReceipt("Nothing is found under this address")
        at, services, framed = found
        deliveries = outbox.of_ids(db, [one for ids in services.values() for one in ids])
        known = {client: client_store.client(db, client) for client in services}
    states = tuple(
        _state(client, [deliveries.get(one) for one in ids], framed=client in framed)
        for client, ids in services.items()
    )
    named = {client: one for client, one in known.items() if one is not None}
    return LogoutReceipt(f"LR-{digest[:32]}", at, states), named


def signed(house: House, id: str, now: datetime) -> str:
    """The receipt as a compact JWS: what anybody can check by `yinxin check-receipt`. Raises NoLogoutReceipt."""
    receipt, known = look(house, id, now)
    claims = {
        "schema_version": SCHEMA,
        "record_id": receipt.id,
        "iss": house.settings.issuer_url,
        "iat": int(now.timestamp()),
        "event": [{"event_time": _text(receipt.at), "event_type": "logout", "event_state": "ended"}],
        "services": [_service(one, known.get(one.client)) for one in receipt.services],
    }
    return house.keys.sign_jws(receipts.KEY, RECEIPT, claims)


def _state(client: str, deliveries: Sequence[Delivery | None], *, framed: bool) -> Service:
    if not deliveries:
        return Service(client, State.browser if framed else State.unreachable)
    each = [_of(delivery) for delivery in deliveries]
    worst = next((state for state in PENDING if state in each), State.confirmed)
    known = [delivery for delivery in deliveries if delivery is not None]
    attempts = max((delivery.attempts for delivery in known), default=0)
    ends = [delivery.ended for delivery in known if delivery.ended]
    return Service(client, worst, attempts, max(ends) if ends and worst in {State.confirmed, State.failed} else None)


def _of(delivery: Delivery | None) -> State:
    if delivery is None or delivery.state == "failed":
        return State.failed  # a delivery outlives every receipt: one that is not there was never made
    if delivery.state == "sent":
        return State.confirmed
    return State.retrying if delivery.attempts else State.telling


def _service(one: Service, client: Client | None) -> dict[str, Any]:
    about = {"party_id": client.agency, "party_name": client.name, "party_name_en": client.name_en} if client else {}
    told: dict[str, Any] = {"service": one.client, "state": one.state.value, "attempts": one.attempts}
    return about | told | ({"at": _text(one.at)} if one.at else {})


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
