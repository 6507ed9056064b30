"""To which key of its client a token is bound, so that a thief has no use for it (RFC 9449, RFC 8705 3)."""

from collections.abc import Mapping
from typing import Any

from hub import dpop, lanes, nonces
from idp.model.client import Client
from idp.model.flow import Refused
from idp.provider.programs import Form

NO_PROOF = "A proof of possession is needed"


def shown(form: Form, client: Client, *, jkt: str | None = None) -> str:
    """The key that the client shows in this request, as a grant keeps it, or nothing.

    `jkt` is the key to which the code was bound. Raises Refused.
    """
    if form.dpop:
        given = _proved(form, nonce_needed=needs_nonce(form, client))
        if jkt not in (None, given):
            raise Refused("invalid_grant", "The code is bound to another key")
        return f"jkt:{given}"
    if jkt is not None or client.registered.dpop_bound_access_tokens:
        raise Refused("invalid_dpop_proof", NO_PROOF)
    if form.certificate and client.needs_bound_tokens:
        return f"x5t#S256:{dpop.digest(form.certificate)}"
    if client.needs_bound_tokens:
        raise Refused("invalid_dpop_proof", NO_PROOF)
    return ""


def jkt(form: Form, client: Client, named: str | None) -> str | None:
    """The key to which a code shall be bound: that of a proof in the pushed request, or that which a parameter names.

    RFC 9449 10 and 10.1. Raises Refused, also where the two are not one.
    """
    if not form.dpop:
        return named
    given = _proved(form)
    if named not in (None, given):
        raise Refused("invalid_dpop_proof", "dpop_jkt is not the key of the proof")
    return given


def holds(client: Client, bound: str, now_shown: str) -> None:
    """Refuse a refresh token that is bound to another key than the one shown. Raises Refused.

    That of a client that proves itself is bound to the client, which may take a new key; that of a public one to the key
    (RFC 9449 5). Neither may fall back to tokens that are bound to none.
    """
    if (client.public and bound != now_shown) or (bound and not now_shown):
        raise Refused("invalid_grant", "The refresh token is bound to another key")


def token_type(cnf: str) -> str:
    """How the token must be shown (RFC 9449 5, RFC 6750)."""
    return "DPoP" if cnf.startswith("jkt:") else "Bearer"


def type_of(claims: Mapping[str, Any]) -> str:
    """The same of an access token, by its claims."""
    return "DPoP" if "jkt" in claims.get("cnf", {}) else "Bearer"


def claim(cnf: str) -> dict[str, dict[str, str]]:
    """The confirmation claim of an access token (RFC 7800 3.1), if it is bound."""
    method, _, value = cnf.partition(":")
    return {"cnf": {method: value}} if value else {}


def needs_nonce(form: Form, client: Client) -> bool:
    """True if a proof counts only with a nonce of ours: then none can be made in advance (RFC 9449 11.2)."""
    return client.policy.bound_required or form.house.settings.dpop_nonces


def nonce_header(form: Form) -> dict[str, str]:
    """The nonce for the next proof, for whoever brings proofs (RFC 9449 8.2)."""
    return {"DPoP-Nonce": nonces.current(form.house, form.now.timestamp())} if form.dpop else {}


def _proved(form: Form, *, nonce_needed: bool = False) -> str:
    """The thumbprint of the key that a proof in this request proves, shown for the first time. Raises Refused."""
    house, moment = form.house, form.now.timestamp()
    try:
        proof = dpop.check(
            form.dpop,
            method="POST",
            urls=[origin + form.path for origin in house.settings.program_urls],
            now=moment,
            nonce_fits=lambda nonce: nonces.fits(house, nonce, moment),
            nonce_needed=nonce_needed,
        )
    except dpop.NonceNeeded as error:
        raise Refused("use_dpop_nonce", str(error)) from error
    except dpop.ProofWrong as error:
        raise Refused("invalid_dpop_proof", str(error)) from error
    lanes.stays()
    if not house.shared.first(proof.once, proof.seconds):
        raise Refused("invalid_dpop_proof", "The proof was used before")
    return proof.jkt
