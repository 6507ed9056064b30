"""The picture that a service registers is read once and shown from here: its server does not learn who signs in, and when.

Nobody's registration fails because of it. What is no small picture, or cannot be read, is not shown.
"""

import hashlib

import structlog

from hub.addresses import AddressRefused
from hub.fetch import NotReachable
from hub.house import House
from idp.model.client import Client
from idp.store import logos as store
from idp.store.logos import Logo

log = structlog.get_logger("idp")
SECONDS = 3.0
MOST_BYTES = 65_536
# By their first bytes. A drawing (SVG) could run code.
KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def read(house: House, client: Client) -> Logo | None:
    """The picture at the address that a service registered; None if it has none, or there is none to show."""
    if not client.registered.logo_uri:
        return None
    try:
        answer = house.fetch.get(
            client.registered.logo_uri, seconds=SECONDS, most=MOST_BYTES, outside=client.is_stranger
        )
    except (NotReachable, AddressRefused) as error:
        log.info("logo.unread", client=client.id, why=type(error).__name__)
        return None
    media = next((kind for first, kind in KINDS.items() if answer.body.startswith(first)), "")
    if answer.status != 200 or not media:
        return None
    return Logo(media, answer.body, hashlib.sha256(answer.body).hexdigest())


def shown(house: House, client_id: str, digest: str) -> Logo | None:
    """The picture of a service, if it is still this one."""
    with house.database.read() as db:
        found = store.logo(db, client_id)
    return found if found and found.digest == digest else None
