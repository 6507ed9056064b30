"""Clients that prove themselves by the certificate of their TLS connection (RFC 8705 2)."""

from hub import client_cert, dpop
from idp.model.client import Client, ClientAuth
from idp.provider import client_keys
from idp.provider.programs import Form

METHODS = (ClientAuth.tls, ClientAuth.self_signed_tls)
SANS = ("dns", "uri", "ip", "email")


def proves(form: Form, client: Client) -> bool:
    """True if the certificate of this request is the client's, by the method for which it is registered."""
    if not form.certificate:
        return False
    if client.auth is ClientAuth.self_signed_tls:
        return _is_registered(form, client)
    return _is_named(form.certificate, client) and client_cert.issued_by_trusted(form.house, form.certificate, form.now)


def _is_registered(form: Form, client: Client) -> bool:
    """True if the certificate stands in the client's key set (RFC 8705 2.2): itself, or by its digest (RFC 7517 4.7, 4.9)."""
    digest = dpop.digest(form.certificate)
    standard = dpop.base64_of(form.certificate)
    keys = client_keys.keys_of(form.house, client, form.now)
    if any(_holds(key, digest, standard) for key in keys):
        return True
    again = client_keys.keys_of(form.house, client, form.now, again=True)  # it may have a new one by now
    return again is not keys and any(_holds(key, digest, standard) for key in again)


def _holds(key: dict[str, object], digest: str, standard: str) -> bool:
    chain = key.get("x5c")
    first = chain[0] if isinstance(chain, list | tuple) and chain else None
    return key.get("x5t#S256") == digest or first == standard


def _is_named(certificate: bytes, client: Client) -> bool:
    """True if the certificate carries the one name that is registered: a subject, or one kind of alternative name."""
    said = client.registered
    names = {kind: getattr(said, f"tls_client_auth_san_{kind}") for kind in SANS}
    given = [(kind, value) for kind, value in names.items() if value]
    if said.tls_client_auth_subject_dn:
        return not given and client_cert.subject_is(certificate, said.tls_client_auth_subject_dn)
    if len(given) != 1:
        return False
    return client_cert.has_san(certificate, *given[0])
