"""What the provider says of itself (OpenID Connect Discovery 3). Each feature named here has a test that uses it."""

import json
from datetime import datetime

from hub import dpop, token_keys
from hub.house import House
from hub.settings import Settings
from idp.model.client import PERSON_SCOPES, STANDARD, ClientAuth, GrantType
from idp.model.client_key import AGREES, ENCODINGS
from idp.model.data import TYPE
from idp.model.flow import LEVELS, PROMPTS, acr
from idp.model.policy import LEGACY
from idp.provider import responses, verified
from idp.provider.tokens import sign

TAKEN = (ClientAuth.none, ClientAuth.secret_basic, ClientAuth.secret_post, ClientAuth.private_key_jwt)
HANDED_IN = (GrantType.code, GrantType.refresh, GrantType.client_credentials, GrantType.device, GrantType.exchange)
PARTLY = "profile"  # taken, but not named: of the fourteen claims of OpenID Connect Core 5.4 we know the name alone
DOCUMENT_SECONDS = 300  # how long anybody may keep this document


def document(house: House) -> bytes:
    """The discovery document as ready bytes, made once per process."""
    kept: bytes | None = house.cache.get("idp-discovery")
    if kept is None:
        kept = house.cache["idp-discovery"] = json.dumps(
            metadata(house.settings.issuer_url) | by_certificate(house.settings)
        ).encode()
    return kept


def by_certificate(settings: Settings) -> dict[str, object]:
    """What is added where a proxy of ours asks programs for TLS certificates (RFC 8705 3.3 and 5)."""
    if not settings.mtls_url:
        return {}
    told = metadata(settings.issuer_url)
    methods = [ClientAuth.tls.value, ClientAuth.self_signed_tls.value]
    named = {name: told[name] for name in told if name.endswith("_endpoint_auth_methods_supported")}
    aliases = {name: str(told[name]).replace(settings.issuer_url, settings.mtls_url) for name in BY_PROGRAMS}
    return {
        "mtls_endpoint_aliases": aliases,
        "tls_client_certificate_bound_access_tokens": True,
        **{name: [*given, *methods] for name, given in named.items() if isinstance(given, list)},
    }


BY_PROGRAMS = (
    "token_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
    "userinfo_endpoint",
)


def jwks(house: House, now: datetime) -> bytes:
    """The JWK Set as ready bytes."""
    return token_keys.jwks(house, now)


def metadata(issuer: str) -> dict[str, object]:
    """The members of the document."""
    methods = [method.value for method in TAKEN]
    proofs = [method for method in methods if method != ClientAuth.none]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oidc/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}/oidc/par",
        "require_pushed_authorization_requests": False,  # of all; a policy demands it of its own clients
        "token_endpoint": f"{issuer}/oidc/token",
        "device_authorization_endpoint": f"{issuer}/oidc/device",
        "userinfo_endpoint": f"{issuer}{sign.USERINFO}",
        "jwks_uri": f"{issuer}/oidc/jwks",
        "registration_endpoint": f"{issuer}/oidc/register",
        "end_session_endpoint": f"{issuer}/oidc/logout",
        "revocation_endpoint": f"{issuer}/oidc/revoke",
        "introspection_endpoint": f"{issuer}/oidc/introspect",
        "scopes_supported": [scope for scope in PERSON_SCOPES if scope != PARTLY],
        # All but `code` in the legacy policy alone, never by registration.
        "response_types_supported": list(LEGACY.response_types),
        "response_modes_supported": list(responses.MODES),
        "grant_types_supported": [*(grant_type.value for grant_type in HANDED_IN), GrantType.implicit.value],
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": list(sign.SIGNING),
        "id_token_encryption_alg_values_supported": list(AGREES),
        "id_token_encryption_enc_values_supported": list(ENCODINGS),
        "userinfo_signing_alg_values_supported": list(sign.SIGNING),
        "userinfo_encryption_alg_values_supported": list(AGREES),
        "userinfo_encryption_enc_values_supported": list(ENCODINGS),
        "introspection_signing_alg_values_supported": list(sign.SIGNING),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": list(STANDARD.assertion_algorithms),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": list(STANDARD.assertion_algorithms),
        "introspection_endpoint_auth_methods_supported": proofs,
        "introspection_endpoint_auth_signing_alg_values_supported": list(STANDARD.assertion_algorithms),
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "protected_resources": [f"{issuer}{sign.USERINFO}"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [acr(level) for level in LEVELS],
        "authorization_details_types_supported": [TYPE],  # RFC 9396 10
        "prompt_values_supported": sorted(PROMPTS),
        "claims_supported": [
            "sub",
            "name",
            "number",
            "number_type",
            "acr",
            "company",
            "auth_time",
            "amr",
            "sid",
            "act",
            "idp",
        ],
        **verified.metadata(),
        "ui_locales_supported": ["zh-Hans", "en"],
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": list(STANDARD.assertion_algorithms),
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }
