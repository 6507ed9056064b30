"""What the outside calls a person, a login or a mandate: for each service another name, and never ours."""

import base64
import hmac
from urllib.parse import urlsplit

from hub.house import House
from idp.model.client import Client


def subject(house: House, client: Client, person: str) -> str:
    """What a client calls a person: the same within its sector, not to be linked across sectors (OpenID Connect Core 8.1)."""
    if not client.pairwise:
        return person
    return _keyed(house, f"sub\0{_sector(client)}\0{person}")


def mandate(house: House, client: Client, id: str) -> str:
    """What a client calls a mandate: always the same within its sector, not to be linked across sectors."""
    return _keyed(house, f"mandate\0{_sector(client)}\0{id}") if client.pairwise else id


def sid(house: House, client: Client, login: str) -> str:
    """What a client calls a login; per client, so that two services cannot link their sessions by it."""
    return _keyed(house, f"sid\0{client.id}\0{login}") if client.pairwise else login


def successor(house: House, refresh_token: str) -> str:
    """The refresh token that replaces another. Always the same one, so that a repeated request can be answered again."""
    return _keyed(house, f"refresh\0{refresh_token}")


def _sector(client: Client) -> str | None:
    return client.sector or (urlsplit(client.redirect_uris[0]).hostname if client.redirect_uris else client.id)


def _keyed(house: House, text: str) -> str:
    digest = hmac.digest(house.keys.secret("subjects"), text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
