"""What a client may say of itself beside the common, by the names of the standards that define them.

OpenID Connect Dynamic Client Registration 2, RP-Initiated, Front-Channel and Back-Channel Logout, RFC 7591 2, RFC 8705,
RFC 9101, RFC 9126, RFC 9449. A registration request, a file of services and the database all use these very names.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Registration:
    """The registered metadata of a client; each field keeps the name and the meaning of its standard."""

    # where its keys and its sector are read
    jwks_uri: str = ""
    sector_identifier_uri: str = ""
    # how it asks
    response_types: tuple[str, ...] = ("code",)
    request_uris: tuple[str, ...] = ()
    request_object_signing_alg: str = ""
    request_object_encryption_alg: str = ""
    request_object_encryption_enc: str = ""
    require_signed_request_object: bool = False
    require_pushed_authorization_requests: bool = False
    default_max_age: int | None = None
    require_auth_time: bool = False
    default_acr_values: tuple[str, ...] = ()
    initiate_login_uri: str = ""
    # how it proves itself, and what its tokens are bound to
    token_endpoint_auth_signing_alg: str = ""
    tls_client_auth_subject_dn: str = ""
    tls_client_auth_san_dns: str = ""
    tls_client_auth_san_uri: str = ""
    tls_client_auth_san_ip: str = ""
    tls_client_auth_san_email: str = ""
    tls_client_certificate_bound_access_tokens: bool = False
    dpop_bound_access_tokens: bool = False
    # how it is answered
    id_token_encrypted_response_alg: str = ""
    id_token_encrypted_response_enc: str = ""
    userinfo_signed_response_alg: str = ""
    userinfo_encrypted_response_alg: str = ""
    userinfo_encrypted_response_enc: str = ""
    introspection_signed_response_alg: str = ""
    authorization_signed_response_alg: str = ""
    # how it is told of a logout
    frontchannel_logout_uri: str = ""
    frontchannel_logout_session_required: bool = False
    backchannel_logout_session_required: bool = False
    # what people may be shown of it
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    software_id: str = ""
    software_version: str = ""
    # the API that it is for others; only whoever looks after services names it
    resource: str = ""  # the address by which tokens name it (RFC 8707 2, RFC 9728 2)
    exchanges_for: tuple[str, ...] = ()  # the services whose APIs it may reach in the name of a person (RFC 8693)
    # how it was registered: the digest of the token that manages it (RFC 7592), if it registered itself
    registration_access_digest: str = ""
    network_digest: str = ""  # while it waits: the keyed index of the network from which it came
    logo_digest: str = ""  # of the picture that was read at logo_uri
    wished: str = ""  # what it wants to be shown as, and where to lead, until service management agrees: JSON

    def said(self) -> dict[str, Any]:
        """What differs from the standards' defaults, ready for JSON."""
        plain = asdict(NOTHING_SAID)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != plain[name]
        }

    @classmethod
    def of(cls, said: dict[str, Any]) -> "Registration":
        """The registration that `said` gave; a member of a later release is left out."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in said.items() if name in NAMES
        }
        return cls(**values)


NAMES = frozenset(field.name for field in fields(Registration))
NOTHING_SAID = Registration()
DIGESTS = frozenset(name for name in NAMES if name.endswith("_digest"))  # told to nobody
OURS = DIGESTS | {"resource", "exchanges_for", "wished"}  # no registration says it of itself
