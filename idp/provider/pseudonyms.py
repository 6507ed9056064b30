"""What the outside calls a person, a login or a mandate: for each service another name, and never ours."""

import base64
import hmac
from urllib.parse import urlsplit

from hub.house import House
from idp.model.client import Client


def subject(house: House, client: Client, person: str) -> str:
    """What a client calls a person: the same within its sector, not to be linked across sectors (OpenID Connect Core 8.1).

    Those that ask for the public form share one; our own name for him stays among our own sites.
    """
    if client.first_party and not client.pairwise:
        return person
    return _keyed(house, f"sub\0{_shared_by(client)}\0{person}")


def mandate(house: House, client: Client, id: str) -> str:
    """What a client calls a mandate: always the same within its sector, not to be linked across sectors."""
    return id if client.first_party and not client.pairwise else _keyed(house, f"mandate\0{_shared_by(client)}\0{id}")


def sid(house: House, client: Client, login: str) -> str:
    """What a client calls a login; per client, so that two services cannot link their sessions by it."""
    return login if client.first_party and not client.pairwise else _keyed(house, f"sid\0{client.id}\0{login}")


def successor(house: House, digest: str) -> str:
    """The refresh token that replaces the one of this digest. Always the same, so that a repeated request is answered again."""
    return _keyed(house, f"refresh\0{digest}")


def _shared_by(client: Client) -> str | None:
    """Which services know a person by the same name: those of a sector, or all that ask for the public form."""
    return _sector(client) if client.pairwise else "/"  # no host is called so


def _sector(client: Client) -> str | None:
    return client.sector or (urlsplit(client.redirect_uris[0]).hostname if client.redirect_uris else client.id)


def _keyed(house: House, text: str) -> str:
    digest = hmac.digest(house.keys.secret("subjects"), text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
