"""How an answer travels back to the service: in the query, in the fragment, or as a form that the browser posts.

OAuth 2.0 Multiple Response Type Encoding Practices 2.1, OAuth 2.0 Form Post Response Mode 2. Whatever the way, `state` and
`iss` (RFC 9207 2) stand in the same part as the rest.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote_plus

from hub.house import House
from idp.model.flow import Asked, Redirect, Refused

QUERY, FRAGMENT, FORM_POST = "query", "fragment", "form_post"
MODES = (QUERY, FRAGMENT, FORM_POST)
IN_FRONT = frozenset({"token", "id_token"})  # what never stands in a query: servers log it, browsers send it on


def mode(response_type: str, asked: str | None) -> str:
    """In which part of the answer a request of this type is told anything, its errors too.

    That is the mode that it asks for, if it may; else the default of its type (Multiple Response Types 2.1, 3).
    """
    in_front = bool(IN_FRONT & set(response_type.split()))
    if asked in MODES and not (asked == QUERY and in_front):
        return str(asked)
    return FRAGMENT if in_front else QUERY


def answered(house: House, asked: Asked, said: Mapping[str, str]) -> Redirect:
    """The answer to a checked request."""
    return redirect(house, asked.redirect_uri, asked.response_mode, asked.state, said)


def refused(house: House, asked: Asked, refusal: Refused) -> Redirect:
    """The error that a checked request ends with (RFC 6749 4.1.2.1)."""
    return answered(house, asked, error(refusal))


def error(refusal: Refused) -> dict[str, str]:
    """The members of an error answer."""
    said = {"error": refusal.error}
    return said | ({"error_description": refusal.description} if refusal.description else {})


def redirect(house: House, redirect_uri: str, mode: str, state: str | None, said: Mapping[str, str]) -> Redirect:
    """Where the browser goes with what is said. The address is a registered one: nothing in it is a fragment."""
    whole = dict(said) | ({} if state is None else {"state": state}) | {"iss": house.settings.issuer_url}
    if mode == FORM_POST:
        return Redirect(redirect_uri, tuple(whole.items()))
    if mode == FRAGMENT:
        return Redirect(f"{redirect_uri}#{_encoded(whole)}")
    return Redirect(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{_encoded(whole)}")


def _encoded(said: Mapping[str, str]) -> str:
    """As a form is encoded. Most of what we say needs no change; `urlencode` takes forty steps to find that out."""
    return "&".join(f"{name}={value if PLAIN.fullmatch(value) else quote_plus(value)}" for name, value in said.items())


PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
