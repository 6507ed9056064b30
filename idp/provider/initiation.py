"""Where a service lets others begin a sign-in for it (OpenID Connect Core 4: Initiating Login from a Third Party)."""

from urllib.parse import urlencode

from hub.house import House
from idp.model.client import Client


def address(house: House, client: Client, *, login_hint: str = "") -> str:
    """The address that makes the service send the browser to us, or nothing if it registered none.

    No target is named: where a person arrives is for the service to say, never for a link.
    """
    at = client.registered.initiate_login_uri
    if not at:
        return ""
    said = {"iss": house.settings.issuer_url} | ({"login_hint": login_hint} if login_hint else {})
    return f"{at}{'&' if '?' in at else '?'}{urlencode(said)}"
