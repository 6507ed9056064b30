"""To which key of its client a token is bound, so that a thief has no use for it (RFC 9449, RFC 8705 3)."""

from idp.model.client import Client
from idp.model.flow import Refused
from idp.provider.programs import Form


def shown(form: Form, client: Client, *, jkt: str | None = None) -> str:
    """The key that the client shows in this request, as a grant keeps it, or nothing.

    `jkt` is the key to which the code was bound. Raises Refused.
    """
    if jkt is not None or client.needs_bound_tokens:
        raise Refused("invalid_dpop_proof", "A proof of possession is needed")
    return ""


def holds(client: Client, bound: str, now_shown: str) -> None:
    """Refuse a refresh token that is bound to another key than the one shown. Raises Refused.

    That of a client that proves itself is bound to the client; that of a public one to the key (RFC 9449 5).
    """
    if client.public and bound != now_shown:
        raise Refused("invalid_grant", "The refresh token is bound to another key")


def token_type(cnf: str) -> str:
    """How the token must be shown (RFC 9449 5, RFC 6750)."""
    return "DPoP" if cnf.startswith("jkt:") else "Bearer"


def claim(cnf: str) -> dict[str, dict[str, str]]:
    """The confirmation claim of an access token (RFC 7800 3.1), if it is bound."""
    method, _, value = cnf.partition(":")
    return {"cnf": {method: value}} if value else {}
