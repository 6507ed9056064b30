"""Client policies: named sets of rules that a service lives under. PKCE is a rule of the policy, not of the server.

`fapi2` is what a department's new service gets: the FAPI 2.0 Security Profile. `standard` takes every certified client as
it is. `kiosk` is for machines in halls that many people share. `legacy` keeps old services running that need tokens in the
browser's address; no registration leads there, an operator puts a service there by hand.
"""

from dataclasses import dataclass
from enum import StrEnum


class ClientAuth(StrEnum):
    """How a client proves at the token endpoint that it is itself (OpenID Connect Core 9, RFC 8705 2)."""

    none = "none"
    secret_basic = "client_secret_basic"
    secret_post = "client_secret_post"
    private_key_jwt = "private_key_jwt"
    tls = "tls_client_auth"
    self_signed_tls = "self_signed_tls_client_auth"


class GrantType(StrEnum):
    """What a client may hand in at the token endpoint (RFC 6749 4, RFC 8628 3.4, RFC 8693 2.1), or be given in the front."""

    code = "authorization_code"
    refresh = "refresh_token"
    client_credentials = "client_credentials"
    device = "urn:ietf:params:oauth:grant-type:device_code"
    exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    implicit = "implicit"


CODE = ("code",)
FRONT_CHANNEL = ("id_token", "id_token token", "code id_token", "code token", "code id_token token")
STRONG = ("ES256", "PS256", "EdDSA")  # FAPI 2.0 Security Profile 5.4.1


@dataclass(frozen=True)
class Policy:
    """One set of rules; each member is a rule that the provider holds its clients to."""

    name: str
    auth: tuple[ClientAuth, ...] = tuple(ClientAuth)
    grant_types: tuple[GrantType, ...] = tuple(one for one in GrantType if one is not GrantType.implicit)
    response_types: tuple[str, ...] = CODE
    response_modes: tuple[str, ...] = ("query", "fragment", "form_post")
    pkce_required: bool = False  # of confidential clients; public clients always need it
    par_required: bool = False  # requests begin at the pushed authorization request endpoint (RFC 9126 5)
    bound_required: bool = False  # access tokens are bound to a key of the client, by DPoP or mutual TLS
    rotates_refresh: bool = True  # of public clients; a confidential one proves itself at each renewal anyway
    token_endpoint_as_audience: bool = True  # of client assertions, beside the issuer
    assertion_algorithms: tuple[str, ...] = (*STRONG, "RS256")  # of assertions and request objects
    id_token_algorithms: tuple[str, ...] = ("RS256", *STRONG)
    id_token_algorithm: str = "RS256"  # of a client that names none (OpenID Connect Registration 2)
    code_seconds: int = 600  # at most; the setting may be lower
    asks_each_time: bool = False  # nobody is taken for the one who sat there before


FAPI2 = Policy(
    "fapi2",
    auth=(ClientAuth.private_key_jwt, ClientAuth.tls, ClientAuth.self_signed_tls),
    response_modes=("query", "form_post"),
    pkce_required=True,
    par_required=True,
    bound_required=True,
    rotates_refresh=False,
    token_endpoint_as_audience=False,
    assertion_algorithms=STRONG,
    id_token_algorithms=STRONG,
    id_token_algorithm="ES256",
    code_seconds=60,
)
STANDARD = Policy("standard")
KIOSK = Policy(
    "kiosk",
    grant_types=(GrantType.code, GrantType.device),
    pkce_required=True,
    asks_each_time=True,
    code_seconds=60,
)
LEGACY = Policy("legacy", grant_types=tuple(GrantType), response_types=(*CODE, *FRONT_CHANNEL))
POLICIES = {policy.name: policy for policy in (FAPI2, STANDARD, KIOSK, LEGACY)}
