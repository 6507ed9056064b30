"""How a client proves at our endpoints that it is itself: in the one way for which it is registered.

Every failure is the same answer: whether a client exists, or how it proves itself, is not told.
"""

import base64
import binascii
from urllib.parse import unquote_plus

from hub import lanes
from hub.digest import digest_of
from idp.model.client import Client, ClientAuth
from idp.model.flow import Refused
from idp.provider import client_keys, clients, mtls
from idp.provider.programs import Form
from idp.provider.tokens import read

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 2.2
Proof = tuple[ClientAuth, str, str]  # the way, the client that is claimed, the secret or assertion


def authenticated(form: Form) -> Client:
    """The client that sent this form (RFC 6749 2.3). Raises Refused."""
    given = [proof for proof in (_basic(form), _post(form), _assertion(form)) if proof is not None]
    if len(given) > 1:
        raise Refused("invalid_request", "More than one client authentication")
    method, client_id, secret = given[0] if given else (ClientAuth.none, form.fields.get("client_id", ""), "")
    if form.fields.get("client_id", client_id) != client_id:
        raise Refused("invalid_request", "client_id is not the client that proves itself")
    client = clients.known(form.house, client_id, form.now) if client_id else None
    if not given and client is not None and client.auth in mtls.METHODS:
        method = client.auth  # such a client sends its name alone, and shows the rest to the TLS layer (RFC 8705 2)
    if client is not None:
        client_keys.at_hand(form.house, client, form.now)
    if not _proved(form, client, method, secret) or client is None:
        raise _failed()
    return client


def _proved(form: Form, client: Client | None, method: ClientAuth, secret: str) -> bool:
    if method in (ClientAuth.secret_basic, ClientAuth.secret_post):
        fits = clients.secret_fits(client, secret, form.now)  # compared for an unknown client too: it takes as long
        return fits and client is not None and client.auth is method
    if client is None or client.auth is not method:
        return False
    if method in mtls.METHODS:
        return mtls.proves(form, client)
    return method is ClientAuth.none or _assertion_holds(form, client, secret)


def _assertion_holds(form: Form, client: Client, assertion: str) -> bool:
    """True if an assertion is the client's, for us, of now, and shown for the first time (RFC 7523 3)."""
    issuer = form.house.settings.issuer_url
    ours = {issuer, f"{issuer}/oidc/token", *(name + form.path for name in form.house.settings.program_urls)}
    audiences = ours if client.policy.token_endpoint_as_audience else {issuer}
    try:
        claims = read.assertion(form.house, client, assertion, audiences, form.now)
    except read.NotAToken:
        return False
    lanes.stays()
    seconds = int(claims["exp"] - form.now.timestamp()) + read.LATE + 1
    return form.house.shared.first(f"idp:jti:{digest_of(client.id + ' ' + claims['jti'])}", seconds)


def _basic(form: Form) -> Proof | None:
    """Credentials in the Authorization header, each part form-encoded (RFC 6749 2.3.1)."""
    scheme, _, coded = form.authorization.partition(" ")
    if not scheme:
        return None
    try:
        client_id, colon, secret = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise _failed() from error
    if scheme.lower() != "basic" or not colon:
        raise _failed()
    return ClientAuth.secret_basic, unquote_plus(client_id), unquote_plus(secret)


def _post(form: Form) -> Proof | None:
    secret = form.fields.get("client_secret")
    return None if secret is None else (ClientAuth.secret_post, form.fields.get("client_id", ""), secret)


def _assertion(form: Form) -> Proof | None:
    if not {"client_assertion", "client_assertion_type"} & form.fields.keys():
        return None
    assertion = form.fields.get("client_assertion", "")
    try:
        claimed = read.claimed_client(assertion)
    except read.NotAToken as error:
        raise _failed() from error
    if form.fields.get("client_assertion_type") != ASSERTION_TYPE:
        raise _failed()
    return ClientAuth.private_key_jwt, claimed, assertion


def _failed() -> Refused:
    return Refused("invalid_client", "Client authentication failed")
